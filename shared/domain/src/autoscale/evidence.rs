//! What a decision goes by, as data: the sizes that were weighed, what each would carry and cost, and why the others are none.

use jiff::Timestamp;
use serde::Serialize;

use super::change::replica_count;
use super::past::Past;
use super::plan::{Setting, setting};
use super::sizing::carry::{self, Demand};
use super::sizing::ground::{Ground, Tried};
use super::sizing::measure::measure;
use super::sizing::replay::{self, Bar, Replayed};
use super::sizing::{Case, Kind, Size};
use super::{LoadView, Moves};
use crate::{Catalog, NodeType};

/// The evidence of one look.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// What the nodes cost in a month, in dollars.
    pub monthly: f64,
    /// `store`, `cache`, or `cache, of whose reads 5 % may miss`.
    pub data: String,
    /// What a minute of overload is worth, in dollars.
    pub minute_worth: f64,
    /// For how many minutes of the last two days there are metrics.
    pub minutes_known: usize,
    /// How much an engine takes here, as a multiple of what is believed of its type.
    pub engine_factor: f64,
    /// The share of reads that goes to replicas.
    pub reads_to_replicas: f64,
    /// The type that the group has, and the best of the others.
    pub weighed: Vec<Weighed>,
    /// Those that the operator allows and that do not serve, and why.
    pub left_out: Vec<LeftOut>,
}

/// A node type that was weighed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Weighed {
    /// The type.
    pub node_type: NodeType,
    /// Whether the group has it.
    pub is_present: bool,
    /// The fewest and the most replicas over the day.
    pub replicas: (u32, u32),
    /// The dollars of a day, overload among them.
    pub dollars_a_day: f64,
    /// Minutes of overload a day.
    pub short_minutes_a_day: f64,
    /// How busy the busiest engine would be with what the last hour asked for, in percent.
    pub busy_percent: f64,
    /// How full the memory would be with the most data of the week, in percent.
    pub memory_percent: f64,
    /// Why it is none to choose, where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub barred_by: Option<&'static str>,
}

/// A node type that does not serve.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LeftOut {
    /// The type.
    pub node_type: NodeType,
    /// Why.
    pub why: String,
}

/// So many types are told of.
const TOLD: usize = 4;

/// What the decision about a group goes by, where it is one that is sized.
pub fn evidence(catalog: &Catalog, view: &LoadView, now: Timestamp) -> Option<Evidence> {
    let (group, loads) = (view.group.as_ref()?, view.load.as_ref()?);
    let Setting { offer, bounds, rule } = setting(catalog, view, now).ok()?;
    let entry = catalog.find(group.node_type.as_ref()?)?;
    let past = Past::of(group, entry, &loads.days, &loads.week, now);
    let history = past.history();
    let has = Size { at: offer.has, replicas: replica_count(group) };
    let moves = group.tags.as_ref().map(Moves::read).unwrap_or_default();
    let case = Case {
        rule: &rule,
        bounds: &bounds,
        candidates: &offer.candidates,
        has,
        history,
        since: moves.since(None, now),
        now: now.as_second().div_euclid(60),
    };
    let present = offer.current()?;
    let measured = measure(&history, present, case.minutes_as_it_is());
    let ground = Ground { case: &case, measured };
    let mut weighed: Vec<Weighed> =
        ground.all().zip(replay::all(&ground)).map(|(it, of)| weigh(&ground, &it, &of)).collect();
    weighed.sort_by(|one, other| {
        let place = |it: &Weighed| (!it.is_present, it.barred_by.is_some());
        place(one).cmp(&place(other)).then(one.dollars_a_day.total_cmp(&other.dollars_a_day))
    });
    weighed.truncate(TOLD);
    let left_out = offer
        .out
        .iter()
        .map(|(node_type, why)| LeftOut { node_type: node_type.clone(), why: why.to_string() });
    Some(Evidence {
        monthly: rounded(super::plan::a_month(present.cost(has.replicas))),
        data: told(bounds.kind),
        minute_worth: rounded(bounds.minute),
        minutes_known: history.last(rule.look_back).known().count(),
        engine_factor: rounded(measured.factor),
        reads_to_replicas: rounded(measured.mix.to_replicas),
        weighed,
        left_out: left_out.collect(),
    })
}

fn weigh(ground: &Ground<'_>, tried: &Tried<'_>, of: &Replayed) -> Weighed {
    let case = ground.case;
    let hour = case.history.last(60);
    let demand =
        Demand { reads: hour.lasting(|it| it.reads), writes: hour.lasting(|it| it.writes) };
    let replicas = of.schedule.at(case.now);
    let (primary, replica) = carry::busy(demand, ground.measured.mix, tried.engine, replicas);
    let data = case.history.last(case.rule.memory_back).most(|it| it.memory);
    let slots = || of.schedule.slots.iter().copied();
    Weighed {
        node_type: tried.candidate.node_type.clone(),
        is_present: tried.at == case.has.at,
        replicas: (slots().min().unwrap_or_default(), slots().max().unwrap_or_default()),
        dollars_a_day: rounded(of.day),
        short_minutes_a_day: rounded(of.schedule.short),
        busy_percent: rounded(primary.max(replica) * 100.0),
        memory_percent: rounded(data / tried.candidate.usable * 100.0),
        barred_by: of.bar.map(|it| match it {
            Bar::Memory => "the data of a week with its margin",
            Bar::Credits => "the CPU credits that it earns",
            Bar::Budget => "the budget",
        }),
    }
}

fn told(kind: Kind) -> String {
    match kind {
        Kind::Store => "store".to_owned(),
        Kind::Cache { misses } if misses.is_finite() => {
            format!("cache, of whose reads {:.1} % may miss", misses * 100.0)
        }
        Kind::Cache { .. } => "cache".to_owned(),
    }
}

/// As many digits as anybody reads.
fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autoscale::plan::tests::{now, orders};

    #[test]
    fn the_present_type_comes_first_and_the_best_of_the_others_behind_it() {
        let seen = orders().of_type("cache.t4g.small").idle(100_000_000.0).seen();
        let evidence = evidence(Catalog::embedded(), &seen, now()).unwrap();
        assert_eq!((evidence.monthly, evidence.data.as_str()), (46.72, "store"));
        assert_eq!(evidence.minutes_known, 2880);
        let names: Vec<&str> = evidence.weighed.iter().map(|it| it.node_type.as_str()).collect();
        assert_eq!(names, ["cache.t4g.small", "cache.t4g.micro", "cache.t4g.medium"]);
        let [present, micro, _] = &evidence.weighed[..] else { panic!("{evidence:?}") };
        assert!(micro.dollars_a_day < present.dollars_a_day);
        assert_eq!((present.barred_by, micro.barred_by, micro.replicas), (None, None, (1, 1)));
        assert!((micro.memory_percent - 37.253).abs() < 0.001, "{}", micro.memory_percent);
        let json = serde_json::to_value(&evidence).unwrap();
        assert_eq!(json["weighed"][0]["nodeType"], "cache.t4g.small");
        assert_eq!(json["minuteWorth"], 0.064);
    }

    #[test]
    fn what_bars_a_type_is_said() {
        let full = orders().of_type("cache.t4g.small").idle(900_000_000.0).seen();
        let evidence = evidence(Catalog::embedded(), &full, now()).unwrap();
        let micro = evidence.weighed.iter().find(|it| it.node_type.as_str() == "cache.t4g.micro");
        assert_eq!(micro.unwrap().barred_by, Some("the data of a week with its margin"));
    }

    #[test]
    fn of_a_group_that_is_not_sized_there_is_none() {
        let tiered = orders().of_type("cache.r6gd.xlarge").seen();
        assert_eq!(evidence(Catalog::embedded(), &tiered, now()), None);
    }
}
