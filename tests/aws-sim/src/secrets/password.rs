//! Random passwords (facts 3.6).

use serde_json::{Value, json};

use super::bad_parameter;
use super::fields::Fields;
use crate::{Refusal, State};

pub(super) fn random(state: &mut State, fields: &Fields) -> Result<Value, Refusal> {
    let length = fields.number("PasswordLength").unwrap_or(32);
    let length = usize::try_from(length).ok().filter(|it| (1..=4096).contains(it));
    let length = length.ok_or_else(|| bad_parameter("PasswordLength must be from 1 to 4096."))?;
    let excluded = fields.text("ExcludeCharacters").unwrap_or_default();
    let is_on = |name| fields.flag(name).unwrap_or(false);
    let kinds = [
        (!is_on("ExcludeLowercase"), "abcdefghijklmnopqrstuvwxyz"),
        (!is_on("ExcludeUppercase"), "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        (!is_on("ExcludeNumbers"), "0123456789"),
        (!is_on("ExcludePunctuation"), "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
        (is_on("IncludeSpace"), " "),
    ];
    let left = |kind: &str| kind.chars().filter(|it| !excluded.contains(*it)).collect::<String>();
    let kinds: Vec<String> = kinds.iter().filter(|it| it.0).map(|it| left(it.1)).collect();
    let each = fields.flag("RequireEachIncludedType").unwrap_or(true);
    if each && (length < kinds.len() || kinds.iter().any(String::is_empty)) {
        let text =
            "The password length and the excluded characters leave no room for each included type.";
        return Err(bad_parameter(text));
    }
    let alphabet = kinds.concat();
    if alphabet.is_empty() {
        return Err(bad_parameter("No characters are left to make a password of."));
    }
    // One of each kind first, the rest from all, then shuffled.
    let mut password: Vec<u8> = Vec::with_capacity(length);
    for kind in kinds.iter().filter(|_| each) {
        password.extend(state.seed.text(1, kind.as_bytes()).bytes());
    }
    let rest = length - password.len();
    password.extend(state.seed.text(rest, alphabet.as_bytes()).bytes());
    for at in (1..password.len()).rev() {
        let other = usize::try_from(state.seed.below(at as u64 + 1)).unwrap_or_default();
        password.swap(at, other);
    }
    let password = String::from_utf8_lossy(&password);
    state.secret_values.note(&password);
    Ok(json!({ "RandomPassword": password }))
}
