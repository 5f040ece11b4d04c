//! Databases at Upstash, as far as their REST interface is used: one command at a time, behind a token (facts 9.2).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{Request, Response, State};

/// The databases that are there, by host.
#[derive(Debug, Default)]
pub struct Service {
    tokens: BTreeMap<String, String>,
}

impl Service {
    /// A database at this host, opened by this token.
    pub fn add(&mut self, host: &str, token: &str) {
        self.tokens.insert(host.to_owned(), token.to_owned());
    }
}

/// The host that a request names.
fn host(request: &Request) -> Option<&str> {
    let rest = request.uri.strip_prefix("https://").or(request.uri.strip_prefix("http://"));
    rest.and_then(|it| it.split(['/', '?', ':']).next()).or(request.header("host"))
}

/// Whether a request goes to Upstash.
pub(crate) fn is_one(request: &Request) -> bool {
    host(request).is_some_and(|it| it.ends_with(".upstash.io"))
}

/// Runs the command that the body holds as a list of words.
pub(crate) fn call(state: &State, request: &Request) -> Response {
    let Some(token) = host(request).and_then(|it| state.upstash.tokens.get(it)) else {
        return answer(404, &json!({ "error": "no such database" }));
    };
    if !["GET", "HEAD", "POST", "PUT"].contains(&request.method.as_str()) {
        return answer(405, &json!({ "error": "ERR method not allowed" }));
    }
    if request.header("authorization") != Some(&format!("Bearer {token}")) {
        return answer(401, &json!({ "error": "WRONGPASS invalid password" }));
    }
    let words: Option<Vec<Value>> = serde_json::from_slice(&request.body).ok();
    match words.as_deref() {
        Some([Value::String(command)]) if command.eq_ignore_ascii_case("ping") => {
            answer(200, &json!({ "result": "PONG" }))
        }
        Some(_) => answer(400, &json!({ "error": "ERR unknown command" })),
        None => answer(400, &json!({ "error": "ERR failed to parse command" })),
    }
}

fn answer(status: u16, body: &Value) -> Response {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    Response { status, headers, body: body.to_string().into_bytes() }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[track_caller]
    fn check(method: &str, token: &str, body: &str, status: u16, said: &str) {
        let world = crate::World::new(crate::Settings::default());
        world.with(|it| it.upstash.add("eager-fox.upstash.io", "right"));
        let request = Request {
            method: method.to_owned(),
            uri: "https://eager-fox.upstash.io/".to_owned(),
            headers: vec![("authorization".to_owned(), format!("Bearer {token}"))],
            body: body.as_bytes().to_vec(),
        };
        let answer = world.call(Timestamp::UNIX_EPOCH, &request);
        assert_eq!(answer.status, status, "{}", answer.text());
        assert!(answer.text().contains(said), "{}", answer.text());
    }

    #[test]
    fn a_command_is_run_for_whoever_has_the_token() {
        check("POST", "right", r#"["PING"]"#, 200, "PONG");
        check("POST", "wrong", r#"["PING"]"#, 401, "WRONGPASS");
        check("POST", "right", r#"["SING"]"#, 400, "unknown command");
        check("POST", "right", "PING", 400, "parse");
        check("DELETE", "right", "", 405, "not allowed");
    }
}
