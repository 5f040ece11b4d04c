//! What a plan may ask for, and why it may refuse.

use std::fmt;

use crate::alarm::AlarmSpec;
use crate::asked::{Asked, AskedField};
use crate::engine::Version;
use crate::group::{GroupStatus, Resilience};
use crate::snapshot::SnapshotStatus;
use crate::snapshot::take::ReadFrom;
use crate::{GroupId, MemberId, NodeType, SnapshotName, Tags, tag};

/// One change. Each can run twice without harm; none holds a token.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Makes the subnet group.
    MakeSubnetGroup,
    /// Gives the subnet group the stated subnets.
    ChangeSubnets,
    /// Makes a parameter group of this family.
    MakeParameterGroup { name: String, family: String },
    /// Sets what is dropped when memory runs out.
    SetMaxmemoryPolicy { parameter_group: String, policy: String },
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
    /// Installs a newer engine version.
    Upgrade { to: Version, parameter_group: String, mark: Mark },
    /// Adds replicas up to this number.
    AddReplicas { to: u32 },
    /// Takes replicas away down to this number.
    RemoveReplicas { to: u32 },
    /// Turns failover and Multi-AZ on or off.
    SetResilience(Resilience),
    /// Changes what ElastiCache changes at once.
    SetSettings(Settings),
    /// Tags the group.
    Tag { arn: String, tags: Tags },
    /// Takes tags off the group.
    Untag { arn: String, keys: Vec<String> },
    /// Tags the secret.
    TagSecret { arn: String, tags: Tags },
    /// Has Secrets Manager rotate the token.
    ScheduleRotation { arn: String, days: u32 },
    /// Ends the rotation.
    CancelRotation { arn: String },
    /// Makes alarms, or puts them right.
    PutAlarms(Vec<AlarmSpec>),
    /// Deletes alarms.
    DeleteAlarms(Vec<String>),
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
    /// Asks for the last snapshot of the group.
    TakeLast { name: SnapshotName, of: ReadFrom, tags: Tags },
    /// Writes on the group whose it was.
    Retain { arn: String, tags: Tags },
    /// Takes the owner's tag off the group.
    LetGo { arn: String },
    /// Deletes the group, and with it what no snapshot holds.
    Group,
    /// Deletes the alarms of former members.
    Alarms(Vec<String>),
    /// Deletes a parameter group.
    ParameterGroup { name: String },
    /// Deletes the subnet group.
    SubnetGroup,
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
}

/// Why a plan goes no further.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// The id belongs to another group.
    Foreign { group: GroupId },
    /// A thing beside the group has our name and is not ours.
    ForeignThing { what: &'static str, name: String },
    /// AWS could not make the group.
    CreateFailed { group: GroupId, events: Vec<String> },
    /// A state that nobody documented.
    Strange { group: GroupId, status: GroupStatus },
    /// Values that no running group can change.
    Immutable(Vec<Difference>),
    /// An older version than the one that runs.
    Downgrade { has: Version, wants: Version },
    /// AWS took a change and dropped it.
    DidNotTake { field: AskedField, wants: String, got: String, events: Vec<String> },
    /// The token is lost.
    SecretGone { name: String },
    /// The stack says that it is not to be deleted.
    Protected { group: GroupId },
    /// The data are in no last snapshot: this one has this status, or is not there any more.
    LastSnapshotFailed {
        group: GroupId,
        snapshot: SnapshotName,
        status: Option<SnapshotStatus>,
        events: Vec<String>,
    },
    /// The last snapshot says that it is there, and not what is in it.
    LastSnapshotEmpty { group: GroupId, snapshot: SnapshotName },
    /// A snapshot of the name of the last one is of another group.
    LastSnapshotForeign { group: GroupId, snapshot: SnapshotName, of: String },
}

/// A value that the running group has and the one that the stack states.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Difference {
    /// What differs.
    pub field: &'static str,
    /// On the running group.
    pub has: String,
    /// In the template.
    pub wants: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, has, wants } = self;
        write!(f, "{field} is {has} on the running cache and {wants} in the template")
    }
}

impl Refusal {
    /// Whether the group of that name is somebody else's.
    pub fn is_foreign(&self) -> bool {
        matches!(self, Self::Foreign { .. })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign { group } => write!(
                f,
                "the replication group {group} exists and belongs to somebody else; nothing was changed; state another ReplicationGroupId"
            ),
            Self::ForeignThing { what, name } => write!(
                f,
                "the {what} {name} exists and does not carry this resource's ownership tag; nothing was changed in it; delete it or state another name"
            ),
            Self::CreateFailed { group, events } => write!(
                f,
                "ElastiCache could not make the replication group {group}: {}; where capacity is short, try again later, another node type, fewer nodes or subnets in other zones",
                told(events)
            ),
            Self::Strange { group, status } => write!(
                f,
                "the replication group {group} is in the state \"{status}\", in which nothing is known to be safe; look at it in the console, then update the stack again"
            ),
            Self::Immutable(differences) => {
                let each: Vec<_> = differences.iter().map(ToString::to_string).collect();
                write!(
                    f,
                    "{}; that cannot change on a running cache, and nothing was changed; make a second cache under another logical id with it, restore a snapshot into that, and remove this one",
                    each.join("; ")
                )
            }
            Self::Downgrade { has, wants } => write!(
                f,
                "RedisEngineVersion {wants} is older than {has}, which runs; ElastiCache cannot go back; state {has}, or restore a snapshot into a second cache"
            ),
            Self::DidNotTake { field, wants, got, events } => write!(
                f,
                "the change of {field} to {wants} did not take, it is {got} still: {}",
                told(events)
            ),
            Self::SecretGone { name } => write!(
                f,
                "the secret {name} is gone, and ElastiCache never tells a token; restore the secret if it is in its recovery window under another owner, or write the token that clients use into a secret of that name, tagged as before"
            ),
            Self::Protected { group } => write!(
                f,
                "the replication group {group} is protected from deletion, and nothing of it was touched; update the stack with DeletionProtection false, or set the tag {} of the group to off, then delete it again",
                tag::DELETION_PROTECTION
            ),
            Self::LastSnapshotFailed { group, snapshot, status, events } => {
                let is = match status {
                    Some(status) => format!("is {status}"),
                    None => "failed and is not there any more".to_owned(),
                };
                write!(
                    f,
                    "the last snapshot {snapshot} {is}, so the replication group {group} stays with its data: {}; mostly too little memory is reserved for a snapshot: delete again when there is less to write, which takes another one, or update the stack with DeletionPolicy Delete first, which takes none",
                    told(events)
                )
            }
            Self::LastSnapshotEmpty { group, snapshot } => write!(
                f,
                "the last snapshot {snapshot} is there and tells no size, so the replication group {group} stays with its data; look at that snapshot in the console, then delete again, which takes another one"
            ),
            Self::LastSnapshotForeign { group, snapshot, of } => write!(
                f,
                "the name of the last snapshot, {snapshot}, is taken by one of {of}, so the replication group {group} stays with its data; delete again, which uses another name"
            ),
        }
    }
}

/// The events, or that there are none.
fn told(events: &[String]) -> String {
    if events.is_empty() {
        return "its events give no reason".to_owned();
    }
    format!("its events say: {}", events.join(" / "))
}
