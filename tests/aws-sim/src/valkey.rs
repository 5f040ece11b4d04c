//! A node as a client meets it, in process: it speaks RESP over any stream and lets in whom the model says.
//!
//! Tests connect their Redis client to it where the local cloud has a real server. It keeps nothing that is written to it; its keys are those of the
//! model.

mod acl;
mod keys;

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream};

use crate::effect::DEFAULT_USER;
use crate::redis::resp::read_command;
use crate::{Access, World};

impl World {
    /// Connects to the node behind this address, as if with TLS.
    pub fn connect(&self, host: &str) -> io::Result<DuplexStream> {
        self.connect_as(host, true)
    }

    /// Connects to the node behind this address without TLS.
    pub fn connect_plain(&self, host: &str) -> io::Result<DuplexStream> {
        self.connect_as(host, false)
    }

    fn connect_as(&self, host: &str, tls: bool) -> io::Result<DuplexStream> {
        self.advance(self.clock());
        let transit = self.with(|state| state.elasticache.transit_at(host));
        match transit {
            None => return Err(io::ErrorKind::ConnectionRefused.into()),
            // Neither side understands the other's first words.
            Some(it) if !it.admits(tls) => return Err(io::ErrorKind::ConnectionReset.into()),
            Some(_) => {}
        }
        let (client, server) = tokio::io::duplex(BUFFER);
        let (world, host) = (self.clone(), host.to_owned());
        tokio::spawn(async move {
            // A client that goes away ends its connection.
            drop(world.serve(&host, tls, server).await);
        });
        Ok(client)
    }

    /// Answers one client of the node behind this address, until either side ends it.
    pub async fn serve<S>(&self, host: &str, tls: bool, mut stream: S) -> io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let Meeting { access, cuts } = self.meet(host)?;
        let mut session = Session::begin(&access);
        let mut buffer = Vec::new();
        loop {
            while let Some((parts, taken)) = read_command(&buffer)? {
                buffer.drain(..taken);
                let words: Vec<String> =
                    parts.iter().map(|it| String::from_utf8_lossy(it).into_owned()).collect();
                // Whoever is let in stays in, if nothing cuts it; whoever logs in meets the tokens and passwords of now (facts 2.2, 2.3, U7).
                let Meeting { access, cuts: by_now } = self.meet(host)?;
                let transit = self.with(|state| state.elasticache.transit_at(host));
                let speaks = transit.is_none_or(|it| it.admits(tls));
                if by_now != cuts || !session.may_stay(&access) || !speaks {
                    return Ok(());
                }
                let node = self.node_at(host);
                let reply = session.reply(&words, &access, &node);
                stream.write_all(reply.as_bytes()).await?;
            }
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        }
    }

    fn meet(&self, host: &str) -> io::Result<Meeting> {
        self.advance(self.clock());
        let meeting = self.with(|state| {
            let access = state.elasticache.access_at(host)?.clone();
            Some(Meeting { access, cuts: state.elasticache.serving_at(host)?.cuts })
        });
        meeting.ok_or_else(|| io::ErrorKind::ConnectionReset.into())
    }

    /// Who answers at this address.
    fn node_at(&self, host: &str) -> Node {
        self.with(|state| Node {
            // Its own address, or the group's.
            is_primary: state.elasticache.is_primary_at(host),
            keys: state.elasticache.keys_at(host),
        })
    }
}

/// A node at one moment.
struct Node {
    is_primary: bool,
    keys: keys::Keys,
}

/// How a node meets its clients at one moment.
struct Meeting {
    access: Access,
    /// How often all of them were cut before.
    cuts: u32,
}

/// One connection.
struct Session {
    /// Who is let in, if anyone is yet.
    user: Option<Client>,
    /// How many keys were drawn.
    drawn: usize,
}

/// Whoever is let in.
struct Client {
    name: String,
    /// The user's id. None where no user group said who may come.
    id: Option<String>,
}

impl Client {
    fn of(name: &str, access: &Access) -> Self {
        let user = access.users.iter().find(|it| it.name == name);
        Self { name: name.to_owned(), id: user.map(|it| it.id.clone()) }
    }
}

impl Session {
    /// Whoever comes is the default user, where that needs no password.
    fn begin(access: &Access) -> Self {
        Self { user: access.passwordless.then(|| Client::of(DEFAULT_USER, access)), drawn: 0 }
    }

    /// A user that was removed, or in whose place another of its name has come, is cut off. Others stay (facts 2.3), and so does the
    /// default one where user groups go: nobody comes in its place.
    fn may_stay(&self, access: &Access) -> bool {
        let Some(Client { name, id: Some(id) }) = &self.user else { return true };
        let goes_on = access.users.is_empty() && name == DEFAULT_USER;
        goes_on || access.users.iter().any(|it| it.id == *id && it.name == *name)
    }

    fn reply(&mut self, words: &[String], access: &Access, node: &Node) -> String {
        let primary = node.is_primary;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let Some((name, rest)) = words.split_first() else { return String::new() };
        let name = name.to_ascii_uppercase();
        if let Some(refusal) = self.refusal(&name, rest, access) {
            return refusal;
        }
        match (name.as_str(), rest) {
            ("AUTH", [token]) => self.log_in(None, token, access),
            ("AUTH", [name, token]) => self.log_in(Some(name), token, access),
            ("AUTH", _) => "-ERR wrong number of arguments for 'auth' command\r\n".to_owned(),
            ("HELLO", rest) => self.hello(rest, access, primary),
            ("QUIT", _) => OK.to_owned(),
            _ if self.user.is_none() => "-NOAUTH Authentication required.\r\n".to_owned(),
            ("PING", []) => "+PONG\r\n".to_owned(),
            ("PING" | "ECHO", [text]) => bulk(text),
            ("CLIENT" | "SELECT" | "READONLY", _) => OK.to_owned(),
            ("SET", [_, _]) if primary => OK.to_owned(),
            ("SET", [_, _]) => {
                "-READONLY You can't write against a read only replica.\r\n".to_owned()
            }
            ("ACL", [what]) if what.eq_ignore_ascii_case("whoami") => {
                bulk(self.user.as_ref().map_or(DEFAULT_USER, |it| &it.name))
            }
            ("ROLE", []) if primary => "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n".to_owned(),
            ("ROLE", []) => {
                "*5\r\n$5\r\nslave\r\n$9\r\n127.0.0.1\r\n:6379\r\n$9\r\nconnected\r\n:0\r\n"
                    .to_owned()
            }
            ("INFO", _) => bulk(&info(node)),
            (other, rest) => {
                let known = keys::reply(other, rest, &node.keys, &mut self.drawn);
                known.unwrap_or_else(|| {
                    format!("-ERR unknown command '{other}', with args beginning with: \r\n")
                })
            }
        }
    }

    /// What whoever is let in may not do. To come and to go is open to everybody.
    fn refusal(&self, name: &str, rest: &[&str], access: &Access) -> Option<String> {
        let client = self.user.as_ref().filter(|_| !["AUTH", "HELLO", "QUIT"].contains(&name))?;
        let user = access.users.iter().find(|it| it.name == client.name)?;
        acl::refusal(&user.access_string, name, rest)
    }

    /// Without a name, or with the default one where there are only tokens, the default user has to have a password.
    fn log_in(&mut self, name: Option<&str>, password: &str, access: &Access) -> String {
        let by_token = access.users.is_empty() && name == Some(DEFAULT_USER);
        let name = name.filter(|_| !by_token);
        if name.is_none() && access.passwords.is_empty() && access.passwordless {
            return "-ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?\r\n".to_owned();
        }
        let admitted = match name {
            None => access.admits(Some(password)),
            Some(name) => access.admits_user(name, password),
        };
        if !admitted {
            return WRONG.to_owned();
        }
        self.user = Some(Client::of(name.unwrap_or(DEFAULT_USER), access));
        OK.to_owned()
    }

    /// `HELLO 3 AUTH default token`, answered in RESP2 terms to whoever asks for 2.
    fn hello(&mut self, rest: &[&str], access: &Access, primary: bool) -> String {
        let auth = rest.iter().position(|it| it.eq_ignore_ascii_case("AUTH"));
        if let Some([name, token]) = auth.and_then(|it| rest.get(it + 1..it + 3)) {
            let reply = self.log_in(Some(name), token, access);
            if reply != OK {
                return reply;
            }
        }
        if self.user.is_none() {
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

fn info(node: &Node) -> String {
    let role = if node.is_primary { "master" } else { "slave\r\nmaster_link_status:up" };
    let keyspace = keys::keyspace(&node.keys);
    format!("# Server\r\nredis_version:{VERSION}\r\n# Replication\r\nrole:{role}\r\n{keyspace}")
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

    /// A world whose group `orders` has the user group `staff` with these users: id, name and access string. Each has the password `T1`.
    async fn with_users(users: &[(&str, &str, &str)]) -> (World, String) {
        let world = World::new(Settings::default());
        let mut members = Vec::new();
        for (number, (id, name, access_string)) in users.iter().enumerate() {
            call(
                &world,
                &format!(
                    "Action=CreateUser&UserId={id}&UserName={name}&Engine=redis&AccessString={access_string}&Passwords.member.1={T1}"
                ),
            );
            members.push(format!("&UserIds.member.{}={id}", number + 1));
        }
        call(
            &world,
            &format!("Action=CreateUserGroup&UserGroupId=staff&Engine=redis{}", members.concat()),
        );
        tokio::time::sleep(Duration::from_mins(1)).await;
        call(
            &world,
            "Action=CreateReplicationGroup&ReplicationGroupId=orders&ReplicationGroupDescription=x&CacheNodeType=cache.t4g.micro&NumCacheClusters=1&TransitEncryptionEnabled=true&UserGroupIds.member.1=staff",
        );
        tokio::time::sleep(Duration::from_mins(10)).await;
        world.advance(world.clock());
        let primary = world.with(|it| it.nodes()).remove(0).endpoint.host;
        (world, primary)
    }

    fn call(world: &World, form: &str) {
        let scope = "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/elasticache/aws4_request";
        let request = Request {
            headers: vec![("authorization".to_owned(), scope.to_owned())],
            body: form.as_bytes().to_vec(),
            ..Request::default()
        };
        let response = world.call(world.clock(), &request);
        assert_eq!(response.status, 200, "{form}: {}", response.text());
    }

    const ON: &str = "on+~*+%2B@all";

    #[tokio::test(start_paused = true)]
    async fn a_user_logs_in_by_name_and_stays_while_its_passwords_change() {
        let (world, at) =
            with_users(&[("own", "default", ON), ("app", "app", ON), ("idle", "idle", "~*")]).await;
        let mut one = BufReader::new(world.connect(&at).unwrap());
        assert!(ask(&mut one, "PING").await.starts_with("-NOAUTH"));
        assert!(ask(&mut one, "AUTH app another-password").await.starts_with("-WRONGPASS"));
        assert!(ask(&mut one, &format!("AUTH idle {T1}")).await.starts_with("-WRONGPASS"));
        assert!(ask(&mut one, &format!("AUTH nobody {T1}")).await.starts_with("-WRONGPASS"));
        assert_eq!(ask(&mut one, &format!("AUTH app {T1}")).await, "+OK");
        assert_eq!(ask(&mut one, "ACL WHOAMI").await, "$3");
        let mut two = BufReader::new(world.connect(&at).unwrap());
        assert_eq!(ask(&mut two, &format!("AUTH {T1}")).await, "+OK", "that is the default user");
        let mut three = BufReader::new(world.connect(&at).unwrap());
        assert_eq!(ask(&mut three, &format!("HELLO 3 AUTH app {T1}")).await, "%7");
        call(&world, "Action=ModifyUser&UserId=app&Passwords.member.1=a-second-password");
        tokio::time::sleep(Duration::from_mins(1)).await;
        let mut line = String::new();
        one.read_line(&mut line).await.unwrap();
        assert_eq!(line, "app\r\n");
        assert_eq!(ask(&mut one, "PING").await, "+PONG", "who is in stays in");
        assert!(ask(&mut two, &format!("AUTH app {T1}")).await.starts_with("-WRONGPASS"));
        assert_eq!(ask(&mut two, "AUTH app a-second-password").await, "+OK");
    }

    #[tokio::test(start_paused = true)]
    async fn a_user_that_goes_or_is_replaced_is_cut_off() {
        let (world, at) = with_users(&[("own", "default", ON), ("app", "app", ON)]).await;
        let mut default = BufReader::new(world.connect(&at).unwrap());
        assert_eq!(ask(&mut default, &format!("AUTH {T1}")).await, "+OK");
        let mut app = BufReader::new(world.connect(&at).unwrap());
        assert_eq!(ask(&mut app, &format!("AUTH app {T1}")).await, "+OK");
        call(
            &world,
            "Action=ModifyUserGroup&UserGroupId=staff&UserIdsToAdd.member.1=default&UserIdsToRemove.member.1=own",
        );
        tokio::time::sleep(Duration::from_mins(1)).await;
        assert_eq!(ask(&mut default, "PING").await, "", "another has taken its place");
        assert_eq!(ask(&mut app, "PING").await, "+PONG");
        let mut open = BufReader::new(world.connect(&at).unwrap());
        assert_eq!(ask(&mut open, "PING").await, "+PONG", "the stock user needs no password");
        assert!(ask(&mut open, &format!("AUTH {T1}")).await.starts_with("-ERR AUTH"));
        assert_eq!(ask(&mut open, "AUTH default anything").await, "+OK");
        call(&world, "Action=DeleteUser&UserId=app");
        tokio::time::sleep(Duration::from_mins(1)).await;
        assert_eq!(ask(&mut app, "PING").await, "");
    }

    #[tokio::test(start_paused = true)]
    async fn user_groups_that_go_take_their_users_along() {
        let (world, at) = with_users(&[("own", "default", ON), ("app", "app", ON)]).await;
        let mut default = BufReader::new(world.connect(&at).unwrap());
        assert_eq!(ask(&mut default, &format!("AUTH {T1}")).await, "+OK");
        let mut app = BufReader::new(world.connect(&at).unwrap());
        assert_eq!(ask(&mut app, &format!("AUTH app {T1}")).await, "+OK");
        call(
            &world,
            "Action=ModifyReplicationGroup&ReplicationGroupId=orders&RemoveUserGroups=true&AuthToken=another-token-of-24-chars",
        );
        tokio::time::sleep(Duration::from_mins(5)).await;
        assert_eq!(ask(&mut app, "PING").await, "");
        assert_eq!(ask(&mut default, "PING").await, "+PONG");
        assert_eq!(ask(&mut default, "AUTH another-token-of-24-chars").await, "+OK");
        assert!(ask(&mut default, &format!("AUTH app {T1}")).await.starts_with("-WRONGPASS"));
    }
}
