//! What clients log in with, whichever form the secret has.

use aws_sim::secrets::Secret;
use aws_sim::{Access, Login};
use serde_json::Value;

/// What the version with this label has clients log in with.
pub fn labelled(secret: &Secret, label: &str) -> Option<String> {
    secret.text(label).map(of_text)
}

/// What a text of a secret has clients log in with: a member of its document, or the text itself.
pub fn of_text(text: &str) -> String {
    let document: Option<Value> = serde_json::from_str(text).ok();
    let held = document.as_ref().and_then(|it| it.get("token").or(it.get("password"))?.as_str());
    held.unwrap_or(text).to_owned()
}

/// What a node accepts: tokens, or the passwords of this user.
pub fn accepted<'a>(access: &'a Access, user: Option<&str>) -> &'a [String] {
    let Some(name) = user else { return &access.passwords };
    match access.users.iter().find(|it| it.name == name).map(|it| &it.login) {
        Some(Login::Passwords(passwords)) => passwords,
        Some(Login::NoPassword | Login::Iam) | None => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_holds_a_credential_in_each_form() {
        for (text, held) in [
            ("a-token", "a-token"),
            (r#"{"token":"a-token","team":1}"#, "a-token"),
            (r#"{"password":"a-word"}"#, "a-word"),
            ("{a-password", "{a-password"),
        ] {
            assert_eq!(of_text(text), held);
        }
    }
}
