//! Who owns a group: the stack and the logical id that made it.

use std::fmt;

use crate::{Tags, tag};

/// A resource of a stack. Only what carries it as a tag is ever deleted.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Owner {
    stack_id: String,
    logical_id: String,
}

impl Owner {
    /// The owner that a CloudFormation request speaks for.
    pub fn new(stack_id: impl Into<String>, logical_id: impl Into<String>) -> Self {
        Self { stack_id: stack_id.into(), logical_id: logical_id.into() }
    }

    /// The owner that the tags of a thing name.
    pub fn read(tags: &Tags) -> Option<Self> {
        let (stack_id, logical_id) = tags.get(tag::OWNER)?.rsplit_once('/')?;
        Some(Self::new(stack_id, logical_id))
    }

    /// The stack.
    pub fn stack_id(&self) -> &str {
        &self.stack_id
    }

    /// The resource in the stack.
    pub fn logical_id(&self) -> &str {
        &self.logical_id
    }

    /// Tells whether a thing with these tags is ours.
    pub fn owns(&self, tags: &Tags) -> bool {
        tags.get(tag::OWNER).is_some_and(|it| *it == self.to_string())
    }

    /// Tells whether a thing with these tags was left by an earlier stack of this name, region and account, under this logical id. Of two
    /// stacks of one name, one is deleted.
    pub fn follows(&self, tags: &Tags) -> bool {
        // arn:aws:cloudformation:<region>:<account>:stack/<name>/<unique id>/<logical id>
        fn but_unique(text: &str) -> Option<(&str, &str, &str)> {
            let mut parts = text.splitn(4, '/');
            let (stack, name, _, logical_id) =
                (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
            Some((stack, name, logical_id))
        }
        let ours = self.to_string();
        let before = tags.get(tag::OWNER).and_then(|it| but_unique(it));
        before.is_some() && before == but_unique(&ours)
    }

    /// A short text that differs between owners: eight hexadecimal digits of an FNV-1a hash, the same in every build.
    pub fn short_hash(&self) -> String {
        short_hash(&self.to_string())
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.stack_id, self.logical_id)
    }
}

/// Eight hexadecimal digits of the FNV-1a hash of a text: for names that must be derived again later, not for secrecy.
pub fn short_hash(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{:08x}", (hash >> 32) ^ (hash & 0xffff_ffff))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_resource_owns() {
        let ours = Owner::new("arn:aws:cloudformation:eu-west-1:1:stack/a/b", "Cache");
        let tags = Tags::from([(tag::OWNER.to_owned(), ours.to_string())]);
        assert!(ours.owns(&tags));
        assert_eq!(Owner::read(&tags), Some(ours.clone()));
        assert_eq!(Owner::read(&Tags::new()), None);
        assert!(!Owner::new(ours.stack_id(), "Other").owns(&tags));
        assert!(!ours.owns(&Tags::new()));
    }

    #[test]
    fn a_stack_follows_one_of_its_name_and_no_other() {
        let stack = |it: &str| format!("arn:aws:cloudformation:eu-west-1:1:stack/{it}");
        let ours = Owner::new(stack("orders/2b"), "Cache");
        let check = |owner: Owner, expected: bool| {
            let tags = Tags::from([(tag::OWNER.to_owned(), owner.to_string())]);
            assert_eq!(ours.follows(&tags), expected, "{owner}");
        };
        check(Owner::new(stack("orders/1a"), "Cache"), true);
        check(Owner::new(stack("orders/1a"), "Other"), false);
        check(Owner::new(stack("orders-eu/1a"), "Cache"), false);
        check(Owner::new("arn:aws:cloudformation:eu-west-2:1:stack/orders/1a", "Cache"), false);
        assert!(!ours.follows(&Tags::new()));
    }

    #[test]
    fn a_hash_never_changes() {
        assert_eq!(short_hash("orders"), short_hash("orders"));
        assert_ne!(short_hash("orders"), short_hash("orders2"));
        assert_eq!(short_hash("").len(), 8);
    }
}
