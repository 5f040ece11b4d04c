//! What a drill's group says of itself: from which snapshot it is, when it was asked for, and until when it may stand.
//!
//! It is in the description, which can be read in every state, and in a tag, without which nothing is deleted.

use std::fmt;

use jiff::Timestamp;

use crate::owner::short_hash;
use crate::{GroupId, GroupView, Tags, tag};

/// What a drill's group says of itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ticket {
    /// The snapshot.
    pub snapshot: String,
    /// When the drill was asked for.
    pub asked: Timestamp,
    /// When the group has to be gone, whatever became of the drill.
    pub until: Timestamp,
}

const DESCRIPTION: &str = "Drill by Cachewarden of ";
const ASKED: &str = " asked ";
const UNTIL: &str = " until ";

impl Ticket {
    /// Reads the tags of a group. Only a group that also names an owner is ours.
    pub fn read(tags: &Tags) -> Option<Self> {
        tags.get(tag::OWNER).filter(|it| !it.is_empty())?;
        Self::parse(tags.get(tag::DRILL)?)
    }

    /// What a group says of itself; nothing where a drill did not make it. Its tags are kept back while it is busy (facts 1.2).
    pub fn of(group: &GroupView) -> Option<Self> {
        let described = Self::parse(group.description.strip_prefix(DESCRIPTION)?)?;
        let agrees = |tags: &Tags| Self::read(tags).as_ref() == Some(&described);
        group.tags.as_ref().is_none_or(agrees).then_some(described)
    }

    /// The text that describes the group.
    pub fn description(&self) -> String {
        format!("{DESCRIPTION}{self}")
    }

    /// Whether the group should be gone.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.until <= now
    }

    fn parse(text: &str) -> Option<Self> {
        let (snapshot, times) = text.split_once(ASKED)?;
        let (asked, until) = times.split_once(UNTIL)?;
        let (snapshot, asked) = (snapshot.to_owned(), asked.parse().ok()?);
        Some(Self { snapshot, asked, until: until.parse().ok()? })
    }
}

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{ASKED}{}{UNTIL}{}", self.snapshot, self.asked, self.until)
    }
}

/// The most characters of a group's id.
const LEN_MAX: usize = 40;
/// `-drill-` and eight digits.
const REST_LEN: usize = 15;

/// The id of the group that drills of this one make. It is one for all snapshots of a group: AWS takes an id once, so no two stand at once.
pub fn id(source: &GroupId) -> Option<GroupId> {
    let kept: String = source.as_str().chars().take(LEN_MAX - REST_LEN).collect();
    let hash = short_hash(&format!("drill of {source}"));
    GroupId::parse(&format!("{}-drill-{hash}", kept.trim_end_matches('-'))).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::snapshot::sample;

    fn ticket() -> Ticket {
        Ticket {
            snapshot: "orders-daily-202601020304".to_owned(),
            asked: "2026-01-02T03:10:00Z".parse().unwrap(),
            until: "2026-01-02T05:10:00Z".parse().unwrap(),
        }
    }

    fn tags(drill: &str, owner: &str) -> Tags {
        [(tag::DRILL, drill), (tag::OWNER, owner)]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into()
    }

    #[test]
    fn a_group_is_a_drills_only_where_description_and_tags_agree() {
        let text = ticket().to_string();
        assert!(tag::is_legal_value(&text));
        let mut group = sample::group("orders-drill", 1);
        group.description = ticket().description();
        group.tags = None;
        assert_eq!(Ticket::of(&group), Some(ticket()));
        group.tags = Some(tags(&text, "arn/Cache"));
        assert_eq!(Ticket::of(&group), Some(ticket()));
        let other = Ticket { snapshot: "another".to_owned(), ..ticket() };
        for spoilt in [tags(&other.to_string(), "arn/Cache"), tags(&text, ""), Tags::new()] {
            group.tags = Some(spoilt);
            assert_eq!(Ticket::of(&group), None);
        }
        group.tags = Some(tags(&text, "arn/Cache"));
        group.description = "somebody's".to_owned();
        assert_eq!(Ticket::of(&group), None);
    }

    #[test]
    fn its_time_is_over_at_once_when_it_is_over() {
        let at = |it: &str| it.parse().unwrap();
        assert!(!ticket().is_over(at("2026-01-02T05:09:59Z")));
        assert!(ticket().is_over(at("2026-01-02T05:10:00Z")));
    }

    proptest! {
        #[test]
        fn every_group_has_a_legal_id_of_its_own(one in "[a-z](-?[a-z0-9]){0,19}", other in "[a-z](-?[a-z0-9]){0,19}") {
            prop_assume!(one != other && one.len() <= 40 && other.len() <= 40);
            let of = |it: &str| id(&GroupId::parse(it).unwrap()).unwrap();
            prop_assert_ne!(of(&one), of(&other));
        }
    }
}
