//! How a user logs in and what it may do, as it is asked for (facts 2.3).

use super::super::check::{bad_combination, bad_value};
use super::User;
use crate::effect::WITHHELD;
use crate::wire::query::Params;
use crate::{Login, Refusal};

/// How a user logs in and what it may do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rights {
    /// How it logs in.
    pub login: Login,
    /// What it may do, as Redis writes it.
    pub access_string: String,
}

/// How the user is to log in, if anything is said of it.
pub(super) fn login(params: &Params) -> Result<Option<Login>, Refusal> {
    let open = params.flag("NoPasswordRequired")?.unwrap_or_default();
    let plain = params.list("Passwords", "member");
    if params.has("AuthenticationMode") {
        if open || !plain.is_empty() {
            return Err(bad_combination(
                "AuthenticationMode cannot be specified with Passwords or NoPasswordRequired.",
            ));
        }
        return mode(params).map(Some);
    }
    match (open, plain.is_empty()) {
        (true, false) => {
            Err(bad_combination("Passwords cannot be specified for a user that requires none."))
        }
        (true, true) => Ok(Some(Login::NoPassword)),
        (false, false) => passwords(plain).map(Some),
        (false, true) => Ok(None),
    }
}

/// What a user is refused with that is to have a password and has none.
pub(super) fn no_password() -> Refusal {
    bad_combination(
        "No password was provided. If you want to create/update the user without password, please use the NoPasswordRequired flag.",
    )
}

/// The words of the request are not those of the answer: `no-password-required` becomes `no-password`.
fn mode(params: &Params) -> Result<Login, Refusal> {
    let given = params.list("AuthenticationMode.Passwords", "member");
    let kind = params.text("AuthenticationMode.Type");
    let login = match kind.as_deref() {
        Some("password") => return passwords(given),
        Some("no-password-required") => Login::NoPassword,
        Some("iam") => Login::Iam,
        Some(strange) => {
            return Err(bad_value(format!("Invalid AuthenticationMode.Type: {strange}")));
        }
        None => return Err(bad_value("The parameter AuthenticationMode.Type must be provided.")),
    };
    if given.is_empty() {
        return Ok(login);
    }
    Err(bad_combination("Passwords can only be specified for the authentication type password."))
}

fn passwords(given: Vec<String>) -> Result<Login, Refusal> {
    match given.len() {
        0 => return Err(no_password()),
        1 | 2 => {}
        _ => return Err(bad_value("A user can have up to two passwords.")),
    }
    let printable = |it: u8| it.is_ascii_graphic() || it == b' ';
    let legal = |it: &String| {
        (16..=128).contains(&it.len())
            && it.bytes().all(|it| printable(it) && !b",\"/@".contains(&it))
    };
    if given.iter().all(legal) {
        return Ok(Login::Passwords(given));
    }
    // It does not say which: whoever reads it may not be meant to know.
    Err(bad_value(
        "Passwords must be 16 to 128 printable characters and must not contain , \" / or @.",
    ))
}

/// An access string, with single spaces. It may hold rules for commands, keys and channels, but no passwords.
pub(super) fn access_string(text: &str) -> Result<String, Refusal> {
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.is_empty() {
        return Err(bad_value("The parameter AccessString must not be blank."));
    }
    for word in &words {
        if word.starts_with(['>', '<', '#', '!']) || PASSWORD_WORDS.contains(word) {
            return Err(bad_value("An access string cannot hold passwords or reset."));
        }
        if !is_rule(word) {
            return Err(bad_value(format!("Invalid access string: {word}")));
        }
    }
    Ok(words.join(" "))
}

/// Passwords come with calls of their own, and `reset` would take them away.
const PASSWORD_WORDS: [&str; 3] = ["reset", "resetpass", "nopass"];

fn is_rule(word: &str) -> bool {
    const WHOLE: [&str; 8] = [
        "on",
        "off",
        "allkeys",
        "resetkeys",
        "allchannels",
        "resetchannels",
        "allcommands",
        "nocommands",
    ];
    let pattern = ["~", "&", "%R~", "%W~", "%RW~"].iter().find_map(|it| word.strip_prefix(it));
    if WHOLE.contains(&word) || pattern.is_some_and(|it| !it.is_empty()) {
        return true;
    }
    let Some((sign, name)) = word.split_at_checked(1) else { return false };
    if let Some(category) = name.strip_prefix('@') {
        return ["+", "-"].contains(&sign) && CATEGORIES.contains(&category);
    }
    let named = name.bytes().all(|it| it.is_ascii_alphanumeric() || b"|-._".contains(&it));
    match sign {
        "-" => !name.is_empty() && named,
        // What ElastiCache withholds, it does not grant either.
        "+" => !name.is_empty() && named && !WITHHELD.contains(&name),
        _ => false,
    }
}

const CATEGORIES: [&str; 22] = [
    "admin",
    "all",
    "bitmap",
    "blocking",
    "connection",
    "dangerous",
    "fast",
    "geo",
    "hash",
    "hyperloglog",
    "keyspace",
    "list",
    "pubsub",
    "read",
    "scripting",
    "set",
    "slow",
    "sortedset",
    "stream",
    "string",
    "transaction",
    "write",
];

/// What does not go together in one user.
pub(super) fn check(user: &User) -> Result<(), Refusal> {
    match user.rights.login {
        Login::Iam if user.id != user.name => {
            Err(bad_combination("User Id and User name must be same for authentication type: iam"))
        }
        Login::NoPassword if user.engine == "valkey" => Err(bad_combination(
            "A user of the engine valkey must log in with a password or with IAM.",
        )),
        Login::Passwords(_) | Login::NoPassword | Login::Iam => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_access_string_has_rules_and_no_passwords() {
        for good in [
            "on ~* +@all",
            "off",
            "on ~app::* resetchannels &news -@all +@read +client|id %R~a*",
            "allkeys allcommands -keys",
        ] {
            assert_eq!(access_string(good).unwrap(), good);
        }
        assert_eq!(access_string("  on   ~* ").unwrap(), "on ~*");
        for bad in
            [" ", "on ~", "on +@none", "on +", "on +config", "on reset", "nopass", "on (+get)", "é"]
        {
            assert_eq!(access_string(bad).unwrap_err().code, "InvalidParameterValue", "{bad}");
        }
        let refused = access_string("on >my-own-password").unwrap_err();
        assert!(!refused.message.contains("my-own"), "no password comes back");
    }

    #[test]
    fn passwords_have_their_length_and_alphabet() {
        let given = |texts: &[&str]| passwords(texts.iter().map(|it| (*it).to_owned()).collect());
        assert!(given(&["0123456789abcde "]).is_ok());
        assert!(given(&["0123456789abcdef", "%%%%%%%%%%%%%%%%"]).is_ok());
        for bad in ["short", "0123456789abcde,", "0123456789abcde\"", "0123456789abcde/"] {
            assert_eq!(given(&[bad]).unwrap_err().code, "InvalidParameterValue", "{bad}");
        }
        for bad in ["0123456789abcde@", "0123456789abcdé", &"a".repeat(129)] {
            assert_eq!(given(&[bad]).unwrap_err().code, "InvalidParameterValue", "{bad}");
        }
        let good = "0123456789abcdef";
        assert!(given(&[good, good, good]).is_err());
        assert_eq!(given(&[]).unwrap_err().code, "InvalidParameterCombination");
    }
}
