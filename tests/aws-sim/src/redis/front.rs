//! The front of a node whose token is optional: it ends TLS itself and has every AUTH checked against the tokens.
//!
//! ElastiCache lets clients in without a token after the first ROTATE, and with the new one, and with no other (facts 2.2). Redis cannot: a
//! default user without a password takes any, and refuses the short form of AUTH. So the default user has none, a second user has the
//! tokens, and here `AUTH <token>` becomes `AUTH auth-token <token>` on its way. All else passes as it is, replies unread.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsAcceptor;

use super::authority::Identity;
use super::process::TOKEN_USER;
use super::resp::{read_command, write_command};

/// What shows this identity to clients.
pub(crate) fn acceptor(identity: &Identity) -> io::Result<TlsAcceptor> {
    let certificate = CertificateDer::from_pem_slice(identity.certificate.as_bytes())
        .map_err(io::Error::other)?;
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).map_err(io::Error::other)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .map_err(io::Error::other)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Carries one client's connection to the server behind this socket until either side ends it.
pub(crate) async fn carry(
    client: TcpStream,
    acceptor: TlsAcceptor,
    socket: &Path,
) -> io::Result<()> {
    let client = acceptor.accept(client).await?;
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let (mut from_server, mut to_server) = UnixStream::connect(socket).await?.into_split();
    tokio::select! {
        ended = tokio::io::copy(&mut from_server, &mut to_client) => { ended?; }
        ended = pass(&mut from_client, &mut to_server) => ended?,
    }
    to_client.shutdown().await
}

/// Passes commands on, each AUTH to the user that has the tokens.
async fn pass(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
) -> io::Result<()> {
    let mut buffer = Vec::new();
    loop {
        while let Some((parts, taken)) = read_command(&buffer)? {
            match readdressed(&parts) {
                Some(parts) => to.write_all(&write_command(&parts)).await?,
                None => to.write_all(buffer.get(..taken).unwrap_or_default()).await?,
            }
            buffer.drain(..taken);
        }
        if from.read_buf(&mut buffer).await? == 0 {
            return Ok(());
        }
    }
}

/// A command that logs in as the default user, as one that logs in as the holder of the tokens.
fn readdressed(parts: &[Vec<u8>]) -> Option<Vec<Vec<u8>>> {
    let is = |index: usize, word: &str| {
        parts.get(index).is_some_and(|it| it.eq_ignore_ascii_case(word.as_bytes()))
    };
    let holder = TOKEN_USER.as_bytes().to_vec();
    if is(0, "AUTH") {
        return match parts {
            [auth, token] => Some(vec![auth.clone(), holder, token.clone()]),
            [auth, user, token] if user == b"default" => {
                Some(vec![auth.clone(), holder, token.clone()])
            }
            _ => None,
        };
    }
    if is(0, "HELLO") {
        let auth = parts.iter().position(|it| it.eq_ignore_ascii_case(b"AUTH"))?;
        let mut parts = parts.to_vec();
        let user = parts.get_mut(auth + 1).filter(|it| *it == b"default")?;
        *user = holder;
        return Some(parts);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(command: &str, wanted: Option<&str>) {
        let words = |it: &str| it.split(' ').map(|it| it.as_bytes().to_vec()).collect::<Vec<_>>();
        assert_eq!(readdressed(&words(command)), wanted.map(words), "{command}");
    }

    #[test]
    fn only_logins_of_the_default_user_are_readdressed() {
        check("AUTH t1", Some("AUTH auth-token t1"));
        check("auth default t1", Some("auth auth-token t1"));
        check("AUTH somebody t1", None);
        check("HELLO 3 AUTH default t1 SETNAME x", Some("HELLO 3 AUTH auth-token t1 SETNAME x"));
        check("HELLO 3", None);
        check("SET AUTH t1", None);
    }

    #[tokio::test]
    async fn pipelined_commands_keep_their_order() {
        let mut sent = write_command(&["PING"]);
        sent.extend(write_command(&["AUTH", "t1"]));
        sent.extend(write_command(&["GET", "k"]));
        let mut passed = Vec::new();
        pass(&mut sent.as_slice(), &mut passed).await.unwrap();
        let mut wanted = write_command(&["PING"]);
        wanted.extend(write_command(&["AUTH", "auth-token", "t1"]));
        wanted.extend(write_command(&["GET", "k"]));
        assert_eq!(passed, wanted);
    }
}
