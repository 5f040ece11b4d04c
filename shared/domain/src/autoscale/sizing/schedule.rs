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
        let counts = usize::try_from(most.saturating_sub(least)).unwrap_or_default().saturating_add(2);
        Self { slots: vec![vec![0.0; counts]; 1440_usize.div_ceil(slot.max(1))], least, minutes: 0.0 }
    }

    /// Adds so many minutes of this slot that want so many, or more than there may be.
    pub fn add(&mut self, slot: usize, replicas: Option<u32>, minutes: f64) {
        self.minutes += minutes;
        let Some(counts) = self.slots.get_mut(slot) else { return };
        let at = replicas.map(|it| usize::try_from(it.saturating_sub(self.least)).unwrap_or(usize::MAX));
        let last = counts.len().saturating_sub(1);
        if let Some(count) = counts.get_mut(at.map_or(last, |it| it.min(last))) {
            *count += minutes;
        }
    }

    /// For each slot as many as are worth their price: one more where what it costs is less than the overload that it spares.
    ///
    /// A slot has the replicas of the one after it, too: they take a while to fill.
    pub fn schedule(&self, price: f64, minute: f64) -> Schedule {
        let days = self.minutes / 1440.0;
        let hours = 24.0 / as_f64(self.slots.len()) * days;
        let own: Vec<u32> = self.slots.iter().map(|it| self.worth(it, price * hours, minute)).collect();
        let next = own.iter().cycle().skip(1);
        let slots: Vec<u32> = own.iter().zip(next).map(|(own, next)| *own.max(next)).collect();
        let short: f64 = self.slots.iter().zip(&slots).map(|(it, has)| self.beyond(it, *has)).sum();
        Schedule { slots, short: if days <= 0.0 { 0.0 } else { short / days } }
    }

    fn worth(&self, counts: &[f64], price: f64, minute: f64) -> u32 {
        let most = u32::try_from(counts.len().saturating_sub(2)).unwrap_or_default();
        let cost = |more: u32| f64::from(more) * price + self.beyond(counts, self.least + more) * minute;
        let best = (0..=most).min_by(|one, other| cost(*one).total_cmp(&cost(*other)));
        self.least + best.unwrap_or_default()
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
