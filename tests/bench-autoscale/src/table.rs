//! The table.

use crate::policy::{NAMES, OURS};
use crate::score::{Row, geometric, percentile};
use crate::trace::count;
use crate::world::Outcome;

/// Prints it.
pub fn print(rows: &[Row]) {
    println!("{:<20} {:>9} {:>6} {:>6} | {:>6} {:>6} {:>6} {:>5} {:>5} {:>4} {:>4}", "trace", "oracle $", "moves", "repl", "cost", "joint", "breach", "mem", "cpu", "mov", "rep");
    for row in rows {
        let Some(ours) = row.of(OURS) else { continue };
        println!(
            "{:<20} {:>9.1} {:>6} {:>6} | {:>6.2} {:>6.2} {:>6} {:>5} {:>5} {:>4} {:>4}",
            row.name, row.oracle.cost, row.oracle.moves, row.oracle.replicas, row.cost(ours), row.joint(ours), ours.breach, ours.memory, ours.engine, ours.moves, ours.replicas
        );
    }
    let scored: Vec<&Row> = rows.iter().filter(|it| !it.name.starts_with("lru-tail")).collect();
    println!();
    println!("{:<14} {:>22} {:>22} {:>7} {:>7} {:>7} {:>7} {:>7} {:>6}", "policy", "cost / oracle", "J / oracle's", "breach", "p90", "memory", "moves", "repl", "shrunk");
    for name in NAMES {
        let of = |by: &dyn Fn(&Row, &Outcome) -> f64| -> Vec<f64> {
            scored.iter().filter_map(|it| it.of(name).map(|of| by(it, of))).collect()
        };
        let cost = geometric(&of(&|row, it| row.cost(it)));
        let joint = geometric(&of(&|row, it| row.joint(it)));
        let breach = of(&|row, it| count(it.breach) / row.days);
        let mean = |it: Vec<f64>| it.iter().sum::<f64>() / count(it.len().max(1));
        println!(
            "{name:<14} {:>6.2} [{:>5.2}, {:>5.2}] {:>7.2} [{:>5.2}, {:>5.2}] {:>7.1} {:>7.1} {:>7.1} {:>7.1} {:>7.1} {:>6.0}",
            cost.mean, cost.low, cost.high, joint.mean, joint.low, joint.high,
            mean(breach.clone()), percentile(breach, 0.9),
            mean(of(&|row, it| count(it.memory) / row.days)),
            mean(of(&|row, it| count(it.moves) / row.days * 7.0)),
            mean(of(&|row, it| count(it.replicas) / row.days * 7.0)),
            of(&|_, it| count(it.shrunk)).iter().sum::<f64>(),
        );
    }
}
