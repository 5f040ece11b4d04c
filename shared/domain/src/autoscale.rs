//! The vocabulary of `autoscale`: what is seen of a group and its load, what may be done, and why not.
//!
//! In reading order: [`load`] is what the metrics say, [`past`] the minutes that they make, [`policy`] what the operator allows, [`offer`] which node
//! types that leaves, [`sizing`] which of them the past asks for, [`change`] and [`moves`] what is written while a change is made and after it,
//! [`mod@watch`] what came of it, [`plan`] decides, [`mod@signs`] finds what no size puts right, and [`told`] is what people heard of already.

pub mod backtest;
pub mod change;
pub mod evidence;
pub mod load;
pub mod moves;
pub mod offer;
pub mod past;
pub mod plan;
pub mod policy;
pub mod refusal;
pub mod signs;
pub mod sizing;
pub mod told;
pub mod watch;
mod why;

use jiff::Timestamp;

use crate::alarm::{self, AlarmSet};
use crate::cost::MonthlyCost;
use crate::provision::parameters::Parameters;
use crate::{GroupId, GroupView, Next, NodeType, Tags};

pub use change::{Change, Failed, Failures, Undertaking};
pub use evidence::{Evidence, evidence};
pub use load::{Gap, Load, Loads, Metric, Sample};
pub use moves::{Move, Moves};
pub use offer::Out;
pub use plan::{decide, setting};
pub use policy::{Mode, Policy};
pub use refusal::{Deferred, Held, Refusal, Weight, Window};
pub use signs::{Sign, SignKind, signs};
pub use told::{News, Told};
pub use watch::{Effect, Watch};

/// What was seen. The group is always looked at; the rest only where the decision turns on it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LoadView {
    /// The group with its members and tags, if it is there.
    pub group: Option<GroupView>,
    /// What the list of everything tagged knows of a group that does not tell its tags itself. It lags behind; nothing is known of what
    /// it does not list.
    pub listed: Option<Tags>,
    /// The metrics.
    pub load: Option<Loads>,
    /// What an operator set in the parameter group.
    pub parameters: Option<Parameters>,
    /// The node types that ElastiCache would change this group to, larger and smaller.
    pub allowed: Option<Vec<NodeType>>,
    /// What of the group Application Auto Scaling scales, by its names for it.
    pub registered: Option<Vec<String>>,
    /// What ElastiCache says that happened, in its own words.
    pub events: Option<Vec<String>>,
    /// What is wrong with the alarms.
    pub alarms: Option<alarm::Upkeep>,
}

/// What comes of looking: either something more must be known, or it is decided.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// The decision turns on this.
    Ask(Question),
    /// It is decided.
    Plan(Next<Step, Refusal>),
}

/// What a decision turns on. No call is made that no decision asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// Whose is a group that does not tell its tags?
    ListedTags,
    /// What do the metrics say?
    Load,
    /// What did an operator set in this parameter group?
    Parameters(String),
    /// Which node types are allowed?
    AllowedTypes,
    /// Does Application Auto Scaling scale the group?
    Registered,
    /// What happened since?
    Events(Timestamp),
    /// What is wrong with the alarms?
    Alarms(AlarmSet),
}

/// One step on one group.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The group.
    pub group: GroupId,
    /// Its ARN, by which it is tagged.
    pub arn: String,
    /// The shards whose replicas are changed; none where it is all of them.
    pub shards: Vec<String>,
    /// The changes that did not take so far: another is written down beside them.
    pub failures: Failures,
    /// What to do.
    pub act: Act,
}

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Write down what is going to be changed, and change it. A death between the two is made good by [`Act::Repeat`].
    Begin(Undertaking),
    /// Make the change that is written down: whoever wrote it may not have come to it.
    Repeat(Undertaking),
    /// Make alarms, or put them right.
    PutAlarms { set: AlarmSet },
    /// Delete alarms that watch nobody any more.
    DeleteAlarms { names: Vec<String> },
    /// Write down when the group was changed, what to what, and the changes of the node type of late where this is one.
    NoteChanged { at: Timestamp, moves: Option<Moves>, watch: Watch },
    /// Tell that the change is made, and take the note off.
    Conclude(Box<Made>),
    /// Tell what came of a change, where that is news, and watch it no longer.
    Judge(Box<Judged>),
    /// Tell that the change did not take, and write that down.
    NoteFailure(NotTaken),
    /// Take the note of a change off.
    Forget(Undertaking),
}

/// A change that is made and verified.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    /// The change.
    pub undertaking: Undertaking,
    /// The price of a month before.
    pub before: Option<MonthlyCost>,
    /// The price of a month now.
    pub after: Option<MonthlyCost>,
    /// The changes of the node type of late, this one among them where it is one.
    pub moves: Moves,
    /// When that was seen.
    pub at: Timestamp,
}

/// A change, and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The change.
    pub watch: Watch,
    /// What came of it; nothing where somebody changed it again.
    pub effect: Option<Effect>,
}

/// A change that did not take.
#[derive(Clone, Debug, PartialEq)]
pub struct NotTaken {
    /// The change.
    pub undertaking: Undertaking,
    /// What ElastiCache says about it.
    pub events: Vec<String>,
    /// What is written: the changes that did not take, this one the newest.
    pub failures: Failures,
}

/// What would be done, in a mode that does nothing by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Advice {
    /// The change.
    pub change: Change,
    /// What was seen.
    pub why: String,
    /// The command that makes it.
    pub command: String,
    /// The price of a month now.
    pub before: Option<MonthlyCost>,
    /// The price of a month then.
    pub after: Option<MonthlyCost>,
}
