//! Ours without each of its parts, and everybody in harder worlds (autoscaling C.6).

use domain::autoscale::sizing::Rule;

use crate::policy::{self, Entrant, OURS, Who};
use crate::score::Row;
use crate::suite::Suite;
use crate::table;
use crate::trace::DAY;
use crate::world::Hardness;

/// Ours without each of its parts.
pub(crate) fn ablations() -> Vec<Entrant> {
    let rule = Rule::default();
    let all = [
        ("no replica schedule", Rule { slot: DAY, ..rule }),
        ("no guard of memory", Rule { memory: f64::INFINITY, ..rule }),
        ("change at any gain", Rule { change_hours: 0.0, change_minutes: 0.0, ..rule }),
        ("look back a day", Rule { look_back: DAY, ..rule }),
        ("look back a week", Rule { look_back: 7 * DAY, ..rule }),
        ("all days as they were", Rule { today: (1.0, 1.0), ..rule }),
        ("nothing learned", Rule { learned: 0.0, ..rule }),
        ("no margin", Rule { margin: 1.0, ..rule }),
        ("leap without limit", Rule { leap: f64::INFINITY, ..rule }),
    ];
    all.map(|(name, rule)| Entrant { name: name.to_owned(), who: Who::Ours(rule, 1.0) }).to_vec()
}

/// Prints them beside the whole.
pub(crate) fn print_ablations(rows: &[Row], ablations: &[Entrant]) {
    let rows: Vec<&Row> = rows.iter().filter(|it| !it.is_tail()).collect();
    println!("\nOurs without each of its parts, without lru-tail:");
    table::columns("without");
    table::line("all of it", &table::marks(&rows, OURS));
    for entrant in ablations {
        table::line(&entrant.name, &table::marks(&rows, &entrant.name));
    }
}

/// Runs everybody in harder worlds and prints what became of it.
pub(crate) fn print_stress(suite: &Suite<'_>) {
    let usual = Hardness::default();
    let worlds = [
        ("Changes take twice as long", Hardness { slow: 2.0, ..usual }),
        (
            "Engines by a quarter other than believed, one change of ten fails",
            Hardness { believed: 0.25, fails: 0.10, ..usual },
        ),
    ];
    let entrants = policy::usual();
    for (what, hardness) in worlds {
        let rows = Suite { hardness, ..*suite }.rows(&entrants);
        let rows: Vec<&Row> = rows.iter().collect();
        println!("\n{what}, with lru-tail:");
        table::columns("policy");
        for entrant in &entrants {
            table::line(&entrant.name, &table::marks(&rows, &entrant.name));
        }
    }
}
