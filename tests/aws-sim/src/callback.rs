//! The `ResponseURL` of CloudFormation: a presigned PUT, as strict as S3 is about it (facts 7.1).

use jiff::Timestamp;
use serde_json::Value;

use crate::{Refusal, Request, Response, State};

/// The host that a `ResponseURL` names here.
pub const HOST: &str = "cfn-response.sim";

/// What CloudFormation was answered.
#[derive(Debug, Default)]
pub struct Service {
    /// Every answer that was accepted, in order. The first one for a request counts.
    pub answers: Vec<Answer>,
    /// Every PUT that was refused, or that S3 took and CloudFormation cannot read, and why.
    pub refused: Vec<String>,
}

/// One answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// When.
    pub at: Timestamp,
    /// The URL, which tells whose it is.
    pub url: String,
    /// The body.
    pub body: Value,
    /// Its size.
    pub bytes: usize,
}

impl Service {
    /// The first answer given to this URL.
    pub fn first(&self, url: &str) -> Option<&Answer> {
        self.answers.iter().find(|it| it.url == url)
    }
}

/// Whether a request is such a PUT.
pub(crate) fn is_one(request: &Request) -> bool {
    let rest = request.uri.strip_prefix("https://").or(request.uri.strip_prefix("http://"));
    let named = rest.and_then(|it| it.split(['/', '?', ':']).next()).or(request.header("host"));
    named == Some(HOST)
}

/// Takes the PUT, or refuses it as S3 would.
pub(crate) fn call(state: &mut State, request: &Request) -> Response {
    match check(request) {
        Ok(body) => {
            let (at, url, bytes) = (state.now, request.uri.clone(), request.body.len());
            state.callbacks.answers.push(Answer { at, url, body, bytes });
            Response { status: 200, ..Response::default() }
        }
        // S3 judges no content: who sent it believes that all is well, and the stack waits until it gives up (facts 7.1).
        Err(refusal) if refusal.status == 200 => {
            state.callbacks.refused.push(refusal.message);
            Response { status: 200, ..Response::default() }
        }
        Err(refusal) => {
            state.callbacks.refused.push(refusal.message.clone());
            let body = format!(
                "<Error><Code>{}</Code><Message>{}</Message></Error>",
                refusal.code, refusal.message
            );
            Response { status: refusal.status, headers: Vec::new(), body: body.into_bytes() }
        }
    }
}

fn check(request: &Request) -> Result<Value, Refusal> {
    if request.method != "PUT" {
        return Err(Refusal::new(403, "SignatureDoesNotMatch", "the URL is signed for PUT"));
    }
    // The signature covers an empty content type: any other breaks it.
    if request.header("content-type").is_some_and(|it| !it.is_empty()) {
        let text = "the URL is signed for an empty content-type";
        return Err(Refusal::new(403, "SignatureDoesNotMatch", text));
    }
    match request.header("content-length").map(str::parse::<usize>) {
        Some(Ok(length)) if length == request.body.len() => {}
        Some(_) => {
            let text = "the content-length is not that of the body";
            return Err(Refusal::new(400, "IncompleteBody", text));
        }
        None => {
            let text = "You must provide the Content-Length HTTP header.";
            return Err(Refusal::new(411, "MissingContentLength", text));
        }
    }
    if 4096 < request.body.len() {
        let text = format!("{} bytes are more than CloudFormation reads", request.body.len());
        return Err(Refusal::new(200, "TooLarge", text));
    }
    serde_json::from_slice(&request.body)
        .map_err(|err| Refusal::new(200, "Malformed", format!("not JSON: {err}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_put(headers: &[(&str, &str)], body: &str, status: u16, useful: bool) {
        let request = Request {
            method: "PUT".to_owned(),
            uri: "https://cfn-response.sim/one?X-Amz-Signature=0".to_owned(),
            headers: headers.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            body: body.as_bytes().to_vec(),
        };
        assert!(is_one(&request));
        let world = crate::World::new(crate::Settings::default());
        assert_eq!(world.call(Timestamp::UNIX_EPOCH, &request).status, status, "{headers:?}");
        let accepted = world.with(|state| state.callbacks.first(&request.uri).is_some());
        let told = world.with(|state| state.callbacks.refused.len());
        assert_eq!((accepted, told), if useful { (true, 0) } else { (false, 1) }, "{headers:?}");
    }

    #[test]
    fn a_put_must_be_as_it_was_signed_and_what_is_in_it_nobody_judges() {
        check_put(&[("content-length", "2"), ("content-type", "")], "{}", 200, true);
        check_put(&[("content-length", "2")], "{}", 200, true);
        check_put(
            &[("content-length", "2"), ("Content-Type", "application/json")],
            "{}",
            403,
            false,
        );
        check_put(&[], "{}", 411, false);
        check_put(&[("content-length", "3")], "{}", 400, false);
        let long = format!("\"{}\"", "x".repeat(4096));
        check_put(&[("content-length", "4098")], &long, 200, false);
        check_put(&[("content-length", "1")], "{", 200, false);
    }
}
