//! What was seen of a cache and of what stands around it, at one moment.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::Every;
use super::parameters::{EngineParameter, Parameters};
use crate::alarm::AlarmView;
use crate::snapshot::SnapshotView;
use crate::{Bytes, GroupId, GroupView, Tags, Wait, WaitingOn};

/// What was seen, at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// The group, with its tags where its state lets them be read.
    pub group: Option<GroupView>,
    /// What stands around the group; not looked at while the group is busy, since nothing can be done then.
    pub around: Option<Around>,
    /// The last snapshot before a deletion, by its name; looked at only where it decides.
    pub last: Option<SnapshotView>,
    /// What the service's events say, newest last; asked for only where something looks failed.
    pub events: Vec<String>,
    /// What all keys take, where the metrics tell; looked at only where shards are to go.
    pub used: Option<Bytes>,
    /// The group that stands in for it, while it is restored in place; looked for where the group is not there, or says that it goes.
    pub stand_in: Option<GroupId>,
    /// When the last other execution for this group ended; a call of its may still be under way.
    pub others_ended: Option<Timestamp>,
}

impl Seen {
    /// What has to be waited for before anything is done about a group that is restored in place. That one is not there for a while and comes
    /// back: made meanwhile it would be empty, and deleted, half of it would stay.
    pub(super) fn in_place(&self) -> Option<Wait> {
        let stand_in = self.stand_in.as_ref()?;
        Some(Wait::slow(WaitingOn::InPlace(stand_in.to_string())))
    }

    /// Whether a run that was stopped may still act: its execution has ended, but its sandbox lives until its own time is over, and may
    /// be between a look and the step that follows. The function's time-out in the template is two minutes.
    pub fn others_may_act(&self, now: Timestamp) -> bool {
        const SANDBOX_OVER: SignedDuration = SignedDuration::from_secs(130);
        let over = self.others_ended.and_then(|it| it.saturating_add(SANDBOX_OVER).ok());
        over.is_some_and(|it| now < it)
    }
}

/// What stands around a group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Around {
    /// The subnet group of the group's name.
    pub subnet_group: Option<SubnetGroupView>,
    /// The parameter groups of the group's name, one a family.
    pub parameter_groups: Vec<ParameterGroupView>,
    /// What the engine's parameters may be; looked at only where one is not as the stack states it.
    pub engine_parameters: Option<Vec<EngineParameter>>,
    /// The snapshot that the cache is to be filled from; looked at only while there is none.
    pub source: Option<SnapshotView>,
    /// The park snapshot that the subnet group names, with its tags.
    pub parked: Option<Box<SnapshotView>>,
    /// The secret of the stated name.
    pub secret: Option<SecretView>,
    /// The alarms of present and former members.
    pub alarms: Vec<AlarmView>,
    /// The names of those among them that do not carry our tag.
    pub foreign_alarms: BTreeSet<String>,
    /// The parameter groups that nodes of other groups have; looked at only where there are more of ours than one.
    pub parameters_of_others: BTreeSet<String>,
    /// The stated user groups, as far as there are any of that id.
    pub user_groups: Vec<UserGroupView>,
    /// The log groups that logs go to or went to, as far as they are there.
    pub log_groups: Vec<LogGroupView>,
    /// The log groups that other groups write to; looked at only where one of ours may go.
    pub logs_of_others: BTreeSet<String>,
}

/// A log group of CloudWatch Logs as it was seen.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct LogGroupView {
    /// The name.
    pub name: String,
    /// Its tags.
    pub tags: Tags,
    /// For how many days it keeps what is in it; for ever, where nobody said.
    pub retention_days: Option<u32>,
    /// Whether CloudWatch Logs lets nobody delete it.
    pub protected: bool,
}

/// A user group as it was seen.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct UserGroupView {
    /// The id.
    pub id: String,
    /// `redis` or `valkey`.
    pub engine: String,
    /// The state; only one that is `active` is taken.
    pub status: String,
    /// Those of its users that log in with IAM; looked at only where the stated version does not know that.
    pub iam_users: Vec<String>,
}

/// A subnet group as it was seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SubnetGroupView {
    /// The name.
    pub name: String,
    /// The ARN, by which it is tagged.
    pub arn: String,
    /// Its subnets.
    pub subnets: Vec<String>,
    /// Its tags.
    pub tags: Tags,
}

/// A parameter group as it was seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ParameterGroupView {
    /// The name.
    pub name: String,
    /// The family, such as `redis7`.
    pub family: String,
    /// What was set in it.
    pub values: Parameters,
    /// Its tags.
    pub tags: Tags,
}

/// A secret as it was seen; its value is not part of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SecretView {
    /// The ARN.
    pub arn: String,
    /// Its tags.
    pub tags: Tags,
    /// Whether it is in its recovery window, on its way out.
    pub deleted: bool,
    /// Whether no older token may be valid of which only its labels tell, and no rotation works on it.
    pub is_closed: bool,
    /// The function that rotates it and after how many days, where rotation is on.
    pub rotation: Option<Rotation>,
}

/// The rotation of a secret.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Rotation {
    /// The ARN of the function.
    pub function: String,
    /// After how many days. Secrets Manager tells this of a schedule too.
    pub days: u32,
    /// On which schedule, where it is one.
    pub schedule: Option<String>,
}

impl Rotation {
    /// Whether it is as often as this, and stated so.
    pub fn is_every(&self, every: &Every) -> bool {
        match every {
            Every::Days(days) => self.schedule.is_none() && self.days == *days,
            Every::Schedule(schedule) => self.schedule.as_ref() == Some(schedule),
        }
    }
}
