//! Stories told to the model over its wire: what is asked, what is answered, and what time does.

mod account;
mod data_plane;
mod events;
mod files;
mod keys;
mod lags;
mod life;
mod logs;
mod losses;
mod members;
mod network;
mod parameters;
pub(crate) mod rbac;
mod replicas;
mod shards;
mod snapshots;
mod tokens;
mod transit;
mod upgrades;
mod user_groups;
mod users;

use jiff::{SignedDuration, Timestamp};

use crate::{Refusal, Request, Response, Settings, State, World};

/// A caller of a world, with its own clock.
pub(crate) struct Caller {
    pub(crate) world: World,
    pub(crate) now: Timestamp,
}

impl Caller {
    pub(crate) fn new(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::default();
        change(&mut settings);
        let now = settings.start;
        Self { world: World::new(settings), now }
    }

    /// A caller with a group `orders` that is available: TLS, a token, this many nodes.
    pub(crate) fn with_group(nodes: &str, change: impl FnOnce(&mut Settings)) -> Self {
        let mut caller = Self::new(change);
        caller.create("orders", nodes, &[("AuthToken", TOKEN)]).unwrap();
        caller.pass(20);
        assert_eq!(caller.status(), "available");
        caller
    }

    pub(crate) fn create(
        &mut self,
        id: &str,
        nodes: &str,
        more: &[(&str, &str)],
    ) -> Result<String, Refusal> {
        let mut pairs = vec![
            ("ReplicationGroupId", id),
            ("ReplicationGroupDescription", "for tests"),
            ("CacheNodeType", "cache.t4g.micro"),
            ("Engine", "redis"),
            ("EngineVersion", "7.1"),
            ("NumCacheClusters", nodes),
            ("TransitEncryptionEnabled", "true"),
            ("AutomaticFailoverEnabled", if nodes == "1" { "false" } else { "true" }),
            ("SnapshotRetentionLimit", "0"),
        ];
        for it in more {
            pairs.retain(|(name, _)| *name != it.0);
            pairs.push(*it);
        }
        self.ask("CreateReplicationGroup", &pairs)
    }

    pub(crate) fn modify(&mut self, more: &[(&str, &str)]) -> Result<String, Refusal> {
        let pairs = [&[("ReplicationGroupId", "orders")], more].concat();
        self.ask("ModifyReplicationGroup", &pairs)
    }

    pub(crate) fn ask(
        &mut self,
        operation: &str,
        pairs: &[(&str, &str)],
    ) -> Result<String, Refusal> {
        let encoded = |value: &str| {
            value.replace('%', "%25").replace('&', "%26").replace('+', "%2B").replace('=', "%3D")
        };
        let pair = |(name, value): &(&str, &str)| format!("&{name}={}", encoded(value));
        let fields: Vec<_> = pairs.iter().map(pair).collect();
        let body = format!("Action={operation}&Version=2015-02-02{}", fields.concat());
        let scope = "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/elasticache/aws4_request";
        let request = Request {
            method: "POST".to_owned(),
            uri: "/".to_owned(),
            headers: vec![("authorization".to_owned(), scope.to_owned())],
            body: body.into_bytes(),
        };
        let response: Response = self.world.call(self.now, &request);
        let text = response.text();
        if response.status == 200 {
            return Ok(text);
        }
        Err(Refusal::new(response.status, one(&text, "Code"), one(&text, "Message")))
    }

    /// The code that a call is refused with.
    pub(crate) fn code(&mut self, operation: &str, pairs: &[(&str, &str)]) -> String {
        self.ask(operation, pairs).expect_err("it is refused").code
    }

    pub(crate) fn pass(&mut self, minutes: i64) {
        self.now += SignedDuration::from_mins(minutes);
        self.world.advance(self.now);
    }

    pub(crate) fn group(&mut self) -> String {
        self.ask("DescribeReplicationGroups", &[("ReplicationGroupId", "orders")]).unwrap()
    }

    pub(crate) fn member(&mut self, id: &str) -> String {
        let pairs = [("CacheClusterId", id), ("ShowCacheNodeInfo", "true")];
        self.ask("DescribeCacheClusters", &pairs).unwrap()
    }

    pub(crate) fn status(&mut self) -> String {
        one(&self.group(), "Status")
    }

    pub(crate) fn events(&mut self) -> Vec<String> {
        self.world.with(|state: &mut State| {
            state.elasticache.events.iter().map(|it| it.message.clone()).collect()
        })
    }
}

pub(crate) const TOKEN: &str = "first-token-0000";

/// The text of the first element of this name.
pub(crate) fn one(xml: &str, name: &str) -> String {
    all(xml, name).into_iter().next().unwrap_or_default()
}

/// The inner text of every element of this name.
pub(crate) fn all(xml: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let parts = xml.split(&open).skip(1);
    parts.filter_map(|it| it.split(&close).next()).map(str::to_owned).collect()
}
