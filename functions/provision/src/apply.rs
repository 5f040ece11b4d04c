//! The two things that are made true step by step, a cache and the absence of one, and their steps: one call, or one call over and over
//! where a step is a list.

mod replace;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use domain::alarm::AlarmSpec;
use domain::group::{Encryption, NewGroup};
use domain::price::Prices;
use domain::provision::farewell::{self, Farewell};
use domain::provision::outputs::{self, Attributes};
use domain::provision::{
    self, Mark, Refusal, Removal, Seen, Source, Step, TokenGift, Wanted, diff, name,
};
use domain::rotate::{Change, Draft};
use domain::{Catalog, GroupId, Next, Tags, tag};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::{Clock, Fault, FaultKind, Operation};

use crate::observe::{Named, Services};

/// A cache as the stack wants it.
pub(crate) struct Existence<'a> {
    services: &'a Services,
    clock: Clock,
    wanted: Wanted,
    others_ended: Option<Timestamp>,
    /// The last look, for the answer: what is told was seen, and is not looked up once more.
    last: Mutex<Option<Seen>>,
}

impl<'a> Existence<'a> {
    pub(crate) fn new(
        services: &'a Services,
        clock: Clock,
        wanted: Wanted,
        others_ended: Option<Timestamp>,
    ) -> Self {
        Self { services, clock, wanted, others_ended, last: Mutex::default() }
    }

    fn last(&self) -> Option<Seen> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What the stack may ask for, from the last look.
    pub(crate) fn attributes(&self, prices: &Prices) -> Option<Attributes> {
        let seen = self.last()?;
        let secret = seen.around.as_ref().and_then(|it| it.secret.as_ref());
        let has_token = seen.group.as_ref().is_some_and(|it| it.auth_token_enabled);
        let secret = secret.filter(|_| has_token);
        Some(outputs::of_group(
            &self.wanted.spec,
            seen.group.as_ref()?,
            secret.map(|it| it.arn.as_str()),
            &Catalog::at(prices),
            self.clock.now().to_zoned(TimeZone::UTC).date(),
        ))
    }

    /// The last look, in words.
    pub(crate) fn saw(&self) -> String {
        match self.last().and_then(|it| it.group) {
            None => format!("no replication group {}", self.wanted.spec.id),
            Some(it) => format!(
                "the replication group {} {}, {} of {} members available",
                it.id,
                it.status,
                it.members.iter().filter(|it| it.is_settled()).count(),
                it.member_ids.len()
            ),
        }
    }

    /// Deletes a group that could not be made: it takes up its id and holds nothing. Where this fails, the Delete of the rollback
    /// does it.
    pub(crate) async fn bury(&self, refusal: &Refusal) {
        if matches!(refusal, Refusal::CreateFailed { .. })
            && let Err(fault) = self.services.remove(Removal::Group, &self.wanted.spec.id).await
        {
            tracing::warn!(%fault, "the group that could not be made is still there");
        }
    }
}

impl Operation for Existence<'_> {
    type Seen = Seen;
    type Step = Step;
    type Refusal = Refusal;

    async fn observe(&self) -> Result<Seen, Fault> {
        let now = self.clock.now();
        let looked = self.services.wanted(&self.wanted, self.others_ended, now);
        let seen = Box::pin(looked).await?;
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen.clone());
        Ok(seen)
    }

    fn plan(&self, seen: &Seen, now: Timestamp) -> Next<Step, Refusal> {
        provision::plan(&self.wanted, seen, now)
    }

    async fn apply(&self, step: Step) -> Result<(), Fault> {
        let wanted = self.wanted.found(&self.last().unwrap_or_default()).into_owned();
        Box::pin(self.services.take(step, &wanted)).await
    }
}

/// The absence of a cache.
pub(crate) struct Vanish<'a> {
    pub(crate) services: &'a Services,
    pub(crate) farewell: &'a Farewell,
    pub(crate) named: Named<'a>,
    pub(crate) others_ended: Option<Timestamp>,
    /// When the request was first carried.
    pub(crate) since: Timestamp,
    pub(crate) clock: Clock,
    /// Whether the last look found a group that stands and was let go of.
    pub(crate) has_let_go: AtomicBool,
    /// The snapshot that stays of a group that was parked.
    pub(crate) parked: Mutex<Option<String>>,
}

impl Operation for Vanish<'_> {
    type Seen = Seen;
    type Step = Removal;
    type Refusal = Refusal;

    async fn observe(&self) -> Result<Seen, Fault> {
        let asked_at = self.clock.now().duration_since(self.since);
        let looked = self.services.unwanted(self.farewell, self.named, asked_at);
        let seen = Seen { others_ended: self.others_ended, ..Box::pin(looked).await? };
        let has_let_go = seen.group.as_ref().is_some_and(|it| self.farewell.has_let_go(it));
        self.has_let_go.store(has_let_go, Ordering::Relaxed);
        // The subnet group that names it goes after it was seen.
        if let Some(name) = self.farewell.kept_parked(&seen) {
            *self.parked.lock().unwrap_or_else(PoisonError::into_inner) = Some(name);
        }
        Ok(seen)
    }

    fn plan(&self, seen: &Seen, now: Timestamp) -> Next<Removal, Refusal> {
        farewell::plan(self.farewell, seen, now)
    }

    async fn apply(&self, removal: Removal) -> Result<(), Fault> {
        Box::pin(self.services.remove(removal, &self.farewell.group)).await
    }
}

impl Services {
    /// Takes a step towards a cache.
    pub(crate) async fn take(&self, step: Step, wanted: &Wanted) -> Result<(), Fault> {
        let (cache, secrets) = (&self.elasticache, &self.secrets);
        let (spec, group) = (&wanted.spec, &wanted.spec.id);
        match step {
            Step::MakeSubnetGroup => self.make_subnet_group(wanted).await,
            Step::ChangeSubnets => cache.change_subnets(group.as_str(), &spec.subnets).await,
            Step::MakeParameterGroup { name, family } => {
                let description = name::description(group, &wanted.owner);
                let tags = diff::beside_tags(wanted);
                cache.make_parameter_group(&name, &family, &description, &tags).await
            }
            Step::DeleteParameterGroup { name } => cache.delete_parameter_group(&name).await,
            Step::SetParameters { parameter_group, values } => {
                cache.set_parameters(&parameter_group, &values).await
            }
            Step::ResetParameters { parameter_group, names } => {
                cache.reset_parameters(&parameter_group, &names).await
            }
            Step::MakeLogGroup { name } => self.logs.make(&name, &wanted.log_group_tags()).await,
            Step::SetLogRetention { name, days } => self.logs.keep(&name, days).await,
            Step::DeleteLogGroup { name } => self.logs.delete(&name).await,
            Step::MakeSecret => self.make_secret(wanted).await,
            Step::RestoreSecret { arn } => secrets.restore(&arn).await,
            Step::TagSecret { arn, tags } => secrets.tag(&arn, &tags).await,
            Step::WriteSecret { arn, written } => self.write_secret(wanted, &arn, written).await,
            Step::ScheduleRotation { arn, every } => {
                secrets.schedule_rotation(&arn, &wanted.rotate_function, &every).await
            }
            Step::CancelRotation { arn } => secrets.cancel_rotation(&arn).await,
            Step::MakeGroup { parameter_group, secret, tags } => {
                self.make_group(wanted, parameter_group, secret, tags).await
            }
            Step::Ask { arn, tags, .. } | Step::Tag { arn, tags } => cache.tag(&arn, &tags).await,
            Step::Untag { arn, keys } => {
                let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
                cache.untag(&arn, &keys).await
            }
            Step::SetNodeType { to, mark } => {
                self.noted(done(cache.resize(group, &to).await), &mark).await
            }
            Step::SetTls(to) => cache.set_tls(group, to).await,
            Step::SetUsers { add, remove, drops_token } => {
                let set = cache.set_users(group, &add, &remove, drops_token).await;
                self.unless_set(set, group, &spec.user_groups).await
            }
            Step::GiveToken { secret, gift, mark } => {
                self.noted(self.give_token(group, &secret, gift).await, &mark).await
            }
            Step::ForgetSecret { arn } => secrets.delete(&arn).await,
            Step::AddReplicas { to, shards } => done(cache.add_replicas(group, to, &shards).await),
            Step::RemoveReplicas { to, shards } => {
                done(cache.remove_replicas(group, to, &shards).await)
            }
            Step::SetShards { to, gone, mark } => {
                self.noted(done(cache.set_shards(group, to, &gone).await), &mark).await
            }
            Step::SetResilience(to) => cache.set_resilience(group, to).await,
            Step::SetSettings(settings) => cache.set_settings(group, &settings).await,
            Step::Upgrade { engine, to, parameter_group, mark } => {
                let asked = cache.upgrade(group, engine, to, &parameter_group).await;
                self.noted(asked, &mark).await
            }
            Step::SetDelivery { change, mark } => {
                self.noted(cache.set_delivery(group, &change).await, &mark).await
            }
            Step::PutAlarms(alarms) => self.put_alarms(wanted, &alarms).await,
            Step::DeleteAlarms(names) => self.alarms.delete(&names).await,
        }
    }

    /// Writes down that a change was taken.
    async fn noted(&self, asked: Result<(), Fault>, mark: &Mark) -> Result<(), Fault> {
        asked?;
        self.elasticache.tag(&mark.arn, &mark.tags).await
    }

    /// Takes a step towards nothing.
    pub(crate) async fn remove(&self, removal: Removal, group: &GroupId) -> Result<(), Fault> {
        let cache = &self.elasticache;
        match removal {
            Removal::CloseWayBack { arn } => {
                look_again_if_gone(cache.untag(&arn, &[tag::REPLACED_BY]).await)
            }
            Removal::TakeLast { name, of, tags } => {
                look_again_if_gone(cache.take_snapshot(&name, &of, &tags).await)
            }
            Removal::Retain { arn, tags } => look_again_if_gone(cache.tag(&arn, &tags).await),
            Removal::LetGo { arn } => look_again_if_gone(cache.untag(&arn, &[tag::OWNER]).await),
            Removal::Group => cache.delete(group).await,
            Removal::KeepParked { arn, tags, .. } => {
                look_again_if_gone(cache.tag(&arn, &tags).await)
            }
            Removal::Alarms(names) => self.alarms.delete(&names).await,
            Removal::ParameterGroup { name } => cache.delete_parameter_group(&name).await,
            Removal::SubnetGroup => cache.delete_subnet_group(group.as_str()).await,
            Removal::LogGroup { name } => self.logs.delete(&name).await,
            Removal::Secret { arn } => self.secrets.delete(&arn).await,
        }
    }

    /// Gives a group the token that its secret holds. One that is required already, after a call whose answer was lost, is refused; the next
    /// look tells.
    async fn give_token(
        &self,
        group: &GroupId,
        secret: &str,
        gift: TokenGift,
    ) -> Result<(), Fault> {
        let token = self.secrets.token(secret).await?;
        let (change, in_place_of_users) = match gift {
            TokenGift::Accept => (Change::Rotate, false),
            TokenGift::InPlaceOfUsers => (Change::Rotate, true),
            TokenGift::Require => (Change::Set, false),
        };
        let given = self.elasticache.change_token(group, &token, change, in_place_of_users).await;
        match given {
            Err(fault) if gift == TokenGift::Require && fault.kind == FaultKind::Rejected => {
                Err(Fault { kind: FaultKind::Busy, ..fault })
            }
            given => done(given),
        }
    }

    /// A user group that is there is not taken once more: where a call that was sent twice is refused, the group tells whether the first
    /// one has done it.
    async fn unless_set(
        &self,
        set: Result<(), Fault>,
        group: &GroupId,
        wanted: &[String],
    ) -> Result<(), Fault> {
        match set {
            Err(fault) if fault.kind == FaultKind::Rejected => {
                let seen = self.elasticache.group(group).await?;
                if seen.is_some_and(|it| it.user_groups == wanted) { Ok(()) } else { Err(fault) }
            }
            set => set,
        }
    }

    async fn put_alarms(&self, wanted: &Wanted, alarms: &[AlarmSpec]) -> Result<(), Fault> {
        let (topics, tags) = (wanted.alarm_topics(), diff::beside_tags(wanted));
        for alarm in alarms {
            self.alarms.put(alarm, &topics, &tags).await?;
        }
        Ok(())
    }

    async fn make_secret(&self, wanted: &Wanted) -> Result<(), Fault> {
        let spec = &wanted.spec;
        let description = format!("AUTH token of the Redis cache {}", spec.id);
        let draft = Draft::of_token(spec.secret_format, None);
        self.secrets.make(&spec.secret_name, &description, &diff::secret_tags(wanted), &draft).await
    }

    /// Writes the secret as it is to be, and then notes it: a death in between only looks again.
    async fn write_secret(&self, wanted: &Wanted, arn: &str, written: String) -> Result<(), Fault> {
        let group = self.elasticache.group(&wanted.spec.id).await?;
        let at = group.as_ref().and_then(|it| it.clients_endpoint().cloned());
        self.secrets.write(arn, Draft::of_token(wanted.spec.secret_format, at)).await?;
        self.secrets.tag(arn, &Tags::from([(tag::SECRET_WRITTEN.to_owned(), written)])).await
    }

    async fn make_subnet_group(&self, wanted: &Wanted) -> Result<(), Fault> {
        let spec = &wanted.spec;
        let description = name::description(&spec.id, &wanted.owner);
        let tags = diff::beside_tags(wanted);
        self.elasticache
            .make_subnet_group(spec.id.as_str(), &description, &spec.subnets, &tags)
            .await
    }

    /// Makes the group, with the token that its secret holds: the secret was there first, so a crash in between changes no token.
    async fn make_group(
        &self,
        wanted: &Wanted,
        parameter_group: String,
        secret: Option<String>,
        tags: Tags,
    ) -> Result<(), Fault> {
        let token = match secret {
            Some(arn) => Some(self.secrets.token(&arn).await?),
            None => None,
        };
        let spec = &wanted.spec;
        let encryption = Encryption { at_rest: spec.at_rest, transit: wanted.transit(token) };
        match self.elasticache.create(&new_group(wanted, parameter_group, encryption, tags)).await {
            // Whose it is, the next look tells: it may be ours, from a call whose answer was lost.
            Err(fault) if fault.kind == FaultKind::Taken => {
                Err(Fault { kind: FaultKind::Busy, ..fault })
            }
            done => done,
        }
    }
}

fn new_group(
    wanted: &Wanted,
    parameter_group: String,
    encryption: Encryption,
    tags: Tags,
) -> NewGroup {
    let spec = &wanted.spec;
    let source = wanted.source();
    let days = spec.snapshot_retention_days;
    let window = spec.snapshot_window.as_ref().filter(|_| 0 < days);
    NewGroup {
        id: spec.id.clone(),
        description: name::description(&spec.id, &wanted.owner),
        engine: spec.engine.to_string(),
        engine_version: spec.version.to_string(),
        node_type: spec.node_type.clone(),
        shape: spec.shape,
        slots: Vec::new(),
        port: PORT,
        parameter_group: Some(parameter_group),
        subnet_group: Some(spec.id.to_string()),
        security_groups: spec.security_groups.clone(),
        resilience: wanted.resilience(spec.shape),
        encryption,
        snapshot_retention_days: days,
        snapshot_window: window.map(|it| it.as_str().to_owned()),
        maintenance_window: spec.maintenance_window.as_ref().map(|it| it.as_str().to_owned()),
        auto_minor_version_upgrade: spec.upgrades_itself(spec.version),
        notification_topic: spec.notification_topic.as_ref().map(ToString::to_string),
        zones: spec.zones.clone(),
        data_tiering: spec.data_tiering,
        network_type: spec.network_type.clone(),
        ip_discovery: spec.ip_discovery.clone(),
        kms_key: spec.kms_key.as_ref().map(ToString::to_string),
        logs: spec.logs(),
        snapshot: source.as_ref().and_then(Source::snapshot).map(str::to_owned),
        files: source.as_ref().map_or(Vec::new(), |it| it.files().to_vec()),
        tags,
    }
}

/// The port that the seed's application knows.
const PORT: u16 = 6379;

/// Takes "there is none" for "look again": somebody else may delete the group meanwhile.
fn look_again_if_gone(result: Result<(), Fault>) -> Result<(), Fault> {
    match result {
        Err(fault) if fault.is_gone() => Err(Fault { kind: FaultKind::Busy, ..fault }),
        result => result,
    }
}

/// Takes "nothing to do" for done: an earlier call, whose answer was lost, has done it.
fn done(result: Result<(), Fault>) -> Result<(), Fault> {
    match result {
        Err(fault) if fault.kind == FaultKind::NoChange => Ok(()),
        result => result,
    }
}
