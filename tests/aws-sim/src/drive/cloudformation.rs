//! CloudFormation, as far as one custom resource sees it: requests, patience, rollbacks and clean-up (facts 7).

mod answer;
mod request;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::Value;

use super::Account;
use crate::{State, callback};
use answer::Answer;

/// What a stack says of its resource.
#[derive(Clone, Debug)]
pub struct Resource {
    /// The stack's ARN.
    pub stack_id: String,
    /// The resource's name in the template.
    pub logical_id: String,
    /// `Custom::…`
    pub kind: String,
    /// The function.
    pub service_token: String,
    /// How long an answer is waited for.
    pub service_timeout: Duration,
}

/// A stack with one custom resource.
#[derive(Debug)]
pub struct Stack {
    account: Rc<Account>,
    resource: Resource,
    requests: Cell<u32>,
    stands: RefCell<Option<Standing>>,
    last: RefCell<Option<Value>>,
}

/// What CloudFormation knows of a resource that it has.
#[derive(Clone, Debug)]
struct Standing {
    physical_id: String,
    /// As they were last stated and answered with success.
    properties: Value,
    data: Value,
}

/// Where a stack stands after an operation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Status {
    /// The resource is there.
    CreateComplete,
    /// It could not be made, and is gone again.
    RollbackComplete,
    /// It could not be made, and the way back failed too.
    RollbackFailed,
    /// It is as it was asked for.
    UpdateComplete,
    /// It could not be changed, and is as it was.
    UpdateRollbackComplete,
    /// It could not be changed, and the way back failed too: a person has to help.
    UpdateRollbackFailed,
    /// It is gone.
    DeleteComplete,
    /// It is not.
    DeleteFailed,
}

/// How an operation ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Where the stack stands.
    pub status: Status,
    /// What the function said of the first thing that failed.
    pub reason: Option<String>,
    /// The resource's attributes, where it stands.
    pub data: Value,
    /// Every request that was sent, in order.
    pub requests: Vec<Value>,
}

impl Stack {
    /// A stack that has nothing yet.
    pub fn new(account: Rc<Account>, resource: Resource) -> Self {
        Self {
            account,
            resource,
            requests: Cell::new(0),
            stands: RefCell::default(),
            last: RefCell::default(),
        }
    }

    /// The id of the resource that it has.
    pub fn physical_id(&self) -> Option<String> {
        self.stands.borrow().as_ref().map(|it| it.physical_id.clone())
    }

    /// Takes the resource as it stands, for a stack that was made elsewhere.
    pub fn adopt(&self, physical_id: &str, properties: &Value) {
        let (physical_id, properties) = (physical_id.to_owned(), request::stringified(properties));
        *self.stands.borrow_mut() = Some(Standing { physical_id, properties, data: Value::Null });
    }

    /// Makes the resource. Where that fails it is deleted again, by the id that the answer gave, or by an invented one.
    pub async fn create(&self, properties: &Value) -> Outcome {
        let properties = request::stringified(properties);
        let create = self.request("Create", None, &properties, None);
        match self.ask(&create).await {
            Answer::Success { physical_id, data } => {
                self.stand(physical_id, properties, data);
                self.outcome(Status::CreateComplete, None, vec![create])
            }
            Answer::Failed { physical_id, reason } => {
                self.back_from_create(create, physical_id, &properties, reason).await
            }
        }
    }

    /// Makes the resource, and gives up when this is so, as when another resource of the stack fails: a Delete follows while the Create
    /// may still run, and names an id that nobody gave (facts 7.4).
    pub async fn create_given_up(
        &self,
        properties: &Value,
        is_given_up: impl FnMut(&mut State) -> bool,
    ) -> Outcome {
        let properties = request::stringified(properties);
        let create = self.request("Create", None, &properties, None);
        self.send(&create);
        self.account.play(self.resource.service_timeout, is_given_up).await;
        let answered = match self.answer_to(&create) {
            Some(Answer::Success { physical_id, .. }) => Some(physical_id),
            Some(Answer::Failed { physical_id, .. }) => physical_id,
            None => None,
        };
        let reason = "Resource creation cancelled".to_owned();
        self.back_from_create(create, answered, &properties, reason).await
    }

    async fn back_from_create(
        &self,
        create: Value,
        physical_id: Option<String>,
        properties: &Value,
        reason: String,
    ) -> Outcome {
        let id = physical_id.unwrap_or_else(|| self.invented_id());
        let delete = self.request("Delete", Some(&id), properties, None);
        let status = match self.ask(&delete).await {
            Answer::Success { .. } => Status::RollbackComplete,
            Answer::Failed { .. } => Status::RollbackFailed,
        };
        self.outcome(status, Some(reason), vec![create, delete])
    }

    /// Changes the resource. An answer with another id means that it was replaced: the old one is deleted when all is done, or the new one
    /// where the rest fails. Where it fails, the old properties are asked for again.
    pub async fn update(&self, properties: &Value) -> Outcome {
        let Some(before) = self.stands.borrow().clone() else {
            return self.outcome(
                Status::UpdateRollbackFailed,
                Some("there is no resource".to_owned()),
                Vec::new(),
            );
        };
        let now = request::stringified(properties);
        let update =
            self.request("Update", Some(&before.physical_id), &now, Some(&before.properties));
        match self.ask(&update).await {
            Answer::Success { physical_id, data } => {
                let replaced = physical_id != before.physical_id;
                self.stand(physical_id, now, data);
                let mut requests = vec![update];
                if replaced {
                    // What fails in a clean-up is left behind, and the stack is well all the same (facts 7.4).
                    let delete =
                        self.request("Delete", Some(&before.physical_id), &before.properties, None);
                    let _left_behind = self.ask(&delete).await;
                    requests.push(delete);
                }
                self.outcome(Status::UpdateComplete, None, requests)
            }
            Answer::Failed { physical_id, reason } => {
                self.back_from_update(update, physical_id, before, &now, reason).await
            }
        }
    }

    /// Changes the resource, and takes the change back when this is so, as when another resource of the stack fails: old and new swapped.
    pub async fn update_given_up(
        &self,
        properties: &Value,
        is_given_up: impl FnMut(&mut State) -> bool,
    ) -> Outcome {
        let Some(before) = self.stands.borrow().clone() else {
            return self.outcome(
                Status::UpdateRollbackFailed,
                Some("there is no resource".to_owned()),
                Vec::new(),
            );
        };
        let now = request::stringified(properties);
        let update =
            self.request("Update", Some(&before.physical_id), &now, Some(&before.properties));
        self.send(&update);
        self.account.play(self.resource.service_timeout, is_given_up).await;
        let answered = match self.answer_to(&update) {
            Some(Answer::Success { physical_id, .. }) => Some(physical_id),
            Some(Answer::Failed { physical_id, .. }) => physical_id,
            None => None,
        };
        let reason = "Resource update cancelled".to_owned();
        self.back_from_update(update, answered, before, &now, reason).await
    }

    async fn back_from_update(
        &self,
        update: Value,
        physical_id: Option<String>,
        before: Standing,
        now: &Value,
        reason: String,
    ) -> Outcome {
        let id = physical_id.unwrap_or_else(|| before.physical_id.clone());
        let back = self.request("Update", Some(&id), &before.properties, Some(now));
        let mut requests = vec![update, back.clone()];
        let status = match self.ask(&back).await {
            Answer::Success { physical_id, data } => {
                let replaced = physical_id != id;
                self.stand(physical_id, before.properties, data);
                if replaced {
                    let delete = self.request("Delete", Some(&id), now, None);
                    let _left_behind = self.ask(&delete).await;
                    requests.push(delete);
                }
                Status::UpdateRollbackComplete
            }
            Answer::Failed { .. } => Status::UpdateRollbackFailed,
        };
        self.outcome(status, Some(reason), requests)
    }

    /// Deletes the resource.
    pub async fn delete(&self) -> Outcome {
        let Some(standing) = self.stands.borrow().clone() else {
            return self.outcome(Status::DeleteComplete, None, Vec::new());
        };
        let delete =
            self.request("Delete", Some(&standing.physical_id), &standing.properties, None);
        match self.ask(&delete).await {
            Answer::Success { .. } => {
                self.stands.take();
                self.outcome(Status::DeleteComplete, None, vec![delete])
            }
            Answer::Failed { reason, .. } => {
                self.outcome(Status::DeleteFailed, Some(reason), vec![delete])
            }
        }
    }

    /// A request, with an id and an address of its own.
    pub fn request(
        &self,
        kind: &str,
        physical_id: Option<&str>,
        properties: &Value,
        before: Option<&Value>,
    ) -> Value {
        let number = self.requests.get() + 1;
        self.requests.set(number);
        let world = self.account.world();
        let lasts = world.with(|state| state.settings.switches.response_url_lasts);
        let path = request::answer_path(&self.resource, number);
        let signature = format!("planted-signature-{number}");
        let url = callback::address(&path, world.clock(), lasts, &signature);
        request::of(&self.resource, number, &url, kind, physical_id, properties, before)
    }

    /// Sends a request on its way.
    pub fn send(&self, request: &Value) {
        *self.last.borrow_mut() = Some(request.clone());
        self.account.send(&self.resource.service_token, request.clone());
    }

    /// Sends the last request once more, as it was.
    pub fn send_again(&self) {
        let last = self.last.borrow().clone();
        if let Some(last) = last {
            self.send(&last);
        }
    }

    /// Sends a request and waits for the answer, as long as CloudFormation does.
    async fn ask(&self, request: &Value) -> Answer {
        self.send(request);
        let url = answer::url(request);
        let patience = self.resource.service_timeout;
        self.account.play(patience, |state| state.callbacks.first(&url).is_some()).await;
        if self.last_counts() {
            self.account.play(UNTIL_READ, |_| false).await;
        }
        self.answer_to(request).unwrap_or_else(|| {
            let seconds = SignedDuration::try_from(patience).unwrap_or(SignedDuration::MAX).as_secs();
            Answer::Failed {
                physical_id: None,
                reason: format!("CloudFormation did not receive a response from your Custom Resource within {seconds} seconds"),
            }
        })
    }

    /// Whether the last request was answered.
    pub fn is_answered(&self, state: &State) -> bool {
        let last = self.last.borrow();
        last.as_ref().is_some_and(|it| state.callbacks.first(&answer::url(it)).is_some())
    }

    /// The answer that counts, of those that came so far (facts 11, U21).
    fn answer_to(&self, request: &Value) -> Option<Answer> {
        let (url, last_counts) = (answer::url(request), self.last_counts());
        self.account.world().with(|state| {
            let callbacks = &state.callbacks;
            let counts = if last_counts { callbacks.last(&url) } else { callbacks.first(&url) };
            Some(Answer::read(request, &counts?.body))
        })
    }

    fn last_counts(&self) -> bool {
        self.account.world().with(|state| state.settings.switches.last_answer_counts)
    }

    fn stand(&self, physical_id: String, properties: Value, data: Value) {
        *self.stands.borrow_mut() = Some(Standing { physical_id, properties, data });
    }

    fn invented_id(&self) -> String {
        let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        let random = self.account.world().with(|state| state.seed.text(12, letters));
        let stack = self.resource.stack_id.split('/').nth(1).unwrap_or("stack");
        format!("{stack}-{}-{random}", self.resource.logical_id)
    }

    fn outcome(&self, status: Status, reason: Option<String>, requests: Vec<Value>) -> Outcome {
        let data = self.stands.borrow().as_ref().map(|it| it.data.clone()).unwrap_or_default();
        Outcome { status, reason, data, requests }
    }
}

/// An answer may be replaced for so long, where the last one counts: longer than it takes until a doubled event comes again.
const UNTIL_READ: Duration = Duration::from_secs(5);
