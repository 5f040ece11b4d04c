//! The steps. Each can be taken twice without harm: the calls say what shall be, not by how much.

mod alarms;
mod news;

use domain::autoscale::{Act, Change, Moves, Step, Undertaking, Watch};
use domain::{Tags, tag};
use jiff::Timestamp;
use platform::{Fault, FaultKind};

use crate::App;
use crate::report::{self, Message};

/// Takes a step.
pub(crate) async fn take(app: &App, step: &Step, now: Timestamp) -> Result<(), Fault> {
    let Step { group, arn, act, .. } = step;
    match act {
        Act::Begin(undertaking) => {
            app.elasticache.tag(arn, &undertaking.tags()).await?;
            change(app, step, undertaking, now).await
        }
        Act::Repeat(undertaking) => change(app, step, undertaking, now).await,
        Act::PutAlarms { set } => {
            app.alarms.put_of(set, &set.specs, &app.settings.alarm_topic).await
        }
        Act::DeleteAlarms { names } => app.alarms.delete(names).await,
        Act::NoteChanged { at, moves, watch } => {
            let mut tags = Tags::from([(tag::CHANGED.to_owned(), at.to_string())]);
            tags.extend(moves.iter().flat_map(Moves::tags));
            let with_watch = tags.clone().into_iter().chain(watch.tags()).collect();
            match app.elasticache.tag(arn, &with_watch).await {
                // A group has no room for a tag more: it is changed all the same, and nobody looks back.
                Err(fault) if fault.kind == FaultKind::Rejected => {
                    app.elasticache.tag(arn, &tags).await
                }
                done => done,
            }
        }
        Act::Conclude(made) => {
            tell(app, &report::made(group, made)).await?;
            app.elasticache.untag(arn, made.undertaking.keys()).await
        }
        Act::Judge(judged) => {
            // A verdict that is lost is in the journal; one that cannot be taken off would be told for ever.
            app.elasticache.untag(arn, Watch::KEYS).await?;
            match report::judged(group, judged) {
                Some(message) => tell(app, &message).await,
                None => Ok(()),
            }
        }
        Act::NoteFailure(failure) => {
            tell(app, &report::not_taken(group, failure)).await?;
            app.elasticache.tag(arn, &failure.failures.tags()).await
        }
        Act::Forget(undertaking) => app.elasticache.untag(arn, undertaking.keys()).await,
    }
}

/// Asks ElastiCache for a change.
async fn change(
    app: &App,
    step: &Step,
    undertaking: &Undertaking,
    now: Timestamp,
) -> Result<(), Fault> {
    let asked = call(app, step, undertaking).await;
    match asked.as_ref().map_err(|fault| fault.kind) {
        // Taken, or on its way already. From now on the group is busy with it, and a look before the next wait would only be stale
        // (facts 1.2).
        Ok(()) | Err(FaultKind::NoChange) => Err(Fault {
            call: "the change",
            kind: FaultKind::Busy,
            code: None,
            message: "it takes its time".to_owned(),
        }),
        // An answer and no fault: it is written down where the next look finds it, so that nobody asks again at once.
        Err(kind @ (FaultKind::NoCapacity | FaultKind::Rejected | FaultKind::Denied)) => {
            let failures =
                step.failures.with(&undertaking.change, seconds(now), kind == FaultKind::Denied);
            let why = asked.err().map(|it| it.to_string()).unwrap_or_default();
            tell(app, &report::turned_down(&step.group, &failures, kind, &why)).await?;
            app.elasticache.tag(&step.arn, &failures.tags()).await
        }
        Err(FaultKind::Busy | FaultKind::Gone | FaultKind::Taken | FaultKind::Transient) => asked,
    }
}

async fn call(app: &App, step: &Step, undertaking: &Undertaking) -> Result<(), Fault> {
    let Step { group, shards, .. } = step;
    match (&undertaking.change, &undertaking.from) {
        (Change::NodeType(to), _) => app.elasticache.resize(group, to).await,
        (Change::Replicas(to), Change::Replicas(from)) if to < from => {
            app.elasticache.remove_replicas(group, *to, shards).await
        }
        (Change::Replicas(to), _) => app.elasticache.add_replicas(group, *to, shards).await,
    }
}

/// Tells people, where there is a topic. A topic that we may not use does not hold up the work; the journal has it all.
pub(crate) async fn tell(app: &App, message: &Message) -> Result<(), Fault> {
    send(app, message).await.map(|_| ())
}

/// The same, and says whether the topic took it.
async fn send(app: &App, message: &Message) -> Result<bool, Fault> {
    let Some(topic) = &app.settings.topic else { return Ok(false) };
    match app.topics.tell(topic, &message.subject, &message.body).await {
        Ok(()) => Ok(true),
        Err(fault) if fault.kind != FaultKind::Transient => {
            tracing::error!(%fault, subject = message.subject, "could not tell");
            Ok(false)
        }
        Err(fault) => Err(fault),
    }
}

fn seconds(now: Timestamp) -> Timestamp {
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}
