//! Which calls make up a view. What a stage has no use for is not read.

use domain::rotate::{Key, Label, RotationView, SecretView, Stage, Value};
use domain::{Arn, GroupView};
use platform::probe::Keys;
use platform::{Clock, Fault, FaultKind};

use crate::App;
use crate::event::Turn;

/// What is true for one step of a rotation.
pub(crate) async fn turn(app: &App, turn: &Turn, clock: Clock) -> Result<RotationView, Fault> {
    let secret = describe(app, &turn.secret).await?;
    let mut view = empty(secret);
    // A call that the guards turn away costs no more than the look that they need.
    let has = |label| view.secret.labels.has(&turn.version, label);
    if view.secret.group().is_err() || !has(Label::Pending) || has(Label::Current) {
        return Ok(view);
    }
    let pending = app.secrets.value(&turn.secret, &turn.version, Some(Label::Pending));
    match turn.stage {
        Stage::Create => {
            view.pending = pending.await?;
            if view.pending == Value::Absent && view.secret.given_up().is_some() {
                tokens_of_old(app, &mut view).await?;
                view.current = labelled(app, &view.secret, Label::Current).await?;
            }
        }
        Stage::Set | Stage::Test => {
            let current = labelled(app, &view.secret, Label::Current);
            let (pending, current, group) =
                tokio::join!(pending, current, group(app, &view.secret));
            (view.pending, view.current, view.group) = (pending?, current?, group?);
            if turn.stage == Stage::Set && !view.secret.is_closed() {
                tokens_of_old(app, &mut view).await?;
            }
            ask_nodes(app, &mut view, clock).await;
        }
        Stage::Finish => view.pending = pending.await?,
    }
    Ok(view)
}

/// What is true for the sweep of one secret.
pub(crate) async fn sweep(app: &App, secret: &Arn, clock: Clock) -> Result<RotationView, Fault> {
    let mut view = empty(describe(app, secret).await?);
    let labels = &view.secret.labels;
    if view.secret.group().is_err() || view.secret.is_leaving {
        return Ok(view);
    }
    if labels.under_way().is_some() {
        view.pending = labelled(app, &view.secret, Label::Pending).await?;
        return Ok(view);
    }
    let current = labelled(app, &view.secret, Label::Current);
    let (current, group) = tokio::join!(current, group(app, &view.secret));
    (view.current, view.group) = (current?, group?);
    tokens_of_old(app, &mut view).await?;
    ask_nodes(app, &mut view, clock).await;
    Ok(view)
}

fn empty(secret: SecretView) -> RotationView {
    RotationView {
        secret,
        pending: Value::Absent,
        current: Value::Absent,
        previous: Value::Absent,
        given_up: Value::Absent,
        group: None,
        nodes: Vec::new(),
    }
}

async fn describe(app: &App, secret: &Arn) -> Result<SecretView, Fault> {
    let found = app.secrets.described(secret).await?;
    found.ok_or_else(|| Fault {
        call: "DescribeSecret",
        kind: FaultKind::Gone,
        code: None,
        message: format!("the secret {secret} does not exist"),
    })
}

async fn labelled(app: &App, secret: &SecretView, label: Label) -> Result<Value, Fault> {
    match secret.labels.of(label) {
        Some(version) => app.secrets.value(&secret.arn, version, Some(label)).await,
        None => Ok(Value::Absent),
    }
}

/// The tokens that should open nothing any more: the one before the current one, and that of a rotation given up.
async fn tokens_of_old(app: &App, view: &mut RotationView) -> Result<(), Fault> {
    view.previous = labelled(app, &view.secret, Label::Previous).await?;
    if let Some(version) = view.secret.given_up() {
        view.given_up = app.secrets.value(&view.secret.arn, &version, None::<Label>).await?;
    }
    Ok(())
}

async fn group(app: &App, secret: &SecretView) -> Result<Option<GroupView>, Fault> {
    match secret.group() {
        Ok(id) => app.elasticache.group(&id).await,
        Err(_) => Ok(None),
    }
}

/// Logs in to every node with every token that was read, and without one. A group that is changing its token, or has no TLS, is not
/// asked: the first would answer something else in a moment, and to the second no token is ever sent.
async fn ask_nodes(app: &App, view: &mut RotationView, clock: Clock) {
    let Some(group) = &view.group else { return };
    if group.token_change.is_some() || !group.transit_encryption {
        return;
    }
    let tokens = [
        (Key::Pending, &view.pending),
        (Key::Current, &view.current),
        (Key::Previous, &view.previous),
        (Key::GivenUp, &view.given_up),
    ];
    let mut keys = Keys::from([(Key::Nothing, None)]);
    for (key, value) in tokens {
        if let Some(token) = value.token() {
            keys.insert(key, Some(token.clone()));
        }
    }
    view.nodes = app.dialler.probe(group, &keys, clock).await;
}

/// What was seen, for the journal: states and verdicts, and never a value.
pub(crate) fn in_words(view: &RotationView) -> String {
    let Some(group) = &view.group else { return "the labels of the secret".to_owned() };
    let mut words = Vec::from([format!("group {} {}", group.id, group.status)]);
    words.extend(group.token_change.iter().map(|it| format!("its token {it}")));
    words.extend(view.nodes.iter().map(|node| {
        let said = node.verdicts.iter().map(|(key, verdict)| format!("{key} {verdict}"));
        format!("{}: {}", node.id, said.collect::<Vec<_>>().join(", "))
    }));
    words.join("; ")
}
