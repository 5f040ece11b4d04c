//! What the schedule does about alarms, whatever the policy: those of each group are put right, those of groups that are gone go.
//!
//! A failover, a change of the members by hand and a change of an alarm by hand call nobody. This is who notices.

use std::collections::{BTreeMap, BTreeSet};

use domain::alarm::{AlarmSet, Upkeep};
use domain::{Arn, GroupId, tag};
use platform::fleet::Tagged;
use platform::{Fault, FaultKind};

use crate::{Run, report};

/// What a round did.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// How many alarms were made or put right.
    pub(crate) put: usize,
    /// How many that watched nobody in their group were deleted.
    pub(crate) deleted: usize,
    /// How many of groups that are gone were deleted.
    pub(crate) cleared: usize,
    /// How many groups are left for the next time.
    pub(crate) later: usize,
    /// A call that failed for now: the round has to come again.
    pub(crate) again: Option<Fault>,
    /// The last call that failed for good. All of them are in the journal.
    pub(crate) failed: Option<Fault>,
}

impl Run<'_> {
    /// Puts right the alarms of every group of ours, of which those with a policy are known. One that fails does not stop the rest.
    pub(crate) async fn keep_alarms(&self, with_policy: &[Tagged]) -> Kept {
        let mut kept = Kept::default();
        let with_alarms = self.app.fleet.groups(tag::ALARMS).await;
        let with_alarms = kept.take(with_alarms, |it| self.journal_failure(LOOK, it));
        // Also without the second list, those of the first are seen to.
        let listed = with_policy.iter().chain(with_alarms.iter().flatten());
        let groups: BTreeMap<&str, GroupId> =
            listed.filter_map(|it| Some((it.arn.as_str(), it.group_id()?))).collect();
        let mut in_turn: Vec<GroupId> = groups.values().cloned().collect();
        self.begin_elsewhere(&mut in_turn);
        for group in &in_turn {
            if self.deadline <= self.clock.now() {
                kept.later += 1;
                continue;
            }
            let done = self.keep_alarms_of(group).await;
            let asked = format!("keep the alarms of {group}");
            if let Some(done) = kept.take(done, |it| self.journal_failure(&asked, it)) {
                kept.put += done.put.len();
                kept.deleted += done.delete.len();
            }
        }
        if with_alarms.is_some() {
            let tended = groups.into_values().collect();
            let cleared = self.clear_alarms(&tended).await;
            kept.cleared =
                kept.take(cleared, |it| self.journal_failure(CLEAR, it)).unwrap_or_default();
        }
        kept
    }

    /// Puts right the alarms of one group, and answers what that took.
    async fn keep_alarms_of(&self, id: &GroupId) -> Result<Upkeep, Fault> {
        let app = self.app;
        let Some(group) = app.elasticache.group_with_tags(id).await? else {
            return Ok(Upkeep::default());
        };
        let set = match AlarmSet::in_passing(&group) {
            Ok(Some(set)) => set,
            Ok(None) => return Ok(Upkeep::default()),
            Err(problems) => {
                app.journal.write(&report::misread(id, &problems), self.clock.now());
                return Ok(Upkeep::default());
            }
        };
        let upkeep = app.alarms.upkeep(&set).await?;
        let topic: &Arn = &app.settings.alarm_topic;
        app.alarms.put_of(&set, &upkeep.put, topic).await?;
        if !upkeep.delete.is_empty() {
            app.alarms.delete(&upkeep.delete).await?;
        }
        if upkeep != Upkeep::default() {
            app.journal.write(&report::kept(&group, &upkeep), self.clock.now());
        }
        Ok(upkeep)
    }

    /// Deletes our alarms of groups that are gone. Whoever deletes a group by hand leaves them, and they would be paid for forever.
    async fn clear_alarms(&self, tended: &BTreeSet<GroupId>) -> Result<usize, Fault> {
        let ours = self.app.fleet.alarms(tag::GROUP).await?;
        let watched: BTreeSet<_> = ours.iter().filter_map(Tagged::of_group).collect();
        let mut cleared = 0;
        for group in watched.difference(tended) {
            if self.app.elasticache.group(group).await?.is_some() {
                continue;
            }
            // The list of what has tags lags behind, and deleting an alarm that is gone would spare the others of the same call.
            let of_group = ours.iter().filter(|it| it.of_group().as_ref() == Some(group));
            let listed: Vec<String> =
                of_group.filter_map(Tagged::alarm_name).map(str::to_owned).collect();
            let there = self.app.alarms.named(&listed).await?;
            let names: Vec<String> = there.into_iter().map(|it| it.name).collect();
            if names.is_empty() {
                continue;
            }
            self.app.alarms.delete(&names).await?;
            cleared += names.len();
            self.app.journal.write(&report::cleared(group, &names), self.clock.now());
        }
        Ok(cleared)
    }

    /// Writes down what failed for good. What failed for now is told by the event that comes again.
    fn journal_failure(&self, asked: &str, fault: &Fault) {
        self.app.journal.write(&report::failed(asked, &fault.to_string()), self.clock.now());
    }
}

impl Kept {
    /// The value of a call, or nothing and the fault is noted.
    fn take<T>(&mut self, answer: Result<T, Fault>, tell: impl FnOnce(&Fault)) -> Option<T> {
        match answer {
            Ok(value) => return Some(value),
            Err(fault) if fault.kind == FaultKind::Transient => self.again = Some(fault),
            Err(fault) => {
                tell(&fault);
                self.failed = Some(fault);
            }
        }
        None
    }
}

const LOOK: &str = "look for groups with alarms";
const CLEAR: &str = "delete the alarms of groups that are gone";
