//! Signs of clients that connect too often.

use jiff::{SignedDuration, Timestamp};

use super::look::{self, Look, Span, before};
use super::{Sign, SignKind};
use crate::MemberId;
use crate::autoscale::load::{Load, Metric};
use crate::autoscale::offer::{CLIENTS_SHARE, clients_max};

/// So many times as many connections as before are a storm.
const STORM: f64 = 2.0;
/// Fewer are no storm whatever they were before.
const STORM_LEAST: f64 = 500.0;
/// By less than this share more commands, the load is as it was.
const COMMANDS_MORE: f64 = 0.20;
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// What happens now belongs to the storm, not to the day before it.
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// What a member has of connections, and had.
struct Storm<'a> {
    member: &'a MemberId,
    most: f64,
    same_time: f64,
    of_day: f64,
    commands: (f64, f64),
}

/// Without it, clients that never close a connection are seen when the node takes no more of them.
pub(super) fn connections(look: &Look<'_>) -> Option<Sign> {
    let storms = look.members().filter_map(|it| storm(look, it)).map(|it| (it.most, it));
    let (_, storm) = look::worst(storms)?;
    let takes = look
        .entry(storm.member)
        .map_or_else(String::new, |it| format!("; {} takes {:.0}", it.node_type, clients_max(it)));
    let (now, then) = storm.commands;
    Some(Sign {
        kind: SignKind::Connections,
        seen: format!(
            "CurrConnections of {} at {:.0}, {STORM:.0} times or more the {:.0} of the same time a day ago and the {:.0} of the day since, with {now:.0} commands a second and {then:.0} a day ago",
            storm.member, storm.most, storm.same_time, storm.of_day
        ),
        advice: format!(
            "clients do not close their connections or keep no pool: look at CLIENT LIST{takes}"
        ),
    })
}

fn storm<'a>(look: &Look<'a>, member: &'a MemberId) -> Option<Storm<'a>> {
    let of = |span| look.within(member, Metric::Connections, span);
    let last = last(look, member)?;
    let most = look::most(of(last))?;
    let same_time = look::most(look.told(member, Metric::Connections, last.ago(DAY))?)?;
    let of_day = look::most(of(day_before(look.now)))?;
    let (now, then) = (look.commands(member, last)?, look.commands(member, last.ago(DAY))?);
    let is_flat = now <= then || now < then * (1.0 + COMMANDS_MORE);
    let is_storm =
        STORM_LEAST <= most && STORM * same_time <= most && STORM * of_day <= most && is_flat;
    is_storm.then_some(Storm { member, most, same_time, of_day, commands: (now, then) })
}

/// The last minutes of the connections of a member.
fn last(look: &Look<'_>, member: &MemberId) -> Option<Span> {
    look.last(member, Metric::Connections, Load::WINDOW.as_mins())
}

fn day_before(now: Timestamp) -> Span {
    Span { from: before(now, DAY), until: before(now, HOUR) }
}

/// Without it, the next client to come is refused and nobody knew that it would be.
pub(super) fn limit(look: &Look<'_>) -> Option<Sign> {
    let full = look.members().filter_map(|member| {
        let entry = look.entry(member)?;
        let most = look::most(look.within(member, Metric::Connections, last(look, member)?))?;
        let takes = clients_max(entry);
        (CLIENTS_SHARE * takes < most).then_some((most / takes, (member, most, entry)))
    });
    let (_, (member, most, entry)) = look::worst(full)?;
    Some(Sign {
        kind: SignKind::ClientsLimit,
        seen: format!(
            "CurrConnections of {member} at {most:.0} of the {:.0} that {} takes - the limit is {:.0} %",
            clients_max(entry),
            entry.node_type,
            CLIENTS_SHARE * 100.0
        ),
        advice: "beyond that clients are refused: look at CLIENT LIST, have clients keep a pool, and set the parameter timeout to close what is idle"
            .to_owned(),
    })
}
