//! Signs of nodes that will not do what is expected of them: a replica that is behind, an engine that is too old.

use super::look::{self, Look};
use super::{Sign, SignKind};
use crate::autoscale::load::{LAG_MAX_SECONDS, Load, Metric};
use crate::engine::{Engine, Version};

/// A lag that grows counts from so many seconds on: below that it comes and goes.
const LAG_GROWN_SECONDS: f64 = 5.0;

/// Without it, a failover loses what the replica never got, and nobody knew how much that was.
pub(super) fn lag(look: &Look<'_>) -> Option<Sign> {
    let replicas = || look.members().filter(|it| look.is_primary(it) != Some(true));
    let behind = replicas().filter_map(|it| {
        let lag = look.load.latest(it, Metric::Lag, look.now)?;
        (LAG_MAX_SECONDS < lag).then(|| {
            let seen = format!(
                "ReplicationLag of {it} at {lag:.0} s - the limit is {LAG_MAX_SECONDS:.0} s"
            );
            (lag, seen)
        })
    });
    let growing = replicas().filter_map(|it| {
        let span = look.last(it, Metric::Lag, Load::WINDOW.as_mins())?;
        let values: Vec<f64> = look.within(it, Metric::Lag, span).iter().map(|it| it.value).collect();
        let [first, second, last] = values[..] else { return None };
        let grows = first < second && second < last && LAG_GROWN_SECONDS < last;
        grows.then(|| {
            let seen = format!(
                "ReplicationLag of {it} went from {first:.0} s over {second:.0} s to {last:.0} s in the last {} minutes - the limit is {LAG_GROWN_SECONDS:.0} s where it grows",
                Load::WINDOW.as_mins()
            );
            (last, seen)
        })
    });
    let (_, seen) = look::worst(behind).or_else(|| look::worst(growing))?;
    Some(Sign {
        kind: SignKind::Lag,
        seen,
        advice: format!(
            "its primary writes more than the replica or the network takes; no replica is removed while one is over {LAG_MAX_SECONDS:.0} s behind"
        ),
    })
}

/// From this version on a change of the node type is over in less than a second (facts 4.2).
const ONLINE_FROM: Version = Version { major: 5, minor: 0, patch: Some(6) };

/// Without it, the first change of the node type is what tells that clients do not get through it. In cluster mode older ones do (facts 4.2).
pub(super) fn old_engine(look: &Look<'_>) -> Option<Sign> {
    if look.group.cluster_enabled {
        return None;
    }
    let redis = look.group.members.iter().filter(|it| it.engine.parse() == Ok(Engine::Redis));
    let versions = redis.filter_map(|it| {
        let version: Version = it.engine_version.parse().ok()?;
        // Without its patch 5.0 may be either.
        (version.patch.is_some() || version.major != ONLINE_FROM.major).then_some((version, it))
    });
    let (version, member) = versions.min_by_key(|it| it.0)?;
    (version < ONLINE_FROM).then(|| Sign {
        kind: SignKind::OldEngine,
        seen: format!("{} runs Redis {version}, which is older than {ONLINE_FROM}", member.id),
        advice: "a change of the node type interrupts clients for some seconds: upgrade the engine before it is needed"
            .to_owned(),
    })
}
