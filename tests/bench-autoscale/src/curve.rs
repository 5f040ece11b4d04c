//! Everybody set to more and to less: who is cheaper at as many minutes of overload, and who has fewer of them at the same cost.
//!
//! One setting of each proves little, since whoever spends more has fewer minutes. So each policy is run with several values of its number, which
//! gives a curve, and the curves are compared.

use domain::autoscale::sizing::Rule;

use crate::policy::{Entrant, OURS, Who};
use crate::score::{Row, geometric};
use crate::table::{marks, mean};

/// A policy, set to several values.
#[derive(Clone, Debug)]
pub(crate) struct Family {
    /// The policy.
    pub(crate) name: &'static str,
    /// What is set.
    knob: &'static str,
    /// It, by each value.
    pub(crate) entrants: Vec<Entrant>,
}

/// Where a policy is on the suite.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Point {
    /// The geometric mean of what it costs against the oracle's.
    cost: f64,
    /// The mean of its minutes of overload a day.
    breach: f64,
}

/// The settings of a policy that no other of its settings beats in both, the cheapest first.
#[derive(Clone, Debug, PartialEq)]
struct Curve(Vec<Point>);

/// How ours compares with another.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Verdict {
    Better,
    Worse,
}

/// All of them. The usual value of each is among its values.
pub(crate) fn families() -> Vec<Family> {
    let one = |name: &'static str, knob: &'static str, values: &[f64], who: fn(f64) -> Who| {
        let of = |it: &f64| Entrant { name: format!("{name} {it}"), who: who(*it) };
        Family { name, knob, entrants: values.iter().map(of).collect() }
    };
    let percentiles = [0.90, 0.95, 0.98].into_iter().flat_map(|share| {
        [1.0, 1.15, 1.3, 1.5, 1.8, 2.2].map(move |margin| Entrant {
            name: format!("vpa-like {share} {margin}"),
            who: Who::Percentile(share, margin),
        })
    });
    vec![
        one("static-human", "times the peaks", &[0.8, 1.0, 1.3, 1.7, 2.2, 3.0, 4.0], Who::Peak),
        one("naive-step", "hot from", &[0.4, 0.5, 0.6, 0.7, 0.8, 0.9], Who::Naive),
        one("aas-replicas", "target", &[0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.85], Who::Replicas),
        one("tt-rightsize", "target", &[0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.85], Who::Tracking),
        Family { name: "vpa-like", knob: "percentile, margin", entrants: percentiles.collect() },
        one("moving-window", "margin", &[0.8, 0.9, 1.0, 1.12, 1.25, 1.4, 1.6, 2.0], Who::Window),
        one(OURS, "worth of a minute", &[0.03, 0.1, 0.3, 1.0, 3.0, 10.0], |it| {
            Who::Ours(Rule::default(), it)
        }),
    ]
}

/// Prints all of it. Whether ours is better than everybody else in both.
pub(crate) fn print(rows: &[Row], families: &[Family]) -> bool {
    let rows: Vec<&Row> = rows.iter().filter(|it| !it.is_tail()).collect();
    if rows.is_empty() {
        return true;
    }
    println!(
        "\nEach set to more and to less, without lru-tail: cost against the oracle's, and minutes of overload a day."
    );
    for family in families {
        println!("{} by {}:", family.name, family.knob);
        for entrant in &family.entrants {
            let Point { cost, breach } = point(&rows, &entrant.name);
            let value = entrant.name.trim_start_matches(family.name);
            println!("  {value:>10} {cost:>7.3} {breach:>9.2}");
        }
    }
    let here = point(&rows, OURS);
    let Point { cost, breach } = here;
    println!(
        "\nOurs costs {cost:.3} and has {breach:.2} minutes. The others, on straight lines between their settings:"
    );
    println!(
        "{:<16} {:>24} {:>8} {:>26} {:>8}",
        "policy", "cost at as many minutes", "ours is", "minutes at the same cost", "ours is"
    );
    let mut all = true;
    for family in families.iter().filter(|it| it.name != OURS) {
        let curve = Curve::of(family.entrants.iter().map(|it| point(&rows, &it.name)));
        let (costs, minutes) = (curve.cost_at(breach), curve.breach_at(cost));
        let verdicts = [compare(cost, costs), compare(breach, minutes)];
        all &= verdicts.iter().all(|it| *it == Verdict::Better);
        let [by_cost, by_breach] = verdicts.map(Verdict::word);
        println!(
            "{:<16} {:>24} {by_cost:>8} {:>26} {by_breach:>8}",
            family.name,
            told(costs, "never so few"),
            told(minutes, "never so cheap"),
        );
    }
    println!("  better than every other in both: {}", if all { "yes" } else { "NO" });
    all
}

fn told(value: Option<f64>, otherwise: &str) -> String {
    value.map_or_else(|| otherwise.to_owned(), |it| format!("{it:.3}"))
}

fn point(rows: &[&Row], name: &str) -> Point {
    let marks = marks(rows, name);
    let costs: Vec<f64> = marks.iter().map(|it| it.cost).collect();
    Point { cost: geometric(&costs).value, breach: mean(&marks, |it| it.breach) }
}

/// Less is better, and what another never reaches at any of its settings is more.
fn compare(ours: f64, other: Option<f64>) -> Verdict {
    if other.is_none_or(|it| ours < it) { Verdict::Better } else { Verdict::Worse }
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "WORSE",
        }
    }
}

impl Curve {
    fn of(points: impl Iterator<Item = Point>) -> Self {
        let mut points: Vec<Point> = points.collect();
        points.sort_by(|one, other| {
            one.cost.total_cmp(&other.cost).then(one.breach.total_cmp(&other.breach))
        });
        let mut least = f64::INFINITY;
        points.retain(|it| {
            let is_fewer = it.breach < least;
            least = least.min(it.breach);
            is_fewer
        });
        Self(points)
    }

    /// What it costs with no more minutes than so many. Between two settings lies what comes of some groups with one and some with the other.
    fn cost_at(&self, breach: f64) -> Option<f64> {
        let place = self.0.iter().position(|it| it.breach <= breach)?;
        let right = self.0.get(place)?;
        let Some(left) = place.checked_sub(1).and_then(|it| self.0.get(it)) else {
            return Some(right.cost);
        };
        let share = (left.breach - breach) / (left.breach - right.breach);
        Some(left.cost + (right.cost - left.cost) * share)
    }

    /// How many minutes it has for no more than so much.
    fn breach_at(&self, cost: f64) -> Option<f64> {
        let place = self.0.iter().rposition(|it| it.cost <= cost)?;
        let left = self.0.get(place)?;
        let Some(right) = self.0.get(place + 1) else { return Some(left.breach) };
        let share = (cost - left.cost) / (right.cost - left.cost);
        Some(left.breach + (right.breach - left.breach) * share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(points: &[(f64, f64)]) -> Curve {
        Curve::of(points.iter().map(|(cost, breach)| Point { cost: *cost, breach: *breach }))
    }

    #[test]
    fn a_setting_that_another_beats_in_both_is_not_on_the_curve() {
        let points = [(2.0, 1.0), (1.0, 9.0), (1.5, 10.0), (3.0, 1.0)];
        assert_eq!(curve(&points), curve(&[(1.0, 9.0), (2.0, 1.0)]));
    }

    #[test]
    fn between_two_settings_lies_a_straight_line() {
        let curve = curve(&[(1.0, 9.0), (2.0, 1.0), (4.0, 0.0)]);
        assert_eq!((curve.cost_at(5.0), curve.breach_at(1.5)), (Some(1.5), Some(5.0)));
        assert_eq!((curve.cost_at(0.5), curve.breach_at(3.0)), (Some(3.0), Some(0.5)));
    }

    #[test]
    fn beyond_its_ends_it_gets_no_cheaper_and_no_better() {
        let curve = curve(&[(1.0, 9.0), (2.0, 1.0)]);
        assert_eq!((curve.cost_at(20.0), curve.breach_at(8.0)), (Some(1.0), Some(1.0)));
        assert_eq!((curve.cost_at(0.9), curve.breach_at(0.9)), (None, None));
    }

    #[test]
    fn ours_is_better_only_where_it_is_less() {
        assert_eq!(compare(1.0, Some(1.1)), Verdict::Better);
        assert_eq!(compare(1.0, Some(1.0)), Verdict::Worse);
        assert_eq!(compare(1.0, None), Verdict::Better);
    }

    #[test]
    fn the_usual_setting_of_each_is_among_those_of_its_curve() {
        let families = families();
        let all: Vec<Who> = families.iter().flat_map(|it| &it.entrants).map(|it| it.who).collect();
        for usual in crate::policy::usual() {
            assert!(all.contains(&usual.who) || usual.who == Who::Mean, "{}", usual.name);
        }
    }
}
