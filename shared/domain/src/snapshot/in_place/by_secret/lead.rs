//! The steps from one group to the other, which are the same there and back.

use jiff::{SignedDuration, Timestamp};

use crate::rotate::{Hold, VersionId};
use crate::snapshot::Refusal;
use crate::snapshot::in_place::mark::{From, Place, Was};
use crate::snapshot::in_place::saved::Save;
use crate::snapshot::restore::missing_alarms;
use crate::{GroupView, Next, Tags, Wait, WaitingOn, tag};

use super::mark::{self, Aside};
use super::{SecretSeen, Step, Switch, SwitchStep, SwitchView, Unswitched, Way, dismiss};

impl Switch {
    /// From a group that stands, or from none where that is gone, to one that is as it should be.
    pub(super) fn hop(
        &self,
        from: Option<(&GroupView, &Tags)>,
        to: (&GroupView, &Tags),
        view: &SwitchView,
        now: Timestamp,
    ) -> Step {
        let (group, to_tags) = to;
        let stands = from.filter(|(_, tags)| Aside::read(tags).is_none());
        let unsaved = stands.and_then(|(from, tags)| self.hop.unsaved(from, tags, &view.groups));
        match unsaved {
            None | Some(Next::Settled) => {}
            Some(Next::Refuse(why)) if self.way == Way::Forth => {
                return self.dismissed(group, why, view, now);
            }
            Some(Next::Refuse(why)) => return Next::Refuse(why),
            Some(Next::Wait(wait)) => return Next::Wait(wait),
            Some(Next::Do(Save { name, of, tags })) => {
                return Next::Do(SwitchStep::Save { name, of, tags });
            }
        }
        let tags = Was::read(to_tags).tags;
        if let Some(set) = missing_alarms(group, &tags, &view.groups.alarms) {
            return Next::Do(SwitchStep::PutAlarms(set));
        }
        let Some(seen) = &view.secret else {
            let secret = tags.get(tag::SECRET).cloned().unwrap_or_default();
            let group = group.id.clone();
            return Next::Refuse(Unswitched::NoSuchSecret { group, secret }.into());
        };
        self.lead(from, to, (seen, view), now)
    }

    /// All is ready, and the secret is what is left.
    fn lead(
        &self,
        from: Option<(&GroupView, &Tags)>,
        (to, to_tags): (&GroupView, &Tags),
        (seen, view): (&SecretSeen, &SwitchView),
        now: Timestamp,
    ) -> Step {
        let secret = seen.secret.arn.clone();
        let hold = seen.secret.hold(now);
        let own = hold.as_ref().filter(|it| self.holds(it));
        if !seen.is_quiet() {
            // A rotation waits for whoever holds the secret, and has to come first.
            return match own {
                Some(_) => Next::Do(SwitchStep::Release { secret }),
                None => Next::Wait(Wait::slow(WaitingOn::Rotation(secret.to_string()))),
            };
        }
        if !seen.opens(to_tags) {
            let why = Unswitched::Rotated { group: to.id.clone() }.into();
            let is_first = from.is_none_or(|(_, tags)| Aside::read(tags).is_none());
            return match self.way {
                Way::Forth if is_first => self.dismissed(to, why, view, now),
                Way::Forth | Way::Back => Next::Refuse(why),
            };
        }
        if let (Some(other), None) = (&hold, own) {
            return Next::Wait(Wait::slow(WaitingOn::Address(other.to_string())));
        }
        let left_min = now.saturating_add(HOLD_LEFT_MIN).unwrap_or(Timestamp::MAX);
        if own.is_none_or(|it| it.until < left_min) {
            let (to, request) = (to.id.clone(), self.hop.said.request.clone());
            let until = now.saturating_add(HOLD).unwrap_or(Timestamp::MAX);
            let tags = tagged(tag::IN_PLACE, Hold { to, request, until }.to_string());
            return Next::Do(SwitchStep::Hold { secret, tags });
        }
        self.write(from, to, seen, now)
    }

    /// The secret is held, and its token opens the group that clients are led to.
    fn write(
        &self,
        from: Option<(&GroupView, &Tags)>,
        to: &GroupView,
        seen: &SecretSeen,
        now: Timestamp,
    ) -> Step {
        let secret = seen.secret.arn.clone();
        let request = &self.hop.said.request;
        let before = seen.version().cloned();
        let version = before.as_ref().and_then(|it| mark::version(request, it, &to.id));
        let text = to.clients_endpoint().and_then(|it| Some((it, seen.leading_to(it)?)));
        let (Some(before), Some(version), Some((at, text))) = (before, version, text) else {
            return Next::Refuse(Unswitched::NoAddress { secret: secret.to_string() }.into());
        };
        if let Some(step) = from.and_then(|(from, tags)| self.set_aside(from, tags, &version, now))
        {
            return Next::Do(step);
        }
        if seen.secret.group().is_ok_and(|it| it == to.id) {
            let to = to.id.clone();
            return Next::Do(SwitchStep::Lead { secret, to, from: before, version, text });
        }
        // First whose token it is, then where it leads: should nobody come back in between, `rotate` writes the address of whose it is.
        let mut tags = tagged(tag::GROUP, to.id.to_string());
        if seen.secret.tags.contains_key(tag::SECRET_WRITTEN) {
            tags.insert(tag::SECRET_WRITTEN.to_owned(), format!("json {at}"));
        }
        Next::Do(SwitchStep::Name { secret, to: to.id.clone(), tags })
    }

    fn set_aside(
        &self,
        from: &GroupView,
        tags: &Tags,
        takes: &VersionId,
        now: Timestamp,
    ) -> Option<SwitchStep> {
        let by = self.hop.stand_in.clone();
        let aside = Aside::read(tags).filter(|it| it.by == by).unwrap_or_else(|| Aside {
            by,
            request: self.hop.said.request.clone(),
            saved: self.hop.before.to_string(),
            until: now.saturating_add(self.keep).unwrap_or(Timestamp::MAX),
        });
        let (added, gone) = mark::set_aside(tags, &aside, takes);
        let is_set = gone.is_empty() && added.is_empty();
        let arn = from.arn.clone();
        (!is_set).then_some(SwitchStep::SetAside { arn, aside, tags: added, gone })
    }

    /// Clients are led to this group. It gets its tags, and the secret is let go of.
    pub(super) fn arrived(&self, to: &GroupView, view: &SwitchView) -> Step {
        let Some(tags) = &to.tags else { return Next::Wait(Wait::slow(WaitingOn::Busy)) };
        let said = match self.way {
            Way::Forth => Some(Tags::from([
                (tag::IN_PLACE.to_owned(), self.hop.said.on_group(Place::Finished(From::Wanted))),
                (tag::RESTORED_FROM.to_owned(), self.hop.said.snapshot.clone()),
            ])),
            Way::Back => None,
        };
        // What it says of anything that came later is left to that.
        let is_adopted = !self.is_rehearsal(to) && Aside::read(tags).is_none();
        let (added, gone) = if is_adopted && !mark::carries(tags) {
            (Tags::new(), Vec::new())
        } else {
            mark::adopted(tags, said.as_ref())
        };
        if !added.is_empty() || !gone.is_empty() {
            let (arn, group) = (to.arn.clone(), to.id.clone());
            return Next::Do(SwitchStep::Adopt { arn, group, tags: added, gone });
        }
        let holds = |it: &&SecretSeen| {
            let held = it.secret.tags.get(tag::IN_PLACE).and_then(|it| Hold::parse(it));
            held.is_some_and(|it| self.holds(&it))
        };
        match view.secret.as_ref().filter(holds) {
            Some(seen) => Next::Do(SwitchStep::Release { secret: seen.secret.arn.clone() }),
            None => Next::Settled,
        }
    }

    /// Has the group go that was to take the place, unless clients may be on their way to it. Whoever is at it beside holds the secret for that: it
    /// is let go of first, and then looked at again what the other one did.
    pub(super) fn dismissed(
        &self,
        to: &GroupView,
        why: Refusal,
        view: &SwitchView,
        now: Timestamp,
    ) -> Step {
        match &view.secret {
            Some(seen) if seen.is_of(to) => Next::Wait(Wait::slow(WaitingOn::Busy)),
            Some(seen) if seen.secret.hold(now).is_some_and(|it| self.holds(&it)) => {
                Next::Do(SwitchStep::Release { secret: seen.secret.arn.clone() })
            }
            Some(_) | None => dismiss(to, why),
        }
    }

    fn holds(&self, hold: &Hold) -> bool {
        hold.request == self.hop.said.request && hold.to == self.hop.stand_in
    }
}

/// Whoever holds a secret does so for this long, and does nothing with less than that left: no call takes as long as what is between.
const HOLD: SignedDuration = SignedDuration::from_mins(30);
const HOLD_LEFT_MIN: SignedDuration = SignedDuration::from_mins(16);

fn tagged(key: &str, value: String) -> Tags {
    [(key.to_owned(), value)].into()
}
