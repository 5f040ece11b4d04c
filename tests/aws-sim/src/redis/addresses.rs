//! Loopback addresses for the endpoints of groups: a block of 16 for each, found by binding, so that simulators run side by side.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, TcpListener};

use crate::Endpoint;
use crate::settings::{AddressFor, Addresses, Which};

/// Gives `127.a.b.1` to the primary of a group, `.2` to its reader, and `.3` and on to its nodes.
///
/// Who listens on the last address but one of a block owns it; nobody else uses that address.
#[derive(Debug, Default)]
pub struct Loopback {
    groups: BTreeMap<String, Vec<Block>>,
}

#[derive(Debug)]
struct Block {
    start: u32,
    members: Vec<String>,
    _guard: TcpListener,
}

impl Loopback {
    /// Checks that a block with this port can be had at all.
    pub fn check(port: u16) -> io::Result<()> {
        match Block::find(port) {
            Some(_) => Ok(()),
            None => Err(io::Error::new(
                io::ErrorKind::AddrInUse,
                format!(
                    "no loopback address has port {port} free: a server listens there on all addresses (0.0.0.0); stop it, or bind it to 127.0.0.1"
                ),
            )),
        }
    }
}

impl Addresses for Loopback {
    fn give(&mut self, wanted: &AddressFor<'_>) -> Endpoint {
        let blocks = self.groups.entry(wanted.group.to_owned()).or_default();
        if blocks.is_empty() {
            blocks.extend(Block::find(wanted.port));
        }
        let found = match wanted.which {
            // No group with shards has real servers.
            Which::Primary | Which::Configuration => blocks.first().map(|it| it.start + PRIMARY),
            Which::Reader => blocks.first().map(|it| it.start + READER),
            Which::Node(member) => blocks.iter_mut().find_map(|it| it.node(member)).or_else(|| {
                blocks.extend(Block::find(wanted.port));
                blocks.last_mut().and_then(|it| it.node(member))
            }),
        };
        // Without a block there is no address. The endpoint then says so to everyone who tries it, and in the simulator's own output.
        let host = found.map_or(Ipv4Addr::UNSPECIFIED, Ipv4Addr::from);
        Endpoint { host: host.to_string(), port: wanted.port }
    }

    fn release(&mut self, group: &str) {
        self.groups.remove(group);
    }
}

impl Block {
    /// The first block that nobody has.
    fn find(port: u16) -> Option<Self> {
        (0..BLOCKS).find_map(|number| {
            let start = FIRST + number * SIZE;
            let free = |offset: u32| TcpListener::bind((Ipv4Addr::from(start + offset), port)).ok();
            let guard = free(GUARD)?;
            // Somebody who is not a simulator may use one of the others.
            (PRIMARY..GUARD).all(|it| free(it).is_some()).then_some(())?;
            Some(Self { start, members: Vec::new(), _guard: guard })
        })
    }

    /// The address of a member, the same as before if it had one.
    fn node(&mut self, member: &str) -> Option<u32> {
        let known = self.members.iter().position(|it| it == member);
        let at = known.unwrap_or(self.members.len());
        let offset = NODES + u32::try_from(at).ok()?;
        if GUARD <= offset {
            return None;
        }
        if known.is_none() {
            self.members.push(member.to_owned());
        }
        Some(self.start + offset)
    }
}

/// 127.77.0.0: no distribution puts anything there.
const FIRST: u32 = 0x7F4D_0000;
/// Up to 127.77.255.240.
const BLOCKS: u32 = 0x1_0000 / SIZE;
const SIZE: u32 = 16;
const PRIMARY: u32 = 1;
const READER: u32 = 2;
const NODES: u32 = 3;
const GUARD: u32 = 14;

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(addresses: &mut Loopback, group: &str, which: Which<'_>) -> String {
        let wanted = AddressFor {
            group,
            letters: "abc123",
            region: "us-east-1",
            tls: true,
            port: 46379,
            which,
        };
        addresses.give(&wanted).host
    }

    #[test]
    fn groups_have_blocks_of_their_own_and_members_keep_their_address() {
        let (mut one, mut other) = (Loopback::default(), Loopback::default());
        let primary = ask(&mut one, "orders", Which::Primary);
        assert!(primary.starts_with("127.77."));
        assert_ne!(primary, ask(&mut one, "users", Which::Primary));
        assert_ne!(primary, ask(&mut other, "orders", Which::Primary), "two simulators");
        let first = ask(&mut one, "orders", Which::Node("orders-001"));
        let second = ask(&mut one, "orders", Which::Node("orders-002"));
        assert_ne!(first, second);
        assert_eq!(first, ask(&mut one, "orders", Which::Node("orders-001")));
        one.release("orders");
        assert_eq!(primary, ask(&mut one, "again", Which::Primary), "a released block is free");
    }
}
