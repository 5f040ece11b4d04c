//! The picture of it, as SVG: what was asked for, what the sizes carry, the memory, and a mark for each decision.
//!
//! Its colours are of middle brightness and it has no ground of its own, so that it reads on a light page as on a dark one.

use super::super::sizing::carry::{self, Demand, Mix};
use super::super::sizing::{Minute, Size};
use super::{Decision, Outcome, Trial, clock, count, report};

/// A line has about so many points at most.
pub const POINTS: usize = 1000;

const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 520.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 985.0;
const GIB: f64 = 1_073_741_824.0;

const TEXT: &str = "#7d8590";
const DEMAND: &str = "#8b949e";
const WAS: &str = "#d29922";
const WOULD: &str = "#2f81f7";
const MARK: &str = "#a371f7";

/// A part of the picture with an axis of its own.
#[derive(Clone, Copy, Debug)]
struct Panel {
    top: f64,
    bottom: f64,
    /// The value at its top.
    most: f64,
    from: i64,
    minutes: f64,
}

/// Draws it for a group of this name.
pub fn svg(group: &str, trial: &Trial<'_>, outcome: &Outcome) -> String {
    let had = had(trial, outcome);
    let start = had.first().map_or(Size { at: 0, replicas: 0 }, |it| it.1);
    let carries = Carries::of(trial, start);
    let of = |steps: &[(i64, Size)]| -> Vec<(i64, f64)> {
        steps.iter().map(|it| (it.0, carries.size(trial, it.1))).collect()
    };
    let (was, would) = (of(&had), of(&outcome.sizes));
    // An engine's load is a share of what the size carried that was there then.
    let demand = sampled(trial, |at, it| it.busiest() * height(&was, at));
    let memory = sampled(trial, |_, it| it.memory / GIB);
    let room = |steps: &[(i64, Size)]| -> Vec<(i64, f64)> {
        let usable = |it: &Size| trial.candidates.get(it.at).map_or(0.0, |it| it.usable / GIB);
        steps.iter().map(|it| (it.0, usable(&it.1))).collect()
    };
    let (room_was, room_would) = (room(&had), room(&outcome.sizes));
    let panel = |top: f64, bottom: f64, lines: &[&[(i64, f64)]]| {
        let values = lines.iter().flat_map(|it| it.iter()).map(|it| it.1);
        let most = values.filter(|it| it.is_finite()).fold(0.0, f64::max) * 1.1;
        let most = if most <= 0.0 { 1.0 } else { most };
        let minutes = count(outcome.minutes.max(1));
        Panel { top, bottom, most, from: outcome.from, minutes }
    };
    let known = |of: &[Vec<(i64, f64)>]| of.concat();
    let load = panel(70.0, 300.0, &[&was, &would, &known(&demand)]);
    let bytes = panel(350.0, 470.0, &[&room_was, &room_would, &known(&memory)]);
    let mut out = head(group, trial, outcome);
    out += &axis(load, "engine load and capacity, % of the size at the beginning", 100.0, "%");
    out += &area(load, &demand);
    out += &steps(load, &was, outcome, WAS);
    out += &steps(load, &would, outcome, WOULD);
    out += &outcome.decisions.iter().map(|it| mark(load, trial, outcome, it)).collect::<String>();
    out += &axis(bytes, "data and usable memory of a node, GiB", 1.0, "");
    out += &area(bytes, &memory);
    out += &steps(bytes, &room_was, outcome, WAS);
    out += &steps(bytes, &room_would, outcome, WOULD);
    out += &days(outcome, bytes);
    out + "</svg>\n"
}

/// What a size carries of the load of the whole past, as a multiple of what the first one does.
struct Carries {
    demand: Demand,
    mix: Mix,
    one: f64,
}

impl Carries {
    fn of(trial: &Trial<'_>, start: Size) -> Self {
        let mean = |of: fn(&Minute) -> f64| trial.history.mean(of);
        let reads = mean(|it| it.reads);
        let to_replicas = if reads <= 0.0 { 0.0 } else { mean(|it| it.by_replicas) / reads };
        let mix = Mix { to_replicas: to_replicas.clamp(0.0, 1.0), bytes: 1.0 };
        // Where nothing was asked for, one command is: it is the same for every size.
        let writes = mean(|it| it.writes);
        let demand = if reads + writes < 1.0 {
            Demand { reads: 0.0, writes: 1.0 }
        } else {
            Demand { reads, writes }
        };
        let one = Self { demand, mix, one: 1.0 }.size(trial, start);
        Self { demand, mix, one: if one <= 0.0 { 1.0 } else { one } }
    }

    fn size(&self, trial: &Trial<'_>, size: Size) -> f64 {
        let Some(candidate) = trial.candidates.get(size.at) else { return 0.0 };
        let (primary, replica) =
            carry::busy(self.demand, self.mix, candidate.engine, size.replicas);
        1.0 / primary.max(replica) / self.one
    }
}

/// What the group had, from the first minute on.
fn had(trial: &Trial<'_>, outcome: &Outcome) -> Vec<(i64, Size)> {
    let first = super::walk::at(trial, outcome.from).map(|it| (outcome.from, it));
    let later = trial.had.iter().filter(|it| outcome.from < it.0 && it.0 < trial.history.end());
    first.into_iter().chain(later.copied()).collect()
}

/// The height of steps at a minute.
fn height(steps: &[(i64, f64)], at: i64) -> f64 {
    steps.iter().rev().find(|it| it.0 <= at).map_or(1.0, |it| it.1)
}

/// The most of every few minutes, in pieces between which nothing is known.
fn sampled(trial: &Trial<'_>, of: impl Fn(i64, &Minute) -> f64) -> Vec<Vec<(i64, f64)>> {
    let from = trial.from();
    let each = trial.history.len().div_ceil(POINTS).max(trial.every).max(1);
    let each = i64::try_from(each).unwrap_or(i64::MAX);
    let mut pieces: Vec<Vec<(i64, f64)>> = Vec::new();
    let mut last = None;
    for (at, minute) in trial.history.numbered() {
        let value = of(at, minute);
        if !value.is_finite() {
            continue;
        }
        let bucket = at.saturating_sub(from).div_euclid(each);
        let place = from.saturating_add(bucket.saturating_mul(each));
        match last {
            Some(it) if it == bucket => {
                if let Some(most) = pieces.last_mut().and_then(|it| it.last_mut()) {
                    most.1 = most.1.max(value);
                }
            }
            Some(it) if it + 1 == bucket => {
                if let Some(piece) = pieces.last_mut() {
                    piece.push((place, value));
                }
            }
            Some(_) | None => pieces.push(vec![(place, value)]),
        }
        last = Some(bucket);
    }
    pieces
}

impl Panel {
    fn x(self, at: i64) -> f64 {
        let past = usize::try_from(at.saturating_sub(self.from)).map_or(0.0, count);
        LEFT + (RIGHT - LEFT) * (past / self.minutes).min(1.0)
    }

    fn y(self, value: f64) -> f64 {
        let share = if value.is_finite() { (value / self.most).clamp(0.0, 1.0) } else { 1.0 };
        self.bottom - (self.bottom - self.top) * share
    }
}

fn head(group: &str, trial: &Trial<'_>, outcome: &Outcome) -> String {
    let until = trial.history.end();
    let from = outcome.from;
    let title = escaped(&format!(
        "Backtest of {group}, {} to {}",
        clock::minute(from, from),
        clock::minute(until, from)
    ));
    let legend = |x: f64, colour: &str, text: &str| {
        let after = x + 20.0;
        format!(
            "<rect x=\"{x:.1}\" y=\"37\" width=\"14\" height=\"4\" fill=\"{colour}\"/>\n{}",
            label(after, 43.0, "start", text)
        )
    };
    let dollars = |it: f64| report::dollars(outcome.month(it));
    let was = format!("capacity as it was, {} a month", dollars(outcome.was.dollars));
    let would = format!("as it would have been, {} a month", dollars(outcome.would.dollars));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" font-family=\"sans-serif\" font-size=\"12\">\n<title>{title}</title>\n<text x=\"{LEFT:.1}\" y=\"22\" font-size=\"16\" fill=\"{TEXT}\">{title}</text>\n{}{}{}{}",
        legend(LEFT, DEMAND, "asked for"),
        legend(170.0, WAS, &was),
        legend(460.0, WOULD, &would),
        legend(770.0, MARK, "decisions"),
    )
}

fn label(x: f64, y: f64, anchor: &str, text: &str) -> String {
    let text = escaped(text);
    format!(
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{TEXT}\">{text}</text>\n"
    )
}

fn line((x1, y1): (f64, f64), (x2, y2): (f64, f64), opacity: f64) -> String {
    format!(
        "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"{TEXT}\" stroke-opacity=\"{opacity}\"/>\n"
    )
}

/// The frame of a panel: a name, and three values.
fn axis(panel: Panel, name: &str, times: f64, unit: &str) -> String {
    let mut out = label(LEFT, panel.top - 7.0, "start", name);
    for share in [0.0, 0.5, 1.0] {
        let value = panel.most * share;
        let y = panel.y(value);
        out += &line((LEFT, y), (RIGHT, y), 0.3);
        let digits = usize::from(0.0 < value && value * times < 10.0);
        let text = format!("{:.digits$}{unit}", value * times);
        out += &label(LEFT - 6.0, y + 4.0, "end", &text);
    }
    out
}

/// What was seen, filled down to nothing.
fn area(panel: Panel, pieces: &[Vec<(i64, f64)>]) -> String {
    let one = |piece: &Vec<(i64, f64)>| {
        let (first, last) = (piece.first()?, piece.last()?);
        let point = |it: &(i64, f64)| format!("L{:.1} {:.1}", panel.x(it.0), panel.y(it.1));
        let line: String = piece.iter().map(point).collect();
        let (begin, end, bottom) = (panel.x(first.0), panel.x(last.0), panel.bottom);
        Some(format!(
            "<path d=\"M{begin:.1} {bottom:.1}{line}L{end:.1} {bottom:.1}Z\" fill=\"{DEMAND}\" fill-opacity=\"0.4\" stroke=\"{DEMAND}\" stroke-width=\"0.7\"/>\n"
        ))
    };
    pieces.iter().filter_map(one).collect()
}

/// A line of steps up to the end.
fn steps(panel: Panel, steps: &[(i64, f64)], outcome: &Outcome, colour: &str) -> String {
    let Some(first) = steps.first() else { return String::new() };
    let (x, y) = (panel.x(first.0), panel.y(first.1));
    let step = |it: &(i64, f64)| format!("H{:.1}V{:.1}", panel.x(it.0), panel.y(it.1));
    let line: String = steps.iter().skip(1).map(step).collect();
    let end = panel.x(outcome.until());
    format!(
        "<path d=\"M{x:.1} {y:.1}{line}H{end:.1}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.8\"/>\n"
    )
}

/// A decision: what it was is told where a pointer rests on it.
fn mark(panel: Panel, trial: &Trial<'_>, outcome: &Outcome, it: &Decision) -> String {
    let x = panel.x(it.at);
    let title = escaped(&format!(
        "{}: {} -> {}; {}",
        clock::minute(it.at, outcome.from),
        report::size(trial, it.from),
        report::size(trial, it.to),
        it.why
    ));
    // Another node type is a larger matter than a replica.
    let (size, opacity) = if it.from.at == it.to.at { (2.5, 0.25) } else { (4.5, 0.8) };
    let (top, bottom) = (panel.top, panel.bottom);
    format!(
        "<g stroke=\"{MARK}\" fill=\"{MARK}\"><title>{title}</title><line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{top:.1}\" y2=\"{bottom:.1}\" stroke-opacity=\"{opacity}\" stroke-dasharray=\"2 3\"/><circle cx=\"{x:.1}\" cy=\"{top:.1}\" r=\"{size}\"/></g>\n"
    )
}

/// The days below, as many as have room.
fn days(outcome: &Outcome, panel: Panel) -> String {
    let days = i64::try_from(outcome.minutes / 1440).unwrap_or(i64::MAX);
    let each = (days / 9).saturating_add(1).saturating_mul(clock::DAY);
    let mut out = String::new();
    let mut at = outcome.from.div_euclid(clock::DAY).saturating_mul(clock::DAY);
    while at < outcome.until() {
        if outcome.from <= at {
            let x = panel.x(at);
            out += &line((x, panel.bottom), (x, panel.bottom + 5.0), 1.0);
            out += &label(x, panel.bottom + 20.0, "start", &clock::day(at, outcome.from));
        }
        at = at.saturating_add(each);
    }
    out
}

/// A text between tags or in quotes.
fn escaped(text: &str) -> String {
    let of = |it: char| match it {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        '\'' => "&apos;".to_owned(),
        // XML has no place for them.
        it if it.is_control() => " ".to_owned(),
        it => it.to_string(),
    };
    text.chars().map(of).collect()
}
