//! What the past asked for, divided into what lasts and what ripples on it.
//!
//! A spike that is over before a node could be made is no reason for another node at that time of the day: it comes at any time. So the load is
//! read as a level, by the time of the day, and ripples on it, which are taken as equally likely at all times.

use super::History;
use super::carry::Demand;
use super::measure::as_f64;

/// The load of a window.
#[derive(Clone, Debug, PartialEq)]
pub struct Ripple {
    /// What lasted, at some minutes from the epoch, evenly apart.
    pub levels: Vec<(i64, Demand)>,
    /// For how many minutes each of them stands.
    pub each: f64,
    /// What is multiplied with it, for which share of the time: for reads and for writes.
    pub ripples: Vec<(f64, Demand)>,
}

/// What lasts this many minutes is no ripple: half of them, and one more.
const WINDOW: usize = 11;
/// The level is taken every so many minutes.
const STEP: usize = 5;
/// Where the ripples are cut, by the share of the time that is calmer. The last ones are what spikes are made of.
const CUTS: [f64; 9] = [0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 1.0];

impl Ripple {
    /// Divides the load of a window.
    pub fn of(history: &History<'_>) -> Self {
        let minutes: Vec<(i64, Demand)> =
            history.numbered().map(|(at, it)| (at, Demand::of(it))).collect();
        let mut levels = Vec::with_capacity(minutes.len() / STEP + 1);
        let mut ratios = Vec::with_capacity(minutes.len());
        for (place, (at, _)) in minutes.iter().enumerate().step_by(STEP) {
            let level = level(&minutes, place);
            levels.push((*at, level));
            let around = minutes.get(place..minutes.len().min(place + STEP)).unwrap_or_default();
            ratios.extend(around.iter().map(|(_, it)| ratio(*it, level)));
        }
        Self { levels, each: as_f64(STEP), ripples: cut(ratios) }
    }
}

impl Ripple {
    /// The same, with each day as busy as the last hours were against those that led up to it: no less and no more than so much.
    #[must_use]
    pub fn as_today(mut self, history: &History<'_>, (least, most): (f64, f64)) -> Self {
        let mean = |ago: usize| {
            let hours = history.before(ago).last(HOURS);
            Demand { reads: hours.mean(|it| it.reads), writes: hours.mean(|it| it.writes) }
        };
        let (now, end) = (mean(0), history.end());
        let held = |it: f64| match it {
            it if !it.is_finite() || ALIKE.contains(&it) => 1.0,
            it => it.clamp(least, most),
        };
        let of = |days: usize| {
            let then = mean(days * 1440);
            Demand { reads: held(now.reads / then.reads), writes: held(now.writes / then.writes) }
        };
        let days = self.levels.len() * STEP / 1440 + 1;
        let ratios: Vec<Demand> = (1..=days).map(of).collect();
        for (at, level) in &mut self.levels {
            let ago = usize::try_from(end.saturating_sub(*at) / 1440).unwrap_or(usize::MAX);
            let Some(ratio) = ratios.get(ago) else { continue };
            *level =
                Demand { reads: level.reads * ratio.reads, writes: level.writes * ratio.writes };
        }
        self
    }
}

/// Days are never quite alike.
const ALIKE: std::ops::RangeInclusive<f64> = 0.8..=1.25;

/// Long enough that noise does not matter, and short enough to tell today from yesterday by the morning.
const HOURS: usize = 3 * 60;

/// What lasts around a minute: the median before it or behind it, whichever is more, so that the edge of what lasts is no ripple.
fn level(minutes: &[(i64, Demand)], place: usize) -> Demand {
    let before = minutes.get(place.saturating_sub(WINDOW - 1)..=place).unwrap_or_default();
    let behind = minutes.get(place..minutes.len().min(place + WINDOW)).unwrap_or_default();
    let of = |of: fn(&Demand) -> f64| median(before, of).max(median(behind, of));
    Demand { reads: of(|it| it.reads), writes: of(|it| it.writes) }
}

fn median(minutes: &[(i64, Demand)], of: fn(&Demand) -> f64) -> f64 {
    let mut values: [f64; WINDOW] = [0.0; WINDOW];
    let count = minutes.len().min(WINDOW);
    for (value, (_, minute)) in values.iter_mut().zip(minutes) {
        *value = of(minute);
    }
    let Some(values) = values.get_mut(..count) else { return 0.0 };
    values.sort_by(f64::total_cmp);
    values.get(count / 2).copied().unwrap_or_default()
}

fn ratio(minute: Demand, level: Demand) -> Demand {
    let of = |one: f64, other: f64| if other <= 0.0 { 1.0 } else { one / other };
    Demand { reads: of(minute.reads, level.reads), writes: of(minute.writes, level.writes) }
}

/// The ripples by classes, calm ones first: the mean of each.
fn cut(mut ratios: Vec<Demand>) -> Vec<(f64, Demand)> {
    ratios.sort_by(|one, other| (one.reads + one.writes).total_cmp(&(other.reads + other.writes)));
    let place = |share: f64| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a count of minutes"
        )]
        let place = (share * as_f64(ratios.len())).round() as usize;
        place
    };
    let class = |cuts: &[f64]| {
        let [from, to] = cuts else { return None };
        let class = ratios.get(place(*from)..place(*to)).filter(|it| !it.is_empty())?;
        let count = as_f64(class.len());
        let mean = |of: fn(&Demand) -> f64| class.iter().map(of).sum::<f64>() / count;
        Some((
            count / as_f64(ratios.len()),
            Demand { reads: mean(|it| it.reads), writes: mean(|it| it.writes) },
        ))
    };
    CUTS.windows(2).filter_map(class).collect()
}
