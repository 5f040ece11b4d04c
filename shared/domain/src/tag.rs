//! Tags: where Cachewarden remembers, and an operator would look.

use std::collections::BTreeMap;

/// How the keys of all our tags begin.
pub const OURS: &str = "cachewarden:";
/// Whose the thing is: `<stack id>/<logical id>`.
pub const OWNER: &str = "cachewarden:owner";
/// The group that a secret, a snapshot or an alarm belongs to.
pub const GROUP: &str = "cachewarden:group";
/// The id of the user whose password a secret holds.
pub const USER: &str = "cachewarden:user";
/// The ARN of the secret with the AUTH token.
pub const SECRET: &str = "cachewarden:secret";
/// How much the autoscaler may do: `off`, `recommend`, `up-only` or `full`.
pub const AUTOSCALE: &str = "cachewarden:autoscale";
/// The largest node type that the autoscaler may choose.
pub const AUTOSCALE_MAX_NODE_TYPE: &str = "cachewarden:autoscale-max-node-type";
/// The node types and families that the autoscaler may choose, joined by a space: `cache.r7g cache.t4g.medium`.
pub const AUTOSCALE_NODE_TYPES: &str = "cachewarden:autoscale-node-types";
/// The most that the nodes may cost for the autoscaler to make more of them, in dollars a month.
pub const AUTOSCALE_BUDGET: &str = "cachewarden:autoscale-budget";
/// What a minute of overload is worth, in dollars.
pub const AUTOSCALE_MINUTE: &str = "cachewarden:autoscale-minute-worth";
/// What the data is: `store`, `cache`, or `cache 5` where five in a hundred reads may miss.
pub const AUTOSCALE_DATA: &str = "cachewarden:autoscale-data";
/// When the autoscaler changed the node type of late, the newest last: `up 2026-01-02T03:04:05Z down 2026-01-03T03:04:05Z`.
pub const AUTOSCALE_MOVES: &str = "cachewarden:autoscale-moves";
/// What the autoscaler told people of late, and in which hour since the epoch, the newest last: `lag 490932 misses 490937`.
pub const AUTOSCALE_TOLD: &str = "cachewarden:autoscale-told";
/// The fewest replicas that the autoscaler may leave.
pub const AUTOSCALE_MIN_REPLICAS: &str = "cachewarden:autoscale-min-replicas";
/// The most replicas that the autoscaler may make.
pub const AUTOSCALE_MAX_REPLICAS: &str = "cachewarden:autoscale-max-replicas";
/// How many minutes the autoscaler leaves a group alone after a change, up and down, in place of its own 10 and 60.
pub const AUTOSCALE_COOLDOWN_MINUTES: &str = "cachewarden:autoscale-cooldown-minutes";
/// The change that the autoscaler is making: `replicas=2 from 1 at 2026-01-02T03:04:05Z for <what was seen>`.
pub const AUTOSCALE_CHANGE: &str = "cachewarden:autoscale-change";
/// The last change of the autoscaler, while what comes of it is still to be seen:
/// `replicas=2 from 1 asked 2026-01-02T03:04:05Z at 2026-01-02T03:14:05Z`.
pub const AUTOSCALE_WATCH: &str = "cachewarden:autoscale-watch";
/// The last change of the autoscaler that did not take, and when: `replicas=2 at 2026-01-02T03:04:05Z`.
pub const AUTOSCALE_FAILED: &str = "cachewarden:autoscale-failed";
/// Which snapshots of ours are kept: how many, `7`, or how many of each tier, `hourly=24 daily=7`.
pub const SNAPSHOT_KEEP: &str = "cachewarden:snapshot-keep";
/// Whether members have alarms: `on` or `off`.
pub const ALARMS: &str = "cachewarden:alarms";
/// The topics that alarms tell, joined by a space.
pub const ALARM_TOPICS: &str = "cachewarden:alarm-topic";
/// What was asked for and when, while it is not yet seen: `node-type=cache.t4g.small at 2026-01-02T03:04:05Z`.
pub const ASKED: &str = "cachewarden:asked";
/// On the subnet group, which takes tags in every state: that the call for what was asked has been made, and when:
/// `node-type=cache.t4g.small at 2026-01-02T03:04:05Z called at 2026-01-02T03:04:06Z`.
pub const CALLED: &str = "cachewarden:called";
/// When the autoscaler last changed the group.
pub const CHANGED: &str = "cachewarden:changed";
/// What ran before the last upgrade, and when that was: `7.0 at 2026-01-02T03:04:05Z`, or `valkey 7.2 at ...`; a version alone is Redis's.
pub const UPGRADED: &str = "cachewarden:upgraded";
/// How far a group without an AUTH token is on its way to one: `auth-token=accept at ...`, `auth-token=require-<when it was changed before>
/// at ...`, and `auth-token=done at ...`.
pub const TOKEN: &str = "cachewarden:token";
/// The version of a secret that was seen to be the only one its group accepts, and when.
pub const REVOKED: &str = "cachewarden:revoked";
/// On a secret: which refusal people were told of, and when: `setSecret=1a2b3c4d at 2026-01-02T03:04:05Z`. On a park snapshot: that its group does
/// not come back yet, and by which execution: `unpark by 1a2b3c4d`.
pub const TOLD: &str = "cachewarden:told";
/// In which form a secret holds its credential: `token`, alone, or `json`, in a document.
pub const SECRET_FORMAT: &str = "cachewarden:secret-format";
/// What was last written into the secret besides the token: `token`, or `json` with the address, `json master.orders.example:6379`.
pub const SECRET_WRITTEN: &str = "cachewarden:secret-written";
/// How long the old AUTH token stays valid after a rotation, in minutes.
pub const GRACE_MINUTES: &str = "cachewarden:grace-minutes";
/// What a Delete leaves of the group, where that is not a last snapshot: `Retain`, `Delete`, or `unfinished` while it is being made.
pub const DELETION: &str = "cachewarden:deletion";
/// `on` refuses every Delete. It is `unfinished` while the group is being made, and `off` lifts it by hand.
pub const DELETION_PROTECTION: &str = "cachewarden:deletion-protection";
/// Whose the group was, before a Delete let it stand.
pub const RETAINED: &str = "cachewarden:retained";
/// The snapshot that a group was restored from.
pub const RESTORED_FROM: &str = "cachewarden:restored-from";
/// Whose place a group takes, and from which snapshot of that one it was filled: `orders by orders-move-1a2b3c4d`, or
/// `orders without its keys by orders-move-1a2b3c4d` where none was taken. It stays until the next
/// update, so that the rest of the stack may fail and the update be taken back.
pub const REPLACES: &str = "cachewarden:replaces";
/// On a group that stands still: the one that took its place, or is about to: `orders-r2`, `orders-r2 unfinished`, or `orders-r2 counting
/// since 2026-01-02T03:04:05Z` while its metrics do not tell yet whether the keys went along, and `orders-r2 counted 9 of 12`
/// after that. It goes with the first step of its deletion, after which there is no way back.
pub const REPLACED_BY: &str = "cachewarden:replaced-by";
/// The tier of a snapshot.
pub const TIER: &str = "cachewarden:tier";
/// The tiers that wanted a snapshot when it was asked for, where its group keeps tiers: `hourly daily`.
pub const TIERS: &str = "cachewarden:tiers";

/// On a snapshot that was copied from an automatic one: which, and when that one's data were read, as AWS told it then:
/// `automatic.orders-002-2026-01-02-03-04 taken 2026-01-02T03:04:05Z`.
pub const PROMOTED: &str = "cachewarden:promoted";
/// On a snapshot: how many keys its group held right before, how many of them had an end, and how many of those that were looked at were of which
/// type: `keys=10000 ends=2000 string=300 hash=90`.
pub const RECORD: &str = "cachewarden:record";
/// Beside it, some of the keys without an end, by salted hashes of their names: type, name, length, and of short strings sixteen bits of the value:
/// `salt=1a2b3c4d string:5e6f7a8b:12:9c0d hash:1b2c3d4e:4`.
pub const SAMPLE: &str = "cachewarden:sample";

/// On a group: how many days old the last snapshot of it may be that was seen to restore, before another drill is due. None or 0 is never.
pub const DRILL_DAYS: &str = "cachewarden:drill-days";
/// On a group that a drill made: from which snapshot, when it was asked for, and until when the group may stand:
/// `orders-daily-202601020304 asked 2026-01-02T03:04:05Z until 2026-01-02T05:04:05Z`.
pub const DRILL: &str = "cachewarden:drill";
/// On a group: what the drills of a month may have cost at most, in dollars, and when the last of them was asked for:
/// `2026-01 0.0320 asked 2026-01-02T03:04:05Z`.
pub const DRILLED: &str = "cachewarden:drilled";
/// On a snapshot: when it was last seen to restore, with how many keys, and how long after it was asked for:
/// `2026-01-02T03:14:05Z keys 10000 in 600 s`, and ` without a record` where nobody had counted before.
pub const VERIFIED: &str = "cachewarden:verified";
/// On a snapshot: when it was last tried and did not restore, and why: `2026-01-02T03:14:05Z 12 keys are fewer than ...`.
pub const DRILL_FAILED: &str = "cachewarden:drill-failed";
/// What of a restore in place a group is. On the one that stands in: for which group, from which snapshot, for which request, and how far it
/// is, `orders from orders-daily-202601020304 by 1a2b3c4d: rehearsal`. On the group itself, before it goes and after it came back:
/// `orders-daily-202601020304 by 1a2b3c4d: goes`, `unfinished` while it is made, `finished` for good. On the snapshot taken before: what for.
/// Where clients are led to another group by the address in their secret: on the one that they were led away from, who took its place and until
/// when it stays, `orders-r2 took its place by 1a2b3c4d and orders-before-1a2b3c4d has its keys: stays until 2026-01-03T03:04:05Z`; on the secret,
/// while that is written, `orders-r2 by 1a2b3c4d until 2026-01-02T03:34:05Z`, and no rotation moves until then.
pub const IN_PLACE: &str = "cachewarden:in-place";
/// What the key of a tag of ours begins with on a group that stands in: the group that it stands for had it without `was:`, and gets it back.
pub const WAS: &str = "cachewarden:was:";
/// On a group that stands in: the text that described the other. What no tag may hold is written `=2C`.
pub const WAS_DESCRIPTION: &str = "cachewarden:was-description";
/// On a group that stands in: the node type of the other.
pub const WAS_NODE_TYPE: &str = "cachewarden:was-node-type";
/// On a group that stands in: where clients connected to the other.
pub const WAS_ENDPOINT: &str = "cachewarden:was-endpoint";
/// On a group that takes another's place by the address in the secret, or stands aside since: the version of the secret whose token it takes.
pub const TAKES: &str = "cachewarden:takes";

/// On a group that stands in: why the other could not be made of the wanted snapshot, written likewise.
pub const IN_PLACE_FAILED: &str = "cachewarden:in-place-failed";

/// Whether a group goes for the night and comes back in the morning: `nightly`, or not at all.
pub const PARK: &str = "cachewarden:park";
/// On a park snapshot: how far that is, `taken`, `parked at 2026-01-02T20:04:05Z`, `back at ...`, or `kept at ...` where its stack was deleted
/// meanwhile. On the group: `goes by orders-park-202601022000` before it goes, `back from orders-park-202601022000: unfinished` while it is
/// made again, and `finished` for good. On the subnet group of a stack: the park snapshot of the last night.
pub const PARKED: &str = "cachewarden:parked";
/// On a park snapshot, with a number behind it: what the group was that a snapshot does not hold, in words such as `tls:required`. What no tag
/// may hold is written `=2C`. The tags of the group itself are there as [`WAS`].
pub const PARK_MEMORY: &str = "cachewarden:park-memory-";

/// The tags of one thing, by key.
pub type Tags = BTreeMap<String, String>;

/// The most characters in a value.
pub const VALUE_LEN_MAX: usize = 256;

/// Tells whether AWS takes a tag value: letters, digits, spaces and `+-=._:/@`.
pub fn is_legal_value(value: &str) -> bool {
    value.chars().count() <= VALUE_LEN_MAX
        && value.chars().all(|it| it.is_alphanumeric() || " +-=._:/@".contains(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_id_is_a_legal_value_and_a_comma_is_not() {
        assert!(is_legal_value("arn:aws:cloudformation:eu-west-1:1:stack/a/b/Cache"));
        assert!(!is_legal_value("a,b"));
        assert!(!is_legal_value(&"a".repeat(257)));
    }
}
