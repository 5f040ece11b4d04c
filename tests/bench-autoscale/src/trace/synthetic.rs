//! The thirteen loads of the specification (autoscaling C.1), by seed: 21 days, of which the first seven teach.

use std::f64::consts::PI;

use super::noise::Chance;
use super::{Curve, DAY, Load, Trace, count};

const GIB: f64 = 1_073_741_824.0;
const DAYS: usize = 21;
const MINUTES: usize = DAYS * DAY;
const WARM_UP: usize = 7 * DAY;
/// Half of the reads go to replicas, and so on; most values are of this size.
const VALUE: f64 = 500.0;

/// All of them.
pub(crate) fn all(seed: u64) -> Vec<Trace> {
    let mut maker = Maker::new(seed);
    vec![
        maker.diurnal(),
        maker.weekly(),
        maker.flash(),
        maker.growth(),
        maker.batch_write(),
        maker.sawtooth_flush(),
        maker.noisy(),
        maker.step_down(),
        maker.step_up(),
        maker.lru_tail(),
        maker.big_values(),
        maker.idle_dev(),
        maker.micro_spikes(),
    ]
}

struct Maker {
    seed: u64,
    chance: Chance,
    /// Commands a second.
    base: f64,
    /// Bytes.
    memory: f64,
    /// How large this seed's groups are.
    scale: f64,
}

/// How much of each there is in a minute, as a multiple of the seed's base.
#[derive(Clone, Copy, Default)]
struct Shape {
    reads: f64,
    writes: f64,
    data: f64,
}

/// The course of a day: most shortly before two, least at night.
fn day(minute: usize) -> f64 {
    let of_day = count(minute % DAY) / count(DAY);
    1.0 + 0.6 * (2.0 * PI * (of_day - 0.58)).cos()
}

/// One where it is so, else the other.
fn where_is(is: bool, one: f64, other: f64) -> f64 {
    if is { one } else { other }
}

impl Maker {
    fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let scale = chance.normal(0.5).exp();
        Self { seed, chance, base: 60e3 * scale, memory: 4.0 * GIB * scale, scale }
    }

    fn usual(&mut self) -> Vec<f64> {
        self.chance.wander(MINUTES, 0.05, 15.0)
    }

    /// A trace with the usual noise on reads and on writes, each by itself.
    fn trace(&mut self, name: &str, to_replicas: f64, shape: impl Fn(usize) -> Shape) -> Trace {
        let (reads, writes) = (self.usual(), self.usual());
        self.with_noise(name, to_replicas, (&reads, &writes), shape)
    }

    fn with_noise(
        &self,
        name: &str,
        to_replicas: f64,
        (reads, writes): (&[f64], &[f64]),
        shape: impl Fn(usize) -> Shape,
    ) -> Trace {
        let noise = reads.iter().zip(writes).enumerate();
        let minute = |(at, (reads, writes)): (usize, (&f64, &f64))| {
            let it = shape(at);
            Load {
                reads: self.base * it.reads * reads.exp(),
                writes: self.base * it.writes * writes.exp(),
                data: (self.memory * it.data).max(1e6),
                curve: None,
            }
        };
        Trace {
            name: format!("{name}#{}", self.seed),
            minutes: noise.map(minute).collect(),
            to_replicas,
            value: VALUE,
            misses_max: None,
            warm_up: WARM_UP,
        }
    }

    fn diurnal(&mut self) -> Trace {
        self.trace("diurnal", 1.0, |at| Shape {
            reads: day(at),
            writes: 0.10 * day(at),
            data: 0.9 + 0.1 * day(at),
        })
    }

    fn weekly(&mut self) -> Trace {
        self.trace("weekly", 0.5, |at| {
            let week = day(at) * where_is(at / DAY % 7 < 5, 1.0, 0.55);
            Shape { reads: 1.6 * week, writes: 0.15 * week, data: 2.0 * (0.8 + 0.2 * week) }
        })
    }

    /// Three crowds at random times: steep up, slowly down.
    fn flash(&mut self) -> Trace {
        let mut crowds = Vec::new();
        for _ in 0..3 {
            let begins = WARM_UP + self.chance.whole(0, MINUTES - WARM_UP - DAY);
            let rises = count(self.chance.whole(5, 25));
            let decays = count(self.chance.whole(60, 240));
            crowds.push((begins, rises, decays, self.chance.between(2.5, 4.5)));
        }
        let crowd = |at: usize| {
            let of = |(begins, rises, decays, peak): &(usize, f64, f64, f64)| {
                let Some(since) = at.checked_sub(*begins) else { return 1.0 };
                let since = count(since);
                let height =
                    where_is(since < *rises, since / rises, (-(since - rises) / decays).exp());
                1.0 + (peak - 1.0) * height
            };
            crowds.iter().map(of).fold(1.0, f64::max)
        };
        self.trace("flash", 1.0, |at| Shape {
            reads: 0.9 * day(at) * crowd(at),
            writes: 0.1 * day(at),
            data: 0.8 + 0.1 * day(at) + 0.1 * crowd(at),
        })
    }

    fn growth(&mut self) -> Trace {
        self.trace("growth", 0.7, |at| {
            let grown = (count(at) / count(MINUTES) * 2.4_f64.ln()).exp();
            Shape { reads: day(at) * grown, writes: 0.2 * day(at) * grown, data: 1.2 * grown }
        })
    }

    /// A load job every night from two to half past three.
    fn batch_write(&mut self) -> Trace {
        self.trace("batch-write", 0.3, |at| {
            let job = where_is((120..210).contains(&(at % DAY)), 1.0, 0.0);
            Shape { reads: 0.5 * day(at), writes: 0.15 + 1.5 * job, data: 1.0 + 0.5 * job }
        })
    }

    /// Flushed every three days, then filled again in less than two.
    fn sawtooth_flush(&mut self) -> Trace {
        let period = 3 * DAY;
        let shift = self.chance.whole(0, period);
        self.trace("sawtooth-flush", 0.7, |at| {
            let saw = count((at + shift) % period) / count(period);
            Shape {
                reads: day(at) * where_is(saw < 0.02, 1.5, 1.0),
                writes: 0.2 * day(at) * where_is(saw < 0.05, 3.0, 1.0),
                data: 2.2 * (0.15 + 0.85 * (saw * 1.6).min(1.0)),
            }
        })
    }

    fn noisy(&mut self) -> Trace {
        let reads = self.chance.wander(MINUTES, 0.35, 4.0);
        let writes = self.chance.wander(MINUTES, 0.35, 4.0);
        let data = self.chance.wander(MINUTES, 0.05, 600.0);
        self.with_noise("noisy", 0.7, (&reads, &writes), |at| Shape {
            reads: 1.1 * day(at),
            writes: 0.2,
            data: data.get(at).map_or(1.0, |it| it.exp()),
        })
    }

    fn step_at(&mut self) -> usize {
        WARM_UP + self.chance.whole(2 * DAY, 10 * DAY)
    }

    fn step_down(&mut self) -> Trace {
        let step = self.step_at();
        self.trace("step-down", 0.7, |at| {
            let load = day(at) * where_is(step < at, 0.35, 1.0);
            Shape {
                reads: 2.2 * load,
                writes: 0.3 * load,
                data: 1.5 * where_is(step < at, 0.4, 1.0),
            }
        })
    }

    fn step_up(&mut self) -> Trace {
        let step = self.step_at();
        self.trace("step-up", 0.7, |at| {
            let load = day(at) * where_is(step < at, 2.6, 1.0);
            Shape { reads: 0.8 * load, writes: 0.15 * load, data: where_is(step < at, 1.8, 1.0) }
        })
    }

    /// A cache whose tail has no end: its memory is always full, and only its misses matter.
    fn lru_tail(&mut self) -> Trace {
        let scale = 0.5 * GIB * self.scale;
        let mut trace = self.trace("lru-tail", 0.7, |at| Shape {
            reads: 0.8 * day(at),
            writes: 0.25 * day(at),
            data: 1.0,
        });
        for (at, minute) in trace.minutes.iter_mut().enumerate() {
            minute.data = 400.0 * GIB;
            let scale = scale * (0.8 + 0.2 * day(at));
            minute.curve = Some(Curve { floor: 0.02, rest: 0.60, scale, steep: 0.75 });
        }
        Trace { misses_max: Some(0.16), ..trace }
    }

    fn big_values(&mut self) -> Trace {
        let trace = self.trace("big-values", 1.0, |at| Shape {
            reads: 0.12 * day(at),
            writes: 0.02 * day(at),
            data: 3.0,
        });
        Trace { value: 9000.0, ..trace }
    }

    /// As small for every seed.
    fn idle_dev(&mut self) -> Trace {
        let reads = self.chance.wander(MINUTES, 0.2, 15.0);
        let writes = self.chance.wander(MINUTES, 0.2, 15.0);
        let (base, memory) = (self.base, self.memory);
        self.with_noise("idle-dev", 0.5, (&reads, &writes), |at| Shape {
            reads: 300.0 / base * day(at),
            writes: 60.0 / base * day(at),
            data: 0.12 * GIB / memory,
        })
    }

    /// Forty spikes of some minutes, which nobody can serve.
    fn micro_spikes(&mut self) -> Trace {
        let mut is_spike = vec![false; MINUTES];
        for _ in 0..40 {
            let begins = self.chance.whole(WARM_UP, MINUTES - 30);
            let lasts = self.chance.whole(2, 6);
            is_spike.iter_mut().skip(begins).take(lasts).for_each(|it| *it = true);
        }
        self.trace("micro-spikes", 1.0, |at| Shape {
            reads: 0.7 * day(at) * where_is(is_spike.get(at) == Some(&true), 4.0, 1.0),
            writes: 0.1 * day(at),
            data: 1.0,
        })
    }
}
