//! The daily quota of a node, counted before it is hit.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::MemberId;
use crate::snapshot::{Origin, SnapshotView};

/// How many manual snapshots ElastiCache takes of a node in any 24 hours (facts 5.2).
const A_DAY: usize = 20;
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The members that had as many snapshots in the last 24 hours as ElastiCache takes, whoever asked for them, as far as they are still there.
///
/// Copies are not counted: whether ElastiCache does, no source says (facts 5.2), and a snapshot that it would take is not left out for that.
pub fn spent(snapshots: &[SnapshotView], now: Timestamp) -> BTreeSet<MemberId> {
    let since = now.saturating_sub(DAY).unwrap_or(Timestamp::MIN);
    // One that tells no time is being written.
    let is_of_today = |it: &&SnapshotView| it.taken_at.is_none_or(|it| since < it);
    let counts = |it: &&SnapshotView| it.origin == Origin::Manual && !it.is_promoted();
    let today = || snapshots.iter().filter(counts).filter(is_of_today);
    let members = today().filter_map(|it| MemberId::parse(it.member.as_deref()?).ok());
    let is_spent = |member: &MemberId| {
        A_DAY <= today().filter(|it| it.member.as_deref() == Some(member.as_str())).count()
    };
    members.collect::<BTreeSet<_>>().into_iter().filter(is_spent).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::take::{ReadFrom, Take, TakeStep, TakeView};
    use crate::snapshot::{Tier, sample};
    use crate::{GroupId, Next, tag};

    /// So many, each ten minutes before the last, of which the newest is an hour old.
    fn taken(count: i64) -> Vec<SnapshotView> {
        let newest: Timestamp = "2026-01-02T11:00:00Z".parse().unwrap();
        let tick = |it: i64| newest - SignedDuration::from_mins(10 * it);
        (0..count).map(|it| sample::snapshot("orders", &tick(it).to_string())).collect()
    }

    #[track_caller]
    fn check(snapshots: &[SnapshotView], expected: &[&str]) {
        let spent = spent(snapshots, "2026-01-02T12:00:00Z".parse().unwrap());
        assert_eq!(spent.iter().map(MemberId::as_str).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn twenty_of_a_node_in_a_day_are_as_many_as_there_may_be() {
        check(&taken(19), &[]);
        check(&taken(20), &["orders-002"]);
        let mut other = taken(20);
        other[3].member = Some("orders-001".to_owned());
        check(&other, &[]);
    }

    #[test]
    fn whoever_took_them_counts_and_one_that_is_being_written_too() {
        let mut by_others = taken(20);
        (by_others[0].tags, by_others[0].name) = (None, "before-the-release".to_owned());
        by_others[1].taken_at = None;
        check(&by_others, &["orders-002"]);
    }

    #[test]
    fn copies_automatic_ones_and_those_of_yesterday_do_not_count() {
        let mut all = taken(20);
        let promoted = (tag::PROMOTED.to_owned(), "automatic.orders-001-x".to_owned());
        all[0].tags.as_mut().unwrap().extend([promoted]);
        check(&all, &[]);
        let mut all = taken(20);
        all[0].origin = Origin::Automated;
        check(&all, &[]);
        let mut all = taken(20);
        all[0].taken_at = "2026-01-01T12:00:00Z".parse().ok();
        check(&all, &[]);
    }

    /// Whom a group of so many nodes is read from, where these are spent.
    #[track_caller]
    fn check_source(nodes: usize, spent: &[&str], expected: &str) {
        let tick: Timestamp = sample::TICK.parse().unwrap();
        let take = Take::new(GroupId::parse("orders").unwrap(), Tier::Daily, tick).unwrap();
        let spent = spent.iter().map(|it| MemberId::parse(it).unwrap()).collect();
        let group = Some(sample::group("orders", nodes));
        let said = match take.plan(&TakeView { group, spent, ..TakeView::default() }, tick) {
            Next::Do(TakeStep::Create { of: ReadFrom::Member(member), .. }) => member.to_string(),
            Next::Refuse(refusal) => refusal.to_string(),
            other @ (Next::Do(_) | Next::Settled | Next::Wait(_)) => format!("{other:?}"),
        };
        assert!(said.starts_with(expected), "{said}");
    }

    #[test]
    fn a_node_that_had_its_snapshots_of_the_day_is_not_asked() {
        check_source(3, &["orders-002"], "orders-003");
        check_source(3, &["orders-001"], "orders-002");
        let refused = "ElastiCache takes 20 manual snapshots of a node in 24 hours, and";
        // The primary is not loaded for that.
        check_source(2, &["orders-002"], &format!("{refused} orders-002 has had them"));
        check_source(1, &["orders-001"], &format!("{refused} orders-001 has had them"));
    }
}
