//! The way to a node: its name, TCP, and TLS. Where it ends early, the error says what to look at.

use std::io;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use domain::group::Endpoint;
use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig, RootCertStore};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;

use super::Stream;

/// A name that leads nowhere.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unresolved(String);

/// Connects by TLS, to whoever shows a certificate for this name from an authority that is trusted.
pub(super) async fn connect(
    endpoint: Endpoint,
    trusted: Arc<ClientConfig>,
) -> io::Result<Box<dyn Stream>> {
    let stream = reach(&endpoint).await?;
    let address = endpoint.address;
    let name = match address.parse::<IpAddr>() {
        Ok(address) => ServerName::from(address),
        Err(_) => ServerName::try_from(address)
            .map_err(|err| io::Error::new(io::ErrorKind::InvalidInput, err))?,
    };
    Ok(Box::new(TlsConnector::from(trusted).connect(name, stream).await?))
}

/// Connects in plain text, to a node that knows no TLS.
pub(super) async fn connect_plain(endpoint: Endpoint) -> io::Result<Box<dyn Stream>> {
    Ok(Box::new(reach(&endpoint).await?))
}

async fn reach(endpoint: &Endpoint) -> io::Result<TcpStream> {
    let (address, port) = (endpoint.address.as_str(), endpoint.port);
    let unresolved = |why: String| io::Error::new(io::ErrorKind::NotFound, Unresolved(why));
    let found = match tokio::time::timeout(RESOLVED_WITHIN, lookup_host((address, port))).await {
        Ok(found) => found.map_err(|err| unresolved(err.to_string()))?,
        Err(_) => return Err(unresolved(format!("no answer within {RESOLVED_WITHIN:?}"))),
    };
    let found: Vec<_> = found.collect();
    TcpStream::connect(found.as_slice()).await
}

/// Less than a login may take, so that a resolver that is out of reach is told from a node that is.
const RESOLVED_WITHIN: Duration = Duration::from_secs(3);

/// The authorities of the operating system. They are read once and late: only a rotation needs them, and reading them takes longer than a
/// login.
pub(super) fn trusted() -> io::Result<Arc<ClientConfig>> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Ok(config.clone());
    }
    let mut roots = RootCertStore::empty();
    let (added, _) =
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if added == 0 {
        return Err(io::Error::new(
            io::ErrorKind::NotFound,
            "the operating system has no certificate authorities; set SSL_CERT_FILE",
        ));
    }
    let config = trusting(roots)?;
    Ok(CONFIG.get_or_init(|| config).clone())
}

fn trusting(roots: RootCertStore) -> io::Result<Arc<ClientConfig>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Says what to look at, as far as the error shows it.
pub(super) fn hint(endpoint: &Endpoint, err: &io::Error) -> String {
    const ROUTES: &str = "check the subnets of this function and their routes";
    const BROKEN_OFF: &str = "it broke the connection off; check that the group has encryption in transit, and that nothing stands between";
    const HINTS: [(io::ErrorKind, &str); 8] = [
        (io::ErrorKind::NotFound, "there is nothing to verify its certificate with"),
        (
            io::ErrorKind::ConnectionRefused,
            "nothing listens there; check the port, and whether the node is being replaced",
        ),
        (io::ErrorKind::NetworkUnreachable, ROUTES),
        (io::ErrorKind::HostUnreachable, ROUTES),
        (io::ErrorKind::TimedOut, "check that its security group lets this function in"),
        (
            io::ErrorKind::InvalidData,
            "it does not speak TLS as this function does; check that the group has encryption in transit",
        ),
        (io::ErrorKind::UnexpectedEof, BROKEN_OFF),
        (io::ErrorKind::ConnectionReset, BROKEN_OFF),
    ];
    let known = HINTS.iter().find(|(kind, _)| *kind == err.kind()).map(|(_, hint)| *hint);
    let look_at = inner(err).or(known).unwrap_or("check its endpoint and its security group");
    format!("cannot connect to {endpoint}: {look_at} ({err})")
}

/// What the kind of an error does not tell.
fn inner(err: &io::Error) -> Option<&'static str> {
    let inner = err.get_ref()?;
    if inner.is::<Unresolved>() {
        return Some(
            "its name does not resolve; check that the group is there, that this function is in the VPC, and that DNS is on in it",
        );
    }
    if let rustls::Error::InvalidCertificate(err) = inner.downcast_ref::<rustls::Error>()? {
        return Some(certificate(err));
    }
    None
}

/// Which kind of certificate it is that does not verify. Verifying is never switched off.
fn certificate(err: &CertificateError) -> &'static str {
    use CertificateError as Err;
    if matches!(err, Err::UnknownIssuer | Err::BadSignature) {
        return "its certificate is of an authority that this function does not trust; check that the endpoint is that of the cache, that nothing stands between, and SSL_CERT_FILE where it is set";
    }
    if matches!(err, Err::NotValidForName | Err::NotValidForNameContext { .. }) {
        return "its certificate is for another name; check that the endpoint is the cache's own, and no alias or address of it";
    }
    if matches!(err, Err::Expired | Err::ExpiredContext { .. }) {
        return "its certificate has expired; ElastiCache renews those of its nodes, so check who answers there, and ask AWS where it is the node";
    }
    if matches!(err, Err::NotValidYet | Err::NotValidYetContext { .. }) {
        return "its certificate is not valid yet; check who answers there";
    }
    "its TLS certificate is not accepted; check who answers there"
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use domain::AuthToken;
    use domain::rotate::{Key, Verdict};
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
    use rustls::ServerConfig;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use super::super::{Dialler, Name};
    use super::*;
    use crate::Clock;

    /// An authority, and a node on the loopback with a certificate of its for this name until this year.
    struct Node {
        root: CertificateDer<'static>,
        port: u16,
    }

    async fn node(name: &str, until: i32) -> Node {
        let ca_key = KeyPair::generate().unwrap();
        let mut ca = CertificateParams::default();
        ca.distinguished_name.push(DnType::CommonName, "an authority of a test");
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = ca.self_signed(&ca_key).unwrap().der().clone();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(until, 1, 1);
        let shown = params.signed_by(&key, &Issuer::new(ca, ca_key)).unwrap().der().clone();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert([shown].into(), key)
            .unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let acceptor = TlsAcceptor::from(Arc::new(config));
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let mut asked = [0; 256];
                // To the token, and to PING.
                while stream.read(&mut asked).await.is_ok_and(|it| 0 < it) {
                    drop(stream.write_all(b"+OK\r\n").await);
                }
            }
        });
        Node { root, port }
    }

    fn trusting_only(root: &CertificateDer<'static>) -> Dialler {
        let mut roots = RootCertStore::empty();
        roots.add(root.clone()).unwrap();
        let config = trusting(roots).unwrap();
        Dialler::from_fn(move |endpoint, _| Box::pin(connect(endpoint, config.clone())))
    }

    async fn login(dialler: Dialler, address: &str, port: u16) -> Verdict {
        let endpoint = Endpoint { address: address.to_owned(), port };
        let token = AuthToken::parse("planted-token-0123456789").unwrap();
        let name = Name { user: None, token: Some(token) };
        let clock = Clock::starting_at(jiff::Timestamp::UNIX_EPOCH);
        dialler.login(Some(endpoint), name, clock).await
    }

    #[track_caller]
    fn check(verdict: &Verdict, expected: &str) {
        let Verdict::Unreachable(why) = verdict else { panic!("{:?} {verdict:?}", Key::Pending) };
        assert!(why.contains(expected), "{why}");
        assert!(!why.contains("planted"), "{why}");
    }

    #[tokio::test]
    async fn a_node_whose_certificate_verifies_is_logged_in_to() {
        let Node { root, port } = node("localhost", 2100).await;
        assert_eq!(login(trusting_only(&root), "localhost", port).await, Verdict::Accepted);
    }

    #[tokio::test]
    async fn a_certificate_that_does_not_verify_is_told_by_its_kind_and_nothing_is_sent() {
        let Node { root, port } = node("localhost", 2100).await;
        let stranger = node("localhost", 2100).await.root;
        for dialler in [Dialler::network(), trusting_only(&stranger)] {
            let verdict = login(dialler, "localhost", port).await;
            check(&verdict, "is of an authority that this function does not trust; check that");
        }
        let by_address = login(trusting_only(&root), "127.0.0.1", port).await;
        check(&by_address, "its certificate is for another name; check that the endpoint is");
        let old = node("localhost", 2001).await;
        let verdict = login(trusting_only(&old.root), "localhost", old.port).await;
        check(&verdict, "its certificate has expired; ElastiCache renews those of its nodes");
    }

    #[tokio::test]
    async fn a_name_that_does_not_resolve_and_a_port_that_is_closed_are_told_apart() {
        // The first label is longer than any may be, so that no resolver is asked, and none is waited for.
        let name = format!("{}.invalid", "x".repeat(64));
        let verdict = login(Dialler::network(), &name, 6379).await;
        check(&verdict, "its name does not resolve; check that the group is there, that this");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let verdict = login(Dialler::network(), "127.0.0.1", port).await;
        check(&verdict, "nothing listens there; check the port");
    }

    #[tokio::test]
    async fn a_node_without_tls_is_told() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                drop(stream.write_all(b"-ERR Protocol error: unbalanced quotes\r\n").await);
            }
        });
        let verdict = login(Dialler::network(), "127.0.0.1", port).await;
        check(&verdict, "check that the group has encryption in transit");
    }

    #[test]
    fn what_stands_in_the_way_is_told_by_what_the_error_shows() {
        let said = |kind: io::ErrorKind| {
            let endpoint = Endpoint { address: "orders-001".to_owned(), port: 6379 };
            hint(&endpoint, &kind.into())
        };
        for (kind, look_at) in [
            (io::ErrorKind::NetworkUnreachable, "check the subnets of this function"),
            (io::ErrorKind::HostUnreachable, "check the subnets of this function"),
            (io::ErrorKind::TimedOut, "check that its security group lets this function in"),
            (io::ErrorKind::Other, "check its endpoint and its security group"),
        ] {
            let said = said(kind);
            assert!(said.starts_with("cannot connect to orders-001:6379: "), "{said}");
            assert!(said.contains(look_at), "{said}");
        }
    }
}
