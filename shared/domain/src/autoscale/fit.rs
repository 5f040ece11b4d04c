//! Which node type is next, up or down, and whether the data fits there.

use std::cmp::Reverse;

use super::pressure::{CPU_AFTER_SHRINK, Idle};
use crate::catalog::Entry;
use crate::engine::Engine;
use crate::{Bytes, Catalog, NodeType, Percent};

/// After a growth the data should take no more than this share of what the node leaves for data, so that it need not grow again at once.
pub const FULL_AFTER_GROWTH: Percent = Percent(70.0);
/// A smaller node is only good enough if the data takes less than this share of what it leaves for data.
pub const FULL_AFTER_SHRINK: Percent = Percent(60.0);
/// A burstable node lives on credits when it is busier than this for long: the baseline of the smallest of them.
pub const BURSTABLE_BASELINE: Percent = Percent(10.0);

/// Why there is no larger node type to go to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum NoLarger {
    /// The ceiling is reached.
    Ceiling(NodeType),
    /// The family has no larger one, and the policy names no other family.
    Family,
    /// The catalog does not know the type that the group has.
    Unknown,
    /// ElastiCache allows none of the larger ones.
    NotAllowed(Vec<NodeType>),
}

/// Why there is no smaller node type to go to.
#[derive(Clone, Debug, PartialEq)]
pub enum NoSmaller {
    /// The family has no smaller one.
    Family,
    /// The data would not fit with its margin.
    WouldNotFit { to: NodeType, needs: Bytes, has: Bytes },
    /// The CPU would not suffice.
    TooBusy { to: NodeType, expected: Percent, limit: Percent },
    /// More clients are connected than the smaller type takes with a margin.
    TooManyClients { to: NodeType, connected: u32, limit: u32 },
    /// ElastiCache does not allow it.
    NotAllowed(NodeType),
}

/// The larger types that the policy admits, the next first: the rest of the family, and behind it the ceiling's family where the
/// ceiling is of another.
///
/// ElastiCache's own list is alphabetical and crosses families (facts 4.1), so it says what may be, never what is next.
pub fn larger<'a>(
    catalog: &'a Catalog,
    current: &NodeType,
    ceiling: Option<&NodeType>,
    engine: Engine,
) -> Result<Vec<&'a Entry>, NoLarger> {
    let has = catalog.find(current).ok_or(NoLarger::Unknown)?;
    let top = ceiling.and_then(|it| catalog.find(it));
    let mut entries = catalog.family(current.family());
    if let Some(top) = top.filter(|it| it.node_type.family() != current.family()) {
        entries.extend(catalog.family(top.node_type.family()));
    }
    let admitted: Vec<&Entry> = entries
        .into_iter()
        .filter(|it| has.maxmemory < it.maxmemory)
        .filter(|it| top.is_none_or(|top| it.maxmemory <= top.maxmemory))
        .filter(|it| {
            it.current && it.data_tiering == has.data_tiering && it.price(engine).is_some()
        })
        .collect();
    match (admitted.is_empty(), ceiling) {
        (false, _) => Ok(admitted),
        (true, Some(ceiling)) => Err(NoLarger::Ceiling(ceiling.clone())),
        (true, None) => Err(NoLarger::Family),
    }
}

/// The smallest of these types in which the data has room to grow, or the largest where it has room in none.
pub fn smallest_that_fits<'a>(
    larger: &[&'a Entry],
    used: Option<Bytes>,
    allowed: &[NodeType],
) -> Result<&'a Entry, NoLarger> {
    let mut open: Vec<&Entry> =
        larger.iter().copied().filter(|it| allowed.contains(&it.node_type)).collect();
    open.sort_by_key(|it| Reverse(it.maxmemory));
    let fits = |it: &&&Entry| used.is_none_or(|used| used <= share(it.usable, FULL_AFTER_GROWTH));
    let chosen = open.iter().rev().find(fits).or(open.first());
    chosen
        .copied()
        .ok_or_else(|| NoLarger::NotAllowed(larger.iter().map(|it| it.node_type.clone()).collect()))
}

/// The next smaller type of the family, if the data, the load and the clients fit there with their margins.
pub fn smaller<'a>(
    catalog: &'a Catalog,
    current: &NodeType,
    engine: Engine,
    demand: &Demand,
) -> Result<&'a Entry, NoSmaller> {
    let has = catalog.find(current).ok_or(NoSmaller::Family)?;
    let to = catalog
        .family(current.family())
        .into_iter()
        .rfind(|it| it.maxmemory < has.maxmemory && it.price(engine).is_some())
        .ok_or(NoSmaller::Family)?;
    let room = share(to.usable, FULL_AFTER_SHRINK);
    if room <= demand.used {
        let to = to.node_type.clone();
        return Err(NoSmaller::WouldNotFit { to, needs: demand.used, has: room });
    }
    let expected =
        Percent(demand.idle.cpu_peak.0 * f64::from(has.vcpu) / f64::from(to.vcpu.max(1)));
    let limit = if to.burstable { BURSTABLE_BASELINE } else { CPU_AFTER_SHRINK };
    if limit.0 < expected.0 {
        return Err(NoSmaller::TooBusy { to: to.node_type.clone(), expected, limit });
    }
    let limit = clients_max(to) / 5 * 4;
    if limit < demand.connected {
        let to = to.node_type.clone();
        return Err(NoSmaller::TooManyClients { to, connected: demand.connected, limit });
    }
    Ok(to)
}

/// Whether a type has less memory than another, as far as the catalog knows both.
pub fn is_smaller(catalog: &Catalog, one: &NodeType, other: &NodeType) -> bool {
    let memory = |it: &NodeType| catalog.find(it).map(|it| it.maxmemory);
    memory(one).zip(memory(other)).is_some_and(|(one, other)| one < other)
}

/// What a smaller type has to carry.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Demand {
    /// The most bytes that data took on any member.
    pub used: Bytes,
    /// The load.
    pub idle: Idle,
    /// The most clients that were connected to any member.
    pub connected: u32,
}

/// A share of an amount, rounded down.
fn share(of: Bytes, percent: Percent) -> Bytes {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "memory sizes are far below 2^53, and the share is of our own choosing"
    )]
    Bytes((of.0 as f64 * percent.0 / 100.0) as u64)
}

/// `maxclients` of a type: 20,000 on the micro ones, 65,000 on the others but for small and medium burstable ones.
fn clients_max(entry: &Entry) -> u32 {
    match (entry.burstable, entry.node_type.as_str().rsplit('.').next()) {
        (true, Some("micro")) => 20_000,
        (true, _) => 46_000,
        (false, _) => 65_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node_type(name: &str) -> NodeType {
        NodeType::parse(name).unwrap()
    }

    const GIB: u64 = 1 << 30;

    #[track_caller]
    fn check_larger(current: &str, ceiling: &str, used: u64, allowed: &str, expected: &str) {
        let ceiling = (!ceiling.is_empty()).then(|| node_type(ceiling));
        let allowed: Vec<NodeType> = allowed.split_whitespace().map(node_type).collect();
        let chosen =
            larger(Catalog::embedded(), &node_type(current), ceiling.as_ref(), Engine::Redis)
                .and_then(|it| smallest_that_fits(&it, Some(Bytes(used)), &allowed));
        let said = match chosen {
            Ok(entry) => entry.node_type.to_string(),
            Err(no) => format!("{no:?}"),
        };
        assert_eq!(said, expected);
    }

    const ALL_T4G: &str = "cache.m7g.large cache.r7g.large cache.t4g.medium cache.t4g.small";

    #[test]
    fn the_next_size_of_the_family_is_taken_and_not_the_first_of_the_list() {
        check_larger("cache.t4g.micro", "", 390_000_000, ALL_T4G, "cache.t4g.small");
        check_larger("cache.t4g.small", "", GIB, ALL_T4G, "cache.t4g.medium");
    }

    #[test]
    fn a_size_in_which_the_data_has_no_room_is_skipped() {
        check_larger("cache.t4g.micro", "", GIB, ALL_T4G, "cache.t4g.medium");
    }

    #[test]
    fn where_nothing_has_room_the_largest_is_better_than_none() {
        check_larger("cache.t4g.micro", "cache.t4g.small", GIB, ALL_T4G, "cache.t4g.small");
    }

    #[test]
    fn another_family_follows_only_where_the_ceiling_names_it() {
        check_larger("cache.t4g.medium", "", GIB, ALL_T4G, "Family");
        check_larger("cache.t4g.medium", "cache.m7g.large", GIB, ALL_T4G, "cache.m7g.large");
        check_larger("cache.t4g.small", "cache.m7g.large", GIB, ALL_T4G, "cache.t4g.medium");
    }

    #[test]
    fn the_ceiling_holds() {
        let ceiling = r#"Ceiling(NodeType("cache.t4g.small"))"#;
        check_larger("cache.t4g.small", "cache.t4g.small", GIB, ALL_T4G, ceiling);
        check_larger("cache.t4g.medium", "cache.t4g.small", GIB, ALL_T4G, ceiling);
    }

    #[test]
    fn what_elasticache_does_not_allow_is_not_asked_for() {
        check_larger("cache.t4g.micro", "", 1, "cache.t4g.medium", "cache.t4g.medium");
        let none = r#"NotAllowed([NodeType("cache.t4g.small"), NodeType("cache.t4g.medium")])"#;
        check_larger("cache.t4g.micro", "", 1, "cache.r7g.large", none);
    }

    #[test]
    fn data_tiering_is_never_crossed() {
        check_larger(
            "cache.r6g.16xlarge",
            "cache.r6gd.16xlarge",
            GIB,
            "cache.r6gd.16xlarge",
            r#"Ceiling(NodeType("cache.r6gd.16xlarge"))"#,
        );
    }

    #[test]
    fn a_type_that_the_catalog_does_not_know_is_left_alone() {
        check_larger("cache.z1.small", "", 1, ALL_T4G, "Unknown");
    }

    #[track_caller]
    fn check_smaller(current: &str, used: u64, cpu_peak: f64, connected: u32, expected: &str) {
        let demand =
            Demand { used: Bytes(used), idle: Idle { cpu_peak: Percent(cpu_peak) }, connected };
        let said = match smaller(Catalog::embedded(), &node_type(current), Engine::Redis, &demand) {
            Ok(entry) => entry.node_type.to_string(),
            Err(no) => format!("{no:?}"),
        };
        assert_eq!(said, expected);
    }

    #[test]
    fn a_shrink_needs_room_below_sixty_percent() {
        // 60 % of the 402,653,184 bytes that a micro leaves for data.
        check_smaller("cache.t4g.small", 241_591_909, 5.0, 10, "cache.t4g.micro");
        check_smaller(
            "cache.t4g.small",
            241_591_910,
            5.0,
            10,
            r#"WouldNotFit { to: NodeType("cache.t4g.micro"), needs: Bytes(241591910), has: Bytes(241591910) }"#,
        );
        check_smaller("cache.t4g.micro", 0, 0.0, 0, "Family");
    }

    #[test]
    fn a_shrink_needs_the_cpu_too() {
        check_smaller("cache.r7g.xlarge", GIB, 25.0, 10, "cache.r7g.large");
        check_smaller(
            "cache.r7g.xlarge",
            GIB,
            26.0,
            10,
            r#"TooBusy { to: NodeType("cache.r7g.large"), expected: Percent(52.0), limit: Percent(50.0) }"#,
        );
        check_smaller(
            "cache.t4g.small",
            1000,
            11.0,
            10,
            r#"TooBusy { to: NodeType("cache.t4g.micro"), expected: Percent(11.0), limit: Percent(10.0) }"#,
        );
    }

    #[test]
    fn a_shrink_turns_no_client_away() {
        check_smaller(
            "cache.t4g.small",
            1000,
            5.0,
            16_001,
            r#"TooManyClients { to: NodeType("cache.t4g.micro"), connected: 16001, limit: 16000 }"#,
        );
    }
}
