//! As much of S3 as a manifest beside an export needs: list, read, write. The files of an export are ElastiCache's (facts 5.6).

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::elasticache::snapshot::export::Closed;
use crate::wire::xml::Xml;
use crate::{Refusal, Request, Response, State};

/// What lies in buckets besides the files of exports.
#[derive(Debug, Default)]
pub struct Service {
    /// Texts, by bucket and key.
    pub texts: BTreeMap<(String, String), Object>,
}

/// An object with its text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Object {
    /// What is in it.
    pub body: Vec<u8>,
    /// When it was written.
    pub at: Timestamp,
}

/// What a request is about.
struct Asked {
    operation: &'static str,
    bucket: String,
    key: String,
    query: String,
}

/// Whether a request goes to S3: its signature says so.
pub(crate) fn is_one(request: &Request) -> bool {
    request.service() == Some("s3")
}

/// The operation that a request asks for, which only its method and path tell.
pub(crate) fn operation(request: &Request) -> String {
    read(request).map_or_else(|| "Unknown".to_owned(), |it| it.operation.to_owned())
}

/// Answers a request.
pub(crate) fn call(state: &mut State, request: &Request) -> Response {
    answer(state, request).unwrap_or_else(|refusal| refused(&refusal))
}

/// A refusal as S3 writes it.
pub(crate) fn refused(refusal: &Refusal) -> Response {
    let body = document("Error", |xml| {
        xml.text("Code", &refusal.code).text("Message", &refusal.message);
    });
    written(refusal.status, body, Vec::new())
}

fn answer(state: &mut State, request: &Request) -> Result<Response, Refusal> {
    let asked = read(request)
        .ok_or_else(|| Refusal::new(400, "InvalidRequest", "it names no bucket of this region"))?;
    must_be_open(state, &asked)?;
    let place = (asked.bucket.clone(), asked.key.clone());
    match asked.operation {
        "ListObjectsV2" => Ok(list(state, &asked)),
        "GetObject" => {
            let found = state.s3.texts.get(&place).ok_or_else(|| no_key(&asked.key))?;
            Ok(written(200, found.body.clone(), vec![("etag".to_owned(), tag_of(&found.body))]))
        }
        "PutObject" => {
            let is_new_only = request.header("if-none-match") == Some("*");
            if is_new_only && state.s3.texts.contains_key(&place) {
                let text = "At least one of the pre-conditions you specified did not hold";
                return Err(Refusal::new(412, "PreconditionFailed", text));
            }
            let object = Object { body: request.body.clone(), at: state.now };
            let tag = tag_of(&object.body);
            state.s3.texts.insert(place, object);
            Ok(written(200, Vec::new(), vec![("etag".to_owned(), tag)]))
        }
        other => Err(Refusal::new(501, "NotImplemented", other)),
    }
}

/// Whether the account may use the bucket from here. What its policy lets ElastiCache do is another matter.
fn must_be_open(state: &State, asked: &Asked) -> Result<(), Refusal> {
    let bucket = &asked.bucket;
    match state.elasticache.closed_buckets.get(bucket) {
        Some(Closed::Elsewhere) => Err(Refusal::new(
            301,
            "PermanentRedirect",
            "The bucket you are attempting to access must be addressed using the specified endpoint.",
        )),
        Some(Closed::NotOurs) => Err(Refusal::new(403, "AccessDenied", "Access Denied")),
        Some(Closed::NoRead | Closed::NoWrite | Closed::NoReadAcp) | None => {
            if state.elasticache.buckets.contains(bucket) {
                return Ok(());
            }
            Err(Refusal::new(404, "NoSuchBucket", "The specified bucket does not exist"))
        }
    }
}

fn no_key(key: &str) -> Refusal {
    Refusal::new(404, "NoSuchKey", format!("The specified key does not exist. {key}"))
}

/// What begins alike, a thousand to a page.
fn list(state: &State, asked: &Asked) -> Response {
    let prefix = parameter(&asked.query, "prefix").unwrap_or_default();
    let is_wanted =
        |(bucket, key): &(String, String)| *bucket == asked.bucket && key.starts_with(&prefix);
    let files = state.elasticache.files.iter().filter(|(place, _)| is_wanted(place));
    let files = files.map(|((_, key), file)| {
        let tag = tag_of(format!("{key} {}", file.bytes).as_bytes());
        (key.clone(), file.bytes, tag, file.at)
    });
    let texts = state.s3.texts.iter().filter(|(place, _)| is_wanted(place));
    let texts = texts.map(|((_, key), it)| {
        (key.clone(), u64::try_from(it.body.len()).unwrap_or_default(), tag_of(&it.body), it.at)
    });
    let mut all: Vec<_> = files.chain(texts).collect();
    all.sort();
    let after = parameter(&asked.query, "continuation-token").unwrap_or_default();
    all.retain(|it| after < it.0);
    let is_truncated = PAGE < all.len();
    all.truncate(PAGE);
    let body = document("ListBucketResult", |xml| {
        xml.text("Name", &asked.bucket).text("Prefix", &prefix);
        xml.text("KeyCount", all.len().to_string()).flag("IsTruncated", is_truncated);
        xml.maybe("NextContinuationToken", all.last().filter(|_| is_truncated).map(|it| &it.0));
        for (key, size, tag, at) in &all {
            xml.within("Contents", |xml| {
                xml.text("Key", key).time("LastModified", *at);
                xml.text("ETag", tag).text("Size", size.to_string());
            });
        }
    });
    written(200, body, Vec::new())
}

/// As many as S3 gives at once.
const PAGE: usize = 1000;

fn document(root: &str, inner: impl FnOnce(&mut Xml)) -> Vec<u8> {
    let mut xml = Xml::new();
    xml.within(root, inner);
    xml.done().into_bytes()
}

/// `https://bucket.s3.region.amazonaws.com/key`, or `http://127.0.0.1:4566/bucket/key`.
fn read(request: &Request) -> Option<Asked> {
    let uri = request.uri.split_once("://").map_or(request.uri.as_str(), |it| it.1);
    let slash = uri.find('/').unwrap_or(uri.len());
    let (mut host, rest) = uri.split_at_checked(slash)?;
    if host.is_empty() {
        host = request.header("host").unwrap_or_default();
    }
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let path = decoded(path.trim_start_matches('/'));
    let (bucket, key) = if let Some((bucket, _)) = host.split_once(".s3.") {
        (bucket.to_owned(), path)
    } else {
        let (bucket, key) = path.split_once('/').unwrap_or((&path, ""));
        (bucket.to_owned(), key.to_owned())
    };
    let operation = match (request.method.as_str(), key.is_empty()) {
        ("GET", true) if query.contains("list-type=2") => "ListObjectsV2",
        ("GET", false) => "GetObject",
        ("PUT", false) => "PutObject",
        _ => "Unknown",
    };
    (!bucket.is_empty()).then(|| Asked { operation, bucket, key, query: query.to_owned() })
}

fn parameter(query: &str, name: &str) -> Option<String> {
    let mut pairs = query.split('&').filter_map(|it| it.split_once('='));
    pairs.find(|(it, _)| *it == name).map(|(_, value)| decoded(value))
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|it| std::str::from_utf8(it).ok());
        let byte = hex.and_then(|it| u8::from_str_radix(it, 16).ok());
        if let Some(byte) = byte.filter(|_| *first == b'%') {
            bytes.push(byte);
            rest = tail.get(2..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Something that differs where the contents do, in quotes as S3 writes it.
fn tag_of(body: &[u8]) -> String {
    let hash = body.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("\"{hash:016x}{:016x}\"", hash.rotate_left(29))
}

fn written(status: u16, body: Vec<u8>, mut headers: Vec<(String, String)>) -> Response {
    headers.push(("content-type".to_owned(), "application/xml".to_owned()));
    Response { status, headers, body }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elasticache::snapshot::file::Rdb;
    use crate::{Settings, World};

    fn ask(world: &World, method: &str, uri: &str, body: &[u8]) -> (u16, String) {
        let scope = "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/s3/aws4_request";
        let request = Request {
            method: method.to_owned(),
            uri: uri.to_owned(),
            headers: vec![("authorization".to_owned(), scope.to_owned())],
            body: body.to_vec(),
        };
        let answer = world.call(world.clock(), &request);
        (answer.status, answer.text())
    }

    fn world() -> World {
        let world = World::new(Settings::default());
        world.with(|it| {
            it.elasticache.buckets.insert("exports".to_owned());
            let place = ("exports".to_owned(), "2026/orders-0001.rdb".to_owned());
            let file = Rdb { bytes: 42, at: it.now };
            it.elasticache.files.insert(place, file);
        });
        world
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_written_is_read_and_listed_beside_the_files_of_exports() {
        let world = world();
        let key = "https://s3.us-east-1.amazonaws.com/exports/2026/orders.manifest.json";
        assert_eq!(ask(&world, "GET", key, b"").0, 404);
        assert_eq!(ask(&world, "PUT", key, b"{}").0, 200);
        assert_eq!(ask(&world, "GET", key, b""), (200, "{}".to_owned()));
        // By host as well as by path.
        let by_host = "https://exports.s3.us-east-1.amazonaws.com/2026/orders.manifest.json";
        assert_eq!(ask(&world, "GET", by_host, b"").1, "{}");
        let list = "https://s3.us-east-1.amazonaws.com/exports?list-type=2&prefix=2026%2Forders";
        let (status, text) = ask(&world, "GET", list, b"");
        assert_eq!((status, text.matches("<Contents>").count()), (200, 2));
        assert!(text.contains("<Key>2026/orders-0001.rdb</Key>"), "{text}");
        assert!(text.contains("<Size>42</Size>"), "{text}");
        let none = "https://s3.us-east-1.amazonaws.com/exports?list-type=2&prefix=2027";
        assert_eq!(ask(&world, "GET", none, b"").1.matches("<Contents>").count(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn another_text_has_another_tag() {
        assert_ne!(tag_of(b"one"), tag_of(b"two"));
        assert_eq!(tag_of(b"one"), tag_of(b"one"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_bucket_that_is_not_here_or_not_ours_is_refused() {
        let world = world();
        let list =
            |bucket: &str| format!("https://s3.us-east-1.amazonaws.com/{bucket}?list-type=2");
        let (status, text) = ask(&world, "GET", &list("none"), b"");
        assert_eq!(status, 404);
        assert!(text.contains("<Code>NoSuchBucket</Code>"), "{text}");
        for (why, status) in
            [(Closed::NotOurs, 403), (Closed::Elsewhere, 301), (Closed::NoWrite, 200)]
        {
            world.with(|it| it.elasticache.closed_buckets.insert("exports".to_owned(), why));
            assert_eq!(ask(&world, "GET", &list("exports"), b"").0, status, "{why:?}");
        }
        let key = "https://s3.us-east-1.amazonaws.com/exports/key";
        assert_eq!(ask(&world, "DELETE", key, b"").0, 501);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_overwritten_where_that_is_asked() {
        let world = world();
        let scope = "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/s3/aws4_request";
        let put = Request {
            method: "PUT".to_owned(),
            uri: "https://s3.us-east-1.amazonaws.com/exports/key".to_owned(),
            headers: vec![
                ("authorization".to_owned(), scope.to_owned()),
                ("if-none-match".to_owned(), "*".to_owned()),
            ],
            body: b"text".to_vec(),
        };
        assert_eq!(world.call(world.clock(), &put).status, 200);
        assert_eq!(world.call(world.clock(), &put).status, 412);
    }
}
