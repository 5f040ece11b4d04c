//! What keeps a change from being made that the load asks for (autoscaling D.5). Each says what happened without it.
//!
//! Which replica goes is left to ElastiCache, which keeps the zones of a group apart (facts 4.4): none is named, and one stays where the group spans zones.

use std::ops::ControlFlow::Continue;

use jiff::{SignedDuration, Timestamp};

use super::size::{Ground, Wish};
use super::{Case, Flow, refuse, wait};
use crate::autoscale::change::{Change, replica_count};
use crate::autoscale::load::{LAG_MAX_SECONDS, Metric};
use crate::autoscale::sizing::carry::{self, Demand};
use crate::autoscale::sizing::measure::measure;
use crate::autoscale::sizing::{Kind, Minute};
use crate::autoscale::{Held, Refusal, Window};
use crate::window::{MaintenanceWindow, SnapshotWindow};
use crate::{Role, WaitingOn};

fn hold<T>(held: Held) -> Flow<T> {
    refuse(Refusal::Held(held))
}

impl Case<'_> {
    /// All of them, in the order in which an operator would want to hear of them.
    pub(super) fn guards(&self, ground: &Ground<'_>, wish: &Wish, why: &str) -> Flow {
        if !wish.is_up() {
            self.may_shrink()?;
        }
        self.windows(wish)?;
        self.saving(ground)?;
        if wish.is_up() {
            Self::leap(ground, wish)?;
            return self.budget(ground, wish, why);
        }
        self.rested_for_less()?;
        self.lag(ground)?;
        self.loss_of_one(ground, wish)?;
        if matches!(wish.change, Change::NodeType(_)) {
            self.flapping(ground)?;
            self.flush(ground, wish)?;
            Self::room(ground, wish)?;
        }
        Continue(())
    }

    /// No call into a window. Without it, AWS rejects the call, or replaces nodes while theirs are copied; and what is begun shortly before the snapshot
    /// window copies the data twice at once. What helps at once may be asked for up to the window itself.
    fn windows(&self, wish: &Wish) -> Flow {
        let margin = if wish.is_urgent { 0 } else { MARGIN_MINUTES };
        let snapshots =
            Some(&self.group.snapshot_window).filter(|_| 0 < self.group.snapshot_retention_days);
        let snapshots = snapshots.and_then(|it| it.parse::<SnapshotWindow>().ok());
        if let Some(window) = snapshots.filter(|it| it.is_near(self.now, margin)) {
            return hold(Held::InWindow(Window::Snapshot, window.to_string()));
        }
        let maintenance = self.group.members.iter().map(|it| it.maintenance_window.as_str());
        let mut maintenance = maintenance.filter_map(|it| it.parse::<MaintenanceWindow>().ok());
        match maintenance.find(|it| it.is_near(self.now, margin)) {
            Some(window) => hold(Held::InWindow(Window::Maintenance, window.to_string())),
            None => Continue(()),
        }
    }

    /// Not while a member writes a snapshot, or feeds a new replica. Without it, copy-on-write and a full copy take the reserved memory together.
    fn saving(&self, ground: &Ground<'_>) -> Flow {
        let is_saving = |it| ground.loads.days.latest(it, Metric::Saving, self.now) == Some(1.0);
        if self.group.member_ids.iter().any(is_saving) {
            return wait(WaitingOn::Snapshot(None));
        }
        Continue(())
    }

    /// One decision multiplies the price by no more than this. Without it, a sample of a wrong unit buys the largest node.
    fn leap(ground: &Ground<'_>, wish: &Wish) -> Flow {
        if wish.cost <= ground.rule.leap * wish.paid {
            return Continue(());
        }
        hold(Held::TooFar { change: wish.change.clone(), times: wish.cost / wish.paid })
    }

    /// Nothing is made larger beyond what the operator pays for. Without it, an attack or a defect scales to the largest node.
    fn budget(&self, ground: &Ground<'_>, wish: &Wish, why: &str) -> Flow {
        match self.policy.budget.filter(|_| !ground.bounds.pays(wish.cost)) {
            Some(budget) => {
                let advice = self.advice(wish.change.clone(), why.to_owned());
                hold(Held::OverBudget { advice, budget })
            }
            None => Continue(()),
        }
    }

    /// Nothing shrinks soon after anything changed. Without it, new nodes that are still empty and cold look idle.
    fn rested_for_less(&self) -> Flow {
        let newest = self.group.members.iter().filter_map(|it| it.created_at).max();
        self.rested(self.changed_at().max(newest), self.policy.down_cooldown())
    }

    /// Nothing shrinks while a replica is behind. Without it, the one copy that is whole may go.
    fn lag(&self, ground: &Ground<'_>) -> Flow {
        let behind = self.group.members.iter().filter(|it| it.role != Some(Role::Primary));
        let mut behind = behind.filter_map(|it| {
            let lag = ground.loads.days.latest(&it.id, Metric::Lag, self.now)?;
            Some((it.id.to_string(), lag))
        });
        match behind.find(|(_, lag)| LAG_MAX_SECONDS < *lag) {
            Some((member, seconds)) => hold(Held::Lagging { member, seconds }),
            None => Continue(()),
        }
    }

    /// The group that is left carries the busiest minutes of the last days also with one member less. Without it, the next failover is an overload.
    fn loss_of_one(&self, ground: &Ground<'_>, wish: &Wish) -> Flow {
        let replicas = match wish.change {
            Change::Replicas(to) => to,
            Change::NodeType(_) => replica_count(self.group),
        };
        let (Some(now), Some(to)) =
            (ground.offer.current(), ground.offer.candidates.get(wish.size.at))
        else {
            return Continue(());
        };
        // More replicas take it over from each other, and where there is none there is nothing to lose.
        if replicas != 1 {
            return Continue(());
        }
        let history = ground.past.history();
        let measured = measure(&history, now, usize::MAX);
        let days = history.last(ground.rule.look_back);
        let peak =
            Demand { reads: days.lasting(|it| it.reads), writes: days.lasting(|it| it.writes) };
        let engine = to.engine * measured.factor;
        let (alone, _) = carry::busy(peak, measured.mix, engine, 0);
        if alone <= ALONE_MAX {
            return Continue(());
        }
        hold(Held::NoSpare { change: wish.change.clone(), percent: alone * 100.0 })
    }

    /// A node type that went to and fro all day stays as it is. Without it, every change drops connections and none helps.
    fn flapping(&self, ground: &Ground<'_>) -> Flow {
        let moves = self.moves();
        let count = moves.of_a_day(self.now);
        match moves.until_fewer(ground.rule.changes, self.now) {
            Some(until) => hold(Held::Frozen { count, until }),
            None => Continue(()),
        }
    }

    /// After a flush the memory tells nothing of what comes back. Without it, a deploy that empties the cache has it shrink, and it is out of memory when
    /// it has filled again.
    fn flush(&self, ground: &Ground<'_>, wish: &Wish) -> Flow {
        let usable = |at: usize| ground.offer.candidates.get(at).map_or(0.0, |it| it.usable);
        if usable(ground.offer.has) <= usable(wish.size.at) {
            return Continue(());
        }
        match flushed(&ground.past.history().last(DAY_MINUTES)) {
            Some(minute) => {
                let at = Timestamp::from_second(minute * 60).unwrap_or(self.now);
                hold(Held::Flushed(at.saturating_add(SETTLES_AGAIN).unwrap_or(at)))
            }
            None => Continue(()),
        }
    }

    /// The most that the data took in a week fits with its margin. Without it, the change fails after half an hour, or evicts what nobody has twice.
    fn room(ground: &Ground<'_>, wish: &Wish) -> Flow {
        if matches!(ground.bounds.kind, Kind::Cache { .. }) {
            return Continue(());
        }
        let Some(to) = ground.offer.candidates.get(wish.size.at) else { return Continue(()) };
        let needs = ground.past.history().last(ground.rule.memory_back).most(|it| it.memory);
        let has = ground.rule.memory * to.usable;
        if needs <= has {
            return Continue(());
        }
        hold(Held::WouldNotFit { to: to.node_type.clone(), needs, has })
    }
}

/// When the memory last fell by more than this share within an hour, as the number of the minute.
fn flushed(day: &crate::autoscale::sizing::History<'_>) -> Option<i64> {
    let minutes: Vec<(i64, &Minute)> = day.numbered().collect();
    let mut highest: Vec<(i64, f64)> = Vec::new();
    let mut last = None;
    for (at, minute) in minutes {
        // Those of an hour, each larger than all that came after it: the first is the most.
        while highest.last().is_some_and(|it| it.1 <= minute.memory) {
            highest.pop();
        }
        highest.push((at, minute.memory));
        highest.retain(|it| at - 60 <= it.0);
        if highest.first().is_some_and(|it| minute.memory < FELL_TO * it.1) {
            last = Some(at);
        }
    }
    last
}

const FELL_TO: f64 = 0.7;
const DAY_MINUTES: usize = 1440;
const SETTLES_AGAIN: SignedDuration = SignedDuration::from_hours(24);
const MARGIN_MINUTES: u32 = 30;
/// As busy as one node may be that serves all clients alone for a while.
const ALONE_MAX: f64 = 0.95;
