//! Reads the fields of an event, and collects what is wrong with them.

use std::ops::RangeInclusive;

use domain::provision::{Source, rdb_file};
use domain::snapshot::Tier;
use domain::snapshot::crowd::PART_MAX;
use domain::snapshot::export::{Export, Place};
use domain::snapshot::promote::{Promote, Which};
use domain::snapshot::restore::Restore;
use domain::{Arn, GroupId, NodeType, Problems};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Drilling, Job, Kind, Request, Scope, Taking};

/// What was read of an event, and all that is wrong with it so far.
pub(super) struct Reader<'a> {
    fields: &'a Map<String, Value>,
    pub(super) problems: Problems,
    known: Vec<&'static str>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(fields: &'a Map<String, Value>) -> Self {
        Self { fields, problems: Problems::default(), known: vec!["action"] }
    }

    pub(super) fn taking(&mut self) -> Taking {
        let scope = self.scope();
        let kind = self.kind(&scope);
        Taking { scope, kind, time: self.time() }
    }

    pub(super) fn drilling(&mut self) -> Drilling {
        let group = self.parsed("group", GroupId::parse);
        let snapshot = self.text("snapshot").map(|it| it.to_ascii_lowercase());
        Drilling { group, snapshot, time: self.time() }
    }

    pub(super) fn time(&mut self) -> Option<Timestamp> {
        let time = self.parsed("time", |it| {
            // Where a scheduler does not know its own placeholders it leaves them as they are.
            if it.starts_with("<aws.") {
                return Ok(None);
            }
            it.parse::<Timestamp>()
                .map(Some)
                .map_err(|_| format!("{it:.40} is not a time such as 2026-01-02T03:04:00Z"))
        });
        time.flatten()
    }

    fn kind(&mut self, scope: &Scope) -> Kind {
        let kind = self.parsed("tier", |it| match it {
            "due" => Ok(Kind::Due),
            it => tier(it).map(Kind::One),
        });
        let tiers =
            self.parsed("due", |it| it.split_whitespace().map(tier).collect::<Result<Vec<_>, _>>());
        match (tiers, scope) {
            (Some(_), Scope::All | Scope::These(_)) => {
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

    pub(super) fn scope(&mut self) -> Scope {
        let group = self.parsed("group", GroupId::parse);
        match (group, self.groups()) {
            (Some(group), None) => Scope::One(group),
            (None, None) => Scope::All,
            (None, Some(groups)) => Scope::These(groups),
            (Some(_), Some(_)) => {
                self.problems.add("groups", "is stated beside group; one of them says which");
                Scope::All
            }
        }
    }

    /// Several groups, as the function itself writes them for the state machine. An empty list would read as all of them, and is refused.
    fn groups(&mut self) -> Option<Vec<GroupId>> {
        const NAME: &str = "groups";
        self.known.push(NAME);
        let found = self.fields.get(NAME).filter(|it| !it.is_null())?;
        let texts = found.as_array().filter(|it| (1..=PART_MAX).contains(&it.len()));
        let texts: Option<Vec<&str>> = texts.and_then(|it| it.iter().map(Value::as_str).collect());
        let Some(texts) = texts else {
            self.problems.add(NAME, format!("is not a list of 1 to {PART_MAX} ids of groups"));
            return Some(Vec::new());
        };
        let mut groups = Vec::new();
        for text in texts {
            groups.extend(self.problems.keep(NAME, GroupId::parse(text)));
        }
        groups.sort();
        groups.dedup();
        Some(groups)
    }

    pub(super) fn promote(&mut self) -> Option<Promote> {
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

    pub(super) fn restore(&mut self) -> Option<Restore> {
        let files = self.files();
        let manifest_at = self.text("manifest");
        let manifest =
            manifest_at.as_deref().and_then(|it| self.problems.keep("manifest", Place::parse(it)));
        let others = [("files", !files.is_empty()), ("manifest", manifest_at.is_some())];
        let other: Vec<&str> = others.iter().filter(|it| it.1).map(|it| it.0).collect();
        let snapshot = match other.as_slice() {
            [] => {
                let said = "the name of a snapshot, `files` the ARNs of RDB files and `manifest` that of an export's";
                self.required("snapshot", said).map(|it| it.to_ascii_lowercase())
            }
            [other] if self.text("snapshot").is_none() => {
                let arns = manifest_at.map_or_else(|| files.clone(), |it| vec![it]);
                Some(Source::Files(arns).mark()).filter(|_| !other.is_empty())
            }
            [other] => {
                let said = "is stated beside snapshot; one of them says what is restored";
                self.problems.add(*other, said);
                None
            }
            [..] => {
                let said = "is stated beside files; one of them says what is restored";
                self.problems.add("manifest", said);
                None
            }
        };
        let target = self.required("group", "the id of the new group");
        let target = target.and_then(|it| self.problems.keep("group", GroupId::parse(&it)));
        let from = self.parsed("from", GroupId::parse);
        let secret = self.secret();
        let node_type = self.parsed("nodeType", NodeType::parse);
        if !files.is_empty() && from.is_none() && !self.problems.iter().any(|it| it.name == "from")
        {
            let said = "is missing; a file does not tell whose settings the new group takes";
            self.problems.add("from", said);
        }
        let (snapshot, target) = (snapshot?, target?);
        if from.as_ref() == Some(&target) {
            self.problems.add(
                "group",
                format!("{target} is the group that it is to be like; name a new one"),
            );
        }
        Some(Restore { snapshot, files, manifest, target, from, secret, node_type })
    }

    pub(super) fn export(&mut self) -> Option<Export> {
        let snapshot = self.required("snapshot", "the name of a snapshot");
        let bucket = self.required("bucket", "the name of a bucket in the region of the cache");
        let bucket = bucket.and_then(|it| self.problems.keep("bucket", bucket_name(&it)));
        let name = self.parsed("name", key_start);
        let (snapshot, bucket) = (snapshot?.to_ascii_lowercase(), bucket?);
        let name = name.unwrap_or_else(|| snapshot.clone());
        Some(Export { snapshot, bucket, name })
    }

    pub(super) fn secret(&mut self) -> Option<Arn> {
        self.parsed("secret", |it| match Arn::parse(it) {
            Ok(arn) if arn.service() == "secretsmanager" => Ok(arn),
            Ok(_) => Err(format!("{it} is not the ARN of a secret")),
            Err(err) => Err(err.to_string()),
        })
    }

    /// RDB files, by the ARNs of their objects: one, or several in a list.
    fn files(&mut self) -> Vec<String> {
        const NAME: &str = "files";
        self.known.push(NAME);
        let found: Vec<Option<&str>> = match self.fields.get(NAME) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(all)) => all.iter().map(Value::as_str).collect(),
            Some(one) => vec![one.as_str()],
        };
        let mut files = Vec::new();
        for file in found.into_iter().filter(|it| *it != Some("")) {
            match file.ok_or_else(|| "is not a text, or a list of texts".to_owned()) {
                Ok(file) => {
                    if let Err(rule) = rdb_file(file, None) {
                        self.problems.add(NAME, rule);
                    }
                    files.push(file.to_owned());
                }
                Err(rule) => self.problems.add(NAME, rule),
            }
        }
        files
    }

    /// What `plan` is to plan: the action that `of` names, or what the other fields mean, or both that a schedule asks for.
    pub(super) fn plan(&mut self) -> Option<Vec<Job>> {
        let of = self.text("of");
        let is_restore =
            ["snapshot", "files", "manifest"].iter().any(|it| self.fields.contains_key(*it));
        let is_restore = of.is_none() && is_restore;
        match of.as_deref() {
            Some("take") => Some(vec![Job::Take(self.taking())]),
            Some("promote") => self.promote().map(|it| vec![Job::Promote(it)]),
            Some("prune") => Some(vec![Job::Prune(self.scope())]),
            Some("restore") => self.restore().map(|it| vec![Job::Restore(it)]),
            Some("drill") => Some(vec![Job::Drill(self.drilling())]),
            Some("restore-in-place") => self.any_in_place().map(|it| vec![it]),
            Some("export") => self.export().map(|it| vec![Job::Export(it)]),
            Some("park") => Some(vec![Job::Park(self.parking())]),
            Some("unpark") => Some(vec![Job::Unpark(self.unparking())]),
            None if is_restore => self.restore().map(|it| vec![Job::Restore(it)]),
            None => {
                let taking = self.taking();
                let scope = taking.scope.clone();
                Some(vec![Job::Take(taking), Job::Prune(scope)])
            }
            Some(other) => {
                self.problems.add(
                    "of",
                    format!("{other:.40} cannot be planned; take, promote, prune, restore, restore-in-place, export, drill, park and unpark can"),
                );
                None
            }
        }
    }

    pub(super) fn text(&mut self, name: &'static str) -> Option<String> {
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

    /// A whole number, or a text that is one.
    pub(super) fn number(&mut self, name: &'static str, range: RangeInclusive<u32>) -> Option<u32> {
        self.known.push(name);
        let said = match self.fields.get(name)? {
            Value::Null => return None,
            Value::String(text) if text.is_empty() => return None,
            Value::String(text) => text.clone(),
            other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                other.to_string()
            }
        };
        let number = said.parse::<u32>().ok().filter(|it| range.contains(it));
        let (least, most) = (range.start(), range.end());
        let rule = || format!("{said:.40} is not a whole number from {least} to {most}");
        self.problems.keep(name, number.ok_or_else(rule))
    }

    pub(super) fn required(&mut self, name: &'static str, what: &str) -> Option<String> {
        let text = self.text(name);
        if text.is_none() && !self.problems.iter().any(|it| it.name == name) {
            self.problems.add(name, format!("is missing; it takes {what}"));
        }
        text
    }

    pub(super) fn parsed<T, E: std::fmt::Display>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.text(name)?;
        self.problems.keep(name, parse(&text))
    }

    pub(super) fn finish(mut self, request: Option<Request>) -> Result<Request, Problems> {
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

fn tier(word: &str) -> Result<Tier, String> {
    Tier::parse(word)
        .ok_or_else(|| format!("{word:.40} is not a tier; hourly, daily, weekly and monthly are"))
}

/// The name of a bucket. What else S3 asks of it, S3 says.
fn bucket_name(text: &str) -> Result<String, String> {
    let legal = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'.' || it == b'-';
    if (3..=63).contains(&text.len()) && text.bytes().all(legal) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "{text:.80} is not the name of a bucket: small letters, digits, dots and hyphens, 3 to 63 of them"
    ))
}

/// What keys begin with: what is safe in the key of any object, with room for the number of a shard.
fn key_start(text: &str) -> Result<String, String> {
    let legal = |it: char| it.is_ascii_alphanumeric() || "/!-_.*'()".contains(it);
    if text.len() <= 900 && text.chars().all(legal) && !text.starts_with('/') {
        return Ok(text.to_owned());
    }
    Err(format!(
        "{text:.80} is not the start of keys: letters, digits and /!-_.*'(), at most 900 of them"
    ))
}
