//! The numbers that the decision goes by (autoscaling D.8), where an operator says nothing.

use super::carry::Limits;

/// The numbers of the decision. Each says what it prevents; the benchmark tells what each is worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// How many minutes of load are looked back on: two days, so that a Friday night is not taken for the week.
    pub look_back: usize,
    /// How many minutes of memory: what a week's peak needs must fit.
    pub memory_back: usize,
    /// By how much the load of the past is raised: so much it may grow before anybody looks again.
    pub margin: f64,
    /// How far a size may be filled by the raised load of the past. What is planned for must not be hot when it comes as it was.
    pub plan: Limits,
    /// How much of its room data may take on a type that is chosen.
    pub memory: f64,
    /// How busy an engine is when it is hot.
    pub hot: f64,
    /// How full the memory of a store is when it is hot.
    pub memory_hot: f64,
    /// How far a size may be filled that is grown to, by the load of the moment.
    pub grown: Limits,
    /// How many minutes make a slot of the day, for which the replicas are scheduled.
    pub slot: usize,
    /// How many minutes before its slot a replica is asked for: it takes as long to fill.
    pub lead: i64,
    /// How many minutes after a growth of the node type it is not taken back.
    pub dwell: i64,
    /// After so many changes of the node type in a day it does not shrink for another.
    pub changes: u32,
    /// How many hours a change of the node type takes, in which both old and new nodes are paid for.
    pub change_hours: f64,
    /// How many minutes of overload such a change is reckoned as, since it cuts connections.
    pub change_minutes: f64,
    /// How much of what is learned of the type that a group has is believed of it: 1 all of it, 0 nothing.
    pub learned: f64,
    /// How much of what is learned of the type that a group has holds for the others: 1 if all of it is due to the commands, 0 if to the type.
    pub shared: f64,
    /// How far the past is held against today, when replicas are scheduled: each of its days counts as if it had been as busy as the last hours
    /// are against the same hours of it, by no less and no more than this.
    pub today: (f64, f64),
    /// Every so many minutes other node types are looked at.
    pub deep: i64,
    /// Every so many minutes the group is looked at.
    pub looks: i64,
    /// The share of the CPU credits' earnings that a steady load may take.
    pub credits: f64,
    /// The most that one decision may multiply the price by: a sample of a wrong unit must not buy the largest node. Two sizes up a family cost a
    /// little more than four times as much.
    pub leap: f64,
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            look_back: 2 * 1440,
            memory_back: 7 * 1440,
            margin: 1.05,
            plan: Limits { busy: 0.84, network: 0.90 },
            memory: 0.90,
            hot: 0.80,
            memory_hot: 0.92,
            grown: Limits { busy: 0.70, network: 0.90 },
            slot: 60,
            lead: 20,
            dwell: 360,
            changes: 2,
            change_hours: 1.0,
            change_minutes: 1.0,
            learned: 1.0,
            shared: 1.0,
            today: (0.3, 1.0),
            deep: 30,
            looks: 5,
            credits: 0.8,
            leap: 4.1,
        }
    }
}

impl Rule {
    /// The numbers where data may be lost that nobody has twice: less memory is filled, and a node type that went to and fro stays as it is for
    /// longer. Every look is a deep one, since nobody knows how far apart looks are.
    pub fn guarded() -> Self {
        Self { memory: 0.85, memory_hot: 0.90, deep: 1, ..Self::default() }
    }

    /// What is learned of the type that a group has, as a multiple of what is believed of this one.
    pub(super) fn factor(&self, learned: f64, is_same: bool) -> f64 {
        let here = learned.powf(self.learned);
        if is_same { here } else { here.powf(self.shared) }
    }
}
