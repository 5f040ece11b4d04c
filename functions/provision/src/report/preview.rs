//! What a request would do, told and not done: the plan of the request itself, over what is there.

use domain::owner::Owner;
use domain::provision::change::judge;
use domain::provision::forecast::{End, Forecast, forecast, forecast_end};
use domain::provision::{Backend, GroupSpec, Keep, Parsed, Seen, Wanted, outputs, parse, rules};
use domain::{Catalog, GroupView, Problems, snapshot, tag};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use platform::settings::ProvisionSettings;
use platform::{Clock, Fault};
use serde_json::{Value, json};

use crate::event::preview::Preview;
use crate::event::{Request, vanish};
use crate::observe::Services;

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
            let keep = kept(stood.as_ref(), &now)?;
            Ok((now, keep))
        });
        let (spec, keep) = match asked {
            Ok((Backend::ElastiCache(spec), keep)) => (*spec, keep),
            Ok((Backend::Upstash(spec), _)) => return Ok(of_upstash(&spec.physical_id)),
            Err(problems) => return Ok(Told::wrong(&problems)),
        };
        let group = self.services.elasticache.group_with_tags(&spec.id).await?;
        let owner = owner(preview, group.as_ref()).unwrap_or(nobody);
        let wanted = match self.wanted(spec, owner, (stood, keep), group.is_some()) {
            Ok(wanted) => wanted,
            Err(problems) => return Ok(Told::wrong(&problems)),
        };
        let seen = Box::pin(self.services.wanted(&wanted, None, self.now)).await?;
        let forecast = forecast(&wanted, &seen, self.now);
        let catalog = Catalog::at(&self.settings.prices);
        let today = self.now.to_zoned(TimeZone::UTC).date();
        let cost = |spec: &GroupSpec, seen: &Seen| {
            let group = seen.group.as_ref()?;
            let has_secret = group.auth_token_enabled;
            Some(outputs::cost(spec, group, has_secret, &catalog, today))
        };
        let costs = json!({
            "before": cost(&as_seen(&wanted, &seen), &seen),
            "after": cost(&wanted.spec, &forecast.seen),
        });
        let mut told = told(wanted.spec.id.as_str(), &forecast);
        if let Some(body) = told.body.as_object_mut() {
            body.insert("monthlyCost".to_owned(), costs);
        }
        Ok(told)
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
        let Some(mut farewell) = vanishing.groups.into_iter().next() else {
            return Ok(Told::wrong(&Problems::default()));
        };
        let group = self.services.elasticache.group_with_tags(&farewell.group).await?;
        farewell.owner = owner(preview, group.as_ref()).unwrap_or(nobody);
        farewell.is_rollback = false;
        let secret = vanishing.secret_name.as_deref();
        let looked = self.services.unwanted(&farewell, secret, SignedDuration::ZERO);
        let rest = self.services.rest(&farewell, secret);
        let (seen, around) = tokio::join!(looked, rest);
        let forecast = forecast_end(&farewell, &seen?, &around?, self.now);
        Ok(told(farewell.group.as_str(), &forecast))
    }
}

/// What an update would leave as it is found, or why it would be refused. The physical id is the one that what stood before was given.
fn kept(stood: Option<&Parsed>, now: &Backend) -> Result<Keep, Problems> {
    let Some(stood) = stood else { return Ok(Keep::default()) };
    let physical_id = match stood.as_ref().unwrap_or(now) {
        Backend::ElastiCache(spec) => spec.id.to_string(),
        Backend::Upstash(spec) => spec.physical_id.clone(),
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
