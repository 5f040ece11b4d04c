//! One login on one node: the only witness of which tokens a group accepts.

mod way;

use std::collections::BTreeMap;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use domain::group::Endpoint;
use domain::rotate::{Key, Node, Verdict};
use domain::{AuthToken, MemberView};
use jiff::SignedDuration;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisConnectionInfo, RedisError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;

use crate::Clock;

/// A connection to a node, TLS and all.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection that is being made.
pub type Dialled = Pin<Box<dyn Future<Output = io::Result<Box<dyn Stream>>> + Send>>;

/// Connects to nodes. This is the seam at which a test puts nodes of its own.
#[derive(Clone)]
pub struct Dialler(Arc<dyn Fn(Endpoint) -> Dialled + Send + Sync>);

impl Dialler {
    /// TCP and TLS. The certificate is verified against the roots of the operating system, always.
    pub fn tls() -> Self {
        Self(Arc::new(|endpoint| Box::pin(async { way::connect(endpoint, way::trusted()?).await })))
    }

    /// Whatever this function connects to.
    pub fn from_fn(dial: impl Fn(Endpoint) -> Dialled + Send + Sync + 'static) -> Self {
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
            match (self.0)(endpoint.clone()).await {
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

/// Who logs in, and with what.
struct Name {
    user: Option<String>,
    token: Option<AuthToken>,
}

/// Logs in and says `PING`.
async fn converse(stream: Box<dyn Stream>, name: &Name) -> Verdict {
    // Neither a name nor a timeout of the library's own: the first is a command more, the second is ours to set.
    let plain = RedisConnectionInfo::default().set_skip_set_lib_name();
    let untimed = AsyncConnectionConfig::new().set_response_timeout(None);
    let connected = MultiplexedConnection::new_with_config(&plain, stream, untimed).await;
    let (mut connection, driver) = match connected {
        Ok(connected) => connected,
        Err(err) => return broken(&err),
    };
    let talk = async {
        if let Some(token) = &name.token {
            // The token of a group is told alone: with a user name, a node that asks for no password accepts any.
            let mut auth = redis::cmd("AUTH");
            auth.arg(name.user.as_deref()).arg(token.expose());
            if let Err(err) = auth.exec_async(&mut connection).await {
                return refused(&err);
            }
        }
        match redis::cmd("PING").query_async::<String>(&mut connection).await {
            Ok(_) => Verdict::Accepted,
            // A user who may not even say PING is let in all the same.
            Err(err) if name.user.is_some() && err.code() == Some("NOPERM") => Verdict::Accepted,
            Err(err) => refused(&err),
        }
    };
    tokio::select! {
        // A node that answers and hangs up has answered. Without a word on the order, it is drawn by lot.
        biased;
        verdict = talk => verdict,
        () = driver => Verdict::Unreachable("it closed the connection".to_owned()),
    }
}

/// Reads what a node answers to a login that it does not take.
///
/// Only the code is kept: a node that does not know `AUTH` quotes its arguments, the token with them.
fn refused(err: &RedisError) -> Verdict {
    // What a node says to a token where none is asked for, and what Redis before 6 says to that and to a wrong one. Any other `ERR`, such
    // as too many clients, is no answer: to take it for a refusal would prove a revocation that never was.
    const REFUSALS: [&str; 3] = ["without any password", "no password is set", "invalid password"];
    match err.code() {
        Some("WRONGPASS" | "NOAUTH") => Verdict::Refused,
        Some("ERR") if err.detail().is_some_and(|it| REFUSALS.iter().any(|no| it.contains(no))) => {
            Verdict::Refused
        }
        Some(code) => Verdict::Unreachable(format!("it answers {code}")),
        None => broken(err),
    }
}

fn broken(err: &RedisError) -> Verdict {
    Verdict::Unreachable(format!("the connection failed: {}", err.category()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(answer: &str, expected: &Verdict) {
        let value = redis::parse_redis_value(format!("-{answer}\r\n").as_bytes()).unwrap();
        let redis::Value::ServerError(err) = value else { panic!("{value:?}") };
        assert_eq!(&refused(&RedisError::from(err)), expected);
    }

    fn no_answer(why: &str) -> Verdict {
        Verdict::Unreachable(why.to_owned())
    }

    #[test]
    fn a_refusal_is_what_a_node_says_of_the_token() {
        check("WRONGPASS invalid username-password pair or user is disabled.", &Verdict::Refused);
        check("NOAUTH Authentication required.", &Verdict::Refused);
        check("ERR invalid password", &Verdict::Refused);
        check("ERR Client sent AUTH, but no password is set", &Verdict::Refused);
        let without =
            "ERR AUTH <password> called without any password configured for the default user.";
        check(without, &Verdict::Refused);
    }

    #[test]
    fn another_error_is_no_verdict_on_the_token() {
        check("ERR max number of clients reached", &no_answer("it answers ERR"));
        check("LOADING Redis is loading the dataset in memory", &no_answer("it answers LOADING"));
        check("NOPERM this user has no permissions", &no_answer("it answers NOPERM"));
    }

    #[test]
    fn a_node_that_quotes_the_token_is_not_quoted() {
        let quoted = "ERR unknown command 'AUTH', with args beginning with: 'planted-token'";
        check(quoted, &no_answer("it answers ERR"));
    }
}
