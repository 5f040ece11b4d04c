//! One login on one node: the only witness of which tokens a group accepts, and of what is in it.

mod count;
mod talk;
mod way;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use domain::group::Endpoint;
use domain::rotate::{Key, Node, Verdict};
use domain::{AuthToken, MemberView};
use jiff::SignedDuration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;

use crate::Clock;

pub use count::{Depth, Door, Uncounted};
use talk::{Name, refused, talk};

/// A connection to a node, TLS and all.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection that is being made.
pub type Dialled = Pin<Box<dyn Future<Output = io::Result<Box<dyn Stream>>> + Send>>;

/// How a node is spoken to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Line {
    /// Over TLS.
    Tls,
    /// In plain text, where the node knows no TLS.
    Plain,
}

/// Connects to nodes. This is the seam at which a test puts nodes of its own.
#[derive(Clone)]
pub struct Dialler(Arc<dyn Fn(Endpoint, Line) -> Dialled + Send + Sync>);

impl fmt::Debug for Dialler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dialler")
    }
}

impl Dialler {
    /// TCP, and TLS where the node speaks it. The certificate is verified against the roots of the operating system, always.
    pub fn network() -> Self {
        Self(Arc::new(|endpoint, line| match line {
            Line::Tls => Box::pin(async { way::connect(endpoint, way::trusted()?).await }),
            Line::Plain => Box::pin(way::connect_plain(endpoint)),
        }))
    }

    /// Whatever this function connects to.
    pub fn from_fn(dial: impl Fn(Endpoint, Line) -> Dialled + Send + Sync + 'static) -> Self {
        Self(Arc::new(dial))
    }

    /// Tries every key on every one of these nodes, all at once, each for a few seconds at most: as this user, or with the token of
    /// the group alone.
    pub async fn probe(
        &self,
        members: &[&MemberView],
        user: Option<&str>,
        keys: &Keys,
        clock: Clock,
    ) -> Vec<Node> {
        let mut logins = JoinSet::new();
        for (index, member) in members.iter().enumerate() {
            for (key, token) in keys {
                let name = Name { user: user.map(str::to_owned), token: token.clone() };
                let login = self.clone().login(member.endpoint.clone(), name, clock);
                let key = *key;
                logins.spawn(async move { (index, key, login.await) });
            }
        }
        let mut nodes: Vec<Node> = members.iter().map(|it| silent(it, keys)).collect();
        while let Some(login) = logins.join_next().await {
            let Ok((index, key, verdict)) = login else { continue };
            if let Some(node) = nodes.get_mut(index) {
                node.verdicts.insert(key, verdict);
            }
        }
        nodes
    }

    async fn login(self, endpoint: Option<Endpoint>, name: Name, clock: Clock) -> Verdict {
        let Some(endpoint) = endpoint else {
            return Verdict::Unreachable("it has no endpoint yet".to_owned());
        };
        let login = async {
            match (self.0)(endpoint.clone(), Line::Tls).await {
                Ok(stream) => converse(stream, &name).await,
                Err(err) => Verdict::Unreachable(way::hint(&endpoint, &err)),
            }
        };
        clock.limit(PATIENCE, login).await.unwrap_or_else(|| {
            Verdict::Unreachable(format!(
                "no answer from {endpoint} within {PATIENCE:#}; check that its security group lets this function in, and the subnets' routes"
            ))
        })
    }
}

/// What to try: the token of a key, or nothing for no password.
pub type Keys = BTreeMap<Key, Option<AuthToken>>;

/// A node that has not said anything, which is what is left if a login breaks off.
fn silent(member: &MemberView, keys: &Keys) -> Node {
    let nothing = || Verdict::Unreachable("the login broke off".to_owned());
    Node { id: member.id.clone(), verdicts: keys.keys().map(|it| (*it, nothing())).collect() }
}

/// How long one login may take: a second is long for a node in the same network.
const PATIENCE: SignedDuration = SignedDuration::from_secs(5);

/// Logs in and says `PING`.
async fn converse(stream: Box<dyn Stream>, name: &Name) -> Verdict {
    let ping = async |connection: &mut redis::aio::MultiplexedConnection| {
        match redis::cmd("PING").query_async::<String>(connection).await {
            Ok(_) => Ok(()),
            // A user who may not even say PING is let in all the same.
            Err(err) if name.user.is_some() && err.code() == Some("NOPERM") => Ok(()),
            Err(err) => Err(refused(&err)),
        }
    };
    match talk(stream, name, ping).await {
        Ok(()) => Verdict::Accepted,
        Err(verdict) => verdict,
    }
}
