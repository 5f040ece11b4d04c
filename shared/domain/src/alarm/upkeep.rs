//! What makes the alarms of a group as they should be: the one comparison, whoever looks.

use super::{AlarmSpec, AlarmView, wanted};
use crate::{Arn, GroupId, GroupStatus, GroupView, Problems, Tags, tag};

/// What is wished for, as the tags of the group say it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Wish {
    /// Whether there shall be alarms.
    pub is_on: bool,
    /// The topics that they tell, where the group names its own.
    pub topics: Vec<Arn>,
}

/// The alarms that a group should have.
#[derive(Clone, Debug, PartialEq)]
pub struct AlarmSet {
    /// The group.
    pub group: GroupId,
    /// The alarms.
    pub specs: Vec<AlarmSpec>,
    /// Whom they tell. Empty where the group does not say: then the topic of whichever installation makes them.
    pub topics: Vec<Arn>,
    /// The tags that they carry.
    pub tags: Tags,
}

/// What makes the alarms as they should be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Upkeep {
    /// To be made or put right.
    pub put: Vec<AlarmSpec>,
    /// To be deleted, by name: they watch nobody any more.
    pub delete: Vec<String>,
    /// The names of those that somebody else's alarms have. They stay as they are.
    pub foreign: Vec<String>,
}

impl Wish {
    /// Reads it from the tags of a group. Where they do not say, there shall be alarms: without them `autoscale` looks only by schedule.
    pub fn read(tags: &Tags, problems: &mut Problems) -> Self {
        let topics = tags.get(tag::ALARM_TOPICS).map_or("", String::as_str).split_whitespace();
        Self {
            is_on: tags.get(tag::ALARMS).is_none_or(|it| it != "off"),
            topics: topics
                .filter_map(|it| problems.keep(tag::ALARM_TOPICS, Arn::parse(it)))
                .collect(),
        }
    }
}

impl AlarmSet {
    /// The alarms of a group as it is now. They carry its owner, as these tags name it.
    pub fn of(group: &GroupView, tags: &Tags, wish: Wish) -> Self {
        let specs = if wish.is_on {
            wanted(&group.id, &group.member_ids, group.node_type.as_ref())
        } else {
            Vec::new()
        };
        let owner = tags.get(tag::OWNER).map(|it| (tag::OWNER.to_owned(), it.clone()));
        let of_group = (tag::GROUP.to_owned(), group.id.to_string());
        let tags = owner.into_iter().chain([of_group]).collect();
        Self { group: group.id.clone(), specs, topics: wish.topics, tags }
    }

    /// The alarms of a group that is looked at in passing, by what its tags say. None where it is not ours, or is being changed: whoever
    /// does that sees to the alarms, or the next look does.
    ///
    /// # Errors
    ///
    /// Tags that cannot be followed.
    pub fn in_passing(group: &GroupView) -> Result<Option<Self>, Problems> {
        let ours = |it: &&Tags| it.contains_key(tag::ALARMS) || it.contains_key(tag::AUTOSCALE);
        let Some(tags) = group.tags.as_ref().filter(ours) else { return Ok(None) };
        if group.status != GroupStatus::Available {
            return Ok(None);
        }
        let mut problems = Problems::default();
        let wish = Wish::read(tags, &mut problems);
        if problems.is_empty() { Ok(Some(Self::of(group, tags, wish))) } else { Err(problems) }
    }

    /// Compares the alarms that should be with those that are. What is not ours is neither overwritten nor deleted: `PutMetricAlarm`
    /// would take it over without a word, and leave its tags as they were.
    pub fn upkeep(&self, seen: &[AlarmView], is_ours: impl Fn(&AlarmView) -> bool) -> Upkeep {
        let mut upkeep = Upkeep::default();
        for spec in &self.specs {
            match seen.iter().find(|it| it.name == spec.name) {
                Some(it) if self.is_right(it, spec) => {}
                Some(it) if !is_ours(it) => upkeep.foreign.push(spec.name.clone()),
                Some(_) | None => upkeep.put.push(spec.clone()),
            }
        }
        let watches_nobody = |it: &&AlarmView| !self.specs.iter().any(|spec| spec.name == it.name);
        let stale = seen.iter().filter(watches_nobody).filter(|it| is_ours(it));
        upkeep.delete = stale.map(|it| it.name.clone()).collect();
        upkeep
    }

    /// The topics that the alarms tell.
    pub fn topics_or(&self, otherwise: &Arn) -> Vec<Arn> {
        if self.topics.is_empty() { vec![otherwise.clone()] } else { self.topics.clone() }
    }

    /// Where the group names no topic, any will do that the alarm has: two installations in one account would else turn it to and fro.
    fn is_right(&self, seen: &AlarmView, spec: &AlarmSpec) -> bool {
        if !self.topics.is_empty() {
            return seen.is_as(spec, &self.topics);
        }
        let told: Vec<Arn> =
            seen.alarm_topics.iter().filter_map(|it| Arn::parse(it).ok()).collect();
        !told.is_empty() && seen.is_as(spec, &told)
    }
}

impl Upkeep {
    /// The alarms that are there and would be overwritten or deleted.
    pub fn touches<'a>(&self, seen: &'a [AlarmView]) -> Vec<&'a AlarmView> {
        let put = |name: &String| self.put.iter().any(|it| it.name == *name);
        seen.iter().filter(|it| put(&it.name) || self.delete.contains(&it.name)).collect()
    }

    /// Whether everything is as it should be, but for what is not ours.
    pub fn is_nothing(&self) -> bool {
        self.put.is_empty() && self.delete.is_empty()
    }
}
