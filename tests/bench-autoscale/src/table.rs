//! What is told: each trace, the policies side by side, and whether the limits were kept.

use crate::arguments::Arguments;
use crate::policy::{self, OURS};
use crate::score::{Mark, Row, geometric, percentile};
use crate::trace::count;

/// Prints it all. Whether every limit was kept.
pub(crate) fn print(rows: &[Row], asked: &Arguments) -> bool {
    heading(asked);
    each(rows);
    let (tails, others): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(|it| it.is_tail());
    if !others.is_empty() {
        println!("\nAll together, without lru-tail:");
        policies(&others);
    }
    if !tails.is_empty() {
        println!("\nlru-tail, a cache whose memory is always full:");
        policies(&tails);
    }
    // The limits are those of the whole suite: of a part, or of somebody's own traces, they say nothing.
    if !asked.only.is_empty() || asked.seeds.is_empty() {
        return true;
    }
    limits(&marks(&others, OURS), &marks(&tails, OURS))
}

fn heading(asked: &Arguments) {
    let seeds: Vec<String> = asked.seeds.iter().map(u64::to_string).collect();
    println!(
        "Loads of the seeds {}; each 21 days by the minute, of which 14 are scored.",
        seeds.join(", ")
    );
    println!(
        "A model: engines of 80 to 1,000 thousand commands a second, by a tenth otherwise than believed; a change of the node type takes 12 minutes"
    );
    println!(
        "and more for larger data, a replica 6, one of a hundred fails; both sets of nodes are paid meanwhile. J is cost and overload together, where"
    );
    println!(
        "a minute of overload costs an hour of the cheapest size that never has any. The oracle knows everything before, and changes at once.\n"
    );
}

fn each(rows: &[Row]) {
    println!(
        "{:<26} {:>9} {:>6} {:>8} {:>6} | {:>5} {:>5} {:>7} {:>6} {:>6} {:>8}",
        "trace",
        "oracle $",
        "moves",
        "replicas",
        "fixed",
        "cost",
        "J",
        "breach",
        "memory",
        "moves",
        "replicas"
    );
    for row in rows {
        let Some(ours) = row.of(OURS) else { continue };
        let mark = row.mark(ours);
        println!(
            "{:<26} {:>9.2} {:>6} {:>8} {:>6.2} | {:>5.2} {:>5.2} {:>7} {:>6} {:>6} {:>8}",
            row.name,
            row.oracle.cost,
            row.oracle.moves,
            row.oracle.replicas,
            row.mark_of(&row.fixed).cost,
            mark.cost,
            mark.joint,
            ours.breach,
            ours.memory,
            ours.moves,
            ours.replicas
        );
    }
}

fn policies(rows: &[&Row]) {
    columns("policy");
    let known: Vec<Mark> = rows.iter().map(|it| it.mark_of(&it.oracle)).collect();
    line("oracle", &known);
    let fixed: Vec<Mark> = rows.iter().map(|it| it.mark_of(&it.fixed)).collect();
    line("best fixed", &fixed);
    for entrant in policy::usual() {
        line(&entrant.name, &marks(rows, &entrant.name));
    }
}

/// The names of the columns.
pub(crate) fn columns(first: &str) {
    println!(
        "{:<24} {:>20} {:>20} {:>11} {:>6} {:>11} {:>7} {:>9} {:>7}",
        first,
        "cost / oracle's",
        "J / oracle's",
        "breach/day",
        "p90",
        "memory/day",
        "moves/w",
        "replicas/w",
        "shrunk"
    );
}

/// How a policy did on each trace.
pub(crate) fn marks(rows: &[&Row], name: &str) -> Vec<Mark> {
    rows.iter().filter_map(|it| Some(it.mark(it.of(name)?))).collect()
}

/// The line of somebody who took part.
pub(crate) fn line(name: &str, marks: &[Mark]) {
    let cost = geometric(&marks.iter().map(|it| it.cost).collect::<Vec<_>>());
    let joint = geometric(&marks.iter().map(|it| it.joint).collect::<Vec<_>>());
    let shrunk: usize = marks.iter().map(|it| it.shrunk).sum();
    println!(
        "{name:<24} {:>5.2} [{:>5.2}, {:>5.2}] {:>5.2} [{:>5.2}, {:>5.2}] {:>11.1} {:>6.1} {:>11.1} {:>7.1} {:>9.1} {shrunk:>8}",
        cost.value,
        cost.low,
        cost.high,
        joint.value,
        joint.low,
        joint.high,
        mean(marks, |it| it.breach),
        percentile(marks.iter().map(|it| it.breach).collect(), 0.9),
        mean(marks, |it| it.memory),
        mean(marks, |it| it.moves),
        mean(marks, |it| it.replicas),
    );
}

/// The mean of a number of each.
pub(crate) fn mean(marks: &[Mark], of: impl Fn(&Mark) -> f64) -> f64 {
    marks.iter().map(of).sum::<f64>() / count(marks.len().max(1))
}

/// What the decision has to reach on the suite (autoscaling C.7).
fn limits(marks: &[Mark], tails: &[Mark]) -> bool {
    let cost = geometric(&marks.iter().map(|it| it.cost).collect::<Vec<_>>()).value;
    let joint = geometric(&marks.iter().map(|it| it.joint).collect::<Vec<_>>()).value;
    let shrunk: usize = marks.iter().chain(tails).map(|it| it.shrunk).sum();
    let limits = [
        ("cost against the oracle's", cost, 1.40),
        ("J against the oracle's", joint, 1.38),
        ("minutes of overload a day", mean(marks, |it| it.breach), 1.5),
        (
            "nine of ten traces have at most",
            percentile(marks.iter().map(|it| it.breach).collect(), 0.9),
            5.0,
        ),
        ("changes of the node type in a week", mean(marks, |it| it.moves), 1.5),
        ("minutes without memory after a shrink", count(shrunk), 0.0),
    ];
    println!("\nLimits:");
    let mut kept = true;
    for (what, is, most) in limits {
        let word = if is <= most { "kept" } else { "MISSED" };
        kept &= is <= most;
        println!("  {what:<40} {is:>6.2} of {most:>5.2}  {word}");
    }
    kept
}
