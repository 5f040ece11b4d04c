//! The log groups of CloudWatch Logs that logs go to: made where there is none, kept by a rule of the stack's, and gone when nothing needs
//! them. One that is not ours is used as it is found.

use std::collections::BTreeSet;

use super::{Around, GroupSpec, LogGroupView, Removal, Step, Wanted};
use crate::log::LogKind;
use crate::{GroupView, Owner, Tags, tag};

impl GroupSpec {
    /// The log groups that logs go to, as far as they can be ours.
    pub fn log_groups(&self) -> BTreeSet<String> {
        let all = LogKind::ALL.into_iter().filter_map(|kind| self.log(kind)?.to.taggable());
        all.map(str::to_owned).collect()
    }
}

impl Wanted {
    /// The log groups that are stated, and those that were stated before.
    pub fn log_groups(&self) -> BTreeSet<String> {
        let mut named = self.spec.log_groups();
        named.extend(self.before.iter().flat_map(|it| it.log_groups()));
        named
    }

    /// The tags of a log group that is made: whose it is, and nothing of the group, as another one may take that one's place.
    pub fn log_group_tags(&self) -> Tags {
        Tags::from([(tag::OWNER.to_owned(), self.owner.to_string())])
    }
}

/// Makes a log group that is to be written to, or has one of ours keep what is in it for as long as the stack says.
pub(super) fn made(wanted: &Wanted, around: &Around) -> Option<Step> {
    let days = wanted.spec.log_retention_days;
    wanted.spec.log_groups().into_iter().find_map(|name| {
        match around.log_groups.iter().find(|it| it.name == name) {
            None => Some(Step::MakeLogGroup { name }),
            Some(it) if wanted.owner.owns(&it.tags) && it.retention_days != Some(days) => {
                Some(Step::SetLogRetention { name, days })
            }
            Some(_) => None,
        }
    })
}

/// Whether it decides something who else writes to these log groups: there is one of ours that the stack no longer states.
pub fn may_go(wanted: &Wanted, around: &Around) -> bool {
    around.log_groups.iter().any(|it| is_over(wanted, it))
}

/// Deletes a log group of ours that the stack no longer states, once the group no longer writes to it.
pub(super) fn outdated(wanted: &Wanted, group: &GroupView, around: &Around) -> Option<Step> {
    let writes = |name: &str| {
        let delivered = group.logs.iter().filter_map(|it| it.delivery.as_ref());
        delivered.filter_map(|it| it.to.taggable()).any(|it| it == name)
    };
    let over = around.log_groups.iter().find(|it| {
        is_over(wanted, it) && !writes(&it.name) && !around.logs_of_others.contains(&it.name)
    })?;
    Some(Step::DeleteLogGroup { name: over.name.clone() })
}

fn is_over(wanted: &Wanted, seen: &LogGroupView) -> bool {
    goes_with(&wanted.owner, seen) && !wanted.spec.log_groups().contains(&seen.name)
}

/// Whether a log group may go with its owner. One that somebody has protected stays.
pub fn goes_with(owner: &Owner, seen: &LogGroupView) -> bool {
    owner.owns(&seen.tags) && !seen.protected
}

/// Deletes a log group of ours after the group that wrote to it.
pub(super) fn left(owner: &Owner, around: &Around) -> Option<Removal> {
    let is_left =
        |it: &&LogGroupView| goes_with(owner, it) && !around.logs_of_others.contains(&it.name);
    let left = around.log_groups.iter().find(is_left)?;
    Some(Removal::LogGroup { name: left.name.clone() })
}
