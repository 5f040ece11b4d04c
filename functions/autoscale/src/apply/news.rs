//! What people are told of a look beside what it did: at once where an alarm asks, and once in a while where only the schedule sees it.

use domain::GroupView;
use domain::autoscale::{News, Refusal, Told, Weight};
use jiff::SignedDuration;
use platform::{Fault, FaultKind};

use super::{send, tell};
use crate::event::{Cause, Look};
use crate::report::{self, End, Story};
use crate::{App, Run};

impl Run<'_> {
    /// Tells people what an alarm did not lead to, what was begun and failed, whoever began it, and what a group at rest has to be looked at for.
    pub(crate) async fn tell_if_news(
        &self,
        look: &Look,
        story: &Story,
        end: &End,
    ) -> Result<(), Fault> {
        let is_urgent = match &look.cause {
            Cause::Alarm { .. } => is_news(end),
            Cause::Asked => self.has_failed_at_last(end),
        };
        let is_urgent = is_urgent && !story.told;
        match end {
            End::Settled => self.tell_of_rest(story, None, false).await,
            End::Refused(refusal) => self.tell_of_rest(story, Some(refusal), is_urgent).await,
            // It is looked at again, when it is at rest.
            End::Unfinished(_) | End::TooLong(_) | End::Failed(_) | End::Again(_) => {
                if is_urgent {
                    tell(self.app, &report::not_done(story, end)).await
                } else {
                    Ok(())
                }
            }
        }
    }

    /// Tells what was not told of late, and what is urgent in any case. It is written down first: who writes it last would tell it again and again
    /// where it cannot be written.
    async fn tell_of_rest(
        &self,
        story: &Story,
        refusal: Option<&Refusal>,
        is_urgent: bool,
    ) -> Result<(), Fault> {
        let now = self.clock.now();
        let at_rest = story.rest.as_deref().filter(|_| self.app.settings.topic.is_some());
        let told = at_rest.and_then(|it| it.tags.as_ref()).map(Told::read).unwrap_or_default();
        let of_refusal =
            refusal.zip(at_rest).and_then(|(it, group)| News::of_refusal(it, group, now));
        let of_signs = story.signs.iter().map(|it| News::of_sign(it.kind));
        let mut fresh = told.fresh(of_refusal.iter().cloned().chain(of_signs).collect(), now);
        let noted = match at_rest.filter(|_| !fresh.is_empty()) {
            Some(group) => match note(self.app, group, &told.with(&fresh, now)).await {
                // What is urgent does not wait for a tag.
                Err(_) if is_urgent => false,
                noted => noted?,
            },
            None => false,
        };
        if !noted {
            fresh.clear();
        }
        let is_fresh = |word: &str| fresh.iter().any(|it| it.word == word);
        let refusal =
            refusal.filter(|_| is_urgent || of_refusal.is_some_and(|it| is_fresh(&it.word)));
        let message = report::to_be_looked_at(story, refusal, |it| is_fresh(it.word()));
        let Some(message) = message else { return Ok(()) };
        let sent = send(self.app, &message).await;
        if let (Err(_) | Ok(false), Some(group), true) = (&sent, at_rest, noted) {
            self.take_back(group, &told).await?;
        }
        sent.map(|_| ())
    }

    /// Writes down again what was told before, as this was not. The note itself may have made the group busy for a while (facts 1.2).
    async fn take_back(&self, group: &GroupView, told: &Told) -> Result<(), Fault> {
        for _ in 0..BUSY_FOR {
            if note(self.app, group, told).await? {
                return Ok(());
            }
            self.clock.sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Whether this is the end of work that was carried on, and it came to nothing.
    fn has_failed_at_last(&self, end: &End) -> bool {
        let failed = match end {
            End::TooLong(_) | End::Failed(_) => true,
            End::Settled | End::Refused(_) | End::Unfinished(_) | End::Again(_) => false,
        };
        failed && self.delivery.carrier.is_some()
    }
}

fn is_news(end: &End) -> bool {
    match end {
        End::Refused(refusal) => refusal.weight() == Weight::News,
        End::TooLong(_) | End::Failed(_) => true,
        End::Settled | End::Unfinished(_) | End::Again(_) => false,
    }
}

/// Writes down what is told, and says whether that was taken. A group that became busy takes no tags, and is looked at again.
async fn note(app: &App, group: &GroupView, told: &Told) -> Result<bool, Fault> {
    match app.elasticache.tag(&group.arn, &told.tags()).await {
        Ok(()) => Ok(true),
        Err(fault) if fault.kind == FaultKind::Transient => Err(fault),
        Err(fault) => {
            tracing::warn!(%fault, group = %group.id, "could not write down what is told");
            Ok(false)
        }
    }
}

/// A tag makes a group busy for some seconds.
const BUSY_FOR: usize = 6;
const PAUSE: SignedDuration = SignedDuration::from_secs(5);
