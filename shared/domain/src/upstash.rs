//! A database at Upstash, as far as it is described here: the credentials that open it, and why they do not.

use std::fmt;

use serde_json::Value;

/// A token of Upstash's REST interface. It prints as stars.
#[derive(Clone, Eq, PartialEq)]
pub struct RestToken(String);

impl RestToken {
    /// The only way out, so that every use can be found by its name.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RestToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RestToken(*****)")
    }
}

/// What opens a database, as the secret has it: `{"url":"https://…","token":"…"}`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Credentials {
    /// The REST endpoint.
    pub url: String,
    /// The token.
    pub token: RestToken,
}

/// Why a secret holds no credentials. What it holds is never part of the message.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CredentialsError {
    /// Something else than an object.
    #[error("is no JSON object; it is {{\"url\":\"https://…\",\"token\":\"…\"}}")]
    NotAnObject,
    /// A field that is missing or empty.
    #[error("has no text under \"{0}\"; it is {{\"url\":\"https://…\",\"token\":\"…\"}}")]
    Lacks(&'static str),
    /// A token that no header can carry.
    #[error("has a token with spaces or with more than printable ASCII, which Upstash never gives")]
    Alphabet,
}

impl Credentials {
    /// Reads the text of a secret.
    ///
    /// # Errors
    ///
    /// Anything but an object with both texts.
    pub fn parse(secret: &str) -> Result<Self, CredentialsError> {
        let fields: Value =
            serde_json::from_str(secret).map_err(|_| CredentialsError::NotAnObject)?;
        let fields = fields.as_object().ok_or(CredentialsError::NotAnObject)?;
        let text = |key: &'static str| {
            let text = fields.get(key).and_then(Value::as_str).map(str::trim);
            text.filter(|it| !it.is_empty()).ok_or(CredentialsError::Lacks(key))
        };
        let (url, token) = (text("url")?, text("token")?);
        if !token.bytes().all(|it| it.is_ascii_graphic()) {
            return Err(CredentialsError::Alphabet);
        }
        Ok(Self { url: url.to_owned(), token: RestToken(token.to_owned()) })
    }

    /// Whether they are of the endpoint that a stack states. A slash at its end is none of its name, and neither are capitals.
    pub fn are_of(&self, url: &str) -> bool {
        let plain = |it: &str| it.trim().trim_end_matches('/').to_ascii_lowercase();
        plain(&self.url) == plain(url)
    }
}

/// Why a database at Upstash is not told to a stack.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// The secret cannot be read as credentials.
    Unreadable(CredentialsError),
    /// They are of another endpoint.
    OtherEndpoint,
    /// Upstash refuses the token.
    NotLetIn,
    /// The endpoint answers something that Upstash never does.
    Strange(u16),
    /// The endpoint does not answer.
    Silent,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(err) => write!(f, "UpstashSecretArn: the secret {err}"),
            Self::OtherEndpoint => f.write_str(
                "UpstashSecretArn: the secret has another endpoint than UpstashRedisUrl; state the endpoint that the token belongs to",
            ),
            Self::NotLetIn => f.write_str(
                "UpstashSecretArn: Upstash refuses the token in the secret (HTTP 401); copy the REST token of this database from the Upstash console",
            ),
            Self::Strange(status) => write!(
                f,
                "UpstashRedisUrl: the endpoint answers HTTP {status} to a PING, and is no REST endpoint of Upstash; it is https://<name>.upstash.io, from the Upstash console"
            ),
            Self::Silent => f.write_str(
                "UpstashRedisUrl: the endpoint does not answer; look whether the database is there, and whether the function reaches the internet",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seeds_secret_is_read_and_its_token_never_printed() {
        let secret = r#"{"url":"https://eager-fox-12345.upstash.io","token":"planted-AX=="}"#;
        let read = Credentials::parse(secret).unwrap();
        assert_eq!(read.token.expose(), "planted-AX==");
        assert!(!format!("{read:?}").contains("planted"));
        assert!(read.are_of("https://Eager-fox-12345.upstash.io/"));
        assert!(!read.are_of("https://eager-fox-12345.upstash.io.example"));
    }

    #[test]
    fn what_is_no_credentials_is_told_without_its_text() {
        use CredentialsError::{Alphabet, Lacks, NotAnObject};
        for (secret, expected) in [
            ("planted", NotAnObject),
            ("[\"planted\"]", NotAnObject),
            (r#"{"token":"planted"}"#, Lacks("url")),
            (r#"{"url":"https://planted","token":" "}"#, Lacks("token")),
            (r#"{"url":"https://planted","token":7}"#, Lacks("token")),
            (r#"{"url":"https://planted","token":"planted\nX: y"}"#, Alphabet),
        ] {
            let err = Credentials::parse(secret).unwrap_err();
            assert_eq!(err, expected, "{secret}");
            assert!(!Refusal::Unreadable(err).to_string().contains("planted"));
        }
    }
}
