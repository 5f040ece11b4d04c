//! A conversation with a node: who speaks, and what its refusals mean.

use domain::AuthToken;
use domain::rotate::Verdict;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisConnectionInfo, RedisError};

use super::Stream;

/// Who logs in, and with what.
pub(super) struct Name {
    pub(super) user: Option<String>,
    pub(super) token: Option<AuthToken>,
}

/// Logs in, where there is something to log in with, and says what is to be said.
///
/// # Errors
///
/// The node refused the login, or did not answer, and why.
pub(super) async fn talk<T>(
    stream: Box<dyn Stream>,
    name: &Name,
    say: impl AsyncFnOnce(&mut MultiplexedConnection) -> Result<T, Verdict>,
) -> Result<T, Verdict> {
    // Neither a name nor a timeout of the library's own: the first is a command more, the second is ours to set.
    let plain = RedisConnectionInfo::default().set_skip_set_lib_name();
    let untimed = AsyncConnectionConfig::new().set_response_timeout(None);
    let connected = MultiplexedConnection::new_with_config(&plain, stream, untimed).await;
    let (mut connection, driver) = connected.map_err(|err| broken(&err))?;
    let conversation = async {
        if let Some(token) = &name.token {
            // The token of a group is told alone: with a user name, a node that asks for no password accepts any.
            let mut auth = redis::cmd("AUTH");
            auth.arg(name.user.as_deref()).arg(token.expose());
            auth.exec_async(&mut connection).await.map_err(|err| refused(&err))?;
        }
        say(&mut connection).await
    };
    tokio::select! {
        // A node that answers and hangs up has answered. Without a word on the order, it is drawn by lot.
        biased;
        said = conversation => said,
        () = driver => Err(Verdict::Unreachable("it closed the connection".to_owned())),
    }
}

/// Reads what a node answers to a login that it does not take.
///
/// Only the code is kept: a node that does not know `AUTH` quotes its arguments, the token with them.
pub(super) fn refused(err: &RedisError) -> Verdict {
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
