//! A node as a client meets it, in process: it speaks RESP over any stream and lets in whom the model says.
//!
//! Tests connect their Redis client to it where the local cloud has a real server. It holds no data.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream};

use crate::redis::resp::read_command;
use crate::{Access, World};

impl World {
    /// Connects to the node behind this address. TLS is taken for granted.
    pub fn connect(&self, host: &str) -> io::Result<DuplexStream> {
        self.advance(self.clock());
        if self.with(|state| state.elasticache.access_at(host).is_none()) {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let (client, server) = tokio::io::duplex(BUFFER);
        let (world, host) = (self.clone(), host.to_owned());
        tokio::spawn(async move {
            // A client that goes away ends its connection.
            drop(world.serve(&host, server).await);
        });
        Ok(client)
    }

    /// Answers one client of the node behind this address, until either side ends it.
    pub async fn serve<S>(&self, host: &str, mut stream: S) -> io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut session = Session { open: self.access(host)?.passwordless };
        let mut buffer = Vec::new();
        loop {
            while let Some((parts, taken)) = read_command(&buffer)? {
                buffer.drain(..taken);
                let words: Vec<String> =
                    parts.iter().map(|it| String::from_utf8_lossy(it).into_owned()).collect();
                // Whoever is let in stays in; whoever logs in meets the tokens of now (facts 2.2, U7).
                let access = self.access(host)?;
                let reply = session.reply(&words, &access, self.is_primary(host));
                stream.write_all(reply.as_bytes()).await?;
            }
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        }
    }

    fn access(&self, host: &str) -> io::Result<Access> {
        self.advance(self.clock());
        let access = self.with(|state| state.elasticache.access_at(host).cloned());
        access.ok_or_else(|| io::ErrorKind::ConnectionReset.into())
    }

    /// Whether a primary answers at this address: its own, or the group's.
    fn is_primary(&self, host: &str) -> bool {
        self.with(|state| {
            let nodes = state.nodes();
            let own = nodes.iter().find(|it| it.endpoint.host == host).map(|it| it.primary);
            own.unwrap_or_else(|| {
                state.elasticache.groups.values().any(|it| it.primary_endpoint.host == host)
            })
        })
    }
}

/// One connection.
struct Session {
    open: bool,
}

impl Session {
    fn reply(&mut self, words: &[String], access: &Access, primary: bool) -> String {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let Some((name, rest)) = words.split_first() else { return String::new() };
        let name = name.to_ascii_uppercase();
        match (name.as_str(), rest) {
            ("AUTH", [token] | ["default", token]) => self.log_in(token, access),
            ("AUTH", [_, _]) => WRONG.to_owned(),
            ("AUTH", _) => "-ERR wrong number of arguments for 'auth' command\r\n".to_owned(),
            ("HELLO", rest) => self.hello(rest, access, primary),
            ("QUIT", _) => OK.to_owned(),
            _ if !self.open => "-NOAUTH Authentication required.\r\n".to_owned(),
            ("PING", []) => "+PONG\r\n".to_owned(),
            ("PING" | "ECHO", [text]) => bulk(text),
            ("CLIENT" | "SELECT" | "READONLY", _) => OK.to_owned(),
            ("DBSIZE", []) => ":0\r\n".to_owned(),
            ("GET", [_]) => "$-1\r\n".to_owned(),
            ("SET", [_, _]) if primary => OK.to_owned(),
            ("SET", [_, _]) => {
                "-READONLY You can't write against a read only replica.\r\n".to_owned()
            }
            ("ACL", [what]) if what.eq_ignore_ascii_case("whoami") => bulk("default"),
            ("ROLE", []) if primary => "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n".to_owned(),
            ("ROLE", []) => {
                "*5\r\n$5\r\nslave\r\n$9\r\n127.0.0.1\r\n:6379\r\n$9\r\nconnected\r\n:0\r\n"
                    .to_owned()
            }
            ("INFO", _) => bulk(&info(primary)),
            (other, _) => {
                format!("-ERR unknown command '{other}', with args beginning with: \r\n")
            }
        }
    }

    fn log_in(&mut self, token: &str, access: &Access) -> String {
        if access.passwords.is_empty() {
            return "-ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?\r\n".to_owned();
        }
        if !access.admits(Some(token)) {
            return WRONG.to_owned();
        }
        self.open = true;
        OK.to_owned()
    }

    /// `HELLO 3 AUTH default token`, answered in RESP2 terms to whoever asks for 2.
    fn hello(&mut self, rest: &[&str], access: &Access, primary: bool) -> String {
        let auth = rest.iter().position(|it| it.eq_ignore_ascii_case("AUTH"));
        if let Some(token) = auth.and_then(|it| rest.get(it + 2)) {
            let reply = self.log_in(token, access);
            if reply != OK {
                return reply;
            }
        }
        if !self.open {
            return "-NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time\r\n".to_owned();
        }
        let (begin, proto) = if rest.first() == Some(&"3") { ("%7", 3) } else { ("*14", 2) };
        let role = if primary { "master" } else { "replica" };
        let text = |name: &str, value: &str| bulk(name) + &bulk(value);
        let number = |name: &str, value: u32| format!("{}:{value}\r\n", bulk(name));
        [
            format!("{begin}\r\n"),
            text("server", "redis"),
            text("version", VERSION),
            number("proto", proto),
            number("id", 1),
            text("mode", "standalone"),
            text("role", role),
            format!("{}*0\r\n", bulk("modules")),
        ]
        .concat()
    }
}

fn info(primary: bool) -> String {
    let role = if primary { "master" } else { "slave\r\nmaster_link_status:up" };
    format!("# Server\r\nredis_version:{VERSION}\r\n# Replication\r\nrole:{role}\r\n# Keyspace\r\n")
}

fn bulk(text: &str) -> String {
    format!("${}\r\n{text}\r\n", text.len())
}

const OK: &str = "+OK\r\n";
const WRONG: &str = "-WRONGPASS invalid username-password pair or user is disabled.\r\n";
const VERSION: &str = "7.1.0";
const BUFFER: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncBufReadExt as _, BufReader};

    use super::*;
    use crate::{Request, Settings};

    const T1: &str = "token-one-of-16-chars";

    async fn scene() -> (World, String, String) {
        let world = World::new(Settings::default());
        let form = format!(
            "Action=CreateReplicationGroup&ReplicationGroupId=orders&ReplicationGroupDescription=x&CacheNodeType=cache.t4g.micro&NumCacheClusters=2&AutomaticFailoverEnabled=true&TransitEncryptionEnabled=true&AuthToken={T1}"
        );
        let scope = "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/elasticache/aws4_request";
        let request = Request {
            headers: vec![("authorization".to_owned(), scope.to_owned())],
            body: form.into_bytes(),
            ..Request::default()
        };
        assert_eq!(world.call(world.clock(), &request).status, 200);
        tokio::time::sleep(Duration::from_mins(10)).await;
        world.advance(world.clock());
        let mut nodes = world.with(|it| it.nodes()).into_iter();
        let (one, two) = (nodes.next().unwrap(), nodes.next().unwrap());
        (world, one.endpoint.host, two.endpoint.host)
    }

    async fn ask(stream: &mut BufReader<DuplexStream>, command: &str) -> String {
        stream.write_all(format!("{command}\r\n").as_bytes()).await.unwrap();
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        line.trim_end().to_owned()
    }

    #[tokio::test(start_paused = true)]
    async fn a_node_lets_in_whom_the_model_says() {
        let (world, primary, replica) = scene().await;
        let mut one = BufReader::new(world.connect(&primary).unwrap());
        assert!(ask(&mut one, "PING").await.starts_with("-NOAUTH"));
        assert!(ask(&mut one, "AUTH another-token-1").await.starts_with("-WRONGPASS"));
        assert_eq!(ask(&mut one, &format!("AUTH {T1}")).await, "+OK");
        assert_eq!(ask(&mut one, "SET k v").await, "+OK");
        let mut two = BufReader::new(world.connect(&replica).unwrap());
        assert_eq!(ask(&mut two, &format!("HELLO 3 AUTH default {T1}")).await, "%7");
        let mut two = BufReader::new(world.connect(&replica).unwrap());
        assert_eq!(ask(&mut two, &format!("AUTH default {T1}")).await, "+OK");
        assert!(ask(&mut two, "SET k v").await.starts_with("-READONLY"));
        world.with(|it| it.elasticache.groups.get_mut("orders").unwrap().access.passwords.clear());
        assert_eq!(ask(&mut one, "PING").await, "+PONG", "who is in stays in");
        assert!(world.connect("nowhere").is_err());
    }
}
