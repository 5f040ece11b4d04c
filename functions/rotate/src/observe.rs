//! Which calls make up a view. What a stage has no use for is not read.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use domain::rotate::{
    Asked, Carried, Document, Form, Key, Label, RotationView, SecretView, Stage, UserId, Value,
    VersionId,
};
use domain::{Arn, GroupView, tag};
use platform::probe::Keys;
use platform::{Clock, Fault, FaultKind};

use crate::App;
use crate::event::Turn;

/// What a run has read. After a change was sent it is not read again: a version that has a value keeps it (facts 3.2), the run sends nothing
/// more, and the next step looks at the labels anew. Before it, each look has Secrets Manager confirm that they are where they were.
#[derive(Debug, Default)]
pub(crate) struct Known {
    values: RefCell<BTreeMap<VersionId, Value>>,
    secret: RefCell<Option<SecretView>>,
    carried: RefCell<Option<Carried>>,
    is_sent: Cell<bool>,
}

impl Known {
    /// From now on nothing but the end of this change is looked for.
    pub(crate) fn sent(&self, asked: &Asked) {
        if let Some(secret) = self.secret.borrow_mut().as_mut() {
            secret.tags.insert(tag::ASKED.to_owned(), asked.to_string());
        }
        self.is_sent.set(true);
    }

    async fn secret(&self, app: &App, secret: &Arn) -> Result<SecretView, Fault> {
        let known = self.secret.borrow().clone().filter(|_| self.is_sent.get());
        if let Some(known) = known {
            return Ok(known);
        }
        let seen = describe(app, secret).await?;
        self.secret.replace(Some(seen.clone()));
        Ok(seen)
    }

    /// The group or the user. Whether a member is ready for a change counts only before one is sent.
    fn look(&self) -> Look {
        if self.is_sent.get() { Look::Nodes } else { Look::Whole }
    }

    /// The user. Which groups carry it is not asked again while a change of it is applied; the next step asks.
    async fn user(&self, app: &App, id: &UserId) -> Result<Option<Carried>, Fault> {
        let before = self.carried.borrow().clone().filter(|_| self.is_sent.get());
        let seen = match before {
            Some(Carried { groups, .. }) => {
                let user = app.elasticache.user_alone(id).await?;
                user.map(|user| Carried { user, groups })
            }
            None => Box::pin(app.elasticache.user(id)).await?,
        };
        self.carried.replace(seen.clone());
        Ok(seen)
    }

    async fn value(
        &self,
        app: &App,
        secret: &SecretView,
        version: &VersionId,
        label: Option<Label>,
    ) -> Result<Value, Fault> {
        let known = self.values.borrow().get(version).filter(|_| self.is_sent.get()).cloned();
        if let Some(value) = known {
            return Ok(value);
        }
        let value = app.secrets.value(secret, version, label).await?;
        if value.token().is_some() {
            self.values.borrow_mut().insert(version.clone(), value.clone());
        }
        Ok(value)
    }

    async fn labelled(&self, app: &App, secret: &SecretView, label: Label) -> Result<Value, Fault> {
        match secret.labels.of(label) {
            Some(version) => self.value(app, secret, version, Some(label)).await,
            None => Ok(Value::Absent),
        }
    }

    /// The tokens that should open nothing any more: the one before the current one, and that of a rotation given up.
    async fn tokens_of_old(&self, app: &App, view: &mut RotationView) -> Result<(), Fault> {
        view.previous = self.labelled(app, &view.secret, Label::Previous).await?;
        if let Some(version) = view.secret.given_up() {
            view.given_up = self.value(app, &view.secret, &version, None).await?;
        }
        Ok(())
    }
}

/// What is true for one step of a rotation.
pub(crate) async fn turn(
    app: &App,
    turn: &Turn,
    known: &Known,
    clock: Clock,
) -> Result<RotationView, Fault> {
    let mut view = empty(known.secret(app, &turn.secret).await?);
    // A call that the guards turn away costs no more than the look that they need.
    let has = |label| view.secret.labels.has(&turn.version, label);
    if view.secret.is_ours().is_err() || !has(Label::Pending) || has(Label::Current) {
        return Ok(view);
    }
    let secret = view.secret.clone();
    let pending = known.value(app, &secret, &turn.version, Some(Label::Pending));
    match turn.stage {
        Stage::Create => {
            view.pending = pending.await?;
            if view.pending != Value::Absent {
                return Ok(view);
            }
            let (form, is_given_up) = (secret.form(), secret.given_up().is_some());
            // The document that is there has keys of others in it, and the new one the address of today. A token alone has neither.
            if form != Ok(Some(Form::Plain)) || is_given_up {
                view.current = known.labelled(app, &secret, Label::Current).await?;
            }
            if is_address_needed(&view) {
                (view.group, view.user) = opened(app, &secret, known, Look::Nodes).await?;
            }
            if is_given_up {
                known.tokens_of_old(app, &mut view).await?;
            }
        }
        Stage::Set | Stage::Test => {
            let current = known.labelled(app, &secret, Label::Current);
            let look = if turn.stage == Stage::Test { Look::Nodes } else { known.look() };
            let opened = opened(app, &secret, known, look);
            let (pending, current, opened) = tokio::join!(pending, current, opened);
            (view.pending, view.current) = (pending?, current?);
            (view.group, view.user) = opened?;
            if turn.stage == Stage::Set && !view.secret.is_closed() {
                known.tokens_of_old(app, &mut view).await?;
            }
            ask_nodes(app, &mut view, clock).await;
        }
        Stage::Finish => view.pending = pending.await?,
    }
    Ok(view)
}

/// What is true for the sweep of one secret. Of one that a rotation works on, no more is read than tells how long.
pub(crate) async fn sweep(
    app: &App,
    secret: &Arn,
    known: &Known,
    clock: Clock,
) -> Result<RotationView, Fault> {
    let mut view = empty(describe(app, secret).await?);
    if view.secret.is_ours().is_ok() && view.secret.labels.under_way().is_some() {
        view.pending = known.labelled(app, &view.secret, Label::Pending).await?;
        return Ok(view);
    }
    fill(app, view, known, clock).await
}

/// All that can be known of one secret, for a person who asks.
pub(crate) async fn whole(app: &App, secret: &Arn, clock: Clock) -> Result<RotationView, Fault> {
    let known = Known::default();
    let mut view = empty(describe(app, secret).await?);
    if view.secret.is_ours().is_ok() && view.secret.labels.under_way().is_some() {
        view.pending = known.labelled(app, &view.secret, Label::Pending).await?;
    }
    fill(app, view, &known, clock).await
}

/// Adds everything but what is pending.
async fn fill(
    app: &App,
    mut view: RotationView,
    known: &Known,
    clock: Clock,
) -> Result<RotationView, Fault> {
    if view.secret.is_ours().is_err() || view.secret.is_leaving {
        return Ok(view);
    }
    let current = known.labelled(app, &view.secret, Label::Current);
    // The proof that an old password is refused everywhere is of the groups of now.
    let anew = Known::default();
    let (current, opened) = tokio::join!(current, opened(app, &view.secret, &anew, known.look()));
    view.current = current?;
    (view.group, view.user) = opened?;
    known.tokens_of_old(app, &mut view).await?;
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

/// Whether a new document wants to know what it opens. One that has an address keeps it; the sweep writes another when that changes.
fn is_address_needed(view: &RotationView) -> bool {
    let document = view.current.document();
    let is_document = match view.secret.form() {
        Ok(Some(form)) => form == Form::Json,
        Ok(None) | Err(_) => document.is_some(),
    };
    let has_address = document.is_some_and(Document::has_address);
    is_document && (view.secret.is_of_user() || !has_address)
}

/// How much of a group is looked at.
enum Look {
    /// Whether it takes a change, too.
    Whole,
    /// Its state, and where its nodes are.
    Nodes,
}

/// What the secret opens: a group with its token, or whatever a user is let in to.
async fn opened(
    app: &App,
    secret: &SecretView,
    known: &Known,
    look: Look,
) -> Result<(Option<GroupView>, Option<Carried>), Fault> {
    if let Ok(user) = secret.user() {
        return Ok((None, known.user(app, &user).await?));
    }
    match secret.group() {
        Ok(id) => {
            let group = match look {
                Look::Whole => app.elasticache.group(&id).await?,
                Look::Nodes => app.elasticache.group_to_log_in_to(&id).await?,
            };
            Ok((group, None))
        }
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
