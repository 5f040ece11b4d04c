//! What calls `snapshot`: small documents with an `action`, from a schedule, a person or the state machine.

use domain::snapshot::Tier;
use domain::snapshot::promote::{Promote, Which};
use domain::snapshot::restore::Restore;
use domain::{Arn, GroupId, NodeType, Problems};
use jiff::Timestamp;
use serde_json::{Map, Value};

/// What an event asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Request {
    /// Do this.
    Do(Job),
    /// Tell what would be done, and do nothing.
    Plan(Vec<Job>),
    /// Tell how things stand.
    Status(Scope),
}

/// Something to do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Job {
    /// Take a snapshot of each of these.
    Take(Taking),
    /// Copy an automatic snapshot to be one of ours.
    Promote(Promote),
    /// Delete what is beyond retention.
    Prune(Scope),
    /// Make a new group of a snapshot.
    Restore(Restore),
}

/// Snapshots to be taken.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Taking {
    /// Of these groups.
    pub(crate) scope: Scope,
    /// Of this kind.
    pub(crate) kind: Kind,
    /// For this time of the schedule, where the event says it.
    pub(crate) time: Option<Timestamp>,
}

impl Taking {
    /// The group that it is about, unless the policies of groups have to be asked first.
    pub(crate) fn asks_for(&self) -> Option<&GroupId> {
        match (&self.scope, &self.kind) {
            (Scope::All, _) | (Scope::One(_), Kind::Due) => None,
            (Scope::One(group), Kind::Policy | Kind::One(_) | Kind::For(_)) => Some(group),
        }
    }
}

/// Which snapshot.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// What each group's policy asks for: one, or what is due. Of one group that a person names: one.
    Policy,
    /// What is due, of groups that keep tiers only.
    Due,
    /// One of this tier.
    One(Tier),
    /// One for these tiers, where they still want it. So the state machine is told.
    For(Vec<Tier>),
}

/// Which groups.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Scope {
    /// Every group that carries our policy tag.
    All,
    /// This one.
    One(GroupId),
}

/// Reads an event, with all mistakes together.
pub(crate) fn parse(event: &Value) -> Result<Request, Problems> {
    let Value::Object(fields) = event else {
        let mut problems = Problems::default();
        problems.add("the event", "is not an object with an action");
        return Err(problems);
    };
    let mut read = Reader { fields, problems: Problems::default(), known: vec!["action"] };
    let request = match read.text("action").as_deref() {
        Some("take") => Some(Request::Do(Job::Take(read.taking()))),
        Some("promote") => read.promote().map(|it| Request::Do(Job::Promote(it))),
        Some("prune") => Some(Request::Do(Job::Prune(read.scope()))),
        Some("restore") => read.restore().map(|it| Request::Do(Job::Restore(it))),
        Some("status") => Some(Request::Status(read.scope())),
        Some("plan") => read.plan().map(Request::Plan),
        Some(other) => {
            read.problems.add("action", format!("{other:.40} is not an action; {ACTIONS}"));
            None
        }
        None => {
            if !read.problems.iter().any(|it| it.name == "action") {
                read.problems.add("action", format!("is missing; {ACTIONS}"));
            }
            None
        }
    };
    read.finish(request)
}

const ACTIONS: &str = "take, promote, prune, restore, status and plan are";

fn tier(word: &str) -> Result<Tier, String> {
    Tier::parse(word)
        .ok_or_else(|| format!("{word:.40} is not a tier; hourly, daily, weekly and monthly are"))
}

/// Reads fields, and collects what is wrong with them.
struct Reader<'a> {
    fields: &'a Map<String, Value>,
    problems: Problems,
    known: Vec<&'static str>,
}

impl Reader<'_> {
    fn taking(&mut self) -> Taking {
        let scope = self.scope();
        let kind = self.kind(&scope);
        let time = self.parsed("time", |it| {
            // Where a scheduler does not know its own placeholders it leaves them as they are.
            if it.starts_with("<aws.") {
                return Ok(None);
            }
            it.parse::<Timestamp>()
                .map(Some)
                .map_err(|_| format!("{it:.40} is not a time such as 2026-01-02T03:04:00Z"))
        });
        Taking { scope, kind, time: time.flatten() }
    }

    fn kind(&mut self, scope: &Scope) -> Kind {
        let kind = self.parsed("tier", |it| match it {
            "due" => Ok(Kind::Due),
            it => tier(it).map(Kind::One),
        });
        let tiers =
            self.parsed("due", |it| it.split_whitespace().map(tier).collect::<Result<Vec<_>, _>>());
        match (tiers, scope) {
            (Some(_), Scope::All) => {
                self.problems.add("due", "is what the tiers of one group want; name it in `group`");
            }
            (Some(_), Scope::One(_)) if kind.is_some() => {
                self.problems.add("due", "is stated beside tier; one of them says what is taken");
            }
            (Some(tiers), Scope::One(_)) => return Kind::For(tiers),
            (None, _) => {}
        }
        kind.unwrap_or(Kind::Policy)
    }

    fn scope(&mut self) -> Scope {
        self.parsed("group", GroupId::parse).map_or(Scope::All, Scope::One)
    }

    fn promote(&mut self) -> Option<Promote> {
        let (snapshot, group) = (self.text("snapshot"), self.parsed("group", GroupId::parse));
        let tier = self.parsed("tier", tier);
        let which = match (snapshot, group) {
            (Some(_), Some(_)) => {
                let said = "is stated beside snapshot; one of them says what is promoted";
                self.problems.add("group", said);
                return None;
            }
            (Some(name), None) => Which::This(name.to_ascii_lowercase()),
            (None, Some(group)) => Which::NewestOf(group),
            (None, None) => {
                if !self.problems.iter().any(|it| it.name == "snapshot" || it.name == "group") {
                    let said = "is missing; it takes the name of an automatic snapshot, and `group` the group whose newest is meant";
                    self.problems.add("snapshot", said);
                }
                return None;
            }
        };
        Some(Promote { which, tier })
    }

    fn restore(&mut self) -> Option<Restore> {
        let snapshot = self.required("snapshot", "the name of a snapshot");
        let target = self.required("group", "the id of the new group");
        let target = target.and_then(|it| self.problems.keep("group", GroupId::parse(&it)));
        let from = self.parsed("from", GroupId::parse);
        let secret = self.parsed("secret", |it| match Arn::parse(it) {
            Ok(arn) if arn.service() == "secretsmanager" => Ok(arn),
            Ok(_) => Err(format!("{it} is not the ARN of a secret")),
            Err(err) => Err(err.to_string()),
        });
        let node_type = self.parsed("nodeType", NodeType::parse);
        let (snapshot, target) = (snapshot?, target?);
        if from.as_ref() == Some(&target) {
            self.problems.add(
                "group",
                format!("{target} is the group that it is to be like; name a new one"),
            );
        }
        Some(Restore { snapshot: snapshot.to_ascii_lowercase(), target, from, secret, node_type })
    }

    /// What `plan` is to plan: the action that `of` names, or what the other fields mean, or both that a schedule asks for.
    fn plan(&mut self) -> Option<Vec<Job>> {
        let of = self.text("of");
        let is_restore = of.is_none() && self.fields.contains_key("snapshot");
        match of.as_deref() {
            Some("take") => Some(vec![Job::Take(self.taking())]),
            Some("promote") => self.promote().map(|it| vec![Job::Promote(it)]),
            Some("prune") => Some(vec![Job::Prune(self.scope())]),
            Some("restore") => self.restore().map(|it| vec![Job::Restore(it)]),
            None if is_restore => self.restore().map(|it| vec![Job::Restore(it)]),
            None => {
                let taking = self.taking();
                let scope = taking.scope.clone();
                Some(vec![Job::Take(taking), Job::Prune(scope)])
            }
            Some(other) => {
                self.problems.add(
                    "of",
                    format!("{other:.40} cannot be planned; take, promote, prune and restore can"),
                );
                None
            }
        }
    }

    fn text(&mut self, name: &'static str) -> Option<String> {
        self.known.push(name);
        match self.fields.get(name)? {
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(text.clone()),
            Value::Null => None,
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                self.problems.add(name, "is not a text");
                None
            }
        }
    }

    fn required(&mut self, name: &'static str, what: &str) -> Option<String> {
        let text = self.text(name);
        if text.is_none() && !self.problems.iter().any(|it| it.name == name) {
            self.problems.add(name, format!("is missing; it takes {what}"));
        }
        text
    }

    fn parsed<T, E: std::fmt::Display>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.text(name)?;
        self.problems.keep(name, parse(&text))
    }

    fn finish(mut self, request: Option<Request>) -> Result<Request, Problems> {
        // Without an action nobody knows which fields it would take.
        if request.is_some() || self.known.len() != 2 {
            for name in self.fields.keys().filter(|it| !self.known.contains(&it.as_str())) {
                self.problems.add(format!("{name:.40}"), "is not a field of this action");
            }
        }
        match request {
            Some(request) if self.problems.is_empty() => Ok(request),
            _ => Err(self.problems),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(event: Value, expected: &str) {
        let said = match parse(&event) {
            Ok(Request::Do(job)) => job_words(&job),
            Ok(Request::Plan(jobs)) => {
                format!("plan {}", jobs.iter().map(job_words).collect::<Vec<_>>().join(" and "))
            }
            Ok(Request::Status(scope)) => format!("status of {}", scope_words(&scope)),
            Err(problems) => problems.to_string(),
        };
        assert_eq!(said, expected);
    }

    fn scope_words(scope: &Scope) -> String {
        match scope {
            Scope::All => "all".to_owned(),
            Scope::One(group) => group.to_string(),
        }
    }

    fn job_words(job: &Job) -> String {
        match job {
            Job::Take(it) => format!(
                "take {} of {} at {}",
                match &it.kind {
                    Kind::Policy => "one".to_owned(),
                    Kind::Due => "what is due".to_owned(),
                    Kind::One(tier) => tier.to_string(),
                    Kind::For(tiers) => format!("for {}", domain::snapshot::tier::spoken(tiers)),
                },
                scope_words(&it.scope),
                it.time.map_or("its time".to_owned(), |it| it.to_string())
            ),
            Job::Promote(it) => match &it.which {
                Which::This(_) => it.to_string(),
                Which::NewestOf(group) => format!("{it} of {group}"),
            },
            Job::Prune(scope) => format!("prune {}", scope_words(scope)),
            Job::Restore(it) => format!(
                "restore {} into {} like {:?} with {:?} on {:?}",
                it.snapshot,
                it.target,
                it.from.as_ref().map(GroupId::as_str),
                it.secret.as_ref().map(Arn::as_str),
                it.node_type.as_ref().map(NodeType::as_str)
            ),
        }
    }

    #[test]
    fn a_schedule_asks_for_all_and_a_person_for_one() {
        check(json!({ "action": "take" }), "take one of all at its time");
        check(json!({ "action": "take", "group": "Orders" }), "take one of orders at its time");
        check(
            json!({ "action": "take", "group": "orders", "tier": "weekly", "time": "2026-01-02T03:04:05Z" }),
            "take weekly of orders at 2026-01-02T03:04:05Z",
        );
        check(
            json!({ "action": "take", "tier": "due", "time": "2026-01-02T03:05:00Z" }),
            "take what is due of all at 2026-01-02T03:05:00Z",
        );
        check(json!({ "action": "prune", "group": "" }), "prune all");
        check(json!({ "action": "status", "group": "orders" }), "status of orders");
    }

    #[test]
    fn a_placeholder_that_nobody_filled_in_is_no_time() {
        let event = json!({ "action": "take", "time": "<aws.scheduler.scheduled-time>" });
        check(event, "take one of all at its time");
    }

    #[test]
    fn the_state_machine_is_told_the_tiers() {
        check(
            json!({ "action": "take", "group": "orders", "due": "hourly daily" }),
            "take for hourly and daily of orders at its time",
        );
        check(
            json!({ "action": "take", "group": "orders", "due": "hourly yearly" }),
            "due: yearly is not a tier; hourly, daily, weekly and monthly are",
        );
        check(
            json!({ "action": "take", "due": "hourly" }),
            "due: is what the tiers of one group want; name it in `group`",
        );
        check(
            json!({ "action": "take", "group": "orders", "due": "hourly", "tier": "daily" }),
            "due: is stated beside tier; one of them says what is taken",
        );
    }

    #[test]
    fn a_restore_names_snapshot_and_new_group() {
        check(
            json!({ "action": "restore", "snapshot": "orders-daily-202601020304", "group": "back" }),
            "restore orders-daily-202601020304 into back like None with None on None",
        );
        check(
            json!({
                "action": "restore", "snapshot": "automatic.orders-2026-01-02-03-04", "group": "back", "from": "orders",
                "secret": "arn:aws:secretsmanager:eu-west-1:1:secret:x", "nodeType": "cache.t4g.small",
            }),
            "restore automatic.orders-2026-01-02-03-04 into back like Some(\"orders\") with Some(\"arn:aws:secretsmanager:eu-west-1:1:secret:x\") on Some(\"cache.t4g.small\")",
        );
    }

    #[test]
    fn a_promotion_names_a_snapshot_or_the_group_whose_newest_is_meant() {
        let name = "automatic.orders-2026-11-28-03-00";
        check(
            json!({ "action": "promote", "snapshot": name, "tier": "weekly" }),
            "promote automatic.orders-2026-11-28-03-00 into weekly",
        );
        check(
            json!({ "action": "promote", "group": "Orders" }),
            "promote the newest automatic one of orders",
        );
        check(
            json!({ "action": "plan", "of": "promote", "snapshot": name }),
            "plan promote automatic.orders-2026-11-28-03-00",
        );
        check(
            json!({ "action": "promote", "snapshot": name, "group": "orders", "tier": "due" }),
            "tier: due is not a tier; hourly, daily, weekly and monthly are; group: is stated beside snapshot; one of them says what is promoted",
        );
        check(
            json!({ "action": "promote", "time": "now" }),
            "snapshot: is missing; it takes the name of an automatic snapshot, and `group` the group whose newest is meant; time: is not a field of this action",
        );
        check(json!({ "action": "promote", "snapshot": 7 }), "snapshot: is not a text");
    }

    #[test]
    fn a_plan_names_what_it_plans_or_leaves_it_to_the_other_fields() {
        check(json!({ "action": "plan" }), "plan take one of all at its time and prune all");
        check(json!({ "action": "plan", "of": "prune", "group": "orders" }), "plan prune orders");
        check(
            json!({ "action": "plan", "snapshot": "s", "group": "back" }),
            "plan restore s into back like None with None on None",
        );
    }

    #[test]
    fn every_mistake_is_named() {
        check(json!(7), "the event: is not an object with an action");
        check(json!({}), "action: is missing; take, promote, prune, restore, status and plan are");
        check(json!({ "action": 7 }), "action: is not a text");
        check(
            json!({ "action": "explode", "group": "x" }),
            "action: explode is not an action; take, promote, prune, restore, status and plan are",
        );
        check(
            json!({ "action": "take", "group": "-", "tier": "yearly", "time": "noon", "snapshot": "s" }),
            "group: \"-\" does not start with a letter, as a replication group id must; tier: yearly is not a tier; hourly, daily, weekly and monthly are; time: noon is not a time such as 2026-01-02T03:04:00Z; snapshot: is not a field of this action",
        );
        check(
            json!({ "action": "restore", "from": 7, "secret": "x", "nodeType": "huge", "into": "back" }),
            "snapshot: is missing; it takes the name of a snapshot; group: is missing; it takes the id of the new group; from: is not a text; secret: \"x\" is not an ARN (arn:partition:service:region:account:resource); nodeType: \"huge\" is not a node type such as cache.t4g.micro; into: is not a field of this action",
        );
        check(
            json!({ "action": "restore", "snapshot": "s", "group": "orders", "from": "orders" }),
            "group: orders is the group that it is to be like; name a new one",
        );
        check(
            json!({ "action": "plan", "of": "status" }),
            "of: status cannot be planned; take, promote, prune and restore can",
        );
    }
}
