//! Metrics as they are read: what was written, and what modelled nodes reported.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::modelled::{KEPT, Modelled, Of, Span};
use super::node::{OF_GROUPS, OF_ROLES};
use super::series::{MEMBER, Metric, NAMESPACE, Sample, Statistic, Store, floor, role};

use crate::State;
use crate::settings::Switches;

/// All metrics.
#[derive(Clone, Copy, Debug)]
pub(super) struct Metrics<'a> {
    store: &'a Store,
    modelled: &'a Modelled,
    switches: &'a Switches,
    now: Timestamp,
}

/// Which metrics are wanted in a list.
pub(super) struct Filter<'a> {
    pub(super) namespace: Option<&'a str>,
    pub(super) name: Option<&'a str>,
    /// Names of dimensions, and values where they are given.
    pub(super) dimensions: Vec<(&'a str, Option<&'a str>)>,
    /// Only those that were written since then.
    pub(super) since: Timestamp,
}

impl<'a> Metrics<'a> {
    pub(super) fn of(state: &'a State) -> Self {
        let service = &state.cloudwatch;
        Self {
            store: &service.store,
            modelled: &service.modelled,
            switches: &state.settings.switches,
            now: state.now,
        }
    }

    /// What a period that begins here says, if there is a sample in it.
    pub(super) fn period(
        self,
        metric: &Metric,
        from: Timestamp,
        length: SignedDuration,
        statistic: Statistic,
    ) -> Option<f64> {
        let until = from.saturating_add(length).unwrap_or(Timestamp::MAX);
        statistic.of(&self.samples(metric, (from, until)))
    }

    /// What is said of the samples of every period that begins in a span and has some, oldest first. Periods begin at multiples of their length.
    pub(super) fn periods<T>(
        self,
        metric: &Metric,
        (from, until): Span,
        length: SignedDuration,
        say: impl Fn(&[Sample]) -> Option<T>,
    ) -> Vec<(Timestamp, T)> {
        let last = until.saturating_add(length).unwrap_or(Timestamp::MAX);
        let seconds = length.as_secs().max(1);
        let number = |it: &Sample| it.at.as_second().div_euclid(seconds);
        let mut samples = self.samples(metric, (from, last));
        // Several nodes report one after the other. Within a period that order stays, or a sum would not be the same to its last digit.
        if !samples.is_sorted_by_key(number) {
            samples.sort_by_key(number);
        }
        let periods = samples.chunk_by(|one, next| number(one) == number(next));
        let said = periods.filter_map(|samples| {
            let start = floor(samples.first()?.at, length);
            let begins_here = from <= start && start < until;
            Some((start, begins_here.then(|| say(samples))??))
        });
        let mut all = Vec::with_capacity(samples.len());
        all.extend(said);
        all
    }

    fn samples(self, metric: &Metric, span: Span) -> Vec<Sample> {
        let mut samples: Vec<Sample> = self.store.samples(metric, span).collect();
        if let Some(of) = self.nodes(metric) {
            samples.extend(self.modelled.samples(of, &metric.name, span, self.now));
        }
        samples
    }

    /// Whether anybody ever wrote it, as far as is remembered.
    pub(super) fn has(self, metric: &Metric) -> bool {
        self.has_since(metric, self.now - KEPT)
    }

    fn has_since(self, metric: &Metric, since: Timestamp) -> bool {
        let span = (since, self.now);
        self.store.last(metric).is_some_and(|it| since <= it)
            || self
                .nodes(metric)
                .is_some_and(|of| self.modelled.has(of, &metric.name, span, self.now))
    }

    /// The nodes that a metric is of: each set of dimensions has its own metrics, and any other set has none (facts 6.1).
    fn nodes(self, metric: &Metric) -> Option<Of<'_>> {
        if metric.namespace != NAMESPACE {
            return None;
        }
        let name = metric.name.as_str();
        let dimensions =
            metric.dimensions.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        match dimensions.collect::<Vec<_>>()[..] {
            [(MEMBER, member)] | [(MEMBER, member), ("CacheNodeId", "0001")] => {
                Some(Of::Member(member))
            }
            _ if !self.switches.group_metrics => None,
            [("ReplicationGroupId", group)] if OF_GROUPS.contains(&name) => {
                Some(Of::Group(group, None))
            }
            [("ReplicationGroupId", group), ("Role", of)] if name == OF_ROLES => {
                let primary = [true, false].into_iter().find(|it| role(*it, self.switches) == of);
                Some(Of::Group(group, Some(primary?)))
            }
            _ => None,
        }
    }

    /// So many of the metrics that come after one, in their order.
    pub(super) fn listed(
        self,
        filter: &Filter<'_>,
        after: Option<&Metric>,
        most: usize,
    ) -> BTreeSet<Metric> {
        let written = self.store.metrics_after(after);
        let written = written.filter(|it| self.is_wanted(it, filter, after));
        let mut found: BTreeSet<Metric> = written.take(most).cloned().collect();
        if filter.namespace.is_none_or(|it| it == NAMESPACE) {
            found.extend(self.reported(filter, after, most));
        }
        while most < found.len() {
            found.pop_last();
        }
        found
    }

    fn is_wanted(self, metric: &Metric, filter: &Filter<'_>, after: Option<&Metric>) -> bool {
        after.is_none_or(|it| it < metric)
            && filter.fits(metric)
            && self.has_since(metric, filter.since)
    }

    /// The same of modelled nodes.
    fn reported(
        self,
        filter: &Filter<'_>,
        after: Option<&Metric>,
        most: usize,
    ) -> BTreeSet<Metric> {
        let mut found = BTreeSet::new();
        let mut add = |metrics: &mut dyn Iterator<Item = Metric>| {
            found.extend(metrics.filter(|it| self.is_wanted(it, filter, after)));
            most <= found.len()
        };
        let namespace = after.map_or(NAMESPACE, |it| &it.namespace);
        if NAMESPACE < namespace {
            return BTreeSet::new();
        }
        let after_here = after.filter(|it| it.namespace == NAMESPACE);
        let names = self.modelled.names().into_iter();
        let names = names.filter(|it| filter.name.is_none_or(|name| name == *it));
        for name in names.filter(|it| after_here.is_none_or(|after| after.name.as_str() <= *it)) {
            let last = after_here.filter(|it| it.name == name);
            // Those of groups come after those of members.
            let first = last.map_or(Some(""), |it| it.dimensions.get(MEMBER).map(String::as_str));
            let wanted = filter.value_of(MEMBER);
            let members = first.map(|it| self.modelled.nodes_from(wanted.unwrap_or(it)));
            let members = members.into_iter().flatten();
            for member in members.take_while(|it| wanted.is_none_or(|wanted| wanted == *it)) {
                if add(&mut Metric::of_member(name, member).into_iter()) {
                    return found;
                }
            }
            if !OF_GROUPS.contains(&name) && name != OF_ROLES {
                continue;
            }
            for group in self.modelled.groups() {
                let of = |primary| Metric::of_group(name, group, primary, self.switches);
                if add(&mut [true, false].into_iter().filter_map(of)) {
                    return found;
                }
            }
        }
        found
    }
}

impl<'a> Filter<'a> {
    fn fits(&self, metric: &Metric) -> bool {
        let has = |(name, value): &(&str, Option<&str>)| {
            let has = metric.dimensions.get(*name);
            has.is_some_and(|has| value.is_none_or(|it| has == it))
        };
        self.namespace.is_none_or(|it| metric.namespace == it)
            && self.name.is_none_or(|it| metric.name == it)
            && self.dimensions.iter().all(has)
    }

    fn value_of(&self, dimension: &str) -> Option<&'a str> {
        self.dimensions.iter().find(|(name, _)| *name == dimension)?.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_begin_at_multiples_and_have_their_statistic() {
        let metric = Metric::of_elasticache("Evictions", &[("CacheClusterId", "a")]);
        let mut store = Store::default();
        let at = |second: i64| Timestamp::from_second(1_767_225_600 + second).unwrap();
        for (second, value) in [(61, 3.0), (10, 1.0), (119, 5.0), (200, 7.0)] {
            store.add(metric.clone(), [Sample::one(at(second), value)]);
        }
        let (modelled, switches) = (Modelled::default(), Switches::default());
        let metrics =
            Metrics { store: &store, modelled: &modelled, switches: &switches, now: at(240) };
        let minute = SignedDuration::from_mins(1);
        let read = |statistic| {
            let statistic = Statistic::parse(statistic).unwrap();
            let found = metrics.periods(&metric, (at(0), at(240)), minute, |it| statistic.of(it));
            let second = |it: Timestamp| it.as_second() - at(0).as_second();
            let shown = |(it, value): (_, f64)| format!("{}={value}", second(it));
            found.into_iter().map(shown).collect::<Vec<_>>()
        };
        assert_eq!(read("Sum"), ["0=1", "60=8", "180=7"]);
        assert_eq!(read("Average"), ["0=1", "60=4", "180=7"]);
        assert_eq!(read("Maximum"), ["0=1", "60=5", "180=7"]);
        assert_eq!(read("SampleCount"), ["0=1", "60=2", "180=1"]);
        assert_eq!(read("p50"), ["0=1", "60=3", "180=7"]);
        assert_eq!(Statistic::parse("p101"), None);
    }
}
