//! What was seen, in words that a tag may hold: neither a percent sign nor a comma.

use jiff::Timestamp;

use super::load::{Load, Metric};
use super::offer::Offer;
use super::sizing::protect::Heat;
use super::sizing::{Kind, Rule, Size};
use crate::catalog::Entry;
use crate::{GroupView, MemberId};

/// What is hot, of whom, and from where on it counts as that.
pub(super) fn hot(
    (heat, kind): (Heat, Kind),
    group: &GroupView,
    load: &Load,
    has: &Entry,
    now: Timestamp,
) -> String {
    let rule = Rule::guarded();
    let most = |metric: Metric| {
        let of = |it: &MemberId| Some((load.latest(it, metric, now)?, it.clone()));
        let values = group.member_ids.iter().filter_map(of);
        values.max_by(|one, other| one.0.total_cmp(&other.0))
    };
    let percent = |metric: Metric, limit: f64| {
        let (value, member) = most(metric)?;
        let name = metric.name();
        Some(format!("{name} of {member} at {value:.1} percent - the limit is {limit:.0}"))
    };
    let said = match heat {
        Heat::Memory => match kind {
            Kind::Store => percent(Metric::Memory, rule.memory_hot * 100.0),
            Kind::Cache { misses } => {
                let since = now.saturating_sub(Load::WINDOW).unwrap_or(now);
                let sum = |metric| -> f64 {
                    group.member_ids.iter().map(|it| load.sum(it, metric, since, now)).sum()
                };
                let (hits, missed) = (sum(Metric::Hits), sum(Metric::Misses));
                let share = 100.0 * missed / (hits + missed).max(1.0);
                let most = 100.0 * misses;
                Some(format!("{share:.1} percent of reads missed of late - {most:.0} may"))
            }
        },
        Heat::Engine => {
            let of_host = rule.hot * 100.0 / f64::from(has.vcpu.max(1));
            let over = |metric, limit| most(metric).is_some_and(|it| limit < it.0);
            // On few vCPUs the host counts too, and tells it by itself.
            if has.vcpu <= 2
                && !over(Metric::EngineCpu, rule.hot * 100.0)
                && over(Metric::Cpu, of_host)
            {
                percent(Metric::Cpu, of_host)
            } else {
                percent(Metric::EngineCpu, rule.hot * 100.0)
            }
        }
        Heat::Network => most(Metric::Sent).map(|(bytes, member)| {
            let share = bytes / 60.0 * 8.0 / (has.network * 1e9) * 100.0;
            format!(
                "{member} sends {share:.0} percent of what {} carries all the time",
                has.node_type
            )
        }),
        Heat::Credits => most(Metric::Credits)
            .map(|(credits, member)| format!("{member} has {credits:.0} CPU credits left at most")),
    };
    said.unwrap_or_else(|| "what the last minutes say".to_owned())
}

/// Another node type is the better one.
pub(super) fn better(offer: &Offer, to: Size) -> String {
    let name = |at: usize| offer.candidates.get(at).map_or("", |it| it.node_type.as_str());
    format!(
        "two days on {} in place of {} cost less with overload counted in",
        name(to.at),
        name(offer.has)
    )
}

/// Other replicas are enough, or needed.
pub(super) fn replicas(has: u32, to: u32) -> String {
    if has < to {
        format!("this hour of the day and the last minutes ask for {to}")
    } else {
        format!("the last hour and the next three of the day ask for {to}")
    }
}
