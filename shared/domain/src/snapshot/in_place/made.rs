//! The two groups that are made: the one that stands in, and then the group again, like that one.

use super::mark::{self, From, Phase, Place, Was};
use super::rules;
use super::{
    Catalog, GroupId, GroupView, InPlace, InPlaceStep, InPlaceView, Next, Obstacle, Plan, Refusal,
    Restore, RestoreView, Step, Tags, TurnedDown, Wait, tag, take,
};

impl InPlace {
    /// The group that stands in, or all that speaks against it at once.
    pub(super) fn rehearsal(
        &self,
        group: &GroupView,
        view: &InPlaceView,
        catalog: &Catalog,
    ) -> Result<Plan, Obstacle> {
        let mut whys = Vec::new();
        if let Some(tags) = &group.tags {
            whys.extend(rules::against_group(group, tags));
        }
        if let Some(snapshot) = &view.snapshot {
            whys.extend(rules::against_snapshot(snapshot, &group.id, self.from.as_ref()));
        }
        let rehearsal = Restore {
            secret: self.secret.clone(),
            node_type: self.node_type.clone(),
            ..restore(&self.said.snapshot, &self.stand_in, &group.id)
        };
        let seen = RestoreView {
            snapshot: view.snapshot.clone(),
            source: Some(group.clone()),
            ..RestoreView::default()
        };
        let begun = rehearsal.begin(&seen, catalog);
        if let Err(Obstacle::Refuse(why)) = &begun {
            whys.push(why.clone());
        }
        if let Some(why) = Refusal::all(whys) {
            return Err(Obstacle::Refuse(why));
        }
        let mut plan = begun?;
        plan.description = self.said.description();
        let mut tags = mark::carried(group, group.tags.as_ref().unwrap_or(&Tags::new()));
        tags.insert(tag::IN_PLACE.to_owned(), self.said.on_stand_in(Phase::Rehearsal));
        if let Some(secret) = &self.secret {
            let key = tag::SECRET.replacen("cachewarden:", tag::WAS, 1);
            tags.insert(key, secret.to_string());
        }
        plan.tags = tags;
        Ok(plan)
    }

    /// Makes the group again, like the one that stands in: from the wanted snapshot, or from the one of before.
    pub(super) fn make(
        &self,
        phase: Phase,
        stand_in: &GroupView,
        was: &Was,
        view: &InPlaceView,
        catalog: &Catalog,
    ) -> Step {
        if !stand_in.is_settled() {
            return Next::Wait(Wait::slow(take::unsettled(stand_in)));
        }
        let is_back = phase == Phase::Back;
        let (name, snapshot, from) = if is_back {
            (self.before.as_str(), &view.before, From::Before)
        } else {
            (self.said.snapshot.as_str(), &view.snapshot, From::Wanted)
        };
        let otherwise = |why: String| match from {
            From::Wanted => self.advance(stand_in, Phase::Failed, Some(&why)),
            From::Before => Next::Refuse(self.lost(stand_in, vec![why])),
        };
        if let Some(TurnedDown::Group(why)) = &view.turned_down {
            return otherwise(why.clone());
        }
        let mut like = stand_in.clone();
        like.tags = Some(was.tags.clone());
        // What was written since the wanted snapshot may need the nodes of before.
        if is_back && was.node_type.is_some() {
            like.node_type.clone_from(&was.node_type);
        }
        let seen = RestoreView {
            snapshot: snapshot.clone(),
            source: Some(like),
            ..RestoreView::default()
        };
        match restore(name, &self.said.group, &stand_in.id).begin(&seen, catalog) {
            Ok(mut plan) => {
                plan.description.clone_from(&was.description);
                plan.tags.clone_from(&was.tags);
                plan.tags.extend(self.group_tag(Place::Unfinished(from)));
                Next::Do(InPlaceStep::Make(Box::new(plan)))
            }
            Err(Obstacle::Wait(wait)) => Next::Wait(wait),
            Err(Obstacle::Refuse(why)) => otherwise(why.to_string()),
        }
    }
}

/// The restore that makes the group which stands in, or the group itself like that one.
fn restore(snapshot: &str, target: &GroupId, like: &GroupId) -> Restore {
    Restore {
        snapshot: snapshot.to_owned(),
        files: Vec::new(),
        manifest: None,
        target: target.clone(),
        from: Some(like.clone()),
        secret: None,
        node_type: None,
    }
}
