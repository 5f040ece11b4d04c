//! What clients ask of a group, minute by minute.

pub(crate) mod file;
pub(crate) mod noise;
pub(crate) mod synthetic;

/// The minutes of a day.
pub(crate) const DAY: usize = 1440;

/// A load.
#[derive(Clone, Debug)]
pub(crate) struct Trace {
    /// Its name, and the seed where it has one.
    pub(crate) name: String,
    /// Each minute.
    pub(crate) minutes: Vec<Load>,
    /// The share of the reads that clients send to replicas.
    pub(crate) to_replicas: f64,
    /// The bytes of a value.
    pub(crate) value: f64,
    /// The misses that a cache may have, as a share of the reads; a store has none.
    pub(crate) misses_max: Option<f64>,
    /// How many minutes at the beginning only teach, and are not scored.
    pub(crate) warm_up: usize,
}

/// What is asked in a minute.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// Commands that read, a second.
    pub(crate) reads: f64,
    /// Commands that write, a second.
    pub(crate) writes: f64,
    /// The bytes that are wanted in memory.
    pub(crate) data: f64,
    /// For a cache, how its misses fall with its memory.
    pub(crate) curve: Option<Curve>,
}

/// The share of reads that miss with so much memory: `floor + rest (1 + memory / scale)^-steep`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Curve {
    /// What misses with any memory.
    pub(crate) floor: f64,
    /// What misses beside it without memory.
    pub(crate) rest: f64,
    /// The bytes by which it falls.
    pub(crate) scale: f64,
    /// How steeply.
    pub(crate) steep: f64,
}

impl Curve {
    /// The share that misses.
    pub(crate) fn misses(&self, memory: f64) -> f64 {
        self.floor + self.rest * (1.0 + memory / self.scale).powf(-self.steep)
    }
}

impl Trace {
    /// The minutes that are scored.
    pub(crate) fn scored(&self) -> &[Load] {
        self.minutes.get(self.warm_up..).unwrap_or_default()
    }

    /// The minutes that only teach.
    pub(crate) fn warm(&self) -> &[Load] {
        self.minutes.get(..self.warm_up).unwrap_or(&self.minutes)
    }

    /// The days that are scored.
    pub(crate) fn days(&self) -> f64 {
        count(self.scored().len()) / count(DAY)
    }
}

/// A count as a number.
#[expect(clippy::cast_precision_loss, reason = "a trace has some ten thousand minutes")]
pub(crate) fn count(of: usize) -> f64 {
    of as f64
}
