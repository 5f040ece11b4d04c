//! Keys of KMS: how they are named, and what happens where one is disabled or gone (facts 1.6, 5.6).
//!
//! Every key that is named as KMS names its keys is there, but for those in the world's faults.

use super::check::bad_combination;
use super::model::{Group, Snapshot};
use crate::wire::query::Params;
use crate::{Refusal, Settings, State};

const PARAMETER: &str = "KmsKeyId";

/// The key that a call names, as it is shown from then on.
pub(super) fn named(state: &State, params: &Params) -> Result<Option<String>, Refusal> {
    let Some(text) = params.text(PARAMETER).filter(|it| !it.is_empty()) else { return Ok(None) };
    let Some(id) = id_of(&state.settings, &text) else {
        let code = state.settings.switches.bad_key_code;
        return Err(Refusal::new(400, code, format!("Invalid {PARAMETER}: {text}")));
    };
    usable(state, Some(&text))?;
    let Settings { region, account, switches, .. } = &state.settings;
    if text.starts_with("arn:") && !text.contains(":alias/") || !switches.key_shown_as_arn {
        return Ok(Some(text));
    }
    Ok(Some(format!("arn:aws:kms:{region}:{account}:key/{id}")))
}

/// Refuses to read or write what a key that is disabled or gone encrypts. These calls know no error of their own for it.
pub(super) fn usable(state: &State, key: Option<&String>) -> Result<(), Refusal> {
    match key.filter(|it| is_dead(state, it)) {
        None => Ok(()),
        Some(key) => Err(Refusal::new(400, state.settings.switches.bad_key_code, dead(key))),
    }
}

/// Refuses to make another disk for a group whose key is disabled or gone.
pub(super) fn must_work(state: &State, group: &Group) -> Result<(), Refusal> {
    match group.kms_key.as_ref().filter(|it| is_dead(state, it)) {
        None => Ok(()),
        Some(key) => Err(Refusal::new(400, "InvalidKMSKeyFault", dead(key))),
    }
}

/// The key of a new group: the one that is named, or that of the snapshot whose settings count.
pub(super) fn give(
    state: &State,
    params: &Params,
    group: &mut Group,
    snapshot: Option<&Snapshot>,
    inherits: bool,
) -> Result<(), Refusal> {
    usable(state, snapshot.and_then(|it| it.kms_key.as_ref()))?;
    let stays_plain = params.flag("AtRestEncryptionEnabled")? == Some(false);
    let inherited = snapshot.filter(|_| inherits && !stays_plain);
    let inherited = inherited.and_then(|it| it.kms_key.clone());
    group.at_rest |= inherited.is_some();
    let named = named(state, params)?;
    if named.is_some() && !group.at_rest {
        return Err(bad_combination(
            "KmsKeyId can only be specified with AtRestEncryptionEnabled=true.",
        ));
    }
    group.kms_key = named.or(inherited);
    Ok(())
}

fn dead(key: &str) -> String {
    format!("The KMS key {key} is disabled or does not exist.")
}

fn is_dead(state: &State, key: &str) -> bool {
    let id = id_of(&state.settings, key);
    let dead = &state.faults.disabled_keys;
    dead.contains(key) || id.is_some_and(|it| dead.contains(&it))
}

/// The id of the key that this text names: an id, an alias, or the ARN of either in this region.
fn id_of(settings: &Settings, text: &str) -> Option<String> {
    let name = match text.strip_prefix("arn:aws:kms:") {
        None => text,
        Some(rest) => {
            let (region, rest) = rest.split_once(':')?;
            let (account, resource) = rest.split_once(':')?;
            let is_account = account.len() == 12 && account.bytes().all(|it| it.is_ascii_digit());
            if region != settings.region || !is_account {
                return None;
            }
            let id = resource.strip_prefix("key/");
            id.or_else(|| resource.starts_with("alias/").then_some(resource))?
        }
    };
    if let Some(alias) = name.strip_prefix("alias/") {
        let legal = |it: char| it.is_ascii_alphanumeric() || "/_-".contains(it);
        let is_alias = (1..=250).contains(&alias.len()) && alias.chars().all(legal);
        return is_alias.then(|| behind(alias));
    }
    let hex = |it: &str| it.bytes().all(|it| it.is_ascii_hexdigit());
    if let Some(rest) = name.strip_prefix("mrk-") {
        return (rest.len() == 32 && hex(rest)).then(|| name.to_owned());
    }
    let parts: Vec<_> = name.split('-').collect();
    let lengths: Vec<_> = parts.iter().map(|it| it.len()).collect();
    let is_id = lengths == [8, 4, 4, 4, 12] && parts.into_iter().all(hex);
    is_id.then(|| name.to_owned())
}

/// The id of the key that an alias stands for: always the same one.
fn behind(alias: &str) -> String {
    // FNV-1a, twice.
    let hash = |start: u64| {
        alias.bytes().fold(start, |hash, it| (hash ^ u64::from(it)).wrapping_mul(0x0100_0000_01b3))
    };
    let text = format!("{:016x}{:016x}", hash(0xcbf2_9ce4_8422_2325), hash(0x8422_2325_cbf2_9ce4));
    let part = |from, to| text.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

    #[test]
    fn keys_are_named_as_kms_names_them() {
        let id = |text: &str| id_of(&Settings::default(), text);
        let arn = |rest: &str| format!("arn:aws:kms:us-east-1:123456789012:{rest}");
        assert_eq!(id(ID).as_deref(), Some(ID));
        assert_eq!(id(&arn(&format!("key/{ID}"))).as_deref(), Some(ID));
        assert!(id("mrk-1234abcd12ab34cd56ef1234567890ab").is_some());
        assert_eq!(id("alias/orders"), id(&arn("alias/orders")));
        assert_eq!(id("alias/orders").and_then(|it| id(&it)), id("alias/orders"));
        assert_ne!(id("alias/orders"), id("alias/others"));
        for bad in [
            "orders",
            "alias/",
            "alias/a b",
            "1234abcd-12ab-34cd-56ef-1234567890ag",
            "mrk-1234",
            "arn:aws:kms:us-west-2:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "arn:aws:kms:us-east-1:1234:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "arn:aws:kms:us-east-1:123456789012:1234abcd-12ab-34cd-56ef-1234567890ab",
        ] {
            assert_eq!(id(bad), None, "{bad}");
        }
    }
}
