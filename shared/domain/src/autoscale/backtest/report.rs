//! The text that tells what came of it, for a terminal of a hundred columns.

use super::super::sizing::{Kind, Size};
use super::tally::{BURST_MINUTES, BUSY_MAX, FULL, STARTING_HOURS, Tally};
use super::{Decision, Outcome, Trial, clock, count, walk};

/// No line is longer.
pub const COLUMNS: usize = 100;

/// Tells what came of it for a group of this name.
pub fn text(group: &str, trial: &Trial<'_>, outcome: &Outcome) -> String {
    let parts = [
        header(group, trial, outcome),
        assumptions(trial, outcome),
        table(trial, outcome),
        decisions(trial, outcome),
        meaning(trial, outcome),
    ];
    parts.join("\n")
}

fn header(group: &str, trial: &Trial<'_>, outcome: &Outcome) -> String {
    let from = outcome.from;
    let until = trial.history.end();
    let days = count(outcome.minutes) / 1440.0;
    let known = match outcome.unknown {
        0 => "every minute is known".to_owned(),
        unknown => {
            format!(
                "{unknown} of {} minutes are unknown, and count for cost alone",
                outcome.minutes
            )
        }
    };
    format!(
        "Backtest of {group}\n{} to {}, {days:.1} days\n{known}\n",
        clock::minute(from, from),
        clock::minute(until, from)
    )
}

fn assumptions(trial: &Trial<'_>, outcome: &Outcome) -> String {
    let mut told = vec![
        format!(
            "Prices are those of the catalog; another node type is paid beside the old one for {:.1} h, a new replica for {STARTING_HOURS} h before it serves.",
            trial.rule.change_hours
        ),
        format!(
            "A replica is there after {} minutes and gone after {}, another node type is there after {}; nothing fails, and no window forbids a change.",
            walk::MORE,
            walk::FEWER,
            walk::TYPE
        ),
        format!(
            "Overload is an engine above {:.0} %, {}, a network above its baseline for {BURST_MINUTES} minutes, or a minute in which another node type cuts connections.",
            BUSY_MAX * 100.0,
            match trial.bounds.kind {
                Kind::Store => format!("a memory at {:.0} %", FULL * 100.0),
                Kind::Cache { misses } => format!("more than {:.1} % misses", misses * 100.0),
            }
        ),
        "At another size the load is what the model makes of what was seen; reads go to replicas in the share of the hour before.".to_owned(),
    ];
    match trial.bounds.kind {
        Kind::Store => {}
        Kind::Cache { .. } => told.push(
            "Less memory loses hits in proportion and more wins none: the worst that can be."
                .to_owned(),
        ),
    }
    if 1 < trial.every {
        told.push(format!(
            "A value stands for {} minutes, and is seen when they are over.",
            trial.every
        ));
    }
    if outcome.minutes < trial.rule.look_back {
        told.push(format!(
            "The past is shorter than the {:.0} hours without which no other node type is chosen for its price.",
            count(trial.rule.look_back) / 60.0
        ));
    }
    if 0 < outcome.hidden {
        told.push(format!(
            "In {} minutes what was there was full: more may have been asked for than anybody saw.",
            outcome.hidden
        ));
    }
    let points: String = told.iter().map(|it| wrapped("  - ", "    ", it)).collect();
    format!("Taken as given:\n{points}")
}

fn table(trial: &Trial<'_>, outcome: &Outcome) -> String {
    let days = count(outcome.known()) / 1440.0;
    let weeks = count(outcome.minutes) / 1440.0 / 7.0;
    let a = |of: usize, by: f64| {
        if by <= 0.0 { "-".to_owned() } else { format!("{:.1}", count(of) / by) }
    };
    let (was, would) = (&outcome.was, &outcome.would);
    let last = |it: Option<Size>| it.map_or_else(String::new, |it| size(trial, it));
    let end = trial.history.end().saturating_sub(1);
    let mut text = line("", "as it was", "as it would have been");
    let mut add = |name: &str, of: &dyn Fn(&Tally) -> String| {
        text += &line(name, &of(was), &of(would));
    };
    add("cost of a month", &|it| dollars(outcome.month(it.dollars)));
    add("overload, minutes a day", &|it| a(it.overload, days));
    add("  of an engine", &|it| a(it.engine, days));
    add("  of memory", &|it| a(it.memory, days));
    add("  of the network", &|it| a(it.network, days));
    add("  connections cut", &|it| a(it.cut, days));
    add("node types, changes a week", &|it| a(it.types, weeks));
    add("replicas, changes a week", &|it| a(it.replicas, weeks));
    text += &line(
        "in the end",
        &last(walk::at(trial, end)),
        &last(outcome.sizes.last().map(|it| it.1)),
    );
    text
}

fn line(name: &str, one: &str, other: &str) -> String {
    format!("{name:<27} {one:>33}   {other:>33}").trim_end().to_owned() + "\n"
}

fn decisions(trial: &Trial<'_>, outcome: &Outcome) -> String {
    let mut text = match outcome.decisions.len() {
        0 => "No decision: nothing would have been changed.\n".to_owned(),
        1 => "One decision:\n".to_owned(),
        many => format!("{many} decisions:\n"),
    };
    for it in &outcome.decisions {
        text += &decision(trial, outcome, it);
    }
    text
}

fn decision(trial: &Trial<'_>, outcome: &Outcome, it: &Decision) -> String {
    let what = if it.from.at == it.to.at {
        format!("{} -> {} ({})", it.from.replicas, replicas(it.to.replicas), trial.name(it.to))
    } else {
        format!("{} -> {}", size(trial, it.from), size(trial, it.to))
    };
    let first = format!("  {:<16}  ", clock::minute(it.at, outcome.from));
    let told =
        format!("{what}, {} -> {} a month: {}", dollars(it.before), dollars(it.after), it.why);
    wrapped(&first, INDENT, &told)
}

const INDENT: &str = "                    ";

fn meaning(trial: &Trial<'_>, outcome: &Outcome) -> String {
    let (was, would) = (&outcome.was, &outcome.would);
    let (before, after) = (outcome.month(was.dollars), outcome.month(would.dollars));
    let days = count(outcome.known()) / 1440.0;
    let share = if before <= 0.0 { 0.0 } else { (before - after).abs() / before * 100.0 };
    let cost = if (before - after).abs() < 0.005 {
        "It would have cost the same".to_owned()
    } else {
        let less = if after < before { "less" } else { "more" };
        format!(
            "It would have cost {} a month {less} ({share:.0} %)",
            dollars((before - after).abs())
        )
    };
    let overload = match (was.overload, would.overload) {
        (0, 0) => "without overload, as before".to_owned(),
        (one, other) if one == other => "with as much overload".to_owned(),
        (one, other) => format!(
            "with {:.1} minutes of overload a day in place of {:.1}",
            count(other) / days,
            count(one) / days
        ),
    };
    let worth = |it: &Tally| it.dollars + trial.bounds.minute * count(it.overload);
    let gain = outcome.month(worth(was) - worth(would));
    let verdict = if gain.abs() < 0.005 {
        "the same".to_owned()
    } else {
        format!("{} a month {}", dollars(gain.abs()), if 0.0 < gain { "better" } else { "worse" })
    };
    let mut text = format!(
        "{cost}, {overload}. With a minute of overload taken as {}, that is {verdict}.",
        dollars(trial.bounds.minute)
    );
    if 0 < outcome.at_limit {
        let more = format!(
            " At {} looks it was hot and nothing larger was to be had: allow larger node types or more replicas.",
            outcome.at_limit
        );
        text += &more;
    }
    wrapped("", "", &text)
}

/// A size in words.
pub(super) fn size(trial: &Trial<'_>, it: Size) -> String {
    format!("{} with {}", trial.name(it), replicas(it.replicas))
}

fn replicas(count: u32) -> String {
    match count {
        1 => "1 replica".to_owned(),
        many => format!("{many} replicas"),
    }
}

/// An amount, to the cent.
pub(super) fn dollars(amount: f64) -> String {
    format!("${amount:.2}")
}

/// A text in lines of no more columns than there are.
fn wrapped(first: &str, next: &str, text: &str) -> String {
    let mut lines = String::new();
    let mut line = first.to_owned();
    let mut is_begun = false;
    for word in text.split_whitespace() {
        if is_begun && COLUMNS < line.chars().count() + 1 + word.chars().count() {
            lines += &line;
            lines.push('\n');
            next.clone_into(&mut line);
            is_begun = false;
        }
        if is_begun {
            line.push(' ');
        }
        line += word;
        is_begun = true;
    }
    lines + &line + "\n"
}
