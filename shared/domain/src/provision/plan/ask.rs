//! Changes that ElastiCache may take and drop: written down, asked for, and looked for afterwards.

use jiff::{SignedDuration, Timestamp};

use super::super::{Mark, Refusal, Step, Wanted};
use super::settled::Looked;
use crate::asked::{Asked, AskedField};
use crate::{GroupView, Next, Tags, Wait, WaitingOn, tag};

/// Writes down what will be asked for, asks for it, or finds that it was asked for and did not take.
///
/// That the call was made is written down after it, too: a run may die between the two, for longer than any grace, and a change
/// that was never asked for would be told as one that did not take.
pub(super) fn ask(
    wanted: &Wanted,
    asked: Asked,
    step: impl FnOnce(Mark) -> Step,
    beside: Tags,
    got: &str,
    seen: &Looked<'_>,
) -> Next<Step, Refusal> {
    let &Looked { group, tags, subnet_group, events, now, .. } = seen;
    let written = Asked::read(tags)
        .filter(|it| (it.field, &it.value) == (asked.field, &asked.value))
        // What an earlier request asked for says nothing about this one; a minute is for clocks that differ.
        .filter(|it| wanted.since <= it.at.saturating_add(CLOCKS_APART).unwrap_or(Timestamp::MAX));
    let Some(written) = written else {
        let tags = with_asked(&asked, beside);
        return Next::Do(Step::Ask { arn: group.arn.clone(), asked, tags });
    };
    match written.called_at(&subnet_group.tags) {
        None => {
            let tags = Tags::from([(tag::CALLED.to_owned(), written.called(now))]);
            Next::Do(step(Mark { arn: subnet_group.arn.clone(), tags }))
        }
        Some(at) if at.saturating_add(Asked::GRACE).is_ok_and(|it| it <= now) => {
            Next::Refuse(Refusal::DidNotTake {
                field: asked.field,
                wants: asked.value,
                got: got.to_owned(),
                events: events.to_vec(),
            })
        }
        // A stale look, most likely: the call was accepted a moment ago.
        Some(_) => Next::Wait(Wait::slow(WaitingOn::Modification)),
    }
}

pub(super) const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(1);

pub(super) fn with_asked(asked: &Asked, mut beside: Tags) -> Tags {
    beside.insert(tag::ASKED.to_owned(), asked.to_string());
    beside
}

/// Whether what was asked for need no longer be written down: it is there, or the stack has stated another value since.
pub(super) fn was_seen(wanted: &Wanted, group: &GroupView, tags: &Tags) -> bool {
    let Some(asked) = Asked::read(tags) else { return tags.contains_key(tag::ASKED) };
    match asked.field {
        AskedField::NodeType => {
            let there =
                |it: Option<&crate::NodeType>| it.is_some_and(|it| it.as_str() == asked.value);
            !wanted.keep.node_type
                || there(group.node_type.as_ref())
                    && group.members.iter().all(|it| there(it.node_type.as_ref()))
        }
        AskedField::EngineVersion
        | AskedField::AuthToken
        | AskedField::Delivery
        | AskedField::Shards => true,
    }
}
