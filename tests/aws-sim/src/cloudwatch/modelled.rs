//! Metrics of nodes behind which no real server stands: what the model knows of them, and what a test holds.

use jiff::{SignedDuration, Timestamp};

use super::MINUTE;
use super::series::floor;
use crate::State;
use crate::elasticache::NodeView;
use crate::settings::DataPlane;

/// Has a member's metric report this value every minute from now on, until another is held. What it reported before stays.
pub fn hold(state: &mut State, member: &str, metric: &str, value: f64) {
    catch_up(state);
    state.cloudwatch.held.insert((member.to_owned(), metric.to_owned()), value);
}

/// Modelled nodes report for every minute that is over and that they have not reported for: lazily, since nobody looks at most of them.
pub(super) fn catch_up(state: &mut State) {
    if state.settings.data_plane == DataPlane::Real {
        return;
    }
    let end = floor(state.now, MINUTE);
    let earliest = end - LOOKED_BACK;
    let from = state.cloudwatch.modelled_until.map_or(earliest, |it| it.max(earliest));
    let nodes = state.nodes();
    for node in nodes.iter().filter(|it| it.serves) {
        let group = state.elasticache.groups.get(&node.group);
        let member = group.and_then(|it| it.members.get(&node.member));
        let born = member.and_then(|it| it.serves_since).unwrap_or(end);
        let minutes = std::iter::successors(Some(from), |it| Some(*it + MINUTE));
        let minutes: Vec<Timestamp> =
            minutes.take_while(|it| *it < end).filter(|it| born <= *it).collect();
        report(state, node, &minutes);
    }
    state.cloudwatch.modelled_until = Some(end.max(from));
}

/// Nobody here looks back further.
const LOOKED_BACK: SignedDuration = SignedDuration::from_hours(3);

#[expect(clippy::cast_precision_loss, reason = "bytes of a node are exact in 53 bits")]
fn report(state: &mut State, node: &NodeView, minutes: &[Timestamp]) {
    if minutes.is_empty() {
        return;
    }
    let (used, most) = (node.bytes_used as f64, (node.maxmemory as f64).max(1.0));
    let calm = [
        ("DatabaseMemoryUsagePercentage", used / most * 100.0),
        ("DatabaseCapacityUsagePercentage", used / most * 100.0),
        ("DatabaseMemoryUsageCountedForEvictPercentage", used / most * 100.0),
        ("DatabaseCapacityUsageCountedForEvictPercentage", used / most * 100.0),
        ("BytesUsedForCache", used),
        ("FreeableMemory", (most - used).max(0.0)),
        ("SwapUsage", 0.0),
        ("CPUUtilization", 4.0),
        ("EngineCPUUtilization", 5.0),
        ("AuthenticationFailures", 0.0),
        ("Evictions", 0.0),
        ("CurrConnections", 12.0),
        ("GetTypeCmds", 600.0),
        ("SetTypeCmds", 120.0),
        ("IsMaster", f64::from(u8::from(node.primary))),
    ];
    let replica = [("ReplicationLag", 0.0), ("MasterLinkHealthStatus", 1.0)];
    let replica = replica.into_iter().filter(|_| !node.primary);
    let has_group_metrics = state.settings.switches.group_metrics;
    let service = &mut state.cloudwatch;
    let held: Vec<(String, f64)> = service
        .held
        .iter()
        .filter(|((member, _), _)| *member == node.member)
        .map(|((_, metric), value)| (metric.clone(), *value))
        .collect();
    let names = calm.into_iter().chain(replica).map(|(name, value)| (name.to_owned(), value));
    let free = names.filter(|(name, _)| !held.iter().any(|(metric, _)| metric == name));
    for (name, value) in free.chain(held.iter().cloned()).collect::<Vec<_>>() {
        service.put(minutes, &node.member, &name, value);
        if has_group_metrics {
            service.put_group(minutes, &node.group, node.primary, &name, value);
        }
    }
}
