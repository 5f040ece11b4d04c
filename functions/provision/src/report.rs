//! What CloudFormation is answered, and every sentence of it.

pub(crate) mod preview;

use domain::owner::Owner;
use domain::provision::name::NOT_OURS;
use domain::provision::outputs::{self, Attributes};
use domain::provision::{Refusal, UpstashSpec};
use domain::{GroupId, Problems, Wait, WaitingOn, upstash};
use jiff::{SignedDuration, Timestamp};
use lambda_runtime::Diagnostic;
use platform::journal::Record;
use platform::{Callback, Clock, Fault, FaultKind, Journal, continuation};
use serde_json::{Value, json};

use crate::event::{Request, Ticket};

/// How a run ended.
#[derive(Debug)]
pub(crate) enum Conclusion {
    /// The cache is as wanted.
    Exists { id: GroupId, saw: String, attributes: Attributes },
    /// The database at Upstash is described.
    Described(UpstashSpec),
    /// Groups, or what of them was ours, are gone; others were let go of, and stand. Of those that were parked these snapshots stay.
    Gone { gone: Vec<GroupId>, kept: Vec<GroupId>, parked: Vec<String> },
    /// There was nothing to do.
    Nothing,
    /// It will not be done.
    Failed(Failure),
    /// It goes on: what it waits for, and what was seen.
    GoesOn(Wait, String),
    /// The state machine has it now, under this name.
    Handed(String),
    /// The state machine had it already, under this name.
    Duplicate(String),
    /// The stack asked for something else since, in the execution of this name: it waits for this one no more. It may have had an answer,
    /// which another one must not contradict.
    Overtaken(String),
    /// CloudFormation stopped waiting after so long, while an execution went on that may have answered in time: a run of it that died right
    /// after that is called again, and must not contradict it.
    Expired(SignedDuration),
}

/// Why it will not be done.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The request is wrong.
    BadInput(Problems),
    /// The function's own environment is wrong.
    BadSettings(Problems),
    /// A plan refused.
    Refused(Request, Refusal),
    /// A call failed, and will fail again.
    Fault(Request, Fault),
    /// CloudFormation is about to stop waiting.
    TooLong { request: Request, wait: Wait, patience: SignedDuration },
    /// CloudFormation stopped waiting before the request came.
    TooLate { request: Request, timeout: SignedDuration },
    /// The credentials of a database at Upstash do not open it.
    ShutOut(upstash::Refusal),
    /// The state machine gave up.
    GaveUp(Request, String),
}

impl Failure {
    fn why(&self) -> String {
        match self {
            Self::BadInput(problems) => format!("nothing was touched; {problems}"),
            Self::BadSettings(problems) => format!(
                "nothing was touched; the environment of the provision function is wrong: {problems}"
            ),
            Self::Refused(_, refusal) => refusal.to_string(),
            Self::Fault(Request::Exist(_), fault) if fault.call == "CreateSnapshot" => format!(
                "the snapshot that was to carry the keys over could not be taken, and the replication group is as it was: {}",
                advised(fault)
            ),
            Self::Fault(_, fault) if fault.call == "CreateSnapshot" => format!(
                "the last snapshot could not be taken, so the replication group stays with its data: {}",
                advised(fault)
            ),
            Self::Fault(_, fault) => advised(fault),
            Self::TooLong { request, wait, patience } => format!(
                "after {} minutes it still waits for {}; ElastiCache goes on with what it was asked for{}",
                patience.as_mins(),
                wait.on,
                ways_out(request, &wait.on)
            ),
            Self::TooLate { timeout, .. } => format!(
                "the request was issued more than {} minutes ago, and CloudFormation has stopped waiting for it; nothing was done about it now, and what the stack asks for next counts",
                timeout.as_mins()
            ),
            Self::ShutOut(refusal) => refusal.to_string(),
            Self::GaveUp(_, why) => format!(
                "the state machine gave up calling the provision function: {why}; its log says more"
            ),
        }
    }

    /// The physical id of the answer: never empty, never random, and never one whose Delete would find a group that is not ours.
    fn id(&self, ticket: &Ticket) -> String {
        let request = match self {
            Self::BadInput(_) | Self::BadSettings(_) | Self::ShutOut(_) => {
                return ticket.id_of_nothing();
            }
            Self::Refused(request, _)
            | Self::Fault(request, _)
            | Self::TooLong { request, .. }
            | Self::TooLate { request, .. }
            | Self::GaveUp(request, _) => request,
        };
        let foreign = matches!(self, Self::Refused(_, refusal) if refusal.is_foreign());
        match (&ticket.physical_id, request) {
            (Some(id), _) => id.clone(),
            (None, Request::Exist(it)) if foreign => format!("{NOT_OURS}{}", it.spec.id),
            (None, Request::Exist(it)) => it.spec.id.to_string(),
            (None, Request::Vanish(_) | Request::Describe(_) | Request::Nothing) => {
                ticket.id_of_nothing()
            }
        }
    }
}

/// What to do about work that took too long.
fn ways_out(request: &Request, waits_for: &WaitingOn) -> &'static str {
    match (request, waits_for) {
        // Each Delete takes a last snapshot of its own, so that no key is lost which was written after an older one.
        (Request::Vanish(_), WaitingOn::Snapshot(_)) => {
            "; delete the stack again when it is there. The next Delete takes a last snapshot of its own: where that takes longer than a Delete can wait, update the stack with DeletionPolicy Delete once this snapshot is available, and then delete it"
        }
        (Request::Vanish(_), _) => "; delete the stack again in a while",
        (Request::Exist(_) | Request::Describe(_) | Request::Nothing, _) => {
            "; look at the group's events in the console, then create or update the stack again"
        }
    }
}

/// What a deletion left of the groups that it was about.
fn left_of(gone: &[GroupId], kept: &[GroupId], parked: &[String]) -> String {
    let named =
        |them: &[GroupId]| them.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let gone_is = (!gone.is_empty()).then(|| format!("nothing of ours is left of {}", named(gone)));
    let kept_is = (!kept.is_empty()).then(|| {
        format!("{} stays with all that stands around it, and no stack owns it now", named(kept))
    });
    let parked_is = (!parked.is_empty()).then(|| {
        let snapshots = parked.join(", ");
        format!("it was parked, and {snapshots} stays as the last snapshot of it")
    });
    gone_is.into_iter().chain(kept_is).chain(parked_is).collect::<Vec<_>>().join("; ")
}

/// A fault and what to do about it.
fn advised(fault: &Fault) -> String {
    let advice = match fault.kind {
        FaultKind::Rejected if fault.code.as_deref() == Some("SnapshotQuotaExceededFault") => {
            "; ElastiCache takes 20 manual snapshots of a node in 24 hours, so try again when the oldest of them is a day old; to delete without one, update the stack with DeletionPolicy Delete first"
        }
        FaultKind::Rejected
            if fault.code.as_deref().is_some_and(|it| NODE_QUOTAS.contains(&it)) =>
        {
            "; AWS raises this quota on request, or fewer nodes or shards do"
        }
        FaultKind::Rejected if fault.call == "ModifyCacheSubnetGroup" => {
            "; subnets in which nodes stand stay, and a subnet group stays in its VPC: for subnets of another VPC state SecurityGroupIds of it, too, and another ReplicationGroupId with Replacement with-data, which makes another group there with the keys of this one"
        }
        FaultKind::NoCapacity => {
            "; try again later, another node type, fewer nodes or subnets in other zones"
        }
        FaultKind::Denied => "; the role of the provision function lacks this permission",
        FaultKind::Transient | FaultKind::Busy => "; try again in a while",
        FaultKind::Gone | FaultKind::Taken | FaultKind::NoChange | FaultKind::Rejected => "",
    };
    format!("{fault}{advice}")
}

/// What is said of more nodes than an account, a cache or its shards may have (facts 1.6).
const NODE_QUOTAS: [&str; 3] = [
    "NodeGroupsPerReplicationGroupQuotaExceeded",
    "NodeQuotaForClusterExceeded",
    "NodeQuotaForCustomerExceeded",
];

/// Writes down what a preview came to.
pub(crate) fn of_preview(journal: &Journal, told: &preview::Told, now: Timestamp) {
    let record = Record {
        function: "provision",
        group: told.group.clone(),
        asked: "plan".to_owned(),
        outcome: told.status,
        decided: "to tell what would be done, and to do nothing".to_owned(),
        why: told.summary.clone(),
        next: "whoever asked decides".to_owned(),
        ..Record::default()
    };
    journal.write(&record, now);
}

/// An event that is no request of CloudFormation's: there is no URL to answer to, so it is noted and dropped.
pub(crate) fn nobody_to_answer(journal: &Journal, now: Timestamp) -> Value {
    let why = "the event lacks one of RequestType, StackId, RequestId, LogicalResourceId and ResponseURL, so there is nobody to answer";
    let record = Record {
        function: "provision",
        asked: "unknown".to_owned(),
        outcome: "refused",
        decided: "nothing was done".to_owned(),
        why: why.to_owned(),
        next: "whoever sent the event looks at what it sends".to_owned(),
        ..Record::default()
    };
    journal.write(&record, now);
    continuation::ended("refused", why)
}

/// Answers CloudFormation where there is an answer, writes the run down, and tells whoever called what comes next.
///
/// An error goes back to the caller only where the answer could not be sent: then, and only then, calling again helps.
pub(crate) async fn to_cloudformation(
    callback: &Callback,
    journal: &Journal,
    clock: &Clock,
    ticket: &Ticket,
    conclusion: Conclusion,
) -> Result<Value, Diagnostic> {
    let told = Told::of(ticket, conclusion);
    let sent = match &told.body {
        Some(body) => callback.put(&ticket.response_url, body, clock).await,
        None => Ok(()),
    };
    let mut record = told.record;
    if let Err(fault) = &sent {
        record.outcome = "failed";
        record.next = format!("CloudFormation could not be answered: {fault}");
    }
    journal.write(&record, clock.now());
    match sent {
        Err(fault) if fault.kind == FaultKind::Transient => Err(Diagnostic {
            error_type: "Unanswered".to_owned(),
            error_message: fault.to_string(),
        }),
        Err(fault) => Ok(continuation::ended("failed", &fault.to_string())),
        Ok(()) => Ok(told.to_caller),
    }
}

/// What a conclusion means to each of the three who hear of it.
struct Told {
    body: Option<String>,
    record: Record,
    to_caller: Value,
}

impl Told {
    fn of(ticket: &Ticket, conclusion: Conclusion) -> Self {
        let asked = ticket.request_type.clone();
        let record = |outcome, saw: String, decided: &str, why: String, next: &str| Record {
            function: "provision",
            group: None,
            asked: asked.clone(),
            saw,
            outcome,
            decided: decided.to_owned(),
            why,
            next: next.to_owned(),
            evidence: json!({ "requestId": ticket.request_id, "stack": ticket.owner.to_string() }),
            metrics: Vec::new(),
        };
        let none = String::new;
        match conclusion {
            Conclusion::Exists { id, saw, attributes } => {
                let why = "every value was read back as the stack states it".to_owned();
                let mut record = record("settled", saw, "SUCCESS", why, DONE);
                record.group = Some(id.to_string());
                Self::success(ticket, id.as_str(), attributes, record)
            }
            Conclusion::Described(spec) => {
                let record = record("settled", none(), "SUCCESS", none(), DONE);
                let attributes = outputs::of_upstash(&spec);
                Self::success(ticket, &spec.physical_id, attributes, record)
            }
            Conclusion::Gone { gone, kept, parked } => {
                let why = left_of(&gone, &kept, &parked);
                let record = record("settled", none(), "SUCCESS", why, DONE);
                Self::success(ticket, &ticket.id_of_nothing(), Attributes::new(), record)
            }
            Conclusion::Nothing => {
                let why = "there never was anything to delete".to_owned();
                let record = record("settled", none(), "SUCCESS", why, DONE);
                Self::success(ticket, &ticket.id_of_nothing(), Attributes::new(), record)
            }
            Conclusion::Failed(failure) => {
                let (id, why) = (failure.id(ticket), failure.why());
                let next = "CloudFormation rolls back, or the stack waits for a person";
                let record = record("refused", none(), "FAILED", why.clone(), next);
                let body = failed(ticket, &id, &why);
                Self { body: Some(body), record, to_caller: continuation::ended("refused", &why) }
            }
            Conclusion::GoesOn(wait, saw) => {
                let why = format!("waiting for {}", wait.on);
                let next = format!("the state machine calls again in {}", wait.recheck);
                let record = record("unfinished", saw, "to look again", why, &next);
                Self { body: None, record, to_caller: continuation::unfinished(&wait) }
            }
            Conclusion::Handed(name) => {
                let next = format!("the execution {name} goes on");
                let record =
                    record("unfinished", none(), "handed to the state machine", none(), &next);
                Self { body: None, record, to_caller: continuation::ended("settled", &next) }
            }
            Conclusion::Overtaken(by) => {
                let why = overtaken(&by);
                Self::unanswered(record("settled", none(), "nothing more", why, DONE), "overtaken")
            }
            Conclusion::Expired(timeout) => {
                let why = expired(timeout);
                Self::unanswered(record("settled", none(), "nothing more", why, DONE), "expired")
            }
            Conclusion::Duplicate(name) => {
                let why = format!("the execution {name} has this request already");
                let decided = "nothing: the event came twice";
                Self::unanswered(record("settled", none(), decided, why, DONE), "a duplicate")
            }
        }
    }

    /// Where nobody waits for an answer of this run.
    fn unanswered(record: Record, summary: &str) -> Self {
        Self { body: None, record, to_caller: continuation::ended("settled", summary) }
    }

    fn success(ticket: &Ticket, id: &str, attributes: Attributes, record: Record) -> Self {
        let body = succeeded(ticket, id, &attributes);
        Self { body: Some(body), record, to_caller: continuation::ended("settled", "SUCCESS") }
    }
}

fn overtaken(by: &str) -> String {
    format!(
        "the stack has asked for something else since, which the execution {by} has done or does; this request came late"
    )
}

fn expired(timeout: SignedDuration) -> String {
    format!(
        "the request was issued more than {} minutes ago: CloudFormation had its answer, or has stopped waiting for it",
        timeout.as_mins()
    )
}

const DONE: &str = "CloudFormation goes on";

/// CloudFormation reads no answer that is longer, in bytes (facts 7.1).
const ANSWER_LEN_MAX: usize = 4096;

/// Every mistake in a template with dozens of them, and room for the rest of the answer.
const REASON_LEN_MAX: usize = 3000;

fn envelope(owner: &Owner, ticket: &Ticket, status: &str, id: &str) -> Value {
    json!({
        "Status": status,
        "PhysicalResourceId": id,
        "StackId": owner.stack_id(),
        "RequestId": ticket.request_id,
        "LogicalResourceId": owner.logical_id(),
    })
}

fn failed(ticket: &Ticket, id: &str, why: &str) -> String {
    let mut body = envelope(&ticket.owner, ticket, "FAILED", id);
    let mut longest = REASON_LEN_MAX;
    loop {
        let reason = cut(why, longest);
        if let Some(fields) = body.as_object_mut() {
            fields.insert("Reason".to_owned(), json!(reason));
        }
        let text = body.to_string();
        // A quote takes two bytes in JSON, so the cut text may still be too long.
        if text.len() <= ANSWER_LEN_MAX || longest == 0 {
            return text;
        }
        longest /= 2;
    }
}

fn succeeded(ticket: &Ticket, id: &str, attributes: &Attributes) -> String {
    let mut body = envelope(&ticket.owner, ticket, "SUCCESS", id);
    let mut longest = REASON_LEN_MAX;
    loop {
        let data: serde_json::Map<String, Value> = attributes
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(cut(value, longest))))
            .collect();
        if let Some(fields) = body.as_object_mut() {
            fields.insert("Data".to_owned(), Value::Object(data));
        }
        let text = body.to_string();
        if text.len() <= ANSWER_LEN_MAX || longest == 0 {
            return text;
        }
        longest /= 2;
    }
}

/// A text of so many bytes at most, cut between characters.
fn cut(text: &str, longest: usize) -> String {
    const MARK: &str = "…";
    if text.len() <= longest {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(longest.saturating_sub(MARK.len()));
    format!("{}{MARK}", text.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests;
