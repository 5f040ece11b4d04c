//! A group that is restored in place meanwhile.

use super::*;

#[test]
fn a_group_that_is_restored_in_place_is_neither_made_nor_changed() {
    let stand_in = crate::GroupId::parse("orders-redis-production-1a2b3c4d").ok();
    let waits = "Wait: the restore in place to finish, during which orders-redis-production-1a2b3c4d stands in for the group";
    let mut gone = settled();
    gone.seen = Seen { stand_in: stand_in.clone(), ..Seen::default() };
    check(gone, waits);
    let mut goes = settled().group(|it| it.snapshot_retention_days = 0);
    goes.seen.stand_in = stand_in;
    check(goes, waits);
}
