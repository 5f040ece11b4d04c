//! From what was seen of a group to one change of it, or to the reason why there is none.

use std::ops::ControlFlow::{Break, Continue};

use jiff::{SignedDuration, Timestamp};

use super::{Case, Flow, answer, refuse};
use crate::autoscale::change::{Change, replica_count, shard_count};
use crate::autoscale::load::{Gap, Load, Loads, Metric};
use crate::autoscale::offer::{Asked, HOURS_A_MONTH, Offer, Reserve};
use crate::autoscale::past::Past;
use crate::autoscale::policy::{Data, Mode};
use crate::autoscale::sizing::protect::Heat;
use crate::autoscale::sizing::{self, Bounds, Choice, Kind, Rule, Since, Size};
use crate::autoscale::{Question, Refusal, Verdict, why};
use crate::catalog::Entry;
use crate::provision::parameters::Parameters;
use crate::{MemberId, Next, NodeType, Problems, tag};

/// Everything that a size is chosen by.
pub(super) struct Ground<'a> {
    pub(super) entry: &'a Entry,
    pub(super) loads: &'a Loads,
    pub(super) past: Past,
    pub(super) offer: Offer,
    pub(super) bounds: Bounds,
    pub(super) rule: Rule,
}

/// One change, what it would cost an hour, and what is paid now.
pub(super) struct Wish {
    pub(super) change: Change,
    pub(super) size: Size,
    pub(super) cost: f64,
    pub(super) paid: f64,
    /// Something is hot, and this is to help at once.
    pub(super) is_urgent: bool,
}

impl Wish {
    /// Whether it costs more than what there is.
    pub(super) fn is_up(&self) -> bool {
        self.paid < self.cost
    }
}

impl Case<'_> {
    /// Sizes the group by its load.
    pub(super) fn size(&self) -> Flow {
        let current = self.group.node_type.as_ref();
        let Some(entry) = current.and_then(|it| self.catalog.find(it)) else {
            return refuse(Refusal::UnknownType(current.cloned()));
        };
        let loads = answer(self.view.load.as_ref(), Question::Load)?;
        self.is_seen(loads)?;
        // What no parameter can turn into a change needs no look at them.
        let (ground, choice) = self.weighed(entry, loads, None)?;
        let (ground, choice) = match (choice, self.own_parameters()) {
            (Choice::Hold, _) | (_, None) => (ground, choice),
            (_, Some(name)) => {
                let of = Question::Parameters(name.to_owned());
                let parameters = answer(self.view.parameters.as_ref(), of)?;
                self.weighed(entry, loads, Some(parameters))?
            }
        };
        match choice {
            Choice::Hold => Continue(()),
            Choice::Blind => refuse(Refusal::NoData(self.gap(loads))),
            Choice::AtItsLimit(heat) => self.at_its_limit(&ground, heat),
            Choice::Grow(heat, size) => {
                let why = self.heat_of(&ground, heat);
                self.towards(&ground, size, true, &why)
            }
            Choice::Move(size) => {
                let why = why::better(&ground.offer, size);
                self.towards(&ground, size, false, &why)
            }
            Choice::Replicas(size) => {
                let why = why::replicas(replica_count(self.group), size.replicas);
                self.towards(&ground, size, false, &why)
            }
        }
    }

    /// What is decided if the parameters are these; the engine's own, where there are none.
    fn weighed<'a>(
        &self,
        entry: &'a Entry,
        loads: &'a Loads,
        parameters: Option<&Parameters>,
    ) -> Flow<(Ground<'a>, Choice)> {
        let ground = self.ground(entry, loads, parameters)?;
        let choice = self.choice(&ground, &ground.bounds);
        Continue((ground, choice))
    }

    /// What is decided inside these bounds.
    fn choice(&self, ground: &Ground<'_>, bounds: &Bounds) -> Choice {
        let changed = self.changed_at();
        sizing::decide(&sizing::Case {
            rule: &ground.rule,
            bounds,
            candidates: &ground.offer.candidates,
            has: Size { at: ground.offer.has, replicas: replica_count(self.group) },
            history: ground.past.history(),
            // Whether it went to and fro too often is asked where it can be said.
            since: Since { moves: 0, ..self.moves().since(changed, self.now) },
            now: self.now.as_second().div_euclid(60),
        })
    }

    pub(super) fn ground<'a>(
        &self,
        entry: &'a Entry,
        loads: &'a Loads,
        parameters: Option<&Parameters>,
    ) -> Flow<Ground<'a>> {
        let ids = || self.group.member_ids.iter();
        let clients = ids().filter_map(|it| loads.days.peak(it, Metric::Connections));
        let usable = usable(ids(), loads, entry);
        let failed = self.failures().node_types(self.now);
        let asked = Asked {
            policy: &self.policy,
            engine: self.engine,
            version: self
                .group
                .members
                .iter()
                .filter_map(|it| it.engine_version.parse().ok())
                .min(),
            shards: shard_count(self.group),
            reserve: parameters.map_or(Reserve::DEFAULT, Reserve::of),
            usable,
            clients: clients.fold(0.0, f64::max),
            failed: &failed,
        };
        let Some(mut offer) = Offer::of(self.catalog, &entry.node_type, &asked) else {
            return refuse(Refusal::UnknownType(Some(entry.node_type.clone())));
        };
        let (kind, is_stated) = self.kind(parameters, loads);
        if !is_stated {
            offer.no_less_memory();
        }
        let paid = offer.current().map_or(0.0, |it| it.cost(replica_count(self.group)));
        let bounds = Bounds {
            least: self.fewest_replicas(),
            most: self.policy.max_replicas,
            minute: self.policy.minute.unwrap_or(paid),
            kind,
            budget: self.policy.budget.map(|it| it / HOURS_A_MONTH),
        };
        self.budget_has_room(&offer, bounds)?;
        let past = Past::of(self.group, entry, &loads.days, &loads.week, self.now);
        Continue(Ground { entry, loads, past, offer, bounds, rule: Rule::guarded() })
    }

    /// What full memory means, and whether anybody says how much of it is needed. It goes by the operator's word, else by what the engine does then: one
    /// that may drop any key is a cache (autoscaling B.1).
    pub(in crate::autoscale) fn kind(
        &self,
        parameters: Option<&Parameters>,
        loads: &Loads,
    ) -> (Kind, bool) {
        let drops_any = parameters
            .and_then(|it| it.get("maxmemory-policy"))
            .is_some_and(|it| it.starts_with("allkeys-"));
        match self.policy.data {
            Some(Data::Store) => (Kind::Store, true),
            Some(Data::Cache { misses: Some(misses) }) => (Kind::Cache { misses }, true),
            None if !drops_any => (Kind::Store, true),
            Some(Data::Cache { misses: None }) | None => {
                let misses = self.misses_before(loads).unwrap_or(f64::INFINITY);
                (Kind::Cache { misses }, false)
            }
        }
    }

    /// The share of reads that may miss where nobody says it: what missed on the day before and a little more, while keys are dropped within an hour. Those
    /// that were kept for longer were hardly wanted any more, and full memory alone is no reason to grow (autoscaling B.1).
    fn misses_before(&self, loads: &Loads) -> Option<f64> {
        let ago = |it: SignedDuration| self.now.saturating_sub(it).unwrap_or(self.now);
        let (hour, day) = (SignedDuration::from_hours(1), SignedDuration::from_hours(24));
        let ids = || self.group.member_ids.iter();
        let drops_soon = |it: &MemberId| {
            let dropped = loads.days.sum(it, Metric::Evictions, ago(Load::WINDOW), self.now);
            let a_second = dropped / Load::WINDOW.as_secs_f64();
            let items = loads.days.latest(it, Metric::Items, self.now).unwrap_or_default();
            1.0 <= items && items < a_second * hour.as_secs_f64()
        };
        if !ids().any(drops_soon) {
            return None;
        }
        let before = |metric| -> f64 {
            ids().map(|it| loads.days.sum(it, metric, ago(day), ago(hour))).sum()
        };
        let (hits, misses) = (before(Metric::Hits), before(Metric::Misses));
        (1.0 <= hits + misses).then(|| misses / (hits + misses) * MISSES_MORE.0 + MISSES_MORE.1)
    }

    /// The parameter group, where it is not one of those that nobody can change. That of a stack of ours says what the tags say, and reserves what
    /// ElastiCache does by itself.
    pub(in crate::autoscale) fn own_parameters(&self) -> Option<&str> {
        if self.policy.data.is_some() && self.tags.contains_key(tag::OWNER) {
            return None;
        }
        let of = self.group.members.first()?.parameter_group.as_deref()?;
        (!of.starts_with("default.")).then_some(of)
    }

    /// Refuses a budget that pays for nothing that the group may have.
    fn budget_has_room(&self, offer: &Offer, bounds: Bounds) -> Flow {
        let Some(budget) = self.policy.budget else { return Continue(()) };
        let smallest =
            offer.candidates.iter().map(|it| it.cost(bounds.least)).fold(f64::MAX, f64::min);
        let least = a_month(smallest);
        if budget < least {
            let mut problems = Problems::default();
            let rule =
                format!("{budget} is less than the ${least:.2} a month of the smallest size");
            problems.add(tag::AUTOSCALE_BUDGET, rule);
            return refuse(Refusal::BadPolicy(problems));
        }
        Continue(())
    }

    /// Whether every member tells how full and how busy it is. Nothing is done for want of data.
    fn is_seen(&self, loads: &Loads) -> Flow {
        let tells = |it: &MemberId, metric| loads.days.latest(it, metric, self.now).is_some();
        let is_silent = |it: &&MemberId| {
            !tells(it, Metric::UsedBytes)
                || !tells(it, Metric::Cpu) && !tells(it, Metric::EngineCpu)
        };
        match self.group.member_ids.iter().find(is_silent) {
            Some(_) => refuse(Refusal::NoData(self.gap(loads))),
            None => Continue(()),
        }
    }

    fn gap(&self, loads: &Loads) -> Gap {
        Gap::of(&self.group.member_ids, &loads.days, self.now)
    }

    fn heat_of(&self, ground: &Ground<'_>, heat: Heat) -> String {
        let of = (heat, ground.bounds.kind);
        why::hot(of, self.group, &ground.loads.days, ground.entry, self.now)
    }

    /// Nothing larger may be had. Where that is for the budget alone, what would help is told with its price.
    fn at_its_limit(&self, ground: &Ground<'_>, heat: Heat) -> Flow {
        match self.choice(ground, &Bounds { budget: None, ..ground.bounds }) {
            // What would not last as long as a change takes is no news either.
            Choice::Hold => return Continue(()),
            Choice::Grow(heat, size) => {
                let wish = Self::wish(ground, size, replica_count(self.group), true);
                let why = self.heat_of(ground, heat);
                wish.map_or(Continue(()), |it| self.guards(ground, &it, &why))?;
            }
            Choice::Blind | Choice::AtItsLimit(_) | Choice::Move(_) | Choice::Replicas(_) => {}
        }
        let usable = ground.offer.current().map_or(f64::MAX, |it| it.usable);
        let is_largest = ground.offer.candidates.iter().all(|it| it.usable <= usable);
        refuse(Refusal::NoLarger {
            is_largest,
            why: self.heat_of(ground, heat),
            most: self.policy.max_node_type.clone(),
            out: ground.offer.out.clone(),
            replicas: replica_count(self.group),
            max_replicas: self.policy.max_replicas,
        })
    }

    /// One change on the way to a size: the node type first, as the replicas follow it by themselves.
    fn towards(&self, ground: &Ground<'_>, size: Size, is_urgent: bool, why: &str) -> Flow {
        let replicas = replica_count(self.group);
        let Some(wish) = Self::wish(ground, size, replicas, is_urgent) else { return Continue(()) };
        self.guards(ground, &wish, why)?;
        if let Change::NodeType(to) = &wish.change {
            let allowed = answer(self.view.allowed.as_ref(), Question::AllowedTypes)?;
            if !allowed.contains(to) {
                return self.without(ground, allowed, why, &wish);
            }
        }
        self.begin(wish.change, why.to_owned())
    }

    /// The first change on the way from so many replicas to a size.
    fn wish(ground: &Ground<'_>, size: Size, replicas: u32, is_urgent: bool) -> Option<Wish> {
        let candidate = ground.offer.candidates.get(size.at)?;
        let is_moved = size.at != ground.offer.has;
        let change = if is_moved {
            Change::NodeType(candidate.node_type.clone())
        } else {
            Change::Replicas(size.replicas)
        };
        Some(Wish {
            change,
            size,
            cost: candidate.cost(if is_moved { replicas } else { size.replicas }),
            paid: ground.offer.current()?.cost(replicas),
            is_urgent,
        })
    }

    /// Takes the next candidate of those that ElastiCache allows, where it does not allow the best one.
    fn without(&self, ground: &Ground<'_>, allowed: &[NodeType], why: &str, wish: &Wish) -> Flow {
        let Change::NodeType(to) = &wish.change else { return Continue(()) };
        if !wish.is_up() {
            return refuse(Refusal::NotAllowed(vec![to.clone()]));
        }
        let has = |it: &sizing::Candidate| it.price * (1.0 + f64::from(replica_count(self.group)));
        // One that costs more and has less room helps nobody.
        let usable = ground.offer.candidates.get(wish.size.at).map_or(f64::MAX, |it| it.usable);
        let next = ground.offer.candidates.iter().filter(|it| {
            allowed.contains(&it.node_type)
                && usable <= it.usable
                && wish.cost <= has(it)
                && has(it) <= ground.rule.leap * wish.paid
        });
        let next = next.min_by(|one, other| one.price.total_cmp(&other.price));
        match next {
            Some(next) => {
                let wish = Wish {
                    change: Change::NodeType(next.node_type.clone()),
                    cost: has(next),
                    ..*wish
                };
                self.guards(ground, &wish, why)?;
                self.begin(wish.change, why.to_owned())
            }
            None => refuse(Refusal::NotAllowed(vec![to.clone()])),
        }
    }

    /// Refuses what the mode leaves to nobody: in `up-only` nothing gets smaller, and that is no news.
    pub(super) fn may_shrink(&self) -> Flow {
        match self.policy.mode {
            Mode::UpOnly => Break(Verdict::Plan(Next::Settled)),
            Mode::Off | Mode::Recommend | Mode::Full => Continue(()),
        }
    }
}

impl Reserve {
    /// As a parameter group of the operator's says.
    fn of(parameters: &Parameters) -> Self {
        let number = |name: &str| parameters.get(name).and_then(|it| it.parse::<f64>().ok());
        match number("reserved-memory").filter(|it| 0.0 < *it) {
            Some(bytes) => Self::Bytes(bytes),
            None => number("reserved-memory-percent")
                .map_or(Self::DEFAULT, |it| Self::Share((it / 100.0).clamp(0.0, 1.0))),
        }
    }
}

/// The bytes that are left for data on the type that the group has, as bytes and percentage together tell, where that can be true.
fn usable<'a>(
    members: impl Iterator<Item = &'a MemberId>,
    loads: &Loads,
    entry: &Entry,
) -> Option<f64> {
    let of = |it: &MemberId| loads.days.room(it, Timestamp::MAX);
    #[expect(clippy::cast_precision_loss, reason = "memory sizes are far below 2^53")]
    let all = entry.maxmemory.0 as f64;
    let least = members.filter_map(of).fold(f64::MAX, f64::min);
    (0.2 * all..=1.02 * all).contains(&least).then_some(least)
}

/// By what factor and by what share more reads may miss than before.
const MISSES_MORE: (f64, f64) = (1.1, 0.01);

/// The dollars of a month, of those of an hour.
pub(in crate::autoscale) fn a_month(hour: f64) -> f64 {
    hour * HOURS_A_MONTH
}
