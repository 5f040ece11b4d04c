//! Amazon Resource Names.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An ARN of any service, split where a reader needs it.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Arn(String);

/// A text that is not an ARN.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("\"{0}\" is not an ARN (arn:partition:service:region:account:resource)")]
pub struct ArnError(String);

impl Arn {
    /// Checks that a text has the six parts of an ARN.
    pub fn parse(text: &str) -> Result<Self, ArnError> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        match parts.as_slice() {
            ["arn", partition, service, _, _, resource]
                if !partition.is_empty() && !service.is_empty() && !resource.is_empty() =>
            {
                Ok(Self(text.to_owned()))
            }
            _ => Err(ArnError(text.to_owned())),
        }
    }

    /// The partition, such as `aws`.
    pub fn partition(&self) -> &str {
        self.part(1)
    }

    /// The service, such as `sns`.
    pub fn service(&self) -> &str {
        self.part(2)
    }

    /// The region; empty for global services.
    pub fn region(&self) -> &str {
        self.part(3)
    }

    /// The account id.
    pub fn account(&self) -> &str {
        self.part(4)
    }

    /// What follows the account, colons and all.
    pub fn resource(&self) -> &str {
        self.part(5)
    }

    /// The whole ARN.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn part(&self, index: usize) -> &str {
        self.0.splitn(6, ':').nth(index).unwrap_or_default()
    }
}

impl TryFrom<String> for Arn {
    type Error = ArnError;

    fn try_from(text: String) -> Result<Self, ArnError> {
        Self::parse(&text)
    }
}

impl From<Arn> for String {
    fn from(arn: Arn) -> Self {
        arn.0
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_is_split_at_its_first_five_colons() {
        let arn =
            Arn::parse("arn:aws:secretsmanager:eu-west-1:123456789012:secret:a-AbCdEf").unwrap();
        assert_eq!(arn.service(), "secretsmanager");
        assert_eq!(arn.region(), "eu-west-1");
        assert_eq!(arn.account(), "123456789012");
        assert_eq!(arn.resource(), "secret:a-AbCdEf");
    }

    #[test]
    fn a_plain_name_is_no_arn() {
        assert!(Arn::parse("orders").is_err());
        assert!(Arn::parse("arn:aws:sns:eu-west-1:1:").is_err());
    }
}
