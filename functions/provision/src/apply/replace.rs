//! An update on its way: to the group that the stack has, over to another one in its place, or back.

use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use domain::provision::farewell::Farewell;
use domain::provision::replace::keys::{self, Counts, Verdict};
use domain::provision::replace::{
    Ahead, Progress, Road, Sight, Successor, Unreplaceable, ahead, at, carry, is_left_of, moved,
    road,
};
use domain::provision::{Deletion, Keep, Refusal, Removal, Replaced, Seen, Wanted, name, outputs};
use domain::snapshot::SnapshotStatus;
use domain::{GroupId, GroupView, Next, SnapshotName, Wait, WaitingOn, tag};
use jiff::Timestamp;
use platform::{Clock, Fault, Operation, Outcome, converge};

use super::Vanish;
use crate::event::{Existing, Request};
use crate::observe::{Named, Services};
use crate::report::{Conclusion, Failure};
use crate::{Run, failed};

/// An update that may lead to another group.
struct Crossing<'a> {
    run: &'a Run<'a>,
    existing: &'a Existing,
    /// As the stack states it, under the id that it states.
    wanted: Wanted,
    /// The id of the group that CloudFormation knows.
    physical: &'a GroupId,
    /// The snapshot that this request takes of that, where it has to.
    transfer: &'a SnapshotName,
    others_ended: Option<Timestamp>,
}

impl Run<'_> {
    /// Makes a cache as it is wanted, or another one in its place.
    pub(crate) async fn exist(
        &self,
        existing: &Existing,
        wanted: Wanted,
        others_ended: Option<Timestamp>,
    ) -> Conclusion {
        let Some((physical, transfer)) = existing.crosses() else {
            return self.stand(existing, wanted, others_ended).await;
        };
        let crossing = Crossing { run: self, existing, wanted, physical, transfer, others_ended };
        match Box::pin(crossing.go()).await {
            Ok(conclusion) => conclusion,
            Err(fault) => failed(&crossing.request(), fault),
        }
    }

    /// Deletes the snapshots that carried the keys of a group over, which stands or is gone with a last one.
    pub(crate) async fn forget_transfers(&self, group: &GroupId) -> Result<(), Fault> {
        let cache = &self.app.services.elasticache;
        let prefix = name::transfers(group);
        let found = cache.snapshots(|it| it.starts_with(&prefix)).await?;
        for snapshot in found.into_iter().filter(|it| it.status != SnapshotStatus::Deleting) {
            let tags = cache.tags(&snapshot.arn).await?.unwrap_or_default();
            let is_of = tags.get(tag::GROUP).is_some_and(|it| it == group.as_str());
            if let Ok(name) = SnapshotName::parse(&snapshot.name)
                && is_of
                && self.ticket.owner.owns(&tags)
            {
                cache.delete_snapshot(&name).await?;
            }
        }
        Ok(())
    }
}

impl Crossing<'_> {
    fn request(&self) -> Request {
        Request::Exist(Box::new(self.existing.clone()))
    }

    fn services(&self) -> &Services {
        &self.run.app.services
    }

    async fn go(&self) -> Result<Conclusion, Fault> {
        let sight = self.sight().await?;
        match (road(&self.wanted, self.physical, &sight, self.run.clock.now()), sight.group) {
            (Road::Stay, group) => self.stay(group).await,
            (Road::Back(to), _) => Ok(self.back(&to).await),
            (Road::Over(to), Some(group)) => self.over(&group, &to).await,
            // No road leads away from nothing. Were there one, it would be looked at again and not called a success.
            (Road::Over(_), None) => Ok(self.goes_on(Wait::slow(WaitingOn::Busy))),
            (Road::Wait(wait), _) => Ok(self.goes_on(wait)),
            (Road::Refuse(refusal), _) => Ok(self.refused(refusal)),
        }
    }

    async fn sight(&self) -> Result<Sight, Fault> {
        let cache = &self.services().elasticache;
        let group = cache.group_with_tags(self.physical).await?;
        let replaced = group.as_ref().and_then(|it| Replaced::read(it.tags.as_ref()?));
        let prior = match replaced {
            Some(it) => cache.group_with_tags(&it.group).await?,
            None => None,
        };
        Ok(Sight { group, prior })
    }

    fn refused(&self, refusal: Refusal) -> Conclusion {
        Conclusion::Failed(Failure::Refused(self.request(), refusal))
    }

    fn goes_on(&self, wait: Wait) -> Conclusion {
        Conclusion::GoesOn(wait, format!("the replication group {} is busy", self.physical))
    }

    async fn stand(&self, wanted: Wanted) -> Conclusion {
        self.run.stand(self.existing, wanted, self.others_ended).await
    }

    /// The group that the stack has is as wanted, and what a request left half made beside it is taken away.
    async fn stay(&self, group: Option<GroupView>) -> Result<Conclusion, Fault> {
        let conclusion = self.stand(at(&self.wanted, self.physical)).await;
        let (Conclusion::Exists { .. }, Some(group)) = (&conclusion, group) else {
            return Ok(conclusion);
        };
        let Some(left) = Successor::read(&group) else { return Ok(conclusion) };
        if let Some(unfinished) = self.take_away(&left, &group).await? {
            return Ok(unfinished);
        }
        self.services().elasticache.untag(&group.arn, &[tag::REPLACED_BY]).await?;
        Ok(conclusion)
    }

    /// The group of before is the stack's again, as it was left. CloudFormation deletes the one that took its place.
    async fn back(&self, to: &GroupId) -> Conclusion {
        let mut there = at(&self.wanted, to);
        there.keep = Keep::ALL;
        there.before = None;
        self.stand(there).await
    }

    /// Saves the keys of the group where they go along, makes the other one, and sees that it is as wanted. The old one is not touched but for a tag.
    async fn over(&self, group: &GroupView, to: &GroupId) -> Result<Conclusion, Fault> {
        let moved = moved(&self.wanted, group, to, self.transfer);
        let now = self.run.clock.now();
        let seen = Box::pin(self.services().wanted(&moved, self.others_ended, now)).await?;
        match ahead(&moved, &seen, group, now) {
            Ahead::Ours => {}
            Ahead::Refuse(refusal) => return Ok(self.refused(refusal)),
            Ahead::Wait(wait) => return Ok(self.goes_on(wait)),
            Ahead::Stale => {
                let left = Successor { id: to.clone(), progress: progress(group, to) };
                let unfinished = self.take_away(&left, group).await?;
                let next = || self.goes_on(Wait::short(WaitingOn::Deletion));
                return Ok(unfinished.unwrap_or_else(next));
            }
            Ahead::Free => {
                self.note(group, to, Progress::Unfinished).await?;
                if moved.carries_keys()
                    && let Some(unfinished) = self.carry().await?
                {
                    return Ok(unfinished);
                }
            }
        }
        let carried = moved.replaces.clone().filter(|it| it.with_data);
        let mut conclusion = self.stand(moved).await;
        let Conclusion::Exists { attributes, .. } = &mut conclusion else { return Ok(conclusion) };
        let counts = match (carried, progress(group, to)) {
            // An answer that was lost is given again as it was, whatever clients have done with the keys since.
            (_, Progress::Finished(counts)) => counts,
            (None, _) => None,
            (Some(replaced), _) => match Box::pin(self.count(group, to, &replaced)).await? {
                Ok(counts) => Some(counts),
                Err(not_yet) => return Ok(*not_yet),
            },
        };
        if let Some(counts) = counts {
            outputs::add(attributes, &counts.to_string());
        }
        self.note(group, to, Progress::Finished(counts)).await?;
        Ok(conclusion)
    }

    /// Counts the keys of the new group against those that the old one had, or tells what keeps the answer back.
    async fn count(
        &self,
        group: &GroupView,
        to: &GroupId,
        replaced: &Replaced,
    ) -> Result<Result<Counts, Box<Conclusion>>, Fault> {
        let counts = self.counts(group, to, replaced).await?;
        let verdict = counts.judge(progress(group, to), self.run.clock.now());
        Ok(match verdict {
            Verdict::Pass => Ok(counts),
            Verdict::Wait(wait, since) => {
                self.note(group, to, Progress::Counting(since)).await?;
                Err(Box::new(Conclusion::GoesOn(wait, format!("{to} as wanted, {counts}"))))
            }
            Verdict::Missing { had, has } => {
                let (group, new) = (group.id.clone(), to.clone());
                let missing = Unreplaceable::KeysMissing { group, new, had, has };
                Err(Box::new(self.refused(missing.into())))
            }
        })
    }

    async fn counts(
        &self,
        group: &GroupView,
        to: &GroupId,
        replaced: &Replaced,
    ) -> Result<Counts, Fault> {
        let Services { elasticache, metrics, .. } = self.services();
        let now = self.run.clock.now();
        let snapshot = elasticache.snapshot(replaced.snapshot.as_str()).await?;
        let had = match snapshot.and_then(|it| it.taken_at) {
            Some(at) => keys::counted(group, &metrics.items(&group.member_ids, at).await?, at),
            None => None,
        };
        let has = match elasticache.group(to).await? {
            Some(new) => keys::counted(&new, &metrics.items(&new.member_ids, now).await?, now),
            None => None,
        };
        Ok(Counts { had, has })
    }

    /// Writes on the group which one takes its place, and how far that is.
    async fn note(&self, group: &GroupView, to: &GroupId, is: Progress) -> Result<(), Fault> {
        let successor = Successor { id: to.clone(), progress: is };
        if Successor::read(group).as_ref() == Some(&successor) {
            return Ok(());
        }
        self.services().elasticache.tag(&group.arn, &successor.tags()).await
    }

    /// Takes the snapshot that carries the keys over, and sees that it is whole. Nothing, where it is.
    async fn carry(&self) -> Result<Option<Conclusion>, Fault> {
        let farewell = self.farewell(self.physical, self.transfer.clone());
        let operation = Carry {
            services: self.services(),
            farewell: &farewell,
            since: self.wanted.since,
            clock: self.run.clock,
        };
        Ok(match converge(&operation, &self.run.clock, self.run.deadline).await? {
            Outcome::Settled => None,
            Outcome::Unfinished(wait) => Some(self.goes_on(wait)),
            Outcome::Refused(refusal) => Some(self.refused(refusal)),
        })
    }

    fn farewell(&self, group: &GroupId, last: SnapshotName) -> Farewell {
        Farewell {
            group: group.clone(),
            owner: self.run.ticket.owner.clone(),
            stated: Deletion::default(),
            is_rollback: true,
            last,
            is_copy: false,
            group_is_foreign: false,
        }
    }

    /// Takes away what a request that failed has left beside a group that stands. Nothing, where it is gone, or none of ours.
    async fn take_away(
        &self,
        successor: &Successor,
        group: &GroupView,
    ) -> Result<Option<Conclusion>, Fault> {
        let left = &successor.id;
        let seen = self.services().elasticache.group_with_tags(left).await?;
        match seen.as_ref().map(|it| is_left_of(it, &group.id)) {
            Some(Some(false)) => return Ok(None),
            Some(None) => return Ok(Some(self.goes_on(Wait::slow(WaitingOn::Creation)))),
            Some(Some(true)) | None => {}
        }
        let Ok(last) = name::final_snapshot(left, &self.run.ticket.request_id) else {
            return Ok(None);
        };
        // Who was told of it may have written to it, and then it goes as every group goes.
        let farewell = Farewell { is_copy: !successor.is_finished(), ..self.farewell(left, last) };
        // What failed was stated before, where this is the way back from it.
        let stated = self.wanted.before.as_deref().unwrap_or(&self.wanted.spec);
        let log_groups = self.wanted.log_groups();
        let operation = Vanish {
            services: self.services(),
            farewell: &farewell,
            named: Named { secret: Some(&stated.secret_name), log_groups: &log_groups },
            others_ended: self.others_ended,
            since: self.wanted.since,
            clock: self.run.clock,
            has_let_go: AtomicBool::new(false),
            parked: Mutex::default(),
        };
        match converge(&operation, &self.run.clock, self.run.deadline).await? {
            Outcome::Settled => {}
            Outcome::Unfinished(wait) => return Ok(Some(self.goes_on(wait))),
            Outcome::Refused(refusal) => return Ok(Some(self.refused(refusal))),
        }
        self.run.forget_transfers(&group.id).await?;
        Ok(None)
    }
}

/// How far the group of this id is in the place of this one, as that says.
fn progress(group: &GroupView, id: &GroupId) -> Progress {
    let noted = Successor::read(group).filter(|it| it.id == *id);
    noted.map_or(Progress::Unfinished, |it| it.progress)
}

/// A snapshot of a group that goes on living.
struct Carry<'a> {
    services: &'a Services,
    farewell: &'a Farewell,
    since: Timestamp,
    clock: Clock,
}

impl Operation for Carry<'_> {
    type Seen = Seen;
    type Step = Removal;
    type Refusal = Refusal;

    async fn observe(&self) -> Result<Seen, Fault> {
        let asked_at = self.clock.now().duration_since(self.since);
        Box::pin(self.services.carried(self.farewell, asked_at)).await
    }

    fn plan(&self, seen: &Seen, _: Timestamp) -> Next<Removal, Refusal> {
        carry(self.farewell, seen)
    }

    async fn apply(&self, removal: Removal) -> Result<(), Fault> {
        Box::pin(self.services.remove(removal, &self.farewell.group)).await
    }
}
