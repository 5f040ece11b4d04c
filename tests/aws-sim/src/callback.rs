//! The `ResponseURL` of CloudFormation: a presigned PUT, as strict as S3 is about it (facts 7.1).

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::{Refusal, Request, Response, State};

/// The host that a `ResponseURL` names here.
pub const HOST: &str = "cfn-response.sim";

/// What CloudFormation was answered.
#[derive(Debug, Default)]
pub struct Service {
    /// Every answer that was accepted, in order.
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

    /// The last one.
    pub fn last(&self, url: &str) -> Option<&Answer> {
        self.answers.iter().rfind(|it| it.url == url)
    }
}

/// An address that takes an answer from now on for so long. Its path is to be its own.
pub fn address(path: &str, now: Timestamp, lasts: SignedDuration, signature: &str) -> String {
    let date = now.strftime("%Y%m%dT%H%M%SZ");
    let seconds = lasts.as_secs();
    format!(
        "https://{HOST}/{path}?X-Amz-Date={date}&X-Amz-Expires={seconds}&X-Amz-Signature={signature}"
    )
}

/// When an address takes no answer any more. One that was written by hand, without a date, always does.
fn expires(uri: &str) -> Option<Timestamp> {
    let (_, query) = uri.split_once('?')?;
    let of = |name: &str| query.split('&').find_map(|it| it.strip_prefix(name)?.strip_prefix('='));
    let signed_at: Timestamp = of("X-Amz-Date")?.parse().ok()?;
    let seconds = of("X-Amz-Expires")?.parse().ok()?;
    signed_at.saturating_add(SignedDuration::from_secs(seconds)).ok()
}

/// Whether a request is such a PUT.
pub(crate) fn is_one(request: &Request) -> bool {
    let rest = request.uri.strip_prefix("https://").or(request.uri.strip_prefix("http://"));
    let named = rest.and_then(|it| it.split(['/', '?', ':']).next()).or(request.header("host"));
    named == Some(HOST)
}

/// Takes the PUT, or refuses it as S3 would.
pub(crate) fn call(state: &mut State, request: &Request) -> Response {
    match check(request, state.now) {
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

fn check(request: &Request, now: Timestamp) -> Result<Value, Refusal> {
    if request.method != "PUT" {
        return Err(Refusal::new(403, "SignatureDoesNotMatch", "the URL is signed for PUT"));
    }
    if expires(&request.uri).is_some_and(|it| it < now) {
        return Err(Refusal::new(403, "AccessDenied", "Request has expired"));
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

    #[test]
    fn an_address_takes_answers_for_as_long_as_it_says() {
        let world = crate::World::new(crate::Settings::default());
        let start = world.with(|it| it.now);
        let uri = address("one", start, SignedDuration::from_hours(2), "0");
        assert_eq!(
            uri,
            "https://cfn-response.sim/one?X-Amz-Date=20260101T000000Z&X-Amz-Expires=7200&X-Amz-Signature=0"
        );
        let request = Request {
            method: "PUT".to_owned(),
            uri,
            headers: vec![("content-length".to_owned(), "2".to_owned())],
            body: b"{}".to_vec(),
        };
        let put = |seconds| world.call(start + SignedDuration::from_secs(seconds), &request);
        assert_eq!(put(7200).status, 200);
        let late = put(7201);
        assert_eq!(late.status, 403);
        assert!(late.text().contains("Request has expired"), "{}", late.text());
        assert_eq!(world.with(|it| it.callbacks.answers.len()), 1);
    }
}
