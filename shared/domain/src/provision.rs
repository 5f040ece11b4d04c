//! What `provision` decides: from a CloudFormation request to one step at a time.
//!
//! In reading order: [`mod@parse`] turns properties into a [`Backend`] ([`spec`]), [`change`] says what an update may touch, [`mod@plan`] goes from a
//! group as it is to the group as wanted, [`farewell`] goes from there to nothing, [`replace`] from there to another group in its place, [`fit`] says
//! whether keys fit into fewer shards, [`mod@forecast`] tells
//! beforehand what either would do, [`outputs`] tells the stack what it has.

pub mod change;
mod deletion;
mod delivery;
pub mod diff;
pub mod farewell;
pub mod fit;
pub mod forecast;
mod labels;
pub mod logs;
pub mod name;
pub mod outputs;
pub mod parameters;
mod parked;
pub mod parse;
pub mod plan;
mod property;
pub mod reference;
mod refusal;
pub mod replace;
pub mod rules;
pub mod seen;
mod source;
pub mod spec;
mod step;
mod wanted;

pub use self::deletion::{Deletion, DeletionPolicy};
pub use self::delivery::{DeliveryChange, TopicChange};
use self::farewell::Farewell;
pub use self::parse::{Parsed, log_groups_of, parse, rdb_file};
pub use self::plan::{Ownership, alarm_upkeep, alarms, ownership, plan};
pub use self::refusal::{Difference, Refusal};
pub use self::replace::{Replaced, Replacement};
pub use self::seen::{
    Around, LogGroupView, ParameterGroupView, Rotation, SecretView, Seen, SubnetGroupView,
    UserGroupView,
};
pub use self::source::Source;
pub use self::spec::{AutoscalePolicy, Backend, GroupSpec, Protection, UpstashSpec};
pub use self::step::{Every, Mark, Removal, Settings, Step, TokenGift};
pub use self::wanted::{Keep, Wanted};
