//! What nobody could confirm of AWS: each open question is a field, with its number in the fact sheet and a default.

use jiff::SignedDuration;

/// What is not known of AWS, or known to differ. A scenario that depends on one runs under both values. Facts 11 numbers them.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an open question with two answers")]
pub struct Switches {
    /// After a modify is accepted, this many looks at the group still show `available` and nothing pending (facts 1.2).
    pub stale_looks: u32,
    /// U1: `CreateSnapshot` takes a replication group id for a cluster-mode-disabled group.
    pub snapshot_by_group: bool,
    /// U2: `DescribeSnapshots(ReplicationGroupId)` finds the snapshots of that group's members.
    pub group_filter_finds_member_snapshots: bool,
    /// U3: what a ROTATE with the newest token does.
    pub rotate_to_newest: RotateToNewest,
    /// U4: the code of a SET that is not allowed.
    pub bad_set_code: &'static str,
    /// U5: SET is allowed on a group that has no token.
    pub set_without_token: bool,
    /// U6: a ROTATE over an optional token leaves the group open to those without one.
    pub rotate_keeps_optional: bool,
    /// U7: a change of the token ends the connections that clients have.
    pub token_change_cuts: bool,
    /// U8: `AuthTokenLastModifiedDate` moves when a change is accepted, not when it is done.
    pub token_date_on_accept: bool,
    /// U9: a group shows `snapshotting` during its final snapshot, not `deleting`.
    pub final_snapshot_shows_snapshotting: bool,
    /// U10: a change that is applied at once (description, windows) makes the group `modifying` for a moment.
    pub settings_make_busy: bool,
    /// U11: calls are allowed during a snapshot.
    pub calls_during_snapshot: bool,
    /// U12: a node type into which the data does not fit, or too few shards for it, are refused at once, rather than tried and rolled back.
    pub misfit_refused_at_once: bool,
    /// U13: a new member or shard takes the lowest free number, rather than the next above all.
    pub numbers_reused: bool,
    /// U14: the code of an increase to fewer, or a decrease to more.
    pub wrong_direction_code: &'static str,
    /// U15: there are metrics of a whole group, rather than of its nodes only.
    pub group_metrics: bool,
    /// U15: the values of the dimension `Role` are `primary` and `replica`, rather than `Primary` and `Replica`.
    pub roles_in_lower_case: bool,
    /// U19: how ElastiCache says that there are too many calls.
    pub throttle_code: &'static str,
    /// U18: settings that a restore does not name come from the snapshot.
    pub restore_inherits: bool,
    /// Facts 5.7, where two texts of AWS differ: a snapshot of shards is restored into as many, rather than into however many are asked for.
    pub restore_keeps_shards: bool,
    /// API reference, `CreateReplicationGroup`: where no parameter group is named, more than one shard takes the default one of cluster mode,
    /// rather than being refused.
    pub shards_choose_parameters: bool,
    /// U25: `DescribeSnapshots` for an unknown group is an error, rather than empty.
    pub unknown_group_snapshots_fail: bool,
    /// Facts 2.2: for so long after a token's change is over, the group still shows `AuthTokenStatus`.
    pub token_status_lag: SignedDuration,
    /// Facts 2.2: for so long after a group shows a token's change as done, its nodes let in as before. Modelled nodes only.
    pub access_lag: SignedDuration,
    /// Facts 1.7: for so long after a group is `available` its node group is still `modifying`, and nothing may be changed.
    pub shards_lag: SignedDuration,
    /// T18: of the replicas that AWS may choose to remove, the one of the highest number goes, rather than of the lowest.
    pub youngest_replica_goes: bool,
    /// U26: a token needs three classes of characters.
    pub token_needs_three_classes: bool,
    /// Facts 2.2: DELETE, which ends AUTH in favour of user groups, may come with the token.
    pub delete_takes_token: bool,
    /// Facts 2.2: the way from user groups back to AUTH may be SET, which asks for the token at once. The newer guide knows ROTATE only.
    pub set_after_user_groups: bool,
    /// Facts 1.4: user groups of a replication group change at once even where `ApplyImmediately` is not given.
    pub user_groups_change_at_once: bool,
    /// Facts 1.5: another engine must be asked for with its version, rather than becoming the newest of it.
    pub engine_change_needs_version: bool,
    /// Facts 1.5: a version of another family takes a default parameter group along, as another engine does. Otherwise it must be named.
    pub upgrade_moves_default_parameters: bool,
    /// Facts 1.5: an upgrade of a group with automatic failover leaves a replica as the primary.
    pub upgrade_fails_over: bool,
    /// Facts 1.5: a change of encryption in transit is refused without `ApplyImmediately`, rather than left to the maintenance window.
    pub transit_needs_apply_immediately: bool,
    /// Facts 1.5: while encryption in transit is preferred, nodes answer by their names of before too. The guide says both.
    pub plain_node_names_stay: bool,
    /// Facts 1.5: where encryption in transit is turned off, the names are those without it again.
    pub plain_names_return: bool,
    /// Facts 1.6: the code of a key that cannot be used, where the call has no error of its own for it.
    pub bad_key_code: &'static str,
    /// Facts 1.4: a key is shown by its ARN, however it was named. So it was seen of an alias.
    pub key_shown_as_arn: bool,
    /// Facts 1.1: the element around log deliveries that are pending. Models of AWS differ.
    pub pending_logs_element: &'static str,
    /// User guide, log delivery: a log group that does not exist takes no delivery, rather than is made by ElastiCache.
    pub log_group_must_be_there: bool,
    /// U22: how many there may be.
    pub rbac_quotas: RbacQuotas,
    /// Facts 1.2: a change of tags makes the group busy for a moment.
    pub tags_make_busy: bool,
    /// Facts 1.2: a group is `modifying` while one of its members is `rebooting cluster nodes`, rather than `available`.
    pub reboot_makes_group_busy: bool,
    /// Facts 1.6: the code of a change of a member that only its group can have.
    pub not_of_member_code: &'static str,
    /// User guide, Redis 3.2.4 and rebooting nodes, which differ: parameters that need a reboot cannot be changed at all where a cluster has them.
    pub static_parameters_fixed: bool,
    /// Facts 5.5: a new group whose members would take the id of a cluster that is there is refused, rather than numbers its members around it.
    pub taken_members_refused: bool,
    /// U19: how many clusters there may be, if that is not only a matter of nodes.
    pub cluster_quota: Option<usize>,
    /// Facts 1.6: taking off a tag that is not there is an error, and takes off none of the others either.
    pub missing_tags_fail: bool,
    /// Facts 5.3: automatic snapshots go at once when they are turned off, rather than with their group.
    pub turning_off_drops_snapshots: bool,
    /// Facts 5.6: a copy of a snapshot tells when the data were read of what was copied, rather than when it was copied.
    pub copies_keep_their_time: bool,
    /// Facts 5.6: the code of an export that a bucket does not allow.
    pub export_code: &'static str,
    /// Facts 5.7: an RDB file that ElastiCache cannot read is refused at once, rather than fails the group later.
    pub unreadable_file_refused_at_once: bool,
    /// Facts 1.5: a group of one node has a reader endpoint.
    pub lone_node_has_reader: bool,
    /// U16: the version that `RotateImmediately=false` tests holds a copy of the current value, rather than nothing.
    pub test_version_has_value: bool,
    /// Facts 3.2: a version that becomes current loses AWSPENDING by itself, as the guide says, rather than keeping it, as was seen.
    pub promotion_drops_pending: bool,
    /// Facts 3.2: so many reads of a version that was just staged as AWSPENDING do not find its value yet.
    pub pending_stale_reads: u32,
    /// U17: how long after a failed rotation the first new attempt is made. It doubles each time.
    pub rotation_retry_after: SignedDuration,
    /// U17: how often a rotation is attempted before it is left as it is.
    pub rotation_attempts: u32,
    /// U21: how long a `ResponseURL` takes an answer.
    pub response_url_lasts: SignedDuration,
    /// U21: of two answers to a request the last counts, as long as CloudFormation has not read the first.
    pub last_answer_counts: bool,
}

/// How many users and user groups an account may have. The figures are those of 2023 (facts 2.3).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RbacQuotas {
    /// Users, the stock one included.
    pub users: usize,
    /// User groups.
    pub user_groups: usize,
    /// Users of one group.
    pub users_of_group: usize,
}

impl Default for RbacQuotas {
    fn default() -> Self {
        Self { users: 1000, user_groups: 100, users_of_group: 100 }
    }
}

/// What a ROTATE with the token that is already the newest does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RotateToNewest {
    /// It is accepted and pushes the older one out, whose clients are then locked out.
    PushesOldestOut,
    /// `No modifications were requested`.
    Refused,
    /// It is accepted and changes nothing.
    Nothing,
}

impl Default for Switches {
    /// The documented behaviour where there is one, otherwise the one that is harder on the caller.
    fn default() -> Self {
        Self {
            stale_looks: 0,
            snapshot_by_group: false,
            group_filter_finds_member_snapshots: false,
            rotate_to_newest: RotateToNewest::PushesOldestOut,
            bad_set_code: "InvalidParameterValue",
            set_without_token: false,
            rotate_keeps_optional: false,
            token_change_cuts: false,
            token_date_on_accept: false,
            final_snapshot_shows_snapshotting: true,
            settings_make_busy: true,
            calls_during_snapshot: false,
            misfit_refused_at_once: false,
            numbers_reused: true,
            wrong_direction_code: "InvalidParameterValue",
            group_metrics: true,
            roles_in_lower_case: false,
            throttle_code: "Throttling",
            restore_inherits: true,
            restore_keeps_shards: false,
            shards_choose_parameters: false,
            unknown_group_snapshots_fail: false,
            token_status_lag: SignedDuration::ZERO,
            access_lag: SignedDuration::ZERO,
            shards_lag: SignedDuration::ZERO,
            youngest_replica_goes: true,
            token_needs_three_classes: false,
            delete_takes_token: false,
            set_after_user_groups: false,
            user_groups_change_at_once: true,
            engine_change_needs_version: false,
            upgrade_moves_default_parameters: false,
            upgrade_fails_over: true,
            transit_needs_apply_immediately: false,
            plain_node_names_stay: false,
            plain_names_return: true,
            bad_key_code: "InvalidParameterValue",
            key_shown_as_arn: true,
            pending_logs_element: "PendingLogDeliveryConfiguration",
            log_group_must_be_there: true,
            rbac_quotas: RbacQuotas::default(),
            tags_make_busy: false,
            reboot_makes_group_busy: true,
            not_of_member_code: "InvalidParameterValue",
            static_parameters_fixed: false,
            taken_members_refused: true,
            cluster_quota: None,
            missing_tags_fail: true,
            turning_off_drops_snapshots: true,
            copies_keep_their_time: true,
            export_code: "InvalidParameterValue",
            unreadable_file_refused_at_once: false,
            lone_node_has_reader: true,
            test_version_has_value: false,
            promotion_drops_pending: false,
            pending_stale_reads: 0,
            rotation_retry_after: SignedDuration::from_mins(1),
            rotation_attempts: 6,
            response_url_lasts: SignedDuration::from_hours(2),
            last_answer_counts: false,
        }
    }
}

impl Switches {
    /// The other answer to every question. What works with both does not bet on either.
    #[must_use]
    pub fn otherwise() -> Self {
        let usual = Self::default();
        Self {
            stale_looks: 3,
            snapshot_by_group: !usual.snapshot_by_group,
            group_filter_finds_member_snapshots: !usual.group_filter_finds_member_snapshots,
            rotate_to_newest: RotateToNewest::Refused,
            bad_set_code: "InvalidParameterCombination",
            set_without_token: !usual.set_without_token,
            rotate_keeps_optional: !usual.rotate_keeps_optional,
            token_change_cuts: !usual.token_change_cuts,
            token_date_on_accept: !usual.token_date_on_accept,
            final_snapshot_shows_snapshotting: !usual.final_snapshot_shows_snapshotting,
            settings_make_busy: !usual.settings_make_busy,
            calls_during_snapshot: !usual.calls_during_snapshot,
            misfit_refused_at_once: !usual.misfit_refused_at_once,
            numbers_reused: !usual.numbers_reused,
            wrong_direction_code: "InvalidParameterCombination",
            group_metrics: !usual.group_metrics,
            roles_in_lower_case: !usual.roles_in_lower_case,
            throttle_code: "RequestLimitExceeded",
            restore_inherits: !usual.restore_inherits,
            restore_keeps_shards: !usual.restore_keeps_shards,
            shards_choose_parameters: !usual.shards_choose_parameters,
            unknown_group_snapshots_fail: !usual.unknown_group_snapshots_fail,
            token_status_lag: SignedDuration::from_secs(30),
            access_lag: SignedDuration::from_secs(20),
            shards_lag: SignedDuration::from_secs(15),
            youngest_replica_goes: !usual.youngest_replica_goes,
            token_needs_three_classes: !usual.token_needs_three_classes,
            delete_takes_token: !usual.delete_takes_token,
            set_after_user_groups: !usual.set_after_user_groups,
            user_groups_change_at_once: !usual.user_groups_change_at_once,
            engine_change_needs_version: !usual.engine_change_needs_version,
            upgrade_moves_default_parameters: !usual.upgrade_moves_default_parameters,
            upgrade_fails_over: !usual.upgrade_fails_over,
            transit_needs_apply_immediately: !usual.transit_needs_apply_immediately,
            plain_node_names_stay: !usual.plain_node_names_stay,
            plain_names_return: !usual.plain_names_return,
            bad_key_code: "InvalidKMSKeyFault",
            key_shown_as_arn: !usual.key_shown_as_arn,
            pending_logs_element: "LogDeliveryConfigurations",
            log_group_must_be_there: !usual.log_group_must_be_there,
            rbac_quotas: RbacQuotas { users: 1000, user_groups: 1000, users_of_group: 100 },
            tags_make_busy: !usual.tags_make_busy,
            reboot_makes_group_busy: !usual.reboot_makes_group_busy,
            not_of_member_code: "InvalidParameterCombination",
            static_parameters_fixed: !usual.static_parameters_fixed,
            taken_members_refused: !usual.taken_members_refused,
            cluster_quota: Some(200),
            missing_tags_fail: !usual.missing_tags_fail,
            turning_off_drops_snapshots: !usual.turning_off_drops_snapshots,
            copies_keep_their_time: !usual.copies_keep_their_time,
            export_code: "InvalidParameterCombination",
            unreadable_file_refused_at_once: !usual.unreadable_file_refused_at_once,
            lone_node_has_reader: !usual.lone_node_has_reader,
            test_version_has_value: !usual.test_version_has_value,
            promotion_drops_pending: !usual.promotion_drops_pending,
            pending_stale_reads: 2,
            rotation_retry_after: SignedDuration::from_secs(10),
            rotation_attempts: 12,
            // No answer is waited for any longer (facts 7.5).
            response_url_lasts: SignedDuration::from_hours(1),
            last_answer_counts: !usual.last_answer_counts,
        }
    }
}

#[cfg(test)]
mod stories;
