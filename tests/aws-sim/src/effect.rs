//! What the model decides and cannot do itself: publishing, calling functions, and everything that happens to a Redis process.
//!
//! The model never waits for an effect. Where it needs to know the end of one, the effect holds a [`Ticket`], and whoever executes
//! effects hands it back with [`World::done`](crate::World::done). Effects on nodes arise only with [`DataPlane::Real`](crate::settings::DataPlane);
//! they are to be executed in their order.

use std::fmt;

use serde_json::Value;

use crate::cloudwatch::Configured;

/// Names one effect whose end the model wants to know.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Ticket(pub u64);

/// One incarnation of a member. A change of node type or a failover replaces the server behind a member, whose name stays.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct NodeKey {
    /// The member's cache cluster id.
    pub member: String,
    /// Counts the incarnations over all members, so that an id that is used again does not meet its past.
    pub incarnation: u64,
}

impl fmt::Display for NodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.member, self.incarnation)
    }
}

/// An address as clients see it.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Endpoint {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
}

/// Whom a node lets in (facts 2.2, 2.3).
#[derive(Clone, Eq, PartialEq)]
pub struct Access {
    /// The tokens or passwords of the default user, oldest first: none, one or two.
    pub passwords: Vec<String>,
    /// Whether the default user needs no token. True also where there is none at all.
    pub passwordless: bool,
    /// All users, the default one too, where user groups say who is let in. Otherwise none.
    pub users: Vec<NodeUser>,
}

/// A user as a node knows it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NodeUser {
    /// The user's id. Another user of the same name is another user.
    pub id: String,
    /// The name to log in with.
    pub name: String,
    /// How it logs in.
    pub login: Login,
    /// What it may do, as Redis writes it. Without `on` it is off.
    pub access_string: String,
}

/// How a user logs in.
#[derive(Clone, Eq, PartialEq)]
pub enum Login {
    /// With one of these, one or two.
    Passwords(Vec<String>),
    /// With any password, and the default user with none at all.
    NoPassword,
    /// With a signed token that is good for minutes. No plain password is one.
    Iam,
}

/// What becomes of connections that are there when something changes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Clients {
    /// Whoever is in stays in.
    Stay,
    /// Everybody has to come again.
    AreCut,
}

impl Access {
    /// Whoever comes is let in.
    pub fn open() -> Self {
        Self { passwords: Vec::new(), passwordless: true, users: Vec::new() }
    }

    /// The default user is let in with these tokens, and without any where that is said.
    pub fn tokens(passwords: Vec<String>, passwordless: bool) -> Self {
        Self { passwords, passwordless, users: Vec::new() }
    }

    /// These users are let in. Without one whose name is `default`, nobody is who says no name.
    pub fn users(users: Vec<NodeUser>) -> Self {
        let default = users.iter().find(|it| it.name == DEFAULT_USER && it.is_on());
        let (passwords, passwordless) = match default.map(|it| &it.login) {
            Some(Login::Passwords(passwords)) => (passwords.clone(), false),
            Some(Login::NoPassword) => (Vec::new(), true),
            Some(Login::Iam) | None => (Vec::new(), false),
        };
        Self { passwords, passwordless, users }
    }

    /// Whether there is an AUTH token.
    pub fn has_token(&self) -> bool {
        self.users.is_empty() && !self.passwords.is_empty()
    }

    /// Whether this token, or none, opens the node to the default user.
    pub fn admits(&self, token: Option<&str>) -> bool {
        match token {
            None => self.passwordless,
            Some(token) => self.passwords.iter().any(|it| it == token),
        }
    }

    /// Whether a user of this name is let in with this password.
    pub fn admits_user(&self, name: &str, password: &str) -> bool {
        match self.users.iter().find(|it| it.name == name) {
            Some(user) => user.is_on() && user.login.admits(password),
            None => self.users.is_empty() && name == DEFAULT_USER && self.admits(Some(password)),
        }
    }
}

/// The name of the user that a client is who says none.
pub const DEFAULT_USER: &str = "default";

/// Commands that ElastiCache withholds from its customers, as Redis names them.
pub const WITHHELD: [&str; 21] = [
    "acl|setuser",
    "acl|deluser",
    "acl|load",
    "acl|save",
    "acl|list",
    "acl|getuser",
    "acl|users",
    "bgrewriteaof",
    "bgsave",
    "config",
    "debug",
    "failover",
    "migrate",
    "module",
    "psync",
    "replconf",
    "replicaof",
    "save",
    "shutdown",
    "slaveof",
    "sync",
];

impl NodeUser {
    /// Whether it is let in at all. An access string that does not say so means that it is not.
    pub fn is_on(&self) -> bool {
        let words = self.access_string.split_whitespace();
        let said = words.rev().find(|it| ["on", "off"].contains(it));
        said == Some("on")
    }
}

impl Login {
    /// Whether this password will do.
    pub fn admits(&self, password: &str) -> bool {
        match self {
            Self::Passwords(passwords) => passwords.iter().any(|it| it == password),
            Self::NoPassword => true,
            Self::Iam => false,
        }
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passwords(passwords) => write!(f, "Passwords({})", passwords.len()),
            Self::NoPassword => f.write_str("NoPassword"),
            Self::Iam => f.write_str("Iam"),
        }
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Access({} tokens, passwordless: {}, users: {:?})",
            self.passwords.len(),
            self.passwordless,
            self.users
        )
    }
}

/// What a server is started as.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NodeSpec {
    /// The replication group, or the cluster's own id where it stands alone.
    pub group: String,
    /// The node type's name.
    pub node_type: String,
    /// Bytes for data: the node type's maxmemory less the reserved part.
    pub maxmemory: u64,
    /// Engine parameters that differ from the engine's defaults, such as `maxmemory-policy`.
    pub parameters: Vec<(String, String)>,
    /// Whether clients must speak TLS.
    pub tls: bool,
    /// Whom it lets in.
    pub access: Access,
    /// Every host name under which clients may reach it, for its certificate.
    pub names: Vec<String>,
    /// The snapshot whose data it starts with.
    pub load: Option<String>,
}

/// Something that must happen outside of the model.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Publish to an SNS topic.
    Publish {
        /// The topic.
        topic_arn: String,
        /// The subject, if there is one.
        subject: Option<String>,
        /// The message, mostly JSON.
        message: String,
    },
    /// Call a Lambda function and answer with `done`: `Ok(Done::Answered(payload))`, or the function's error.
    InvokeFunction {
        /// The function.
        function_arn: String,
        /// The event.
        payload: Value,
        /// Its end.
        ticket: Ticket,
    },
    /// Send a Lambda function an event, for which nobody waits.
    SendEvent {
        /// The function.
        function_arn: String,
        /// The event.
        payload: Value,
    },
    /// Tell EventBridge of something.
    PutEvent {
        /// The whole event.
        event: Value,
    },
    /// Tell EventBridge of an alarm that was set up, changed or deleted.
    AlarmConfigured {
        /// Which writes out the event.
        change: Box<Configured>,
    },
    /// Start a server. Its end is that it answers.
    StartNode {
        /// The server.
        node: NodeKey,
        /// What it is.
        spec: NodeSpec,
        /// Its end.
        ticket: Ticket,
    },
    /// Have a server replicate another. Its end is that all data has arrived.
    Replicate {
        /// The replica.
        replica: NodeKey,
        /// Its primary.
        of: NodeKey,
        /// Its end.
        ticket: Ticket,
    },
    /// Make a replica the primary. Its end is that it takes writes.
    Promote {
        /// The new primary.
        node: NodeKey,
        /// The old one.
        instead_of: NodeKey,
        /// Whether the old one lives: it is then to stop writes and to hand over everything first. Otherwise it is lost with what it
        /// has not replicated.
        graceful: bool,
        /// Its end.
        ticket: Ticket,
    },
    /// Change whom a server lets in. Its end is that it does.
    Accept {
        /// The server.
        node: NodeKey,
        /// Whom.
        access: Access,
        /// What becomes of the clients that it has. Those of a user that goes are cut in any case.
        clients: Clients,
        /// Its end.
        ticket: Ticket,
    },
    /// Change engine parameters of a running server.
    Configure {
        /// The server.
        node: NodeKey,
        /// Name and value.
        parameters: Vec<(String, String)>,
    },
    /// Have an address lead to these servers, in turn. None: connections are refused. Connections to others are cut.
    PointEndpoint {
        /// The address.
        endpoint: Endpoint,
        /// The servers.
        to: Vec<NodeKey>,
    },
    /// Stop a server and forget its data.
    StopNode {
        /// The server.
        node: NodeKey,
    },
    /// Write a server's data under a snapshot's name. Its end is `Done::Saved`.
    SaveSnapshot {
        /// The server.
        node: NodeKey,
        /// The snapshot.
        snapshot: String,
        /// Its end.
        ticket: Ticket,
    },
    /// Copy a snapshot's data.
    CopySnapshot {
        /// From.
        source: String,
        /// To.
        target: String,
        /// Its end.
        ticket: Ticket,
    },
    /// Forget a snapshot's data.
    DropSnapshot {
        /// The snapshot.
        snapshot: String,
    },
}

impl Effect {
    /// What EventBridge is told, if it is.
    pub fn event(&self) -> Option<Value> {
        if let Self::PutEvent { event } = self {
            return Some(event.clone());
        }
        let Self::AlarmConfigured { change } = self else { return None };
        Some(change.event())
    }

    /// The ticket to hand back when it has ended, if anyone waits for it.
    pub fn ticket(&self) -> Option<Ticket> {
        match self {
            Self::InvokeFunction { ticket, .. }
            | Self::StartNode { ticket, .. }
            | Self::Replicate { ticket, .. }
            | Self::Promote { ticket, .. }
            | Self::Accept { ticket, .. }
            | Self::SaveSnapshot { ticket, .. }
            | Self::CopySnapshot { ticket, .. } => Some(*ticket),
            Self::Publish { .. }
            | Self::SendEvent { .. }
            | Self::PutEvent { .. }
            | Self::AlarmConfigured { .. }
            | Self::Configure { .. }
            | Self::PointEndpoint { .. }
            | Self::StopNode { .. }
            | Self::DropSnapshot { .. } => None,
        }
    }
}

/// How an effect ended well.
#[derive(Clone, Debug, PartialEq)]
pub enum Done {
    /// Nothing to tell.
    Plain,
    /// A snapshot holds so many bytes.
    Saved {
        /// Size of the file.
        bytes: u64,
    },
    /// What a function answered.
    Answered(Value),
}
