//! What a member has of its own, where `ModifyCacheCluster` gave it what its group has otherwise.

use super::model::{Group, Member, Topic};

/// Settings of one member. What is not said here is as the group has it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Own {
    /// `ddd:hh:mm-ddd:hh:mm`.
    pub maintenance_window: Option<String>,
    /// Where it tells of its events. An empty ARN: nowhere, whatever the group does.
    pub topic: Option<Topic>,
    /// Its parameter group.
    pub parameter_group: Option<String>,
    /// Its security groups.
    pub security_groups: Option<Vec<String>>,
    /// Minor versions come by themselves.
    pub auto_minor: Option<bool>,
}

impl Group {
    /// The maintenance window of a member.
    pub(super) fn maintenance_window_of<'a>(&'a self, member: &'a Member) -> &'a str {
        member.own.maintenance_window.as_ref().unwrap_or(&self.maintenance_window)
    }

    /// Where a member tells of its events.
    pub(super) fn topic_of<'a>(&'a self, member: &'a Member) -> Option<&'a Topic> {
        let topic = member.own.topic.as_ref().or(self.topic.as_ref());
        topic.filter(|it| !it.arn.is_empty())
    }

    /// The parameter group of a member.
    pub(super) fn parameter_group_of<'a>(&'a self, member: &'a Member) -> &'a str {
        member.own.parameter_group.as_ref().unwrap_or(&self.parameter_group)
    }

    /// The security groups of a member.
    pub(super) fn security_groups_of<'a>(&'a self, member: &'a Member) -> &'a [String] {
        member.own.security_groups.as_ref().unwrap_or(&self.security_groups)
    }

    /// Whether minor versions come to a member by themselves.
    pub(super) fn auto_minor_of(&self, member: &Member) -> bool {
        member.own.auto_minor.unwrap_or(self.auto_minor)
    }

    /// Whether it, or one of its members, uses this parameter group, or will with a version that is to come.
    pub(super) fn uses_parameter_group(&self, name: &str) -> bool {
        let changes = [&self.under_way, &self.deferred].into_iter();
        let mut coming =
            changes.flat_map(|it| &it.upgrade).filter_map(|it| it.parameter_group.as_ref());
        self.parameter_group == name
            || coming.any(|it| it == name)
            || self.members.values().any(|it| self.parameter_group_of(it) == name)
    }

    /// What each member has of its own.
    pub(super) fn owns(&self) -> impl Iterator<Item = &Own> {
        self.members.values().map(|it| &it.own)
    }

    /// All members follow the group again in what this forgets.
    pub(super) fn forget_own(&mut self, forget: impl Fn(&mut Own)) {
        self.members.values_mut().for_each(|it| forget(&mut it.own));
    }
}
