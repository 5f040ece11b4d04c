//! CloudFormation's request: the envelope first, since a bad property still has to be answered, and then what it asks for.

pub(crate) mod preview;

use std::collections::BTreeSet;

use domain::owner::Owner;
use domain::provision::change::judge;
use domain::provision::farewell::Farewell;
use domain::provision::name::{self, NOT_OURS, NOTHING_MADE};
use domain::provision::{
    Backend, Deletion, GroupSpec, Keep, Parsed, UpstashSpec, log_groups_of, parse,
};
use domain::{GroupId, Problems, SnapshotName};
use jiff::SignedDuration;
use platform::ResponseUrl;
use serde_json::{Map, Value};

use crate::observe::Named;

/// The envelope: all that an answer needs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ticket {
    /// `Create`, `Update`, `Delete`, or a word that we do not know.
    pub(crate) request_type: String,
    /// Whose request it is.
    pub(crate) owner: Owner,
    /// Names the request: an event that comes twice has the same.
    pub(crate) request_id: String,
    /// The physical id that CloudFormation knows; absent in a Create.
    pub(crate) physical_id: Option<String>,
    /// Where the answer goes.
    pub(crate) response_url: ResponseUrl,
}

/// What a request asks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Request {
    /// A cache in a replication group.
    Exist(Box<Existing>),
    /// A database at Upstash, which is described and not managed.
    Describe(UpstashSpec),
    /// Nothing of these groups any more.
    Vanish(Vanishing),
    /// Nothing any more, where there never was anything.
    Nothing,
}

/// A cache that should be there.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Existing {
    /// As the stack states it.
    pub(crate) spec: GroupSpec,
    /// Whether this makes it.
    pub(crate) creating: bool,
    /// What is left as it is found.
    pub(crate) keep: Keep,
    /// As the stack stated it before, in an update.
    pub(crate) before: Option<Box<GroupSpec>>,
    /// The group that CloudFormation knows, in an update, and the snapshot that carries its keys over where that is asked for.
    pub(crate) stands: Option<(GroupId, SnapshotName)>,
}

impl Existing {
    /// The group that this may lead away from, or back from: where the stack says so or said so, or where its group has not the id that the
    /// stack states.
    pub(crate) fn crosses(&self) -> Option<(&GroupId, &SnapshotName)> {
        let (physical, transfer) = self.stands.as_ref()?;
        let allows = |it: &GroupSpec| it.replacement().is_allowed();
        let may = allows(&self.spec)
            || self.before.as_deref().is_some_and(allows)
            || *physical != self.spec.id;
        may.then_some((physical, transfer))
    }
}

/// What should go.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Vanishing {
    /// The groups that may be meant: CloudFormation's physical id, and the id that the properties make.
    pub(crate) groups: Vec<Farewell>,
    /// The name of the secret, where the properties still tell it.
    pub(crate) secret_name: Option<String>,
    /// The log groups that the properties still tell.
    pub(crate) log_groups: BTreeSet<String>,
}

impl Vanishing {
    /// What the properties still tell of what stands around.
    pub(crate) fn named(&self) -> Named<'_> {
        Named { secret: self.secret_name.as_deref(), log_groups: &self.log_groups }
    }
}

impl Ticket {
    /// Reads the envelope; `None` where there is nobody to answer.
    pub(crate) fn read(event: &Value) -> Option<Self> {
        let text = |key: &str| event.get(key).and_then(Value::as_str).filter(|it| !it.is_empty());
        Some(Self {
            request_type: text("RequestType")?.to_owned(),
            owner: Owner::new(text("StackId")?, text("LogicalResourceId")?),
            request_id: text("RequestId")?.to_owned(),
            physical_id: text("PhysicalResourceId").map(str::to_owned),
            response_url: ResponseUrl::parse(text("ResponseURL")?)?,
        })
    }

    /// The id that an answer carries where the request came to nothing: CloudFormation's own, or one that no Delete maps to a group.
    pub(crate) fn id_of_nothing(&self) -> String {
        match &self.physical_id {
            Some(id) => id.clone(),
            None => format!("{NOTHING_MADE}{}", self.owner.logical_id()),
        }
    }
}

/// Reads what a request asks for, or every mistake in it.
pub(crate) fn request(ticket: &Ticket, event: &Value) -> Result<Request, Problems> {
    let none = Map::new();
    let properties = |key: &str| event.get(key).and_then(Value::as_object).unwrap_or(&none);
    let stated = properties("ResourceProperties");
    match ticket.request_type.as_str() {
        "Create" => match parse(stated, &ticket.owner, None)? {
            Backend::Upstash(spec) => Ok(Request::Describe(spec)),
            Backend::ElastiCache(spec) => {
                let keep = Keep::default();
                let spec = *spec;
                let (before, stands) = (None, None);
                Ok(Request::Exist(Box::new(Existing {
                    spec,
                    creating: true,
                    keep,
                    before,
                    stands,
                })))
            }
        },
        "Update" => {
            let old = properties("OldResourceProperties");
            let before: Parsed = parse(old, &ticket.owner, Some(old));
            let now = parse(stated, &ticket.owner, Some(old))?;
            let physical_id = ticket.physical_id.as_deref().unwrap_or_default();
            let keep = judge(physical_id, &before, &now)?;
            Ok(match now {
                Backend::Upstash(spec) => Request::Describe(spec),
                Backend::ElastiCache(spec) => {
                    let before = match before {
                        Ok(Backend::ElastiCache(before)) => Some(before),
                        Ok(Backend::Upstash(_)) | Err(_) => None,
                    };
                    Request::Exist(Box::new(Existing {
                        spec: *spec,
                        creating: false,
                        keep,
                        before,
                        stands: stands(physical_id, &ticket.request_id),
                    }))
                }
            })
        }
        "Delete" => {
            let physical_id = ticket.physical_id.as_deref().unwrap_or_default();
            Ok(vanish(&ticket.owner, &ticket.request_id, physical_id, stated))
        }
        other => {
            let mut problems = Problems::default();
            problems
                .add("RequestType", format!("\"{other}\" is none of Create, Update and Delete"));
            Err(problems)
        }
    }
}

/// The group of a physical id, and the name of the snapshot that this request would carry its keys over with.
fn stands(physical_id: &str, request_id: &str) -> Option<(GroupId, SnapshotName)> {
    let group = GroupId::parse(physical_id).ok()?;
    let transfer = name::transfer(&group, request_id).ok()?;
    Some((group, transfer))
}

/// Reads a Delete. Nothing in it may fail: properties may be wrong or missing, and the physical id may be one that CloudFormation
/// invented while the Create is still running (facts 7.4). Only then is the group of the properties meant, too: a group whose id we gave
/// out is named by that id alone.
pub(crate) fn vanish(
    owner: &Owner,
    request_id: &str,
    physical_id: &str,
    properties: &Map<String, Value>,
) -> Request {
    if physical_id.starts_with(NOTHING_MADE) || physical_id.starts_with(name::UPSTASH) {
        return Request::Nothing;
    }
    let text = |key: &str| properties.get(key).and_then(Value::as_str).map(str::trim);
    let stated = text("ReplicationGroupId").filter(|it| !it.is_empty());
    let names = text("ProjectName").zip(text("Environment"));
    let derived = match (stated, names) {
        (Some(stated), _) => GroupId::parse(stated).ok(),
        (None, Some((project, environment))) => name::group_id(project, environment).ok(),
        (None, None) => None,
    };
    let foreign = physical_id.strip_prefix(NOT_OURS).and_then(|it| GroupId::parse(it).ok());
    let by_id = GroupId::parse(physical_id).ok();
    // An id that we gave out is in lower case; one that CloudFormation invents ends in capitals.
    let is_given_out = by_id.as_ref().is_some_and(|it| it.as_str() == physical_id);
    let is_same = by_id.is_some() && by_id == derived;
    let is_rollback = !is_given_out && !is_same;
    let derived = derived.filter(|_| is_rollback && foreign.is_none());
    let ids = by_id.into_iter().chain(derived).chain(foreign.clone());
    let farewell = |id: GroupId| {
        Some(Farewell {
            owner: owner.clone(),
            stated: Deletion::lenient(text),
            is_rollback,
            // Every group id makes one. Where it did not, the group would stay.
            last: name::final_snapshot(&id, request_id).ok()?,
            is_copy: false,
            group_is_foreign: foreign.as_ref() == Some(&id),
            group: id,
        })
    };
    let groups: Vec<Farewell> = ids.filter_map(farewell).collect();
    if groups.is_empty() {
        return Request::Nothing;
    }
    let secret_name = names.map(|(project, environment)| name::secret(project, environment));
    let log_groups = log_groups_of(properties);
    Request::Vanish(Vanishing { groups, secret_name, log_groups })
}

impl Request {
    /// What the execution is named after: the group, so that newer work on the same group finds and replaces older work.
    pub(crate) fn group(&self) -> String {
        match self {
            // An update, its rollback and the Delete that may follow name the group that CloudFormation knows.
            Self::Exist(it) => it.stands.as_ref().map_or(&it.spec.id, |(id, _)| id).to_string(),
            // The last one is what the properties make, which is what the Create called itself after.
            Self::Vanish(it) => it.groups.last().map_or(String::new(), |it| it.group.to_string()),
            Self::Describe(_) => "upstash".to_owned(),
            Self::Nothing => "nothing".to_owned(),
        }
    }
}

/// How long CloudFormation waits for an answer: `ServiceTimeout`, an hour without one, and never more (facts 7.5).
pub(crate) fn service_timeout(event: &Value) -> SignedDuration {
    let stated = event.get("ResourceProperties").and_then(|it| it.get("ServiceTimeout"));
    let seconds = stated.and_then(|it| it.as_i64().or_else(|| it.as_str()?.trim().parse().ok()));
    SignedDuration::from_secs(seconds.filter(|it| (1..=3600).contains(it)).unwrap_or(3600))
}

/// How long we work on an answer: what is kept back is enough for the answer, and for a run that starts just before.
pub(crate) fn patience(timeout: SignedDuration) -> SignedDuration {
    let seconds = timeout.as_secs();
    SignedDuration::from_secs(seconds - (seconds / 2).min(300))
}

#[cfg(test)]
mod tests;
