//! Which calls make up a view. What a stage has no use for is not read.

use domain::rotate::{Carried, Form, Key, Label, RotationView, SecretView, Stage, Value};
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
    if view.secret.is_ours().is_err() || !has(Label::Pending) || has(Label::Current) {
        return Ok(view);
    }
    let secret = view.secret.clone();
    let pending = app.secrets.value(&secret, &turn.version, Some(Label::Pending));
    match turn.stage {
        Stage::Create => {
            view.pending = pending.await?;
            if view.pending != Value::Absent {
                return Ok(view);
            }
            // The document that is there has keys of others in it, and the new one the address of today.
            view.current = labelled(app, &secret, Label::Current).await?;
            if view.current.document().is_some() || secret.form() == Ok(Some(Form::Json)) {
                (view.group, view.user) = opened(app, &secret).await?;
            }
            if secret.given_up().is_some() {
                tokens_of_old(app, &mut view).await?;
            }
        }
        Stage::Set | Stage::Test => {
            let current = labelled(app, &secret, Label::Current);
            let (pending, current, opened) = tokio::join!(pending, current, opened(app, &secret));
            (view.pending, view.current) = (pending?, current?);
            (view.group, view.user) = opened?;
            if turn.stage == Stage::Set && !view.secret.is_closed() {
                tokens_of_old(app, &mut view).await?;
            }
            ask_nodes(app, &mut view, clock).await;
        }
        Stage::Finish => view.pending = pending.await?,
    }
    Ok(view)
}

/// What is true for the sweep of one secret. Of one that a rotation works on, no more is read than tells how long.
pub(crate) async fn sweep(app: &App, secret: &Arn, clock: Clock) -> Result<RotationView, Fault> {
    let mut view = empty(describe(app, secret).await?);
    if view.secret.is_ours().is_ok() && view.secret.labels.under_way().is_some() {
        view.pending = labelled(app, &view.secret, Label::Pending).await?;
        return Ok(view);
    }
    fill(app, view, clock).await
}

/// All that can be known of one secret, for a person who asks.
pub(crate) async fn whole(app: &App, secret: &Arn, clock: Clock) -> Result<RotationView, Fault> {
    let mut view = empty(describe(app, secret).await?);
    if view.secret.is_ours().is_ok() && view.secret.labels.under_way().is_some() {
        view.pending = labelled(app, &view.secret, Label::Pending).await?;
    }
    fill(app, view, clock).await
}

/// Adds everything but what is pending.
async fn fill(app: &App, mut view: RotationView, clock: Clock) -> Result<RotationView, Fault> {
    if view.secret.is_ours().is_err() || view.secret.is_leaving {
        return Ok(view);
    }
    let current = labelled(app, &view.secret, Label::Current);
    let (current, opened) = tokio::join!(current, opened(app, &view.secret));
    view.current = current?;
    (view.group, view.user) = opened?;
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
        user: None,
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
        Some(version) => app.secrets.value(secret, version, Some(label)).await,
        None => Ok(Value::Absent),
    }
}

/// The tokens that should open nothing any more: the one before the current one, and that of a rotation given up.
async fn tokens_of_old(app: &App, view: &mut RotationView) -> Result<(), Fault> {
    view.previous = labelled(app, &view.secret, Label::Previous).await?;
    if let Some(version) = view.secret.given_up() {
        view.given_up = app.secrets.value(&view.secret, &version, None).await?;
    }
    Ok(())
}

/// What the secret opens: a group with its token, or whatever a user is let in to.
async fn opened(
    app: &App,
    secret: &SecretView,
) -> Result<(Option<GroupView>, Option<Carried>), Fault> {
    if let Ok(user) = secret.user() {
        return Ok((None, Box::pin(app.elasticache.user(&user)).await?));
    }
    match secret.group() {
        Ok(id) => Ok((app.elasticache.group(&id).await?, None)),
        Err(_) => Ok((None, None)),
    }
}

/// Logs in to every node with everything that was read, and without a password. What would answer something else in a moment is not
/// asked, and neither is a group without TLS, to which no token is ever sent.
async fn ask_nodes(app: &App, view: &mut RotationView, clock: Clock) {
    let tried = [
        (Key::Pending, &view.pending),
        (Key::Current, &view.current),
        (Key::Previous, &view.previous),
        (Key::GivenUp, &view.given_up),
    ];
    let known = tried.into_iter().filter_map(|(key, it)| Some((key, Some(it.token()?.clone()))));
    let mut keys: Keys = known.collect();
    view.nodes = match (&view.user, &view.group) {
        (Some(carried), _) if carried.user.status == "active" => {
            let members: Vec<_> = carried.groups.iter().flat_map(|it| &it.members).collect();
            app.dialler.probe(&members, Some(&carried.user.name), &keys, clock).await
        }
        (None, Some(group)) if group.token_change.is_none() && group.transit_encryption => {
            keys.insert(Key::Nothing, None);
            let members: Vec<_> = group.members.iter().collect();
            app.dialler.probe(&members, None, &keys, clock).await
        }
        (Some(_), _) | (None, Some(_) | None) => return,
    };
}

/// What was seen, for the journal: states and verdicts, and never a value.
pub(crate) fn in_words(view: &RotationView) -> String {
    let mut words = Vec::new();
    if let Some(group) = &view.group {
        words.push(format!("group {} {}", group.id, group.status));
        words.extend(group.token_change.iter().map(|it| format!("its token {it}")));
    }
    if let Some(Carried { user, groups }) = &view.user {
        words.push(format!("user {} {}, {} passwords", user.id, user.status, user.passwords));
        words.extend(groups.iter().map(|it| format!("group {} {}", it.id, it.status)));
    }
    if words.is_empty() {
        return "the labels of the secret".to_owned();
    }
    words.extend(view.nodes.iter().map(|node| {
        let said = node.verdicts.iter().map(|(key, verdict)| format!("{key} {verdict}"));
        format!("{}: {}", node.id, said.collect::<Vec<_>>().join(", "))
    }));
    words.join("; ")
}
