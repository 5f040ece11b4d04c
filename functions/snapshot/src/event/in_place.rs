//! A restore in place, as an event asks for it.

use domain::snapshot::in_place::InPlace;
use domain::snapshot::in_place::mark::Said;
use domain::{Arn, GroupId, NameError, NodeType};
use serde_json::{Value, json};

use super::reader::Reader;

/// A group that is to be restored in place.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Replacing {
    pub(crate) snapshot: String,
    pub(crate) group: GroupId,
    from: Option<GroupId>,
    secret: Option<Arn>,
    node_type: Option<NodeType>,
    /// What all who carry it on share. So the state machine is told.
    pub(crate) request: Option<String>,
}

impl Replacing {
    /// The same for the domain; where the event names no request, it is this one.
    pub(crate) fn wish(&self, unique: &str) -> Result<InPlace, NameError> {
        let said = Said {
            group: self.group.clone(),
            snapshot: self.snapshot.clone(),
            request: self.request.clone().unwrap_or_else(|| unique.to_owned()),
        };
        let wish = InPlace::new(said)?;
        let (from, secret) = (self.from.clone(), self.secret.clone());
        Ok(InPlace { from, secret, node_type: self.node_type.clone(), ..wish })
    }

    /// The event that carries this one on.
    pub(crate) fn carried(wish: &InPlace) -> Value {
        json!({
            "action": "restore-in-place", "snapshot": wish.said.snapshot, "group": wish.said.group,
            "from": wish.from, "secret": wish.secret, "nodeType": wish.node_type,
            "request": wish.said.request,
        })
    }
}

impl Reader<'_> {
    pub(super) fn in_place(&mut self) -> Option<Replacing> {
        let snapshot = self.required("snapshot", "the name of a snapshot");
        let group = self.required("group", "the id of the group");
        let group = group.and_then(|it| self.problems.keep("group", GroupId::parse(&it)));
        let from = self.parsed("from", GroupId::parse);
        let secret = self.secret();
        let node_type = self.parsed("nodeType", NodeType::parse);
        let request = self.request();
        let (snapshot, group) = (snapshot?.to_ascii_lowercase(), group?);
        Some(Replacing { snapshot, group, from, secret, node_type, request })
    }

    /// What all who carry one on share.
    pub(super) fn request(&mut self) -> Option<String> {
        self.parsed("request", |it| {
            let is_hash = it.len() == 8 && it.bytes().all(|it| it.is_ascii_hexdigit());
            let wrong = || {
                format!("{it:.40} is not eight hexadecimal digits; it is for the state machine, leave it out")
            };
            if is_hash { Ok(it.to_owned()) } else { Err(wrong()) }
        })
    }
}
