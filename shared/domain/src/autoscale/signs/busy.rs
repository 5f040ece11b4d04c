//! Signs of what keeps a member busy, where a larger one is not the answer: slow commands, reads that no replica gets, a host busy beside its engine.

use super::look::{self, Look, Span};
use super::{Sign, SignKind};
use crate::MemberId;
use crate::autoscale::load::{Metric, Sample};
use crate::autoscale::moves::Moves;
use crate::autoscale::sizing::Rule;
use crate::autoscale::sizing::candidate::engine_ops;
use crate::autoscale::sizing::measure::{TELLING, TOLD_BY};

/// So many of the last minutes are hot where an engine is (autoscaling D.4).
const HOT_MINUTES: (usize, i64) = (3, 5);
/// Below this share of what an engine takes, what keeps it busy is not how much is asked of it (autoscaling D.7).
const FEW_COMMANDS: f64 = 0.40;

/// A minute of a member.
#[derive(Clone, Copy)]
struct Work {
    /// How busy its engine was, as a share of one.
    busy: f64,
    /// The commands that it answered a second.
    commands: f64,
}

/// Without it, a group with a hot key or a slow command grows from size to size, and each is as slow as the last.
pub(super) fn slow_commands(look: &Look<'_>) -> Option<Sign> {
    let hot = Rule::guarded().hot;
    let slow = look.members().filter_map(|member| {
        let last = work(look, member, look.last(member, Metric::EngineCpu, HOT_MINUTES.1)?);
        let busy: Vec<f64> = last.iter().filter(|it| hot < it.busy).map(|it| it.commands).collect();
        let (takes, is_learned) = takes(look, member)?;
        let few = FEW_COMMANDS * takes;
        let commands = average(&busy)?;
        let is_slow = HOT_MINUTES.0 <= busy.len() && commands < few;
        is_slow.then_some((-commands / takes, (member, busy.len(), commands, takes, is_learned)))
    });
    let (_, (member, minutes, commands, takes, is_learned)) = look::worst(slow)?;
    let by =
        if is_learned { "it took by its last two days" } else { "its type is believed to take" };
    Some(Sign {
        kind: SignKind::SlowCommands,
        seen: format!(
            "EngineCPUUtilization of {member} over {:.0} % on {minutes} of the last {} minutes with {commands:.0} commands a second - the limit is {:.0} % of the {takes:.0} that {by}",
            hot * 100.0,
            HOT_MINUTES.1,
            FEW_COMMANDS * 100.0
        ),
        advice: "a hot key or slow commands: look at SLOWLOG GET and redis-cli --hotkeys; larger nodes will not help much".to_owned(),
    })
}

/// How many commands a second keep the engine of a member busy, by what it answered in the last two days as far as it was neither idle nor hot, and whether
/// that was learned; else by what is believed of its type. Nothing where it answers what nobody counts.
///
/// What is learned is not clipped as for sizes: commands are held against commands of the same clients.
fn takes(look: &Look<'_>, member: &MemberId) -> Option<(f64, bool)> {
    let rule = Rule::guarded();
    let minutes = i64::try_from(rule.look_back).ok()?;
    let span = look.last(member, Metric::EngineCpu, minutes)?;
    // Another type takes another number.
    let moved = look.group.tags.as_ref().and_then(|it| Moves::read(it).newest()).map(|it| it.at);
    let span = Span { from: moved.map_or(span.from, |it| it.max(span.from)), ..span };
    let tells = |it: &Work| (*TELLING.start()..=rule.hot).contains(&it.busy);
    let told: Vec<Work> = work(look, member, span).into_iter().filter(tells).collect();
    if told.len() < TOLD_BY {
        return Some((engine_ops(look.entry(member)?), false));
    }
    let sum = |of: fn(&Work) -> f64| -> f64 { told.iter().map(of).sum() };
    let takes = sum(|it| it.commands) / sum(|it| it.busy);
    (0.0 < takes).then_some((takes, true))
}

/// The minutes of a member in which it told both how busy it was and with what.
fn work(look: &Look<'_>, member: &MemberId, span: Span) -> Vec<Work> {
    if !look.tells_commands(member) {
        return Vec::new();
    }
    let of = |metric| look.within(member, metric, span);
    let (reads, writes) = (of(Metric::Reads), of(Metric::Writes));
    let is_never = |metric| look.load.series(member, metric).is_empty();
    let (no_reads, no_writes) = (is_never(Metric::Reads), is_never(Metric::Writes));
    let at = |samples: &[Sample], is_never: bool, time| {
        look::at(samples, time).or(is_never.then_some(0.0))
    };
    let minute = |it: &Sample| {
        let commands = at(reads, no_reads, it.at)? + at(writes, no_writes, it.at)?;
        Some(Work { busy: it.value / 100.0, commands: commands / look.seconds() })
    };
    of(Metric::EngineCpu).iter().filter_map(minute).collect()
}

fn average(all: &[f64]) -> Option<f64> {
    let (sum, count) = all.iter().fold((0.0, 0.0), |(sum, count), it| (sum + it, count + 1.0));
    (0.0 < count).then(|| sum / count)
}

/// So many of the last minutes a primary is hot where that is no spike (autoscaling D.4).
const LASTING_MINUTES: (usize, i64) = (8, 10);
/// From this share of its commands on, a primary is busy with reads.
const MOSTLY_READS: f64 = 0.70;
/// Below this share of the reads, replicas get none to speak of (autoscaling D.6).
const READS_ELSEWHERE: f64 = 0.10;

/// Without it, a group gets replicas or a larger type for reads that no client sends to its replicas.
pub(super) fn primary_reads(look: &Look<'_>) -> Option<Sign> {
    let lines = look.lines().into_iter();
    look::worst(lines.filter_map(|it| reads_of_line(look, it))).map(|(_, sign)| sign)
}

fn reads_of_line(look: &Look<'_>, members: &[MemberId]) -> Option<(f64, Sign)> {
    let hot = Rule::guarded().hot * 100.0;
    let primary = members.iter().find(|it| look.is_primary(it) == Some(true))?;
    let replicas: Vec<&MemberId> = members.iter().filter(|it| *it != primary).collect();
    let span = look.last(primary, Metric::EngineCpu, LASTING_MINUTES.1)?;
    let busy = look.within(primary, Metric::EngineCpu, span);
    let minutes = busy.iter().filter(|it| hot < it.value).count();
    let commands = look.commands(primary, span)?;
    let own = look.rate(primary, Metric::Reads, span)?;
    // One that tells nothing of late may be asked for anything.
    let reads = |it: &&MemberId| {
        look.last(it, Metric::EngineCpu, LASTING_MINUTES.1)?;
        look.rate(it, Metric::Reads, span)
    };
    let elsewhere: f64 = replicas.iter().map(reads).sum::<Option<f64>>()?;
    let holds = LASTING_MINUTES.0 <= minutes
        && !replicas.is_empty()
        && MOSTLY_READS * commands < own
        && elsewhere < READS_ELSEWHERE * (own + elsewhere);
    let advice = if look.group.cluster_enabled {
        "clients do not read from replicas, for which they have to send READONLY; a larger node type is a stop-gap"
    } else {
        "clients do not use the reader endpoint; a larger node type is a stop-gap"
    };
    let replicas = match replicas.as_slice() {
        [_] => "the replica gets".to_owned(),
        all => format!("{} replicas get", all.len()),
    };
    holds.then(|| {
        let sign = Sign {
            kind: SignKind::PrimaryReads,
            seen: format!(
                "EngineCPUUtilization of {primary}, a primary, over {hot:.0} % on {minutes} of the last {} minutes with {:.1} % of its commands reads, of which {replicas} {:.1} % - less than {:.0}",
                LASTING_MINUTES.1,
                100.0 * own / commands,
                100.0 * elsewhere / (own + elsewhere),
                READS_ELSEWHERE * 100.0
            ),
            advice: advice.to_owned(),
        };
        (look::mean(busy).unwrap_or_default(), sign)
    })
}

/// From so many vCPUs on the engine's thread leaves room beside it (autoscaling B.3).
const VCPUS_MANY: u16 = 4;
/// Over so many percent a host is busy, and under so many its engine is not (autoscaling D.6).
const HOST_BUSY: (f64, f64) = (80.0, 50.0);
/// So many minutes of an hour (autoscaling D.6).
const HOST_MINUTES: (usize, i64) = (50, 60);

/// Without it, nobody asks why a host is busy whose size no rule would change.
pub(super) fn host_cpu(look: &Look<'_>) -> Option<Sign> {
    let busy = look.members().filter_map(|member| {
        let span = look.last(member, Metric::Cpu, HOST_MINUTES.1)?;
        let engine = look.within(member, Metric::EngineCpu, span);
        let both = look.within(member, Metric::Cpu, span).iter().filter(|it| {
            HOST_BUSY.0 < it.value && look::at(engine, it.at).is_some_and(|it| it < HOST_BUSY.1)
        });
        let minutes = both.count();
        let entry = look.entry(member)?;
        let holds = VCPUS_MANY <= entry.vcpu && HOST_MINUTES.0 <= minutes;
        let percent = look::mean(look.within(member, Metric::Cpu, span))?;
        holds.then_some((percent, (member, minutes, entry.vcpu)))
    });
    let (_, (member, minutes, vcpus)) = look::worst(busy)?;
    Some(Sign {
        kind: SignKind::HostCpu,
        seen: format!(
            "CPUUtilization of {member} over {:.0} % on {vcpus} vCPUs with EngineCPUUtilization under {:.0} % in {minutes} of the last {} minutes",
            HOST_BUSY.0, HOST_BUSY.1, HOST_MINUTES.1
        ),
        advice: "what keeps the host busy is not commands but I/O, snapshots or TLS; no size is chosen by it".to_owned(),
    })
}
