//! In which form a secret holds what clients log in with: alone, or in one JSON document with all that an application needs.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use crate::AuthToken;
use crate::group::Endpoint;
use crate::token::TokenError;

/// The form that a secret is to have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// The token or password and nothing else.
    Plain,
    /// A JSON document.
    Json,
}

impl Form {
    /// Both, as a property and a tag spell them.
    pub const NAMES: [&str; 2] = ["token", "json"];

    /// Reads what a property or a tag says.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "token" => Some(Self::Plain),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    /// As a property and a tag spell it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Plain => "token",
            Self::Json => "json",
        }
    }
}

/// Whose credential it is; a document has it under another name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Credential {
    /// The AUTH token of a group.
    Token,
    /// The password of a user.
    Password,
}

impl Credential {
    fn key(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Password => "password",
        }
    }

    fn read(self, text: &str) -> Result<AuthToken, TokenError> {
        match self {
            Self::Token => AuthToken::parse(text),
            Self::Password => AuthToken::parse_password(text),
        }
    }
}

impl fmt::Display for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

/// The document of a secret. Its keys may be anybody's, and so may its secrets: it prints as stars.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Document(Map<String, Value>);

impl Document {
    /// Whether it says where to connect.
    pub fn has_address(&self) -> bool {
        let is_text = |key| self.0.get(key).is_some_and(Value::is_string);
        is_text("host") && self.0.get("port").is_some_and(Value::is_u64)
    }

    /// Where it says to connect, where it does.
    pub fn address(&self) -> Option<Endpoint> {
        let address = self.0.get("host")?.as_str()?.to_owned();
        let port = self.0.get("port")?.as_u64().and_then(|it| u16::try_from(it).ok())?;
        Some(Endpoint { address, port })
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Document(*****)")
    }
}

/// What a version of a secret holds, as it is to be written. It prints as stars.
#[derive(Clone, Eq, PartialEq)]
pub struct SecretText(String);

impl SecretText {
    /// The only way out, so that every use can be found by its name.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(*****)")
    }
}

/// Reads what a version holds, in whichever form it is: no token begins with a brace, and no password is a JSON object.
///
/// # Errors
///
/// A text that ElastiCache would not take; the error does not hold it.
pub fn read(
    text: &str,
    credential: Credential,
) -> Result<(AuthToken, Option<Document>), TokenError> {
    let parsed = text.trim_start().starts_with('{').then(|| serde_json::from_str(text));
    match parsed {
        Some(Ok(Value::Object(fields))) => {
            let held = fields.get(credential.key()).and_then(Value::as_str);
            let token = credential.read(held.ok_or(TokenError::Lacks(credential.key()))?)?;
            Ok((token, Some(Document(fields))))
        }
        Some(_) if credential == Credential::Token => Err(TokenError::NotJson),
        Some(_) | None => Ok((credential.read(text)?, None)),
    }
}

/// How a secret is to be written, but for the token itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Draft {
    /// Whose credential it is.
    pub credential: Credential,
    /// The form.
    pub form: Form,
    /// The document that is there, whose other keys stay.
    pub base: Document,
    /// Who logs in.
    pub username: String,
    /// Where, as far as it is one place and known.
    pub at: Option<Endpoint>,
}

impl Draft {
    /// For the token of a group that clients reach there.
    pub fn of_token(form: Form, at: Option<Endpoint>) -> Self {
        Self {
            credential: Credential::Token,
            form,
            base: Document::default(),
            username: DEFAULT_USER.to_owned(),
            at,
        }
    }

    /// The text with this token in it.
    pub fn text(&self, token: &AuthToken) -> SecretText {
        match self.form {
            Form::Plain => SecretText(token.expose().to_owned()),
            Form::Json => SecretText(Value::Object(self.fields(token)).to_string()),
        }
    }

    /// Whether this is what the secret holds already.
    pub fn is(&self, token: &AuthToken, document: Option<&Document>) -> bool {
        match self.form {
            Form::Plain => document.is_none(),
            Form::Json => document.is_some_and(|it| it.0 == self.fields(token)),
        }
    }

    fn fields(&self, token: &AuthToken) -> Map<String, Value> {
        let mut fields = self.base.0.clone();
        let mut put = |key: &str, value: Value| drop(fields.insert(key.to_owned(), value));
        put("username", self.username.clone().into());
        put(self.credential.key(), token.expose().into());
        put("tls", true.into());
        if let Some(Endpoint { address, port }) = &self.at {
            put("host", address.clone().into());
            put("port", (*port).into());
        }
        // An address that is not known any more, or never was, leaves no URL with an old token in it.
        let url = url(&fields, token, &self.username);
        match url {
            Some(url) => drop(fields.insert(URL.to_owned(), url.into())),
            None => drop(fields.remove(URL)),
        }
        fields
    }
}

fn url(fields: &Map<String, Value>, token: &AuthToken, username: &str) -> Option<String> {
    let host = fields.get("host")?.as_str()?;
    let port = fields.get("port")?.as_u64()?;
    let (username, token) = (encoded(username), encoded(token.expose()));
    Some(format!("rediss://{username}:{token}@{host}:{port}"))
}

fn encoded(text: &str) -> String {
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(text, KEPT).to_string()
}

const URL: &str = "url";

/// Who logs in with the token of a group. From Redis 6 on it is the password of this user.
const DEFAULT_USER: &str = "default";

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "planted-token-&#$^<>-0123";

    fn token() -> AuthToken {
        AuthToken::parse(TOKEN).unwrap()
    }

    fn draft(form: Form, base: &str) -> Draft {
        let base = match read(base, Credential::Token) {
            Ok((_, document)) => document.unwrap_or_default(),
            Err(_) => Document::default(),
        };
        let at = Endpoint { address: "master.orders.example".to_owned(), port: 6379 };
        let username = "default".to_owned();
        Draft { credential: Credential::Token, form, base, username, at: Some(at) }
    }

    #[test]
    fn a_document_has_what_an_application_needs_and_keeps_the_keys_of_others() {
        let old = r#"{"token":"an-old-token-0123456789","url":"rediss://default:an-old-token-0123456789@elsewhere:1","team":{"a":1},"host":"elsewhere"}"#;
        let draft = draft(Form::Json, old);
        let text = draft.text(&token());
        let (read_back, document) = read(text.expose(), Credential::Token).unwrap();
        assert_eq!(read_back, token());
        assert!(draft.is(&token(), document.as_ref()));
        let fields: Value = serde_json::from_str(text.expose()).unwrap();
        assert_eq!(fields["host"], "master.orders.example");
        assert_eq!(fields["port"], 6379);
        assert_eq!(fields["username"], "default");
        assert_eq!(fields["tls"], true);
        assert_eq!(fields["team"]["a"], 1);
        assert_eq!(
            fields["url"],
            "rediss://default:planted-token-%26%23%24%5E%3C%3E-0123@master.orders.example:6379"
        );
        assert!(!text.expose().contains("an-old-token"), "no old token stays behind");
    }

    #[test]
    fn an_address_that_is_not_known_leaves_no_url_behind() {
        let old = r#"{"token":"an-old-token-0123456789","url":"rediss://default:an-old-token-0123456789@elsewhere:1"}"#;
        let draft = Draft { at: None, ..draft(Form::Json, old) };
        assert!(!draft.text(&token()).expose().contains("url"));
        // One that was known before is the one still.
        let known = r#"{"token":"an-old-token-0123456789","host":"here","port":7}"#;
        let draft = Draft { at: None, ..self::draft(Form::Json, known) };
        assert!(draft.text(&token()).expose().contains("@here:7"));
        let has_address = |text| read(text, Credential::Token).unwrap().1.unwrap().has_address();
        assert!(has_address(known) && !has_address(old));
    }

    #[test]
    fn both_forms_are_read_whatever_the_tag_says_and_none_is_printed() {
        assert_eq!(read(TOKEN, Credential::Token).unwrap(), (token(), None));
        let plain = draft(Form::Plain, TOKEN);
        assert_eq!(plain.text(&token()).expose(), TOKEN);
        assert!(plain.is(&token(), None) && !plain.is(&token(), Some(&Document::default())));
        let printed = format!("{:?} {:?}", draft(Form::Json, TOKEN), plain.text(&token()));
        assert!(!printed.contains("planted"), "{printed}");
    }

    #[test]
    fn what_is_no_document_is_told_without_its_text() {
        let why = |text: &str| read(text, Credential::Token).unwrap_err().to_string();
        assert_eq!(why("{planted"), "it begins like a JSON document and is none");
        assert_eq!(
            why(r#"{"password":"planted-0123456789"}"#),
            "the document has no text under \"token\""
        );
        assert_eq!(why(r#"{"token":7}"#), "the document has no text under \"token\"");
        assert!(why(r#"{"token":"planted@"}"#).contains("this one has 8"));
        // A password may begin with a brace.
        let (password, document) = read("{planted-password-01", Credential::Password).unwrap();
        assert_eq!((password.expose(), document), ("{planted-password-01", None));
    }

    #[test]
    fn a_form_is_spelt_as_it_is_read() {
        for name in Form::NAMES {
            assert_eq!(Form::parse(name).unwrap().word(), name);
        }
        assert_eq!(Form::parse("yaml"), None);
    }
}
