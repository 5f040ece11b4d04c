//! A story of every switch: what a caller sees of it with its default, and what with the other answer.

mod answers;
mod changes;
mod groups;
mod operators;
mod people;
mod secrets;
mod snapshots;
mod tokens;

use super::{RotateToNewest, Switches};

/// What one switch decides.
struct Story {
    /// The switch.
    switch: &'static str,
    /// Takes its answer from another set of them.
    take: fn(&mut Switches, Switches),
    /// What a caller sees of it.
    tell: fn(Switches) -> String,
    /// That, with the default.
    usual: &'static str,
    /// That, with the other answer.
    otherwise: &'static str,
}

impl Story {
    /// Every answer as usual but the one to its own question.
    fn changed(&self) -> Switches {
        let mut switches = Switches::default();
        (self.take)(&mut switches, Switches::otherwise());
        switches
    }
}

fn stories() -> impl Iterator<Item = &'static Story> {
    let of_elasticache = [
        groups::STORIES,
        changes::STORIES,
        operators::STORIES,
        people::STORIES,
        snapshots::STORIES,
        tokens::STORIES,
    ];
    of_elasticache.into_iter().chain([secrets::STORIES, answers::STORIES]).flatten()
}

/// The fields of a structure, by what `Debug` says of it: names and values.
fn fields(switches: &Switches) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in format!("{switches:#?}").lines() {
        let Some(inner) = line.strip_prefix("    ") else { continue };
        match (inner.split_once(": "), fields.last_mut()) {
            (Some((name, value)), _) if !name.starts_with(' ') => {
                fields.push((name.to_owned(), value.to_owned()));
            }
            // A structure's values are on lines of their own.
            (_, Some((_, value))) => value.push_str(inner),
            (_, None) => panic!("{line:?} belongs to no field"),
        }
    }
    fields
}

fn names(switches: &Switches) -> Vec<String> {
    fields(switches).into_iter().map(|(name, _)| name).collect()
}

#[test]
fn the_other_answer_differs_in_every_question_and_each_is_in_the_readme() {
    let readme = include_str!("../../../README.md");
    let (usual, other) = (fields(&Switches::default()), fields(&Switches::otherwise()));
    assert!(25 < usual.len(), "{usual:?}");
    for ((name, value), (_, otherwise)) in usual.iter().zip(&other) {
        assert!(readme.contains(&format!("| `{name}` |")), "the README lacks {name}");
        assert_ne!(value, otherwise, "{name} is the same in both worlds");
    }
}

/// Section 11 of the fact sheet has so many.
const OPEN_QUESTIONS: u32 = 26;

#[test]
fn the_readme_says_of_every_open_question_where_it_is() {
    let readme = include_str!("../../../README.md");
    let words: Vec<_> = readme.split(|it: char| !it.is_ascii_alphanumeric()).collect();
    let missing = (1..=OPEN_QUESTIONS).map(|it| format!("U{it}"));
    let missing: Vec<_> = missing.filter(|it| !words.contains(&it.as_str())).collect();
    assert!(missing.is_empty(), "the README does not say of {missing:?} where they are");
}

#[test]
fn every_switch_has_a_story_and_no_story_sets_another() {
    let mut told: Vec<_> = stories().map(|it| it.switch.to_owned()).collect();
    let mut switches = names(&Switches::default());
    told.sort();
    switches.sort();
    assert_eq!(told, switches);
    let usual = fields(&Switches::default());
    for story in stories() {
        let changed = fields(&story.changed());
        let differ = usual.iter().zip(&changed).filter(|(one, other)| one != other);
        let differ: Vec<_> = differ.map(|((name, _), _)| name.as_str()).collect();
        assert_eq!(differ, [story.switch]);
    }
}

#[test]
fn a_caller_sees_each_answer_to_each_question() {
    let mut wrong = Vec::new();
    for story in stories() {
        let told = [(story.tell)(Switches::default()), (story.tell)(story.changed())];
        if told != [story.usual, story.otherwise] {
            wrong.push(format!("{}: {told:?}", story.switch));
        }
        if story.usual == story.otherwise {
            wrong.push(format!("{}: nothing tells its answers apart", story.switch));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_rotate_to_the_newest_token_may_be_taken_and_change_nothing() {
    let rotate_to_newest = RotateToNewest::Nothing;
    let told = tokens::rotated_twice(Switches { rotate_to_newest, ..Switches::default() });
    assert_eq!(told, "accepted, lets in both tokens");
}
