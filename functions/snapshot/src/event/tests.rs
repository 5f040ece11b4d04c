use domain::snapshot::in_place::by_secret::Switch;
use domain::snapshot::promote::Which;
use domain::{Arn, NodeType};
use serde_json::json;

use super::*;

#[track_caller]
fn check(event: Value, expected: &str) {
    let said = match parse(&event) {
        Ok(Request::Do(job)) => job_words(&job),
        Ok(Request::Plan(jobs)) => {
            format!("plan {}", jobs.iter().map(job_words).collect::<Vec<_>>().join(" and "))
        }
        Ok(Request::Status(scope)) => format!("status of {}", scope_words(&scope)),
        Ok(Request::Sweep) => "sweep".to_owned(),
        Err(problems) => problems.to_string(),
    };
    assert_eq!(said, expected);
}

fn scope_words(scope: &Scope) -> String {
    match scope {
        Scope::All => "all".to_owned(),
        Scope::One(group) => group.to_string(),
        Scope::These(groups) => {
            groups.iter().map(GroupId::as_str).collect::<Vec<_>>().join(" and ")
        }
    }
}

fn job_words(job: &Job) -> String {
    match job {
        Job::Take(it) => format!(
            "take {} of {} at {}",
            match &it.kind {
                Kind::Policy => "one".to_owned(),
                Kind::Due => "what is due".to_owned(),
                Kind::One(tier) => tier.to_string(),
                Kind::For(tiers) => format!("for {}", domain::snapshot::tier::spoken(tiers)),
            },
            scope_words(&it.scope),
            it.time.map_or("its time".to_owned(), |it| it.to_string())
        ),
        Job::Promote(it) => match &it.which {
            Which::This(_) => it.to_string(),
            Which::NewestOf(group) => format!("{it} of {group}"),
        },
        Job::Export(it) => it.to_string(),
        Job::Prune(scope) => format!("prune {}", scope_words(scope)),
        Job::Drill(it) => format!(
            "drill {} of {} at {}",
            it.snapshot.as_deref().unwrap_or("the newest"),
            it.group.as_ref().map_or("its group", GroupId::as_str),
            it.time.map_or("its time".to_owned(), |it| it.to_string())
        ),
        Job::Restore(it) => format!(
            "restore {} into {} like {:?} with {:?} on {:?}",
            it.snapshot,
            it.target,
            it.from.as_ref().map(GroupId::as_str),
            it.secret.as_ref().map(Arn::as_str),
            it.node_type.as_ref().map(NodeType::as_str)
        ),
        Job::Park(it) => format!(
            "park {} at {} for {} h",
            scope_words(&it.group.clone().map_or(Scope::All, Scope::One)),
            it.time.map_or("its time".to_owned(), |it| it.to_string()),
            it.hours
        ),
        Job::Unpark(it) => format!(
            "unpark {} from {}",
            scope_words(&it.group.clone().map_or(Scope::All, Scope::One)),
            it.snapshot.as_deref().unwrap_or("the newest")
        ),
        Job::InPlace(it) => {
            format!("put {} in the place of {} by {:?}", it.snapshot, it.group, it.request)
        }
        Job::BySecret(Switching::Forth(it)) => switch_words(&it.wish("00000000").unwrap()),
        Job::BySecret(Switching::Back(it)) => {
            let from = it.from.clone().unwrap_or_else(|| GroupId::parse("unknown").unwrap());
            switch_words(&it.wish(from, "00000000").unwrap())
        }
        Job::BySecret(Switching::End { group, when }) => format!("end of {group}: {when:?}"),
    }
}

fn switch_words(it: &Switch) -> String {
    let Switch { hop, keep, .. } = it;
    let (said, hours) = (&hop.said, keep.as_hours());
    format!(
        "lead from {} to {} with {} by {}, keep {hours} h, on {:?}",
        said.group, hop.stand_in, said.snapshot, said.request, hop.node_type
    )
}

#[test]
fn a_night_is_for_all_that_say_so_or_for_one() {
    check(
        json!({ "action": "park", "time": "2026-01-02T20:00:00Z" }),
        "park all at 2026-01-02T20:00:00Z for 12 h",
    );
    check(json!({ "action": "park", "group": "Orders" }), "park orders at its time for 12 h");
    check(json!({ "action": "unpark" }), "unpark all from the newest");
    check(
        json!({ "action": "unpark", "group": "orders", "snapshot": "Orders-Park-202601022000" }),
        "unpark orders from orders-park-202601022000",
    );
    check(
        json!({ "action": "plan", "of": "park", "hours": 11 }),
        "plan park all at its time for 11 h",
    );
    check(json!({ "action": "plan", "of": "unpark" }), "plan unpark all from the newest");
    check(
        json!({ "action": "park", "hours": 25, "time": "tonight" }),
        "hours: 25 is not a whole number from 1 to 24; time: tonight is not a time such as 2026-01-02T03:04:00Z",
    );
    check(
        json!({ "action": "unpark", "snapshot": "orders-park-202601022000" }),
        "snapshot: is of one group; name that in `group`",
    );
}

#[test]
fn a_schedule_asks_for_all_and_a_person_for_one() {
    check(json!({ "action": "take" }), "take one of all at its time");
    check(json!({ "action": "take", "group": "Orders" }), "take one of orders at its time");
    check(
        json!({ "action": "take", "group": "orders", "tier": "weekly", "time": "2026-01-02T03:04:05Z" }),
        "take weekly of orders at 2026-01-02T03:04:05Z",
    );
    check(
        json!({ "action": "take", "tier": "due", "time": "2026-01-02T03:05:00Z" }),
        "take what is due of all at 2026-01-02T03:05:00Z",
    );
    check(json!({ "action": "prune", "group": "" }), "prune all");
    check(json!({ "action": "status", "group": "orders" }), "status of orders");
}

#[test]
fn a_placeholder_that_nobody_filled_in_is_no_time() {
    let event = json!({ "action": "take", "time": "<aws.scheduler.scheduled-time>" });
    check(event, "take one of all at its time");
}

#[test]
fn the_state_machine_is_told_the_tiers() {
    check(
        json!({ "action": "take", "group": "orders", "due": "hourly daily" }),
        "take for hourly and daily of orders at its time",
    );
    check(
        json!({ "action": "take", "group": "orders", "due": "hourly yearly" }),
        "due: yearly is not a tier; hourly, daily, weekly and monthly are",
    );
    check(
        json!({ "action": "take", "due": "hourly" }),
        "due: is what the tiers of one group want; name it in `group`",
    );
    check(
        json!({ "action": "take", "group": "orders", "due": "hourly", "tier": "daily" }),
        "due: is stated beside tier; one of them says what is taken",
    );
}

#[test]
fn a_restore_names_snapshot_and_new_group() {
    check(
        json!({ "action": "restore", "snapshot": "orders-daily-202601020304", "group": "back" }),
        "restore orders-daily-202601020304 into back like None with None on None",
    );
    check(
        json!({
            "action": "restore", "snapshot": "automatic.orders-2026-01-02-03-04", "group": "back", "from": "orders",
            "secret": "arn:aws:secretsmanager:eu-west-1:1:secret:x", "nodeType": "cache.t4g.small",
        }),
        "restore automatic.orders-2026-01-02-03-04 into back like Some(\"orders\") with Some(\"arn:aws:secretsmanager:eu-west-1:1:secret:x\") on Some(\"cache.t4g.small\")",
    );
}

#[test]
fn a_restore_in_place_names_snapshot_and_group_and_the_state_machine_is_told_the_request() {
    let event =
        json!({ "action": "restore-in-place", "snapshot": "Orders-daily-1", "group": "orders" });
    check(event, "put orders-daily-1 in the place of orders by None");
    check(
        json!({ "action": "restore-in-place", "snapshot": "s", "group": "orders", "request": "1a2b3c4d", "from": "others" }),
        "put s in the place of orders by Some(\"1a2b3c4d\")",
    );
    check(
        json!({ "action": "plan", "of": "restore-in-place", "snapshot": "s", "group": "orders" }),
        "plan put s in the place of orders by None",
    );
    check(
        json!({ "action": "restore-in-place", "group": "-", "request": "me!", "time": "now" }),
        "snapshot: is missing; it takes the name of a snapshot; group: \"-\" does not start with a letter, as a replication group id must; request: me! is not eight hexadecimal digits; it is for the state machine, leave it out; time: is not a field of this action",
    );
}

#[test]
fn a_restore_in_place_by_the_secret_says_how_long_the_old_one_stays_and_how_it_ends() {
    let with = |fields: Value| {
        let mut event = json!({ "action": "restore-in-place", "group": "orders" });
        event.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        event
    };
    check(
        with(json!({ "by": "secret", "snapshot": "Orders-daily-1" })),
        "lead from orders to orders-r2 with orders-daily-1 by 00000000, keep 24 h, on None",
    );
    check(
        with(
            json!({ "by": "secret", "snapshot": "s", "keepHours": 48, "request": "1a2b3c4d", "nodeType": "cache.t4g.small" }),
        ),
        "lead from orders to orders-r2 with s by 1a2b3c4d, keep 48 h, on Some(NodeType(\"cache.t4g.small\"))",
    );
    check(
        with(json!({ "end": "take-back", "from": "orders-r2", "keepHours": "2" })),
        "lead from orders-r2 to orders with orders by 00000000, keep 2 h, on None",
    );
    check(with(json!({ "end": "keep-new" })), "end of orders: Now");
    check(with(json!({ "end": "over", "by": "secret" })), "end of orders: Over");
    check(with(json!({ "by": "name", "snapshot": "s" })), "put s in the place of orders by None");
    for (fields, expected) in [
        (json!({ "by": "magic", "snapshot": "s" }), "by: magic is not a way; name and secret are"),
        (
            json!({ "end": "now", "snapshot": "s" }),
            "end: now is no end; take-back and keep-new are",
        ),
        (
            json!({ "by": "name", "end": "keep-new" }),
            "by: is name, and only what was done by secret has an end",
        ),
        (
            json!({ "by": "secret", "snapshot": "s", "keepHours": 169 }),
            "keepHours: 169 is not a whole number from 1 to 168",
        ),
        (
            json!({ "by": "secret", "snapshot": "s", "keepHours": 0.5 }),
            "keepHours: 0.5 is not a whole number from 1 to 168",
        ),
        (
            json!({ "by": "secret", "keepHours": "x", "secret": "y" }),
            "snapshot: is missing; it takes the name of a snapshot; keepHours: x is not a whole number from 1 to 168; secret: is not a field of this action",
        ),
        (json!({ "snapshot": "s", "keepHours": 24 }), "keepHours: is not a field of this action"),
        (json!({ "end": "keep-new", "snapshot": "s" }), "snapshot: is not a field of this action"),
    ] {
        check(with(fields), expected);
    }
}

#[test]
fn a_restore_from_files_names_the_group_that_the_new_one_is_like() {
    let file = "arn:aws:s3:::bucket/dumps/orders.rdb";
    check(
        json!({ "action": "restore", "files": file, "group": "back", "from": "orders" }),
        "restore arn:aws:s3:::bucket/dumps/orders.rdb into back like Some(\"orders\") with None on None",
    );
    let more = "arn:aws:s3:::bucket/dumps/more.rdb";
    check(
        json!({ "action": "plan", "files": [file, more], "group": "back", "from": "orders" }),
        "plan restore arn:aws:s3:::bucket/dumps/orders.rdb arn:aws:s3:::bucket/dumps/more.rdb into back like Some(\"orders\") with None on None",
    );
    check(
        json!({ "action": "restore", "files": [file, 7, "s3://bucket/x.rdb"], "snapshot": "s", "group": "back" }),
        "files: is not a text, or a list of texts; files: \"s3://bucket/x.rdb\" is not the ARN of an object, such as arn:aws:s3:::bucket/dumps/orders.rdb; files: is stated beside snapshot; one of them says what is restored; from: is missing; a file does not tell whose settings the new group takes",
    );
    check(
        json!({ "action": "restore", "files": "arn:aws:s3:eu-west-1::bucket/x.rdb", "group": "back", "from": "orders" }),
        "files: \"arn:aws:s3:eu-west-1::bucket/x.rdb\" names a region or an account, which the ARN of an object does not; the bucket has to be in the region of the cache",
    );
}

#[test]
fn an_export_names_snapshot_and_bucket() {
    check(
        json!({ "action": "export", "snapshot": "Orders-Daily-202601020304", "bucket": "cache-exports" }),
        "export orders-daily-202601020304 to cache-exports as orders-daily-202601020304",
    );
    check(
        json!({ "action": "plan", "of": "export", "snapshot": "s", "bucket": "cache-exports", "name": "2026/orders" }),
        "plan export s to cache-exports as 2026/orders",
    );
    check(
        json!({ "action": "export", "bucket": "arn:aws:s3:::b", "name": "a b" }),
        "snapshot: is missing; it takes the name of a snapshot; bucket: arn:aws:s3:::b is not the name of a bucket: small letters, digits, dots and hyphens, 3 to 63 of them; name: a b is not the start of keys: letters, digits and /!-_.*'(), at most 900 of them",
    );
    check(
        json!({ "action": "export", "snapshot": "s" }),
        "bucket: is missing; it takes the name of a bucket in the region of the cache",
    );
}

#[test]
fn a_restore_from_an_export_names_its_manifest() {
    let manifest = "arn:aws:s3:::cache-exports/2026/orders.manifest.json";
    check(
        json!({ "action": "restore", "manifest": manifest, "group": "back" }),
        "restore arn:aws:s3:::cache-exports/2026/orders.manifest.json into back like None with None on None",
    );
    check(
        json!({ "action": "restore", "manifest": "orders", "snapshot": "s", "group": "back" }),
        "manifest: orders is not the ARN of an object, such as arn:aws:s3:::bucket/orders.manifest.json; manifest: is stated beside snapshot; one of them says what is restored",
    );
}

#[test]
fn a_promotion_names_a_snapshot_or_the_group_whose_newest_is_meant() {
    let name = "automatic.orders-2026-11-28-03-00";
    check(
        json!({ "action": "promote", "snapshot": name, "tier": "weekly" }),
        "promote automatic.orders-2026-11-28-03-00 into weekly",
    );
    check(
        json!({ "action": "promote", "group": "Orders" }),
        "promote the newest automatic one of orders",
    );
    check(
        json!({ "action": "plan", "of": "promote", "snapshot": name }),
        "plan promote automatic.orders-2026-11-28-03-00",
    );
    check(
        json!({ "action": "promote", "snapshot": name, "group": "orders", "tier": "due" }),
        "tier: due is not a tier; hourly, daily, weekly and monthly are; group: is stated beside snapshot; one of them says what is promoted",
    );
    check(
        json!({ "action": "promote", "time": "now" }),
        "snapshot: is missing; it takes the name of an automatic snapshot, and `group` the group whose newest is meant; time: is not a field of this action",
    );
    check(json!({ "action": "promote", "snapshot": 7 }), "snapshot: is not a text");
}

#[test]
fn a_drill_is_of_what_is_due_or_of_a_group_or_of_a_snapshot() {
    check(
        json!({ "action": "drill", "time": "<aws.scheduler.scheduled-time>" }),
        "drill the newest of its group at its time",
    );
    let Ok(Request::Do(Job::Drill(all))) = parse(&json!({ "action": "drill" })) else { panic!() };
    assert!(all.is_of_all());
    check(
        json!({ "action": "drill", "group": "Orders" }),
        "drill the newest of orders at its time",
    );
    check(
        json!({ "action": "drill", "group": "orders", "snapshot": "Nightly", "time": "2026-01-02T03:04:05Z" }),
        "drill nightly of orders at 2026-01-02T03:04:05Z",
    );
    check(
        json!({ "action": "plan", "of": "drill", "snapshot": "s" }),
        "plan drill s of its group at its time",
    );
    check(json!({ "action": "sweep" }), "sweep");
    check(
        json!({ "action": "drill", "group": "-", "snapshot": 7, "time": "noon", "tier": "daily" }),
        "group: \"-\" does not start with a letter, as a replication group id must; snapshot: is not a text; time: noon is not a time such as 2026-01-02T03:04:00Z; tier: is not a field of this action",
    );
    check(json!({ "action": "sweep", "group": "orders" }), "group: is not a field of this action");
}

#[test]
fn a_plan_names_what_it_plans_or_leaves_it_to_the_other_fields() {
    check(json!({ "action": "plan" }), "plan take one of all at its time and prune all");
    check(json!({ "action": "plan", "of": "prune", "group": "orders" }), "plan prune orders");
    check(
        json!({ "action": "plan", "snapshot": "s", "group": "back" }),
        "plan restore s into back like None with None on None",
    );
}

#[test]
fn every_mistake_is_named() {
    check(json!(7), "the event: is not an object with an action");
    check(
        json!({}),
        "action: is missing; take, promote, prune, restore, restore-in-place, export, drill, park, unpark, sweep, status and plan are",
    );
    check(json!({ "action": 7 }), "action: is not a text");
    check(
        json!({ "action": "explode", "group": "x" }),
        "action: explode is not an action; take, promote, prune, restore, restore-in-place, export, drill, park, unpark, sweep, status and plan are",
    );
    check(
        json!({ "action": "take", "group": "-", "tier": "yearly", "time": "noon", "snapshot": "s" }),
        "group: \"-\" does not start with a letter, as a replication group id must; tier: yearly is not a tier; hourly, daily, weekly and monthly are; time: noon is not a time such as 2026-01-02T03:04:00Z; snapshot: is not a field of this action",
    );
    check(
        json!({ "action": "restore", "from": 7, "secret": "x", "nodeType": "huge", "into": "back" }),
        "snapshot: is missing; it takes the name of a snapshot, `files` the ARNs of RDB files and `manifest` that of an export's; group: is missing; it takes the id of the new group; from: is not a text; secret: \"x\" is not an ARN (arn:partition:service:region:account:resource); nodeType: \"huge\" is not a node type such as cache.t4g.micro; into: is not a field of this action",
    );
    check(
        json!({ "action": "restore", "snapshot": "s", "group": "orders", "from": "orders" }),
        "group: orders is the group that it is to be like; name a new one",
    );
    check(
        json!({ "action": "plan", "of": "status" }),
        "of: status cannot be planned; take, promote, prune, restore, restore-in-place, export, drill, park and unpark can",
    );
}

#[test]
fn a_part_names_its_groups() {
    let take = |groups: Value| json!({ "action": "take", "tier": "due", "groups": groups });
    check(
        take(json!(["shop", "Orders", "shop"])),
        "take what is due of orders and shop at its time",
    );
    check(json!({ "action": "status", "groups": ["shop"] }), "status of shop");
    check(json!({ "action": "prune", "groups": null }), "prune all");
    for groups in [json!([]), json!("shop"), json!([7]), json!(vec!["shop"; 1201])] {
        check(take(groups), "groups: is not a list of 1 to 1200 ids of groups");
    }
    check(
        json!({ "action": "prune", "group": "shop", "groups": ["-", "or--ders"] }),
        "groups: \"-\" does not start with a letter, as a replication group id must; groups: \"or--ders\" has more than letters, digits and single inner hyphens, which is all that a replication group id may have; groups: is stated beside group; one of them says which",
    );
}
