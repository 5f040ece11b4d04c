//! Node types.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A node type by its name, such as `cache.t4g.micro`. That it is in the catalog is another question.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct NodeType(String);

/// A text that does not name a node type.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("\"{0}\" is not a node type such as cache.t4g.micro")]
pub struct NodeTypeError(String);

impl NodeType {
    /// Checks the shape `cache.<family>.<size>`.
    pub fn parse(text: &str) -> Result<Self, NodeTypeError> {
        let mut parts = text.split('.');
        let word = |part: Option<&str>| {
            part.is_some_and(|it| {
                !it.is_empty()
                    && it.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit())
            })
        };
        let shape = parts.next() == Some("cache")
            && word(parts.next())
            && word(parts.next())
            && parts.next().is_none();
        if shape { Ok(Self(text.to_owned())) } else { Err(NodeTypeError(text.to_owned())) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The family, such as `t4g`.
    pub fn family(&self) -> &str {
        self.0.split('.').nth(1).unwrap_or_default()
    }
}

impl TryFrom<String> for NodeType {
    type Error = NodeTypeError;

    fn try_from(text: String) -> Result<Self, NodeTypeError> {
        Self::parse(&text)
    }
}

impl From<NodeType> for String {
    fn from(node_type: NodeType) -> Self {
        node_type.0
    }
}

impl fmt::Display for NodeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_type_has_three_words() {
        assert_eq!(NodeType::parse("cache.t4g.micro").unwrap().family(), "t4g");
        for text in
            ["t4g.micro", "cache.t4g", "cache..micro", "cache.t4g.micro.x", "cache.T4g.micro"]
        {
            assert!(NodeType::parse(text).is_err(), "{text}");
        }
    }
}
