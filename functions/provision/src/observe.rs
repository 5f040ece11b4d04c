//! Which calls make up what is seen.

use std::collections::BTreeSet;

use domain::asked::Asked;
use domain::provision::farewell::Farewell;
use domain::provision::{
    self, Around, Ownership, ParameterGroupView, Seen, Source, SubnetGroupView, Wanted, fit, logs,
    name, ownership, parameters,
};
use domain::snapshot::in_place::mark;
use domain::snapshot::{SnapshotView, park};
use domain::{GroupId, GroupStatus, GroupView, tag};
use jiff::{SignedDuration, Timestamp};
use platform::{Alarms, ElastiCache, Fault, LogGroups, Metrics, Secrets};

/// The services that are looked at.
#[derive(Clone, Debug)]
pub(crate) struct Services {
    pub(crate) elasticache: ElastiCache,
    pub(crate) secrets: Secrets,
    pub(crate) alarms: Alarms,
    pub(crate) metrics: Metrics,
    pub(crate) logs: LogGroups,
}

/// What stands around a group that should go, under names that only the properties tell.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named<'a> {
    /// The secret.
    pub(crate) secret: Option<&'a str>,
    /// The log groups.
    pub(crate) log_groups: &'a BTreeSet<String>,
}

impl Services {
    /// Looks at a group that should be there, and at what stands around it where something could be done.
    pub(crate) async fn wanted(
        &self,
        wanted: &Wanted,
        others_ended: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Seen, Fault> {
        let group = &wanted.spec.id;
        let view = self.elasticache.group_with_tags(group).await?;
        let stand_in = self.stand_in(group, view.as_ref()).await?;
        if stand_in.is_some() {
            return Ok(Seen { group: view, stand_in, ..Seen::default() });
        }
        let events = if is_suspicious(view.as_ref(), now) {
            self.elasticache.event_texts(group).await?
        } else {
            Vec::new()
        };
        let may_act = view.as_ref().is_none_or(|it| it.status == GroupStatus::Available);
        let around = if may_act {
            let stated = &wanted.spec.secret_name;
            let secret = view.as_ref().and_then(|it| it.tags.as_ref());
            let secret = secret.map(|it| name::secret_that_stands(stated, group, it));
            let mut around = self.around(group, Some(secret.as_ref().unwrap_or(stated))).await?;
            let has = view.as_ref().map_or(&[][..], |it| &it.user_groups);
            let gets: Vec<String> =
                wanted.spec.user_groups.iter().filter(|it| !has.contains(it)).cloned().collect();
            around.user_groups = self.elasticache.user_groups(&gets).await?;
            if !around.user_groups.is_empty() && !wanted.spec.release().knows_iam() {
                self.elasticache.tell_iam_users(&mut around.user_groups).await?;
            }
            if let Some(family) = parameters::to_be_known(wanted, view.as_ref(), &around) {
                let known = self.elasticache.engine_parameters(&family).await?;
                around.engine_parameters = Some(known);
            }
            around.log_groups = self.logs.of(&wanted.log_groups()).await?;
            if let Some(view) = &view {
                if logs::may_go(wanted, &around) {
                    around.logs_of_others = self.elasticache.log_groups_but_of(group).await?;
                }
                self.tell_alarms_apart(wanted, view, &mut around).await?;
                if 1 < around.parameter_groups.len() {
                    around.parameters_of_others =
                        self.elasticache.parameter_groups_but_of(group).await?;
                }
            }
            Some(around)
        } else {
            None
        };
        let used = match view.as_ref().filter(|it| may_act && fit::takes_shards(wanted, it)) {
            Some(view) => fit::used(view, &self.metrics.used(&view.member_ids, now).await?, now),
            None => None,
        };
        let mut seen =
            Seen { group: view, around, events, others_ended, used, last: None, stand_in: None };
        // One that is parked is filled from its park snapshot, whatever is stated.
        let source = wanted.found(&seen).source().filter(|_| seen.group.is_none());
        if let (Some(name), Some(around)) =
            (source.as_ref().and_then(Source::snapshot), &mut seen.around)
        {
            around.source = self.elasticache.snapshot(name).await?;
        }
        Ok(seen)
    }

    /// The group that stands in for one that is restored in place, if it is.
    async fn stand_in(
        &self,
        group: &GroupId,
        view: Option<&GroupView>,
    ) -> Result<Option<GroupId>, Fault> {
        let says = |it: &GroupView| it.tags.as_ref().is_some_and(mark::is_under_way);
        let Ok(id) = mark::stand_in_of(group) else { return Ok(None) };
        if !view.is_none_or(says) {
            return Ok(None);
        }
        let described = self.elasticache.description(&id).await?;
        Ok(described.filter(|it| mark::is_stand_in_for(group, it)).map(|_| id))
    }

    /// Looks at a group that should go, and at its last snapshot where that decides. What stands around it goes after it, and is looked
    /// at when the group is gone.
    pub(crate) async fn unwanted(
        &self,
        farewell: &Farewell,
        named: Named<'_>,
        since_asked: SignedDuration,
    ) -> Result<Seen, Fault> {
        let Farewell { group, owner, .. } = farewell;
        let view = self.elasticache.group_with_tags(group).await?;
        let stand_in = self.stand_in(group, view.as_ref()).await?;
        if stand_in.is_some() {
            return Ok(Seen { group: view, stand_in, ..Seen::default() });
        }
        if let Some(view) = view.as_ref().filter(|it| farewell.turns_on_last(it)) {
            return self.last_of(farewell, view, since_asked).await;
        }
        let goes = view.as_ref().is_some_and(|it| ownership(it, owner) != Ownership::Foreign);
        if goes || view.as_ref().is_some_and(|it| farewell.has_let_go(it)) {
            return Ok(Seen { group: view, ..Seen::default() });
        }
        let around = Box::pin(self.rest(farewell, named)).await?;
        Ok(Seen { group: view, around: Some(around), ..Seen::default() })
    }

    /// Looks at what stands around a group that should go; of the alarms, only at ours.
    pub(crate) async fn rest(
        &self,
        farewell: &Farewell,
        named: Named<'_>,
    ) -> Result<Around, Fault> {
        let group = &farewell.group;
        let mut around = self.around(group, named.secret).await?;
        // A group that took the place of another has a secret of another name.
        let is_its_own = around
            .secret
            .as_ref()
            .is_some_and(|it| it.tags.get(tag::GROUP).is_none_or(|it| it == group.as_str()));
        if let Some(name) = named.secret.filter(|_| !is_its_own) {
            let own = self.secrets.find(&name::secret_of(name, group)).await?;
            around.secret = own.or(around.secret);
        }
        let mut ours = Vec::new();
        for alarm in around.alarms {
            if farewell.owner.owns(&self.alarms.tags(&alarm.arn).await?) {
                ours.push(alarm);
            }
        }
        around.alarms = ours;
        around.log_groups = self.logs.of(named.log_groups).await?;
        if around.log_groups.iter().any(|it| logs::goes_with(&farewell.owner, it)) {
            around.logs_of_others = self.elasticache.log_groups_but_of(group).await?;
        }
        Ok(around)
    }

    /// Looks at a group whose keys are to be carried over, and at the snapshot for that.
    pub(crate) async fn carried(
        &self,
        farewell: &Farewell,
        since_asked: SignedDuration,
    ) -> Result<Seen, Fault> {
        let view = self.elasticache.group_with_tags(&farewell.group).await?;
        match view {
            Some(view) if view.status == GroupStatus::Available => {
                self.last_of(farewell, &view, since_asked).await
            }
            view => Ok(Seen { group: view, ..Seen::default() }),
        }
    }

    /// Looks at the last snapshot of a group. One that is not there may have failed since it was asked for; in the first minutes it most
    /// likely was not asked for yet.
    async fn last_of(
        &self,
        farewell: &Farewell,
        group: &GroupView,
        since_asked: SignedDuration,
    ) -> Result<Seen, Fault> {
        const FIRST_LOOKS: SignedDuration = SignedDuration::from_mins(2);
        let last = self.elasticache.snapshot(farewell.last.as_str()).await?;
        let is_suspicious =
            last.as_ref().map_or(FIRST_LOOKS <= since_asked, Farewell::is_suspicious);
        let events =
            if is_suspicious { self.elasticache.event_texts(&group.id).await? } else { Vec::new() };
        Ok(Seen { group: Some(group.clone()), last, events, ..Seen::default() })
    }

    /// Looks whose the alarms are that would be overwritten or deleted.
    async fn tell_alarms_apart(
        &self,
        wanted: &Wanted,
        group: &GroupView,
        around: &mut Around,
    ) -> Result<(), Fault> {
        let upkeep = provision::alarm_upkeep(wanted, group, around);
        let touched = upkeep.touches(&around.alarms);
        around.foreign_alarms = self.alarms.foreign_to(&group.id, &touched).await?;
        Ok(())
    }

    async fn around(&self, group: &GroupId, secret: Option<&str>) -> Result<Around, Fault> {
        let (subnet_group, parameter_groups, secret, alarms) = tokio::join!(
            self.subnet_group(group),
            self.parameter_groups(group),
            async {
                match secret {
                    Some(name) => self.secrets.find(name).await,
                    None => Ok(None),
                }
            },
            self.alarms.of(group),
        );
        let subnet_group = subnet_group?;
        let parked = self.parked(subnet_group.as_ref()).await?;
        Ok(Around {
            subnet_group,
            parameter_groups: parameter_groups?,
            engine_parameters: None,
            source: None,
            parked,
            secret: secret?,
            alarms: alarms?,
            foreign_alarms: BTreeSet::new(),
            parameters_of_others: BTreeSet::new(),
            user_groups: Vec::new(),
            log_groups: Vec::new(),
            logs_of_others: BTreeSet::new(),
        })
    }

    /// The park snapshot that a subnet group names, since the group is or was parked with it.
    async fn parked(
        &self,
        subnet_group: Option<&SubnetGroupView>,
    ) -> Result<Option<Box<SnapshotView>>, Fault> {
        let Some(name) = subnet_group.and_then(park::noted_on) else { return Ok(None) };
        let Some(mut snapshot) = self.elasticache.snapshot(name).await? else { return Ok(None) };
        snapshot.tags = self.elasticache.tags(&snapshot.arn).await?;
        Ok(Some(Box::new(snapshot)))
    }

    async fn subnet_group(&self, group: &GroupId) -> Result<Option<SubnetGroupView>, Fault> {
        self.elasticache.subnet_group(group.as_str()).await
    }

    async fn parameter_groups(&self, group: &GroupId) -> Result<Vec<ParameterGroupView>, Fault> {
        let is_ours = |seen: &str, family: &str| seen == name::parameter_group(group, family);
        self.elasticache.parameter_groups(is_ours).await
    }
}

/// Whether the service's events may have something to say.
fn is_suspicious(group: Option<&GroupView>, now: Timestamp) -> bool {
    group.is_some_and(|it| {
        let asked = it.tags.as_ref().and_then(Asked::read);
        it.status == GroupStatus::CreateFailed || asked.is_some_and(|it| it.is_overdue(now))
    })
}
