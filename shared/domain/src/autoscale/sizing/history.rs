//! What was seen of a group, minute by minute.

/// What the metrics of a minute say of the whole group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Minute {
    /// Commands that read, a second, of all clients, as far as they were served.
    pub reads: f64,
    /// The part of them that replicas served.
    pub by_replicas: f64,
    /// Commands that write, a second.
    pub writes: f64,
    /// How busy the engine of the primary was, as a share of one.
    pub primary: f64,
    /// How busy that of the busiest replica was.
    pub replica: f64,
    /// The most bytes that data took on any member.
    pub memory: f64,
    /// The bytes a second of the member that sent most.
    pub sent: f64,
    /// The share of reads that missed.
    pub misses: f64,
    /// The smallest balance of CPU credits of any member, where it is burstable.
    pub credits: Option<f64>,
    /// How many replicas there were.
    pub replicas: u32,
}

impl Minute {
    /// How busy the busiest member was.
    pub fn busiest(&self) -> f64 {
        self.primary.max(self.replica)
    }
}

/// Minutes in a row, the newest last. One that the metrics are silent about is none.
#[derive(Clone, Copy, Debug)]
pub struct History<'a> {
    minutes: &'a [Option<Minute>],
    /// The minute of the first, counted from the epoch.
    from: i64,
}

impl<'a> History<'a> {
    /// Minutes in a row, from this one on.
    pub fn new(from: i64, minutes: &'a [Option<Minute>]) -> Self {
        Self { minutes, from }
    }

    /// The minute after the last.
    pub fn end(&self) -> i64 {
        self.from.saturating_add_unsigned(self.minutes.len().try_into().unwrap_or(u64::MAX))
    }

    /// The last of them, no more than so many.
    #[must_use]
    pub fn last(&self, minutes: usize) -> Self {
        let cut = self.minutes.len().saturating_sub(minutes);
        self.split(cut).1
    }

    /// All but the last so many.
    #[must_use]
    pub fn before(&self, minutes: usize) -> Self {
        let cut = self.minutes.len().saturating_sub(minutes);
        self.split(cut).0
    }

    /// Those from one minute until before another, by their numbers.
    #[must_use]
    pub fn between(&self, from: i64, until: i64) -> Self {
        let place = |minute: i64| {
            let place = usize::try_from(minute.saturating_sub(self.from)).unwrap_or_default();
            place.min(self.minutes.len())
        };
        self.split(place(until)).0.split(place(from)).1
    }

    fn split(&self, at: usize) -> (Self, Self) {
        let (one, other) = self.minutes.split_at_checked(at).unwrap_or((self.minutes, &[]));
        let from = self.from.saturating_add_unsigned(at.try_into().unwrap_or(u64::MAX));
        (Self { minutes: one, from: self.from }, Self { minutes: other, from })
    }

    /// Those that are known.
    pub fn known(&self) -> impl DoubleEndedIterator<Item = &'a Minute> + use<'a> {
        self.minutes.iter().flatten()
    }

    /// Those that are known, with their number from the epoch on.
    pub fn numbered(&self) -> impl DoubleEndedIterator<Item = (i64, &'a Minute)> + use<'a> {
        let from = self.from;
        let number = move |(at, it): (usize, &'a Option<Minute>)| {
            let at = from.saturating_add_unsigned(at.try_into().unwrap_or(u64::MAX));
            it.as_ref().map(|it| (at, it))
        };
        self.minutes.iter().enumerate().filter_map(number)
    }

    /// How many minutes there are, known or not.
    pub fn len(&self) -> usize {
        self.minutes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.minutes.is_empty()
    }

    /// The largest value of the known ones, 0 where there are none.
    pub fn most(&self, of: impl Fn(&Minute) -> f64) -> f64 {
        self.known().map(of).fold(0.0, f64::max)
    }

    /// The largest value that as many of the known ones reach as make it more than a spike; 0 where there are fewer.
    pub fn lasting(&self, of: impl Fn(&Minute) -> f64) -> f64 {
        let mut top = [0.0; LASTS];
        for value in self.known().map(of) {
            if let Some(least) = top.first_mut().filter(|it| **it < value) {
                *least = value;
                top.sort_by(f64::total_cmp);
            }
        }
        top.first().copied().unwrap_or_default()
    }

    /// Their mean, 0 where there are none.
    pub fn mean(&self, of: impl Fn(&Minute) -> f64) -> f64 {
        let (sum, count) =
            self.known().fold((0.0, 0.0), |(sum, count), it| (sum + of(it), count + 1.0));
        if count == 0.0 { 0.0 } else { sum / count }
    }

    /// How many of them are so.
    pub fn count(&self, is: impl Fn(&Minute) -> bool) -> usize {
        self.known().filter(|it| is(it)).count()
    }
}

/// A spike is shorter than so many minutes.
const LASTS: usize = 6;
