//! Properties as CloudFormation sends them: every scalar a string, lists as lists or joined by commas (facts 7.2).

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde_json::{Map, Value};

use crate::Problems;

/// Reads properties, and collects what is wrong with them.
pub(super) struct Properties<'a> {
    map: &'a Map<String, Value>,
    pub(super) problems: Problems,
}

impl<'a> Properties<'a> {
    pub(super) fn new(map: &'a Map<String, Value>) -> Self {
        Self { map, problems: Problems::default() }
    }

    /// The properties as they came.
    pub(super) fn map(&self) -> &'a Map<String, Value> {
        self.map
    }

    /// A scalar as text. An empty one counts as absent: a template's parameter that was left out arrives so.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        let text = match self.map.get(name)? {
            Value::String(text) => text.trim().to_owned(),
            Value::Bool(it) => it.to_string(),
            Value::Number(it) => it.to_string(),
            Value::Null => String::new(),
            Value::Array(_) | Value::Object(_) => {
                self.problems.add(name, "takes one value, not a list or a map");
                return None;
            }
        };
        Some(text).filter(|it| !it.is_empty())
    }

    /// A scalar that has to be there.
    pub(super) fn required(&mut self, name: &str, what: &str) -> Option<String> {
        let text = self.text(name);
        if text.is_none() && !self.has_problem(name) {
            self.problems.add(name, format!("is missing; it takes {what}"));
        }
        text
    }

    /// Whether something is wrong with this property already.
    pub(super) fn has_problem(&self, name: &str) -> bool {
        self.problems.iter().any(|it| it.name == name)
    }

    /// A scalar that parses itself.
    pub(super) fn parsed<T, E: Display>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.text(name)?;
        self.problems.keep(name, parse(&text))
    }

    /// `true` or `false`, where one of them was said.
    pub(super) fn said(&mut self, name: &str) -> Option<bool> {
        let text = self.text(name)?;
        match text.to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => {
                self.problems
                    .add(name, format!("{} is neither true nor false", shown(name, &text)));
                None
            }
        }
    }

    /// `true` or `false`.
    pub(super) fn switch(&mut self, name: &str, default: bool) -> bool {
        self.said(name).unwrap_or(default)
    }

    /// A whole number within bounds, where one was said.
    pub(super) fn number(&mut self, name: &str, bounds: RangeInclusive<u32>) -> Option<u32> {
        let text = self.text(name)?;
        let (least, most) = (bounds.start(), bounds.end());
        match u32::from_str(&text) {
            Ok(number) if bounds.contains(&number) => Some(number),
            Ok(_) | Err(_) => {
                let text = shown(name, &text);
                self.problems
                    .add(name, format!("{text} is not a whole number from {least} to {most}"));
                None
            }
        }
    }

    /// One of some words.
    pub(super) fn one_of(&mut self, name: &str, words: &[&str], default: &str) -> String {
        let text = self.text(name).unwrap_or_else(|| default.to_owned());
        if !words.contains(&text.as_str()) {
            let hint =
                nearest(&text, words).map_or(String::new(), |it| format!("; did you mean {it}?"));
            let (text, words) = (shown(name, &text), words.join(", "));
            self.problems.add(name, format!("{text} is not one of {words}{hint}"));
        }
        text
    }

    /// A list of ids with this prefix, each once, in the order given.
    pub(super) fn ids(&mut self, name: &str, prefix: &str) -> Vec<String> {
        let mut ids: Vec<String> = Vec::new();
        for id in self.list(name) {
            let rest = id.strip_prefix(prefix).unwrap_or_default();
            let legal = |it: u8| it.is_ascii_alphanumeric() || it == b'-';
            if rest.is_empty() || !rest.bytes().all(legal) {
                let id = shown(name, &id);
                self.problems.add(name, format!("{id} is not an id such as {prefix}0a1b2c3d"));
            } else if !ids.contains(&id) {
                ids.push(id);
            }
        }
        ids
    }

    pub(super) fn list(&mut self, name: &str) -> Vec<String> {
        let Some(value) = self.map.get(name) else { return Vec::new() };
        let mut items = Vec::new();
        match value {
            Value::Array(values) => {
                for value in values {
                    match value {
                        Value::String(text) => items.push(text.as_str()),
                        Value::Null
                        | Value::Bool(_)
                        | Value::Number(_)
                        | Value::Array(_)
                        | Value::Object(_) => self.problems.add(name, "takes a list of texts"),
                    }
                }
            }
            Value::String(text) => items.extend(text.split(',')),
            Value::Null => {}
            Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
                self.problems.add(name, "takes a list, or texts joined by commas");
            }
        }
        items.into_iter().map(|it| it.trim().to_owned()).filter(|it| !it.is_empty()).collect()
    }

    /// Notes every property that is not one of these, and which one was perhaps meant. Values are not repeated: one may be a
    /// secret in the wrong place.
    pub(super) fn refuse_unknown(&mut self, known: &[&str]) {
        for name in self.map.keys().filter(|it| !known.contains(&it.as_str())) {
            let hint =
                nearest(name, known).map_or(String::new(), |it| format!("; did you mean {it}?"));
            let name = if name.trim().is_empty() { "a property without a name" } else { name };
            self.problems.add(name, format!("is not a property of Custom::RedisCache{hint}"));
        }
    }
}

/// A value as a mistake repeats it: not where the name speaks of a credential, which somebody may have put there, and not at such a
/// length that nothing else is read.
fn shown(name: &str, text: &str) -> String {
    const SHOWN_MAX: usize = 100;
    if name.contains("Token") || name.contains("Secret") {
        return "the value, which is not repeated here,".to_owned();
    }
    match text.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("\"{}…\"", text.get(..end).unwrap_or_default()),
        None => format!("\"{text}\""),
    }
}

/// The word that was perhaps meant, if one is near: case and underscores do not count, and a third of the letters may differ.
pub(super) fn nearest<'w>(word: &str, words: &[&'w str]) -> Option<&'w str> {
    let plain = |it: &str| {
        it.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
    };
    let word = plain(word);
    if LONGEST_WORD < word.len() {
        return None;
    }
    let (away, near) = words.iter().map(|it| (distance(&word, &plain(it)), *it)).min()?;
    (away <= word.len().div_ceil(3).min(4)).then_some(near)
}

/// A longer one is no word with a letter wrong, and would take long to compare.
const LONGEST_WORD: usize = 60;

/// How many letters have to be added, dropped or changed (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (done, from) in from.bytes().enumerate() {
        let mut corner = done;
        let mut left = done + 1;
        for (cell, to) in row.iter_mut().skip(1).zip(to.bytes()) {
            let changed = corner + usize::from(from != to);
            corner = *cell;
            left = changed.min(left + 1).min(corner + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = done + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_shown_unless_it_may_be_a_credential_or_is_long() {
        assert_eq!(shown("EnableAlarms", "yes"), "\"yes\"");
        assert!(!shown("EnableAuthToken", "planted").contains("planted"));
        assert_eq!(shown("VpcId", &"ä".repeat(2000)).chars().count(), 103);
    }

    #[test]
    fn distances_are_levenshteins() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("same", "same"), 0);
    }

    #[test]
    fn a_near_word_is_offered_and_a_far_one_is_not() {
        let words = ["RedisNodeType", "EnableAlarms"];
        assert_eq!(nearest("RedisNodeTyp", &words), Some("RedisNodeType"));
        assert_eq!(nearest("redis_node_type", &words), Some("RedisNodeType"));
        assert_eq!(nearest("Colour", &words), None);
    }
}
