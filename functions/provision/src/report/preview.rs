//! What a request would do, told and not done: the plan of the request itself, over what is there.

use domain::owner::Owner;
use domain::provision::change::judge;
use domain::provision::farewell::Farewell;
use domain::provision::forecast::{End, Forecast, Old, forecast, forecast_end, forecast_over};
use domain::provision::replace::{Road, Sight, at, moved, road};
use domain::provision::{
    Backend, GroupSpec, Keep, Parsed, Replaced, Seen, Wanted, name, outputs, parse, rules,
};
use domain::{Catalog, GroupId, GroupView, Problems, snapshot, tag};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use platform::settings::ProvisionSettings;
use platform::{Clock, Fault};
use serde_json::{Value, json};

use crate::event::preview::Preview;
use crate::event::{Request, vanish};
use crate::observe::{Named, Services};

/// What a preview comes to.
#[derive(Debug)]
pub(crate) struct Told {
    /// `settled` where a plan was made, else `refused`, `unfinished` or `failed`.
    pub(crate) status: &'static str,
    /// The group, where it is known.
    pub(crate) group: Option<String>,
    /// All of it in a sentence.
    pub(crate) summary: String,
    /// The changes and what they cost.
    pub(crate) body: Value,
}

impl Told {
    fn wrong(problems: &Problems) -> Self {
        Self { status: "refused", group: None, summary: problems.to_string(), body: json!({}) }
    }

    /// The function's own environment is wrong.
    pub(crate) fn without_settings(problems: &Problems) -> Self {
        let summary =
            format!("no plan can be made: the environment of the function is wrong: {problems}");
        Self { status: "failed", group: None, summary, body: json!({}) }
    }

    fn failed(fault: &Fault) -> Self {
        let summary = format!("no plan can be made: {fault}");
        Self { status: "failed", group: None, summary, body: json!({}) }
    }

    /// The answer to whoever asked.
    pub(crate) fn answer(self) -> Value {
        let mut body = self.body;
        if let Some(fields) = body.as_object_mut() {
            fields.insert("status".to_owned(), json!(self.status));
            fields.insert("group".to_owned(), json!(self.group));
            fields.insert("summary".to_owned(), json!(self.summary));
        }
        body
    }
}

/// Tells what a request would do.
pub(crate) async fn tell(
    services: &Services,
    settings: &ProvisionSettings,
    preview: Result<Preview, Problems>,
    clock: Clock,
) -> Told {
    let preview = match preview {
        Ok(preview) => preview,
        Err(problems) => return Told::wrong(&problems),
    };
    let view = View { services, settings, now: clock.now() };
    let told = if preview.deletes {
        Box::pin(view.deletion(&preview)).await
    } else {
        Box::pin(view.existence(&preview)).await
    };
    told.unwrap_or_else(|fault| Told::failed(&fault))
}

struct View<'a> {
    services: &'a Services,
    settings: &'a ProvisionSettings,
    now: Timestamp,
}

impl View<'_> {
    async fn existence(&self, preview: &Preview) -> Result<Told, Fault> {
        let before = preview.before.as_ref();
        // Whose request it would be can only be told by the group, whose id the properties tell.
        let nobody = Owner::new("stack", "Cache");
        let asks = preview.owner.as_ref().unwrap_or(&nobody);
        let stood = before.map(|it| parse(it, asks, Some(it)));
        let asked = parse(&preview.stated, asks, before).and_then(|now| {
            let keep = kept(preview.physical.as_ref(), stood.as_ref(), &now)?;
            Ok((now, keep))
        });
        let (spec, keep) = match asked {
            Ok((Backend::ElastiCache(spec), keep)) => (*spec, keep),
            Ok((Backend::Upstash(spec), _)) => return Ok(of_upstash(&spec.physical_id)),
            Err(problems) => return Ok(Told::wrong(&problems)),
        };
        let physical = physical(preview, stood.as_ref(), &spec);
        let group = self.services.elasticache.group_with_tags(&physical).await?;
        let owner = owner(preview, group.as_ref()).unwrap_or(nobody);
        let wanted = match self.wanted(spec, owner, (stood, keep), group.is_some()) {
            Ok(wanted) => wanted,
            Err(problems) => return Ok(Told::wrong(&problems)),
        };
        let wanted = match Box::pin(self.way(wanted, &physical, group)).await? {
            Way::Here(wanted) => wanted,
            Way::Elsewhere(told) => return Ok(told),
        };
        let seen = Box::pin(self.services.wanted(&wanted, None, self.now)).await?;
        let forecast = forecast(&wanted, &seen, self.now);
        let costs = json!({
            "before": self.cost(&as_seen(&wanted, &seen), seen.group.as_ref()),
            "after": self.cost(&wanted.spec, forecast.seen.group.as_ref()),
        });
        let mut told = told(wanted.spec.id.as_str(), &forecast);
        if let Some(body) = told.body.as_object_mut() {
            body.insert("monthlyCost".to_owned(), costs);
        }
        Ok(told)
    }

    /// What a group costs in a month.
    fn cost(&self, spec: &GroupSpec, group: Option<&GroupView>) -> Option<String> {
        let today = self.now.to_zoned(TimeZone::UTC).date();
        let catalog = Catalog::at(&self.settings.prices);
        Some(outputs::cost(spec, group?, group?.auth_token_enabled, &catalog, today))
    }

    /// The group that the request would lead to, where that is not another one in its place.
    async fn way(
        &self,
        wanted: Wanted,
        physical: &GroupId,
        group: Option<GroupView>,
    ) -> Result<Way, Fault> {
        let allows = |it: &GroupSpec| it.replacement().is_allowed();
        let before = wanted.before.as_deref();
        let crosses = allows(&wanted.spec) || before.is_some_and(allows);
        if !crosses && *physical == wanted.spec.id {
            return Ok(Way::Here(Box::new(wanted)));
        }
        let prior = match group.as_ref().and_then(|it| Replaced::read(it.tags.as_ref()?)) {
            Some(it) => self.services.elasticache.group_with_tags(&it.group).await?,
            None => None,
        };
        let sight = Sight { group, prior };
        let ends = |end| {
            let (changes, seen) = (Vec::new(), Seen::default());
            Ok(Way::Elsewhere(told(physical.as_str(), &Forecast { changes, end, seen })))
        };
        match (road(&wanted, physical, &sight, self.now), &sight.group) {
            (Road::Over(to), Some(group)) => Box::pin(self.over(&wanted, group, &to)).await,
            (Road::Stay | Road::Over(_), _) => Ok(Way::Here(Box::new(at(&wanted, physical)))),
            (Road::Back(to), _) => {
                let there = Wanted { keep: Keep::ALL, before: None, ..at(&wanted, &to) };
                Ok(Way::Here(Box::new(there)))
            }
            (Road::Wait(wait), _) => ends(End::Waits(wait)),
            (Road::Refuse(refusal), _) => ends(End::Refused(refusal)),
        }
    }

    /// Tells of another group in the place of this one, and of the end of this one.
    async fn over(&self, wanted: &Wanted, group: &GroupView, to: &GroupId) -> Result<Way, Fault> {
        let names = (name::transfer(&group.id, PREVIEW), name::final_snapshot(&group.id, PREVIEW));
        let (Ok(transfer), Ok(last)) = names else {
            return Ok(Way::Here(Box::new(at(wanted, &group.id))));
        };
        let before = wanted.before.as_deref().unwrap_or(&wanted.spec);
        let farewell = Farewell {
            group: group.id.clone(),
            owner: wanted.owner.clone(),
            stated: before.deletion,
            is_rollback: false,
            last,
            is_copy: false,
            group_is_foreign: false,
        };
        let moved = moved(wanted, group, to, &transfer);
        let seen = Box::pin(self.services.wanted(&moved, None, self.now)).await?;
        let log_groups = before.log_groups();
        let beside = Named { secret: Some(&before.secret_name), log_groups: &log_groups };
        let mut around = Box::pin(self.services.rest(&farewell, beside)).await?;
        // By then the other group writes to these.
        around.logs_of_others.extend(moved.spec.log_groups());
        let old = Old { group, farewell: &farewell, around: &around };
        let forecast = forecast_over(&moved, &seen, old, self.now);
        let stands = Seen { group: Some(group.clone()), ..Seen::default() };
        let now = self.cost(&as_seen(wanted, &stands), Some(group));
        let then = self.cost(&moved.spec, forecast.seen.group.as_ref());
        let both = now.as_ref().zip(then.as_ref()).map(|(now, then)| {
            format!("both stand side by side until CloudFormation cleans up: {now}; and {then}")
        });
        let mut told = told(to.as_str(), &forecast);
        if let Some(body) = told.body.as_object_mut() {
            let costs = json!({ "before": now, "meanwhile": both, "after": then });
            body.insert("monthlyCost".to_owned(), costs);
        }
        Ok(Way::Elsewhere(told))
    }

    /// What the request would want.
    fn wanted(
        &self,
        spec: GroupSpec,
        owner: Owner,
        (stood, keep): (Option<Parsed>, Keep),
        stands: bool,
    ) -> Result<Wanted, Problems> {
        let before = match stood {
            Some(Ok(Backend::ElastiCache(stood))) => Some(stood),
            Some(Ok(Backend::Upstash(_)) | Err(_)) | None => None,
        };
        rules::topics(&spec, before.as_deref(), &self.settings.alarm_topic)?;
        Ok(Wanted {
            spec,
            owner,
            since: self.now,
            creating: !stands && before.is_none(),
            keep,
            before,
            replaces: None,
            parked: None,
            rotate_function: self.settings.rotate_function.clone(),
            autoscale_topic: self.settings.alarm_topic.clone(),
        })
    }

    async fn deletion(&self, preview: &Preview) -> Result<Told, Fault> {
        let nobody = Owner::new("stack", "Cache");
        let asks = preview.owner.as_ref().unwrap_or(&nobody);
        // The properties name the group, as they do where CloudFormation invented the physical id.
        let Request::Vanish(vanishing) = vanish(asks, PREVIEW, "", &preview.stated) else {
            let mut problems = Problems::default();
            problems.add("properties", "name no replication group");
            return Ok(Told::wrong(&problems));
        };
        let Some(mut farewell) = vanishing.groups.first().cloned() else {
            return Ok(Told::wrong(&Problems::default()));
        };
        let group = self.services.elasticache.group_with_tags(&farewell.group).await?;
        farewell.owner = owner(preview, group.as_ref()).unwrap_or(nobody);
        farewell.is_rollback = false;
        let named = vanishing.named();
        let looked = self.services.unwanted(&farewell, named, SignedDuration::ZERO);
        let rest = self.services.rest(&farewell, named);
        let (seen, around) = tokio::join!(looked, rest);
        let forecast = forecast_end(&farewell, &seen?, &around?, self.now);
        Ok(told(farewell.group.as_str(), &forecast))
    }
}

/// Where a request would lead.
enum Way {
    /// To this.
    Here(Box<Wanted>),
    /// To another group, or nowhere, as is told.
    Elsewhere(Told),
}

/// The group that CloudFormation knows: as it was said, or the one that what stood before names.
fn physical(preview: &Preview, stood: Option<&Parsed>, now: &GroupSpec) -> GroupId {
    let before = match stood {
        Some(Ok(Backend::ElastiCache(it))) => Some(it.id.clone()),
        Some(Ok(Backend::Upstash(_)) | Err(_)) | None => None,
    };
    preview.physical.clone().or(before).unwrap_or_else(|| now.id.clone())
}

/// What an update would leave as it is found, or why it would be refused. The physical id is the one that what stood before was given, unless
/// another one was said.
fn kept(
    physical: Option<&GroupId>,
    stood: Option<&Parsed>,
    now: &Backend,
) -> Result<Keep, Problems> {
    let Some(stood) = stood else { return Ok(Keep::default()) };
    let physical_id = match (physical, stood.as_ref().unwrap_or(now)) {
        (Some(it), _) => it.to_string(),
        (None, Backend::ElastiCache(spec)) => spec.id.to_string(),
        (None, Backend::Upstash(spec)) => spec.physical_id.clone(),
    };
    judge(&physical_id, stood, now)
}

/// In the place of the id of a request.
const PREVIEW: &str = "plan";

fn owner(preview: &Preview, group: Option<&GroupView>) -> Option<Owner> {
    let tags = group.and_then(|it| it.tags.as_ref());
    preview.owner.clone().or_else(|| Owner::read(tags?))
}

/// What the stack stated as far as the group tells, for what it costs now.
fn as_seen(wanted: &Wanted, seen: &Seen) -> GroupSpec {
    let mut spec = wanted.before.as_deref().unwrap_or(&wanted.spec).clone();
    let tag = |key| seen.group.as_ref()?.tags.as_ref()?.get(key);
    spec.alarms = tag(tag::ALARMS).map_or(spec.alarms, |it| it == "on");
    if let Some(Ok(keep)) = tag(tag::SNAPSHOT_KEEP).map(|it| snapshot::Keep::parse(it)) {
        spec.snapshot_keep = keep;
    }
    spec
}

fn of_upstash(id: &str) -> Told {
    Told {
        status: "settled",
        group: None,
        summary: format!("{id} is described and not managed: nothing would change at Upstash"),
        body: json!({ "changes": [], "deletes": [] }),
    }
}

/// The sentence, and the changes one by one.
fn told(group: &str, forecast: &Forecast) -> Told {
    let changes: Vec<Value> = forecast
        .changes
        .iter()
        .map(|it| {
            json!({
                "what": it.what,
                "effect": it.effect.to_string(),
                "minutes": [it.minutes.start(), it.minutes.end()],
                "deletes": it.deletes,
            })
        })
        .collect();
    let deletes: Vec<&str> =
        forecast.changes.iter().filter_map(|it| it.deletes.as_deref()).collect();
    let minutes = forecast.minutes();
    let (status, end) = match &forecast.end {
        End::Settled => ("settled", String::new()),
        End::Refused(refusal) => ("refused", format!("it would be refused: {refusal}")),
        End::Waits(wait) => (
            "unfinished",
            format!("what comes then is only known after a wait for {}; plan again then", wait.on),
        ),
        End::Endless => {
            ("failed", "no end of the plan was found, which is a mistake of ours".to_owned())
        }
    };
    let counted = match (changes.len(), forecast.interruptions()) {
        (0, _) if end.is_empty() => "nothing would change".to_owned(),
        (0, _) => String::new(),
        (all, interrupting) => format!(
            "{all} {} in {} to {} minutes, of which clients notice {interrupting}",
            if all == 1 { "change" } else { "changes" },
            minutes.start(),
            minutes.end()
        ),
    };
    let parts: Vec<String> = [counted, end].into_iter().filter(|it| !it.is_empty()).collect();
    Told {
        status,
        group: Some(group.to_owned()),
        summary: parts.join("; "),
        body: json!({
            "changes": changes,
            "deletes": deletes,
            "minutes": [minutes.start(), minutes.end()],
        }),
    }
}
