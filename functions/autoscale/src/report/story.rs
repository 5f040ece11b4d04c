//! What one run on one group saw and did, as it goes on.

use domain::autoscale::{Act, Load, LoadView, Metric, Sign, evidence, signs};
use domain::{Catalog, GroupId, GroupView, MemberId};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{tells, words};

/// What one run on one group saw and did.
#[derive(Clone, Debug, Default)]
pub(crate) struct Story {
    /// The group, once it is known.
    pub(crate) group: Option<GroupId>,
    /// The first look that had metrics, or else the last look.
    pub(crate) saw: String,
    /// The numbers of it.
    pub(crate) evidence: Value,
    /// The largest shares, to be drawn.
    pub(crate) metrics: Vec<(&'static str, f64)>,
    /// What was done, in order.
    pub(crate) done: Vec<String>,
    /// Whether people were told already.
    pub(crate) told: bool,
    /// The group as it was at the last look, where it was at rest then: it takes tags.
    pub(crate) rest: Option<Box<GroupView>>,
    /// What no size puts right.
    pub(crate) signs: Vec<Sign>,
}

impl Story {
    /// Takes in a step, before it is taken: one that fails was still meant.
    pub(crate) fn does(&mut self, act: &Act) {
        self.done.push(words(act));
        self.told |= tells(act);
    }

    /// Takes in what was seen. A later look without metrics does not wipe out an earlier one with them.
    pub(crate) fn saw(&mut self, catalog: &Catalog, view: &LoadView, now: Timestamp) {
        let Some(group) = &view.group else {
            "no such group".clone_into(&mut self.saw);
            return;
        };
        self.group = Some(group.id.clone());
        self.rest = group.tags.is_some().then(|| Box::new(group.clone()));
        if let Some(names) = view.alarms.as_ref().map(|it| &it.foreign).filter(|it| !it.is_empty())
        {
            let left = format!("left alone, since not ours: {}", names.join(" "));
            if !self.done.contains(&left) {
                self.done.push(left);
            }
        }
        if view.load.is_none() && !self.evidence.is_null() {
            return;
        }
        let node_type = group.node_type.as_ref().map_or("an unknown type", |it| it.as_str());
        let nodes = group.member_ids.len();
        let mut parts = vec![format!("{} is {}, {nodes} x {node_type}", group.id, group.status)];
        if let Some(loads) = &view.load {
            parts.extend(self.measured(group, &loads.days, now));
            self.weighed(catalog, view, now);
            self.signs = signs(catalog, view, now);
            parts.extend(self.signs.iter().map(|it| it.seen.clone()));
            if let (Value::Object(evidence), false) = (&mut self.evidence, self.signs.is_empty()) {
                let words: Vec<&str> = self.signs.iter().map(|it| it.kind.word()).collect();
                evidence.insert("signs".to_owned(), json!(words));
            }
        }
        self.saw = parts.join(", ");
    }

    /// Takes in the sizes that were weighed.
    fn weighed(&mut self, catalog: &Catalog, view: &LoadView, now: Timestamp) {
        let Some(evidence) = evidence(catalog, view, now) else { return };
        self.metrics.push(("MonthlyDollars", evidence.monthly));
        let members = std::mem::take(&mut self.evidence);
        self.evidence = json!({ "members": members, "sizes": evidence });
    }

    /// Takes in the numbers, and says the largest of them.
    fn measured(&mut self, group: &GroupView, load: &Load, now: Timestamp) -> Vec<String> {
        let latest = |member: &MemberId, metric| load.latest(member, metric, now);
        let rows = told_of(group, load, now).into_iter().map(|id| {
            let row =
                Metric::ALL.map(|metric| (metric.name().to_owned(), json!(latest(id, metric))));
            (id.to_string(), Value::Object(row.into_iter().collect()))
        });
        self.evidence = Value::Object(rows.collect());
        let drawn = [
            ("MemoryPercent", Metric::Memory),
            ("CpuPercent", Metric::Cpu),
            ("EngineCpuPercent", Metric::EngineCpu),
        ];
        let most = |metric| {
            group.member_ids.iter().filter_map(|it| latest(it, metric)).max_by(f64::total_cmp)
        };
        self.metrics =
            drawn.iter().filter_map(|(name, metric)| Some((*name, most(*metric)?))).collect();
        let nodes = u32::try_from(group.member_ids.len()).unwrap_or(u32::MAX);
        self.metrics.push(("Nodes", f64::from(nodes)));
        drawn
            .iter()
            .filter_map(|(_, metric)| {
                Some(format!("{} {:.1} at most", metric.name(), most(*metric)?))
            })
            .collect()
    }
}

/// The members whose numbers are told: all of a group without shards, and of many those that are fullest or busiest. A log line has an end.
fn told_of<'a>(group: &'a GroupView, load: &Load, now: Timestamp) -> Vec<&'a MemberId> {
    let heat = |it: &MemberId| {
        let of = |metric| load.latest(it, metric, now).unwrap_or_default();
        of(Metric::Memory).max(of(Metric::EngineCpu)).max(of(Metric::Cpu))
    };
    let mut members: Vec<&MemberId> = group.member_ids.iter().collect();
    members.sort_by(|one, other| heat(other).total_cmp(&heat(one)));
    members.truncate(MEMBERS_TOLD);
    members
}

const MEMBERS_TOLD: usize = 24;
