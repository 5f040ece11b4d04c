//! What a group says of a restore in place: who stands in for whom, from which snapshot, for which request, and how far that is.
//!
//! Nothing else is remembered. The group that stands in is there from before the first step that harms until after the last one, and its id
//! follows from the other's: AWS takes it once, so a group has one restore in place at a time, and whoever looks for it finds it.

use std::fmt;

use crate::owner::short_hash;
use crate::{GroupId, GroupView, NameError, NodeType, Tags, tag};

/// The most characters of an id (facts 1.5), and those of a hyphen and a hash.
const ID_LEN_MAX: usize = 40;
const HASH_LEN: usize = 9;

/// The id of the group that stands in for this one.
pub fn stand_in_of(group: &GroupId) -> Result<GroupId, NameError> {
    let kept: String = group.as_str().chars().take(ID_LEN_MAX - HASH_LEN).collect();
    let hash = short_hash(&format!("in place of {group}"));
    GroupId::parse(&format!("{}-{hash}", kept.trim_end_matches('-')))
}

/// Whether a text describes a group that stands in for this one. It can be read in every state, tags cannot (facts 1.2).
pub fn is_stand_in_for(group: &GroupId, description: &str) -> bool {
    Said::read(description).is_some_and(|it| it.group == *group)
}

/// What was asked for: the same for all who carry it on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Said {
    /// The group.
    pub group: GroupId,
    /// The snapshot that comes in its place.
    pub snapshot: String,
    /// The request.
    pub request: String,
}

impl Said {
    /// The text that describes the group that stands in.
    pub fn description(&self) -> String {
        let Self { group, snapshot, request } = self;
        format!("Stands in for {group} until {snapshot} is restored in its place by {request}")
    }

    /// Reads it again.
    pub fn read(description: &str) -> Option<Self> {
        let rest = description.strip_prefix("Stands in for ")?;
        let (group, rest) = rest.split_once(" until ")?;
        let (snapshot, request) = rest.split_once(" is restored in its place by ")?;
        let group = GroupId::parse(group).ok()?;
        Some(Self { group, snapshot: snapshot.to_owned(), request: request.to_owned() })
    }

    /// What the tag of the group that stands in says.
    pub fn on_stand_in(&self, phase: Phase) -> String {
        let Self { group, snapshot, request } = self;
        format!("{group} from {snapshot} by {request}: {phase}")
    }

    /// How far the group that stands in says that it is; nothing where it speaks of anything else.
    pub fn phase(&self, stand_in: &Tags) -> Option<Phase> {
        let told = stand_in.get(tag::IN_PLACE)?;
        Phase::ALL.into_iter().find(|it| self.on_stand_in(*it) == *told)
    }

    /// What the tag of the group itself says.
    pub fn on_group(&self, place: Place) -> String {
        format!("{} by {}: {place}", self.snapshot, self.request)
    }

    /// What the group itself says of this request; nothing where it speaks of another, or of none.
    pub fn place(&self, group: &Tags) -> Option<Place> {
        let told = group.get(tag::IN_PLACE)?;
        Place::ALL.into_iter().find(|it| self.on_group(*it) == *told)
    }
}

/// How far a restore in place is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Phase {
    /// The snapshot is shown to restore, and nothing else was touched.
    Rehearsal,
    /// The group goes, and comes back from the wanted snapshot.
    Over,
    /// It did not come back from that one, and what is there of it goes.
    Failed,
    /// It comes back from the snapshot that was taken before.
    Back,
}

impl Phase {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Rehearsal, Self::Over, Self::Failed, Self::Back];
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rehearsal => "rehearsal",
            Self::Over => "over",
            Self::Failed => "failed",
            Self::Back => "back",
        })
    }
}

/// What the group itself is of a restore in place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Place {
    /// The one of before, which goes.
    Goes,
    /// The one that came in its place, and was not looked through yet.
    Unfinished(From),
    /// The one that came in its place for good.
    Finished(From),
}

/// What the group came back from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum From {
    /// The snapshot that was wanted.
    Wanted,
    /// The one that was taken before: the group is as it was.
    Before,
}

impl Place {
    const ALL: [Self; 5] = [
        Self::Goes,
        Self::Unfinished(From::Wanted),
        Self::Unfinished(From::Before),
        Self::Finished(From::Wanted),
        Self::Finished(From::Before),
    ];
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Goes => "goes",
            Self::Unfinished(From::Wanted) => "unfinished",
            Self::Unfinished(From::Before) => "unfinished as before",
            Self::Finished(From::Wanted) => "finished",
            Self::Finished(From::Before) => "finished as before",
        })
    }
}

/// Whether a group is one that goes or that is not finished, whoever asked for that.
pub fn is_under_way(group: &Tags) -> bool {
    let told = group.get(tag::IN_PLACE).and_then(|it| it.rsplit_once(": "));
    let words = [Place::Goes, Place::Unfinished(From::Wanted), Place::Unfinished(From::Before)];
    told.is_some_and(|(_, word)| words.iter().any(|it| it.to_string() == word))
}

/// The tags of a group that it has again afterwards: not what is under way, which ends with the group.
pub fn kept(tags: &Tags) -> Tags {
    const NOT_KEPT: [&str; 9] = [
        tag::IN_PLACE,
        tag::TAKES,
        tag::PARKED,
        tag::TOKEN,
        tag::ASKED,
        tag::CHANGED,
        tag::AUTOSCALE_CHANGE,
        tag::AUTOSCALE_FAILED,
        tag::AUTOSCALE_WATCH,
    ];
    let is_kept = |key: &str| !key.starts_with("aws:") && !NOT_KEPT.contains(&key);
    let kept = tags.iter().filter(|(key, _)| is_kept(key));
    kept.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// What a group that stands in carries of the other one through the time in which that is not there. Ours are put aside, so that nobody
/// takes it for one to be looked after.
pub fn carried(group: &GroupView, tags: &Tags) -> Tags {
    let aside = |key: &str| match key.strip_prefix(OURS) {
        Some(rest) => format!("{}{rest}", tag::WAS),
        None => key.to_owned(),
    };
    let mut carried: Tags = kept(tags).into_iter().map(|(key, it)| (aside(&key), it)).collect();
    let node_type = group.node_type.as_ref().map(ToString::to_string);
    let endpoint = group.clients_endpoint().map(ToString::to_string);
    let said = [
        (tag::WAS_DESCRIPTION, Some(written(&group.description))),
        (tag::WAS_NODE_TYPE, node_type),
        (tag::WAS_ENDPOINT, endpoint),
    ];
    carried.extend(said.into_iter().filter_map(|(key, it)| Some((key.to_owned(), it?))));
    carried
}

const OURS: &str = "cachewarden:";

/// What the other group was, as the one that stands in for it carries it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Was {
    /// Its tags.
    pub tags: Tags,
    /// The text that described it.
    pub description: String,
    /// Its node type.
    pub node_type: Option<NodeType>,
    /// Where clients connected.
    pub endpoint: Option<String>,
}

impl Was {
    /// Reads it from the tags of the group that stands in.
    pub fn read(stand_in: &Tags) -> Self {
        let own = [
            tag::IN_PLACE,
            tag::IN_PLACE_FAILED,
            tag::WAS_DESCRIPTION,
            tag::WAS_NODE_TYPE,
            tag::WAS_ENDPOINT,
        ];
        let back = |key: &str| match key.strip_prefix(tag::WAS) {
            Some(rest) => format!("{OURS}{rest}"),
            None => key.to_owned(),
        };
        let carried = stand_in.iter().filter(|(key, _)| !own.contains(&key.as_str()));
        let text = |key: &str| stand_in.get(key).cloned();
        Self {
            tags: kept(&carried.map(|(key, it)| (back(key), it.clone())).collect()),
            description: text(tag::WAS_DESCRIPTION).map(|it| read(&it)).unwrap_or_default(),
            node_type: text(tag::WAS_NODE_TYPE).and_then(|it| NodeType::parse(&it).ok()),
            endpoint: text(tag::WAS_ENDPOINT),
        }
    }
}

/// A text as the value of a tag: what no tag may hold is written by its bytes, and what has no room is left out.
pub(super) fn written(text: &str) -> String {
    let mut written = String::new();
    for letter in text.chars() {
        let plain = letter.to_string();
        let next: String = if letter != '=' && tag::is_legal_value(&plain) {
            plain
        } else {
            plain.bytes().fold(String::new(), |coded, it| coded + &format!("={it:02X}"))
        };
        if tag::VALUE_LEN_MAX < written.chars().count() + next.chars().count() {
            break;
        }
        written.push_str(&next);
    }
    written
}

/// Reads it again.
pub(in crate::snapshot) fn read(written: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = written;
    while let Some((plain, coded)) = rest.split_once('=') {
        bytes.extend(plain.bytes());
        let digits = coded.get(..2).and_then(|it| u8::from_str_radix(it, 16).ok());
        bytes.push(digits.unwrap_or(b'='));
        rest = if digits.is_some() { coded.get(2..).unwrap_or_default() } else { coded };
    }
    bytes.extend(rest.bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::sample;

    fn said() -> Said {
        Said {
            group: GroupId::parse("orders").unwrap(),
            snapshot: "orders-daily-202601020304".to_owned(),
            request: "1a2b3c4d".to_owned(),
        }
    }

    #[test]
    fn who_stands_in_has_a_legal_id_that_follows_from_the_group() {
        for id in ["orders", "a", &"a".repeat(40), &format!("{}-b", "a".repeat(30))] {
            let group = GroupId::parse(id).unwrap();
            let stand_in = stand_in_of(&group).unwrap();
            assert!(stand_in.as_str().len() <= 40 && stand_in != group, "{stand_in}");
            assert_eq!(stand_in_of(&group).unwrap(), stand_in);
        }
        let (one, other) = ("a".repeat(39) + "b", "a".repeat(39) + "c");
        let of = |it: &str| stand_in_of(&GroupId::parse(it).unwrap()).unwrap();
        assert_ne!(of(&one), of(&other));
    }

    #[test]
    fn what_is_said_is_legal_and_read_again() {
        let said = said();
        assert_eq!(Said::read(&said.description()), Some(said.clone()));
        assert!(is_stand_in_for(&said.group, &said.description()));
        assert!(!is_stand_in_for(&GroupId::parse("others").unwrap(), &said.description()));
        for phase in Phase::ALL {
            let text = said.on_stand_in(phase);
            assert!(tag::is_legal_value(&text), "{text}");
            let tags = Tags::from([(tag::IN_PLACE.to_owned(), text)]);
            assert_eq!(said.phase(&tags), Some(phase));
            let other = Said { request: "other".to_owned(), ..said.clone() };
            assert_eq!(other.phase(&tags), None);
        }
        for place in Place::ALL {
            let text = said.on_group(place);
            assert!(tag::is_legal_value(&text), "{text}");
            let tags = Tags::from([(tag::IN_PLACE.to_owned(), text)]);
            assert_eq!(said.place(&tags), Some(place));
            assert_eq!(is_under_way(&tags), !matches!(place, Place::Finished(_)), "{place}");
        }
    }

    #[test]
    fn what_the_group_was_goes_through_the_tags_of_who_stands_in() {
        let mut group = sample::group("orders", 2);
        for text in ["Redis cache orders, kept by Cachewarden", "100 % = grün (a,b)", ""] {
            group.description = text.to_owned();
            let tags = group.tags.clone().unwrap();
            let carried = carried(&group, &tags);
            assert!(carried.values().all(|it| tag::is_legal_value(it)), "{carried:?}");
            assert!(!carried.contains_key(tag::OWNER) && !carried.contains_key(tag::AUTOSCALE));
            let was = Was::read(&carried);
            assert_eq!(was.description, text);
            assert_eq!(was.tags, kept(&tags));
            assert_eq!(was.node_type, group.node_type);
            assert_eq!(was.endpoint.as_deref(), Some("master.orders:6379"));
        }
    }

    #[test]
    fn a_text_that_is_too_long_is_cut_and_no_letter_is_cut_in_two() {
        let (commas, euros) = (",".repeat(80), "€".repeat(100));
        let text = written(&format!("{commas}{euros}"));
        assert!(tag::is_legal_value(&text));
        assert_eq!(read(&text), format!("{commas}€"));
    }
}
