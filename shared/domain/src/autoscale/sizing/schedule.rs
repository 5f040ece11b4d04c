//! How many replicas each slot of the day wants of a node type.

use super::measure::as_f64;

/// How many minutes of a slot want how many replicas, of one node type.
#[derive(Clone, Debug, PartialEq)]
pub struct Wants {
    /// For each slot, how many minutes want so many; the last place is for those that no number suffices.
    slots: Vec<Vec<f64>>,
    least: u32,
    minutes: f64,
}

/// How many replicas each slot gets, and for how many minutes of a day they will not do.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// For each slot.
    pub slots: Vec<u32>,
    /// Minutes of a day.
    pub short: f64,
}

impl Wants {
    /// Nothing yet, of slots so many minutes long.
    pub fn new(slot: usize, (least, most): (u32, u32)) -> Self {
        let counts =
            usize::try_from(most.saturating_sub(least)).unwrap_or_default().saturating_add(2);
        Self {
            slots: vec![vec![0.0; counts]; 1440_usize.div_ceil(slot.max(1))],
            least,
            minutes: 0.0,
        }
    }

    /// Adds so many minutes of this slot that want so many, or more than there may be.
    pub fn add(&mut self, slot: usize, replicas: Option<u32>, minutes: f64) {
        self.minutes += minutes;
        let Some(counts) = self.slots.get_mut(slot) else { return };
        let at =
            replicas.map(|it| usize::try_from(it.saturating_sub(self.least)).unwrap_or(usize::MAX));
        let last = counts.len().saturating_sub(1);
        if let Some(count) = counts.get_mut(at.map_or(last, |it| it.min(last))) {
            *count += minutes;
        }
    }

    /// As many for each slot as cost least over the day: each replica costs its price, adding one costs what it takes to start it, and having one too
    /// few costs overload.
    pub fn schedule(&self, price: f64, minute: f64) -> Schedule {
        let days = self.minutes / 1440.0;
        let hours = 24.0 / as_f64(self.slots.len().max(1)) * days;
        let costs: Vec<Vec<f64>> =
            self.slots.iter().map(|it| costs(it, price * hours, minute)).collect();
        let places = cheapest_round(&costs, price * STARTING * days);
        let slots: Vec<u32> = places
            .iter()
            .map(|it| self.least.saturating_add(u32::try_from(*it).unwrap_or_default()))
            .collect();
        let short: f64 = self.slots.iter().zip(&slots).map(|(it, has)| self.beyond(it, *has)).sum();
        Schedule { slots, short: if days <= 0.0 { 0.0 } else { short / days } }
    }

    /// How many minutes want more than so many.
    fn beyond(&self, counts: &[f64], replicas: u32) -> f64 {
        let at = usize::try_from(replicas.saturating_sub(self.least)).unwrap_or(usize::MAX);
        counts.iter().skip(at.saturating_add(1)).sum()
    }
}

impl Schedule {
    /// What a day costs: the nodes, and what overload is worth.
    pub fn day(&self, price: f64, minute: f64) -> f64 {
        let nodes: f64 = self.slots.iter().map(|it| 1.0 + f64::from(*it)).sum();
        price * nodes * 24.0 / as_f64(self.slots.len()) + minute * self.short
    }

    /// How many the slot wants that has this minute of the day in it.
    pub fn at(&self, minute: i64) -> u32 {
        self.slots.get(slot(minute, self.slots.len())).copied().unwrap_or_default()
    }
}

/// The slot of a minute, of so many in a day.
pub fn slot(minute: i64, slots: usize) -> usize {
    let of_day = usize::try_from(minute.rem_euclid(1440)).unwrap_or_default();
    (of_day * slots / 1440).min(slots.saturating_sub(1))
}

/// What a slot costs with the fewest replicas, with one more, and so on.
fn costs(counts: &[f64], price: f64, minute: f64) -> Vec<f64> {
    let choices = counts.len().saturating_sub(1);
    let mut beyond: f64 = counts.iter().sum();
    let cost = |(more, count): (usize, &f64)| {
        beyond -= count;
        as_f64(more) * price + beyond * minute
    };
    counts.iter().take(choices).enumerate().map(cost).collect()
}

/// For how many hours a new replica is paid before it serves: while it fills, and since hours are rounded up.
const STARTING: f64 = 0.65;

/// The cheapest way once round the clock, where going up a place costs so much: the place of each slot.
fn cheapest_round(costs: &[Vec<f64>], up: f64) -> Vec<usize> {
    let choices = costs.first().map_or(0, Vec::len);
    let ways = (0..choices).map(|begin| round_from(begin, costs, up));
    let cheapest = ways.min_by(|one, other| one.0.total_cmp(&other.0));
    cheapest.map_or_else(Vec::new, |it| it.1)
}

/// The cheapest way that begins and ends at a place, and what it costs.
fn round_from(begin: usize, costs: &[Vec<f64>], up: f64) -> (f64, Vec<usize>) {
    let choices = costs.first().map_or(0, Vec::len);
    let mut sums: Vec<f64> =
        (0..choices).map(|it| if it == begin { 0.0 } else { f64::INFINITY }).collect();
    let mut from: Vec<Vec<usize>> = Vec::with_capacity(costs.len());
    let change = |one: usize, other: usize| up * as_f64(other.saturating_sub(one));
    for slot in costs {
        let mut next = Vec::with_capacity(choices);
        let mut came = Vec::with_capacity(choices);
        for (place, cost) in slot.iter().enumerate() {
            let ways =
                sums.iter().enumerate().map(|(before, sum)| (sum + change(before, place), before));
            let best = ways
                .min_by(|one, other| one.0.total_cmp(&other.0))
                .unwrap_or((f64::INFINITY, place));
            next.push(best.0 + cost);
            came.push(best.1);
        }
        sums = next;
        from.push(came);
    }
    let ends = sums.iter().enumerate().map(|(place, sum)| (sum + change(place, begin), place));
    let (sum, mut place) =
        ends.min_by(|one, other| one.0.total_cmp(&other.0)).unwrap_or((f64::INFINITY, begin));
    let mut places = Vec::with_capacity(costs.len());
    for came in from.iter().rev() {
        places.push(place);
        place = came.get(place).copied().unwrap_or(place);
    }
    places.reverse();
    (sum, places)
}
