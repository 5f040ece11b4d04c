//! What a plan may ask for.

use super::delivery::DeliveryChange;
use super::parameters::Parameters;
use crate::alarm::AlarmSpec;
use crate::asked::Asked;
use crate::engine::{Engine, Version};
use crate::group::{Resilience, Tls};
use crate::snapshot::take::ReadFrom;
use crate::{MemberId, NodeType, SnapshotName, Tags};

/// One change. Each can run twice without harm; none holds a token.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Makes the subnet group.
    MakeSubnetGroup,
    /// Gives the subnet group the stated subnets.
    ChangeSubnets,
    /// Makes a parameter group of this family.
    MakeParameterGroup { name: String, family: String },
    /// Deletes a parameter group of ours that no node has any more.
    DeleteParameterGroup { name: String },
    /// Sets parameters.
    SetParameters { parameter_group: String, values: Parameters },
    /// Gives these parameters their defaults again.
    ResetParameters { parameter_group: String, names: Vec<String> },
    /// Makes a log group that logs are to go to.
    MakeLogGroup { name: String },
    /// Has a log group of ours keep what is in it for so many days.
    SetLogRetention { name: String, days: u32 },
    /// Deletes a log group of ours that nothing writes to any more.
    DeleteLogGroup { name: String },
    /// Makes the secret, with a new token in it.
    MakeSecret,
    /// Takes the secret out of its recovery window.
    RestoreSecret { arn: String },
    /// Makes the group, with the token of this secret.
    MakeGroup { parameter_group: String, secret: Option<String>, tags: Tags },
    /// Writes on the group what is about to be asked for.
    Ask { arn: String, asked: Asked, tags: Tags },
    /// Changes the node type.
    SetNodeType { to: NodeType, mark: Mark },
    /// Installs a newer version, of another engine where one is named.
    Upgrade { engine: Option<Engine>, to: Version, parameter_group: String, mark: Mark },
    /// Turns encryption in transit on or off, one step of it.
    SetTls(Tls),
    /// Has users of other user groups log in, or everybody in the place of users, or users in the place of a token.
    SetUsers { add: Vec<String>, remove: Vec<String>, drops_token: bool },
    /// Gives a group without a token that of its secret.
    GiveToken { secret: String, gift: TokenGift, mark: Mark },
    /// Sends the secret of a token that no group takes any more into its recovery window.
    ForgetSecret { arn: String },
    /// Adds replicas up to this number, in these shards where there are several.
    AddReplicas { to: u32, shards: Vec<String> },
    /// Takes replicas away down to this number, in these shards where there are several.
    RemoveReplicas { to: u32, shards: Vec<String> },
    /// Spreads the keys over so many shards, of which these are none any more.
    SetShards { to: u32, gone: Vec<String>, mark: Mark },
    /// Turns failover and Multi-AZ on or off.
    SetResilience(Resilience),
    /// Changes what ElastiCache changes at once.
    SetSettings(Settings),
    /// Has ElastiCache tell a topic of its events, and deliver logs.
    SetDelivery { change: DeliveryChange, mark: Mark },
    /// Tags the group.
    Tag { arn: String, tags: Tags },
    /// Takes tags off the group.
    Untag { arn: String, keys: Vec<String> },
    /// Tags the secret.
    TagSecret { arn: String, tags: Tags },
    /// Writes the token into the secret in the form that it is to have, with the address of the group, and notes that.
    WriteSecret { arn: String, written: String },
    /// Has Secrets Manager rotate the token.
    ScheduleRotation { arn: String, every: Every },
    /// Ends the rotation.
    CancelRotation { arn: String },
    /// Makes alarms, or puts them right.
    PutAlarms(Vec<AlarmSpec>),
    /// Deletes alarms.
    DeleteAlarms(Vec<String>),
}

/// How a group without a token gets one (facts 2.2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TokenGift {
    /// It is accepted, and so are clients without one.
    Accept,
    /// The same, and the users of its user groups no longer are.
    InPlaceOfUsers,
    /// Clients without one are no longer accepted.
    Require,
}

/// How often the token is rotated.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Every {
    /// After so many days.
    Days(u32),
    /// On a schedule, such as `cron(0 8 1 * ? *)`.
    Schedule(String),
}

/// What is written down after a call was accepted, on a thing that takes tags while the group is busy.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mark {
    /// The ARN of the subnet group.
    pub arn: String,
    /// The mark.
    pub tags: Tags,
}

/// One step of a deletion. Each can run twice without harm.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Removal {
    /// Has an update no longer go back to a group whose place another one took.
    CloseWayBack { arn: String },
    /// Asks for the last snapshot of the group.
    TakeLast { name: SnapshotName, of: ReadFrom, tags: Tags },
    /// Writes on the group whose it was.
    Retain { arn: String, tags: Tags },
    /// Takes the owner's tag off the group.
    LetGo { arn: String },
    /// Deletes the group, and with it what no snapshot holds.
    Group,
    /// Writes on the park snapshot of a group that is parked that it stays.
    KeepParked { name: String, arn: String, tags: Tags },
    /// Deletes the alarms of former members.
    Alarms(Vec<String>),
    /// Deletes a parameter group.
    ParameterGroup { name: String },
    /// Deletes the subnet group.
    SubnetGroup,
    /// Deletes a log group, and with it what was written to it.
    LogGroup { name: String },
    /// Sends the secret into its recovery window.
    Secret { arn: String },
}

/// What one `ModifyReplicationGroup` changes at once; what is absent stays.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Settings {
    /// The parameter group.
    pub parameter_group: Option<String>,
    /// The security groups, all of them.
    pub security_groups: Option<Vec<String>>,
    /// How many days automatic snapshots are kept.
    pub snapshot_retention_days: Option<u32>,
    /// The member that is read for them; asked for where they are turned on (facts 1.6).
    pub snapshotting_member: Option<MemberId>,
    /// When they are taken.
    pub snapshot_window: Option<String>,
    /// When AWS may maintain the nodes.
    pub maintenance_window: Option<String>,
    /// Whether minor versions are installed in that window.
    pub auto_minor_version_upgrade: Option<bool>,
    /// Which addresses its names lead to.
    pub ip_discovery: Option<String>,
}
