//! Objects in S3, as far as an export needs them: what lies under a name, and a manifest to be read and written.
//!
//! The SDK's client of S3 is as large as all others together, for three requests that need a signature and nothing else of it.

use std::time::SystemTime;

use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningParams,
    SigningSettings, UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_xml::decode::{Document, try_data};
use domain::snapshot::export::FileView;
use jiff::{SignedDuration, Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{Aws, Clock, Fault, FaultKind, http};

/// The client. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Buckets {
    http: SharedHttpClient,
    credentials: Option<SharedCredentialsProvider>,
    region: String,
    origin: String,
}

/// A request to a bucket of this region.
struct Asked<'a> {
    call: &'static str,
    method: &'static str,
    path: String,
    body: &'a [u8],
}

impl Buckets {
    /// Makes the client.
    pub fn new(aws: &Aws) -> Self {
        let region = aws.region().to_owned();
        let end = if region.starts_with("cn-") { ".cn" } else { "" };
        // By path and not by host: a bucket may have dots in its name, which no certificate covers.
        let usual = format!("https://s3.{region}.amazonaws.com{end}");
        let origin =
            aws.config().endpoint_url().map_or(usual, |it| it.trim_end_matches('/').to_owned());
        let credentials = aws.config().credentials_provider();
        Self { http: aws.http().clone(), credentials, region, origin }
    }

    /// The objects whose keys begin so. What others have put beside may fill many pages.
    pub async fn list(
        &self,
        bucket: &str,
        prefix: &str,
        clock: &Clock,
    ) -> Result<Vec<FileView>, Fault> {
        const CALL: &str = "ListObjectsV2";
        let (mut all, mut token) = (Vec::new(), None::<String>);
        loop {
            let from = token.map(|it| format!("continuation-token={}&", encoded(&it)));
            let from = from.unwrap_or_default();
            let prefix = encoded(prefix);
            let path = format!("/{}?{from}list-type=2&prefix={prefix}", encoded(bucket));
            let asked = Asked { call: CALL, method: "GET", path, body: &[] };
            let body = self.send(bucket, &asked, clock).await?;
            let strange = || Fault::strange(CALL, "the answer is not a list of objects");
            let (files, next) = page(&String::from_utf8_lossy(&body)).ok_or_else(strange)?;
            // A page without files would be followed by itself.
            let is_last = next.is_none() || files.is_empty();
            all.extend(files);
            if is_last {
                return Ok(all);
            }
            token = next;
        }
    }

    /// What is in an object, if it is there.
    pub async fn read(
        &self,
        bucket: &str,
        key: &str,
        clock: &Clock,
    ) -> Result<Option<Vec<u8>>, Fault> {
        let asked = Asked { call: "GetObject", method: "GET", path: path(bucket, key), body: &[] };
        match self.send(bucket, &asked, clock).await {
            Ok(body) => Ok(Some(body)),
            Err(fault) if fault.code.as_deref() == Some("NoSuchKey") => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Writes an object that is not there yet. Where one is, that stays as it is.
    ///
    /// # Errors
    ///
    /// [`FaultKind::Taken`] where there is one.
    pub async fn write(
        &self,
        bucket: &str,
        key: &str,
        body: &[u8],
        clock: &Clock,
    ) -> Result<(), Fault> {
        let asked = Asked { call: "PutObject", method: "PUT", path: path(bucket, key), body };
        self.send(bucket, &asked, clock).await.map(drop)
    }

    /// Sends a request, and again where nothing is known against it, as the SDK does with its own.
    async fn send(&self, bucket: &str, asked: &Asked<'_>, clock: &Clock) -> Result<Vec<u8>, Fault> {
        let mut pause = SignedDuration::from_millis(250);
        for _ in 1..TRIES {
            match self.once(bucket, asked, clock).await {
                Err(fault) if fault.kind == FaultKind::Transient => {
                    clock.sleep(pause).await;
                    pause += pause;
                }
                answered => return answered,
            }
        }
        self.once(bucket, asked, clock).await
    }

    async fn once(&self, bucket: &str, asked: &Asked<'_>, clock: &Clock) -> Result<Vec<u8>, Fault> {
        let url = format!("{}{}", self.origin, asked.path);
        let signed = self.signed(asked, &url, clock.now()).await?;
        let (method, body) = (asked.method, asked.body.to_vec());
        let write = move |path: &str| {
            let mut request = HttpRequest::new(SdkBody::from(body.clone()));
            request.set_method(method)?;
            request.set_uri(path.to_owned())?;
            if method == "PUT" {
                request.headers_mut().try_insert("if-none-match", "*")?;
            }
            for (name, value) in &signed {
                request.headers_mut().try_insert(name.clone(), value.clone())?;
            }
            Ok(request)
        };
        let answer = http::send(&self.http, asked.call, &url, write).await?;
        if (200..300).contains(&answer.status) {
            return Ok(answer.body);
        }
        Err(refused(asked.call, bucket, answer.status, &String::from_utf8_lossy(&answer.body)))
    }

    /// The headers that a request goes out with.
    async fn signed(
        &self,
        asked: &Asked<'_>,
        url: &str,
        now: Timestamp,
    ) -> Result<Vec<(String, String)>, Fault> {
        let unsigned = || Fault::strange(asked.call, "the request could not be signed");
        let provider = self.credentials.as_ref().ok_or_else(unsigned)?;
        let found = provider.provide_credentials().await;
        let credentials =
            found.map_err(|_| Fault::transient(asked.call, "there are no credentials"))?;
        let identity: Identity = credentials.into();
        let mut settings = SigningSettings::default();
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("s3")
            .time(SystemTime::from(now))
            .settings(settings)
            .build()
            .map_err(|_| unsigned())?;
        let headers = std::iter::empty::<(&str, &str)>();
        let body = SignableBody::Bytes(asked.body);
        let request = SignableRequest::new(asked.method, url, headers, body);
        let signed = sign(request.map_err(|_| unsigned())?, &SigningParams::from(params));
        let (instructions, _) = signed.map_err(|_| unsigned())?.into_parts();
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Ok(instructions.headers().map(owned).collect())
    }
}

/// As often as the SDK tries.
const TRIES: u32 = 4;

/// What S3 escapes in a path: everything but letters, digits and `-._~`, and the slash between the parts of a key.
const ESCAPED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string().replace('/', "%2F")
}

fn path(bucket: &str, key: &str) -> String {
    format!("/{}/{}", encoded(bucket), utf8_percent_encode(key, ESCAPED))
}

/// Reads `Contents` with key, size, tag and time of each object, and where the next page begins, if there is one.
fn page(text: &str) -> Option<(Vec<FileView>, Option<String>)> {
    let mut document = Document::new(text);
    let mut root = document.root_element().ok()?;
    let (mut files, mut next) = (Vec::new(), None);
    while let Some(mut tag) = root.next_tag() {
        if tag.start_el().matches("NextContinuationToken") {
            next = Some(try_data(&mut tag).ok()?.into_owned()).filter(|it| !it.is_empty());
            continue;
        }
        if !tag.start_el().matches("Contents") {
            continue;
        }
        let (mut key, mut size, mut etag, mut written_at) = (None, None, None, None);
        while let Some(mut field) = tag.next_tag() {
            let name = field.start_el().local().to_owned();
            let text = try_data(&mut field).ok()?.into_owned();
            match name.as_str() {
                "Key" => key = Some(text),
                "Size" => size = text.parse().ok(),
                "ETag" => etag = Some(text.trim_matches('"').to_owned()),
                "LastModified" => written_at = text.parse().ok(),
                _ => {}
            }
        }
        files.push(FileView { key: key?, size: size?, etag: etag?, written_at: written_at? });
    }
    Some((files, next))
}

/// What S3 says where it does not do it.
fn refused(call: &'static str, bucket: &str, status: u16, text: &str) -> Fault {
    let (code, message) = said(text).unwrap_or_default();
    let kind = match status {
        301 | 307 | 400 if code.contains("Redirect") || code == "AuthorizationHeaderMalformed" => {
            let message = format!("the bucket {bucket} is in another region than the cache");
            return Fault { call, kind: FaultKind::Rejected, code: Some(code), message };
        }
        403 => FaultKind::Denied,
        404 => FaultKind::Gone,
        // Somebody writes the same object at the same time, or did.
        409 | 412 => FaultKind::Taken,
        429 | 500..=599 => FaultKind::Transient,
        _ => FaultKind::Rejected,
    };
    let told =
        if code.is_empty() { format!("status {status}") } else { format!("{code}: {message}") };
    let message = format!("{told} (bucket {bucket})");
    Fault { call, kind, code: Some(code).filter(|it| !it.is_empty()), message }
}

fn said(text: &str) -> Option<(String, String)> {
    let mut document = Document::new(text);
    let mut root = document.root_element().ok()?;
    let (mut code, mut message) = (String::new(), String::new());
    while let Some(mut field) = root.next_tag() {
        let name = field.start_el().local().to_owned();
        let text = try_data(&mut field).ok()?.into_owned();
        match name.as_str() {
            "Code" => code = text,
            "Message" => message = text,
            _ => {}
        }
    }
    Some((code, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_objects_is_read() {
        let text = r#"<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Prefix>orders</Prefix><KeyCount>1</KeyCount>
<Contents><Key>orders-0001.rdb</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>&quot;9b2c&quot;</ETag><Size>42</Size><StorageClass>STANDARD</StorageClass></Contents></ListBucketResult>"#;
        let written_at = "2026-01-02T03:04:05Z".parse().unwrap();
        let (key, etag) = ("orders-0001.rdb".to_owned(), "9b2c".to_owned());
        let file = FileView { key, size: 42, etag, written_at };
        assert_eq!(page(text), Some((vec![file.clone()], None)));
        let more =
            text.replace("</Name>", "</Name><NextContinuationToken>1/a+b=</NextContinuationToken>");
        assert_eq!(page(&more), Some((vec![file], Some("1/a+b=".to_owned()))));
        assert_eq!(page("<ListBucketResult/>"), Some((Vec::new(), None)));
        for broken in
            ["", "no", "<ListBucketResult><Contents><Key>k</Key></Contents></ListBucketResult>"]
        {
            assert_eq!(page(broken), None, "{broken}");
        }
    }

    #[track_caller]
    fn check(status: u16, text: &str, kind: FaultKind, message: &str) {
        let fault = refused("GetObject", "b", status, text);
        assert_eq!((fault.kind, fault.message.as_str()), (kind, message));
    }

    #[test]
    fn what_s3_refuses_is_told_in_its_words() {
        let denied = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>";
        check(403, denied, FaultKind::Denied, "AccessDenied: Access Denied (bucket b)");
        check(503, "", FaultKind::Transient, "status 503 (bucket b)");
        let elsewhere = "<Error><Code>PermanentRedirect</Code><Message>Go</Message></Error>";
        let said = "the bucket b is in another region than the cache";
        check(301, elsewhere, FaultKind::Rejected, said);
    }

    #[test]
    fn a_key_is_escaped_as_s3_does_it() {
        assert_eq!(path("b", "dumps/a b+c.rdb"), "/b/dumps/a%20b%2Bc.rdb");
        assert_eq!(encoded("dumps/a"), "dumps%2Fa");
    }
}
