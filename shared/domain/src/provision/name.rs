//! The names that `provision` derives, each the same again for the same request.

use jiff::Timestamp;

use super::GroupSpec;
use crate::owner::short_hash;
use crate::{Arn, GroupId, NameError, Owner, SnapshotName, Tags, tag};

/// The prefix of a physical id of which nothing was ever made. No group id has a colon.
pub const NOTHING_MADE: &str = "nothing-made:";
/// The prefix of a physical id where the group of that name belongs to somebody else.
pub const NOT_OURS: &str = "not-ours:";
/// The prefix of a physical id of an Upstash database.
pub const UPSTASH: &str = "upstash:";

/// The id of the group of a project in an environment.
pub fn group_id(project: &str, environment: &str) -> Result<GroupId, NameError> {
    GroupId::parse(&format!("{project}-redis-{environment}"))
}

/// The name of the secret of a project in an environment.
pub fn secret(project: &str, environment: &str) -> String {
    format!("{project}-redis-auth-token-{environment}")
}

/// The name of the parameter group of a group for a version; it has the family in it, since a group changes family in an upgrade.
///
/// No source says how long such a name may be, so it is kept as short as every other id of ElastiCache (facts 1.5).
pub fn parameter_group(group: &GroupId, family: &str) -> String {
    let family = family.replace('.', "-");
    let whole = format!("{group}-{family}");
    if whole.len() <= ID_LEN_MAX {
        return whole;
    }
    let hash = short_hash(group.as_str());
    let room = ID_LEN_MAX.saturating_sub(family.len() + hash.len() + 2);
    let kept: String = group.as_str().chars().take(room).collect();
    format!("{}-{hash}-{family}", kept.trim_end_matches('-'))
}

/// The longest id that ElastiCache takes.
const ID_LEN_MAX: usize = 40;

/// The text that describes a group. It can be read in every state, tags cannot (facts 1.2), so it says whose the group is.
pub fn description(group: &GroupId, owner: &Owner) -> String {
    format!("Redis cache {group}, kept by Cachewarden for owner {}", owner.short_hash())
}

/// The name of the last snapshot of a group, unique to the request that deletes it: a fixed name would clash for ever after one
/// failed try (facts 5.5).
pub fn final_snapshot(group: &GroupId, request_id: &str) -> Result<SnapshotName, NameError> {
    const SUFFIX_LEN: usize = "-final-".len() + 8;
    let kept: String = group.as_str().chars().take(ID_LEN_MAX - SUFFIX_LEN).collect();
    SnapshotName::parse(&format!("{}-final-{}", kept.trim_end_matches('-'), short_hash(request_id)))
}

/// The prefix of the names of the snapshots that carry the keys of a group over to the one that takes its place.
pub fn transfers(group: &GroupId) -> String {
    const SUFFIX_LEN: usize = "-move-".len() + 8;
    let kept: String = group.as_str().chars().take(ID_LEN_MAX - SUFFIX_LEN).collect();
    format!("{}-move-", kept.trim_end_matches('-'))
}

/// The name of the one that this request takes: what an earlier one left holds older keys.
pub fn transfer(group: &GroupId, request_id: &str) -> Result<SnapshotName, NameError> {
    SnapshotName::parse(&format!("{}{}", transfers(group), short_hash(request_id)))
}

/// The id of the group that is this number in the row of those that took each other's place. It is the same again for the same two, so that a
/// request that failed is found again by what it has left.
pub fn of_generation(stated: &GroupId, number: u32) -> Result<GroupId, NameError> {
    if number < 2 {
        return Ok(stated.clone());
    }
    let suffix = format!("-r{number}");
    let whole = format!("{stated}{suffix}");
    if whole.len() <= ID_LEN_MAX {
        return GroupId::parse(&whole);
    }
    let hash = short_hash(stated.as_str());
    let room = ID_LEN_MAX.saturating_sub(suffix.len() + hash.len() + 1);
    let kept: String = stated.as_str().chars().take(room).collect();
    GroupId::parse(&format!("{}-{hash}{suffix}", kept.trim_end_matches('-')))
}

/// Which in that row a group is, if it is one of it. A stack that states an id wants that id and no other.
pub fn generation(spec: &GroupSpec, group: &GroupId) -> Option<u32> {
    if *group == spec.id {
        return Some(1);
    }
    let (_, number) = group.as_str().rsplit_once("-r").filter(|_| !spec.id_is_stated)?;
    let number = number.parse::<u32>().ok().filter(|it| 2 <= *it)?;
    let its = of_generation(&spec.id, number).ok()?;
    (its == *group).then_some(number)
}

/// The name of the secret of a group that took the place of another, which keeps its own.
pub fn secret_of(name: &str, group: &GroupId) -> String {
    format!("{name}-{}", short_hash(group.as_str()))
}

/// The name of the secret that a group has, by its tags: as the properties make it, or as a group has it that took another's place.
pub fn secret_that_stands(name: &str, group: &GroupId, tags: &Tags) -> String {
    let own = secret_of(name, group);
    let has = tags.get(tag::SECRET).and_then(|it| secret_in(it));
    if has.is_some_and(|it| it == own) { own } else { name.to_owned() }
}

/// The name in the ARN of a secret, which ends in a hyphen and six characters of chance.
pub fn secret_in(arn: &str) -> Option<String> {
    let arn = Arn::parse(arn).ok()?;
    let (name, chance) = arn.resource().strip_prefix("secret:")?.rsplit_once('-')?;
    (chance.len() == 6).then(|| name.to_owned())
}

/// The prefix of the names of all executions of an owner for a group. Two hyphens, which no group id holds, follow the group: the
/// executions of `orders` are never those of `orders-eu`. The owner is in it since nobody may stop what another stack has asked for.
fn execution_prefix(group: &str, owner: &Owner) -> String {
    format!("provision-{group}--{}-", owner.short_hash())
}

/// When CloudFormation issued a request. Of two of the same second, a Delete is the later: nothing is asked of a group after it went that
/// was not asked in an operation of its own.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Issue {
    second: u32,
    deletes: bool,
}

impl Issue {
    /// That of a request of this type, at this time; none where it is no time of our century.
    pub fn of(request_type: &str, at: Timestamp) -> Option<Self> {
        let second = u32::try_from(at.as_second()).ok()?;
        Some(Self { second, deletes: request_type == "Delete" })
    }
}

/// No digit of a number, neither of ten nor of sixteen.
const DELETES: char = 'z';

/// The name of the execution for a request, which a duplicate of the request shares. When CloudFormation issued the request is in it,
/// where that is known: whoever finds two of them can tell which was meant last, whichever of them Lambda delivered first.
pub fn execution(group: &str, owner: &Owner, request_id: &str, issued: Option<Issue>) -> String {
    let issued = issued.map_or(String::new(), |it| {
        let deletes = if it.deletes { DELETES.to_string() } else { String::new() };
        format!("{:08x}{deletes}-", it.second)
    });
    format!("{}{issued}{}", execution_prefix(group, owner), short_hash(request_id))
}

/// Whether two executions are of requests of which only the later one counts: of one resource, and of one group or both making it what it
/// is to be. An update that leads to another group and its rollback name two, as CloudFormation knows the other one by then. The Delete of
/// a group that was replaced goes beside them: it is of a group that no other request is of.
pub fn are_of_one(one: &str, other: &str) -> bool {
    let read = |name: &str| {
        let (group, own) = name.rsplit_once("--")?;
        let owner = own.split('-').next()?;
        Some((group.to_owned(), owner.to_owned()))
    };
    let (Some((group, owner)), Some((other_group, other_owner))) = (read(one), read(other)) else {
        return false;
    };
    let deletes = |name: &str| issued(name).is_none_or(|it| it.deletes);
    owner == other_owner && (group == other_group || !deletes(one) && !deletes(other))
}

/// When the request was issued whose execution has this name, as far as the name says.
pub fn issued(execution: &str) -> Option<Issue> {
    let (_, own) = execution.rsplit_once("--")?;
    let mut parts = own.split('-');
    let (_owner, issued, _request) = (parts.next()?, parts.next()?, parts.next()?);
    let (second, deletes) = match issued.strip_suffix(DELETES) {
        Some(second) => (second, true),
        None => (issued, false),
    };
    Some(Issue { second: u32::from_str_radix(second, 16).ok()?, deletes })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(id: &str) -> GroupId {
        GroupId::parse(id).unwrap()
    }

    #[test]
    fn the_seeds_names_come_out() {
        let id = group_id("transparent-trust", "production").unwrap();
        assert_eq!(id.as_str(), "transparent-trust-redis-production");
        assert_eq!(
            secret("transparent-trust", "production"),
            "transparent-trust-redis-auth-token-production"
        );
        assert_eq!(parameter_group(&group("orders"), "redis6.x"), "orders-redis6-x");
        let long = parameter_group(&id, "redis7");
        assert!(long.starts_with("transparent-trust-redis-"), "{long}");
        assert!(long.ends_with("-redis7") && !long.contains("--"), "{long}");
        assert!(long.len() <= 40, "{long}");
    }

    #[test]
    fn a_final_snapshot_is_named_after_group_and_request() {
        let long = group(&format!("{}-b", "a".repeat(38)));
        let name = final_snapshot(&long, "request-1").unwrap();
        assert!(name.as_str().len() <= 40, "{name}");
        assert_eq!(name, final_snapshot(&long, "request-1").unwrap());
        assert_ne!(name, final_snapshot(&long, "request-2").unwrap());
        // A cut that ends in a hyphen would make a double one.
        let cut = group(&format!("{}-bcd", "a".repeat(24)));
        assert!(final_snapshot(&cut, "r").is_ok());
    }

    #[test]
    fn groups_that_take_each_others_place_are_numbered() {
        let spec = super::super::parse::tests::spec;
        let derived = spec(&[]);
        let second = of_generation(&derived.id, 2).unwrap();
        assert_eq!(second.as_str(), "orders-redis-production-r2");
        assert_eq!(of_generation(&derived.id, 1).unwrap(), derived.id);
        let number = |id: &str| generation(&derived, &group(id));
        assert_eq!(number("orders-redis-production"), Some(1));
        assert_eq!(number("orders-redis-production-r2"), Some(2));
        assert_eq!(number("orders-redis-production-r17"), Some(17));
        for other in ["orders-redis-production-r1", "orders-redis-production-r02", "orders-r2"] {
            assert_eq!(number(other), None, "{other}");
        }
        let stated = spec(&[("ReplicationGroupId", "orders")]);
        assert_eq!(generation(&stated, &group("orders")), Some(1));
        assert_eq!(generation(&stated, &group("orders-r2")), None, "it wants that id and no other");
        // The longest ids are cut and told apart by a hash.
        let long = [("ProjectName", "transparent-trust-of-al"), ("Environment", "production")];
        let long = spec(&long);
        let second = of_generation(&long.id, 12).unwrap();
        assert!(second.as_str().len() <= 40 && second.as_str().ends_with("-r12"), "{second}");
        assert_eq!(generation(&long, &second), Some(12));
    }

    #[test]
    fn a_snapshot_that_carries_keys_over_is_named_after_group_and_request() {
        let long = group(&format!("{}-b", "a".repeat(38)));
        for id in [long, group("orders")] {
            let name = transfer(&id, "request-1").unwrap();
            assert!(
                name.as_str().len() <= 40 && name.as_str().starts_with(&transfers(&id)),
                "{name}"
            );
            assert_ne!(name, transfer(&id, "request-2").unwrap());
        }
    }

    #[test]
    fn a_group_that_took_anothers_place_has_a_secret_of_its_own() {
        let (first, second) = (group("orders"), group("orders-r2"));
        let own = secret_of("token", &second);
        let tags = |name: &str| {
            let arn = format!("arn:aws:secretsmanager:eu-west-1:1:secret:{name}-AbCdEf");
            Tags::from([(tag::SECRET.to_owned(), arn)])
        };
        assert_eq!(secret_that_stands("token", &second, &tags(&own)), own);
        for other in ["token", "another"] {
            assert_eq!(secret_that_stands("token", &second, &tags(other)), "token");
        }
        assert_eq!(secret_that_stands("token", &first, &tags(&own)), "token", "it is another's");
        assert_eq!(secret_that_stands("token", &second, &Tags::new()), "token");
    }

    #[test]
    fn executions_of_groups_that_start_alike_stay_apart() {
        let (ours, theirs) = (Owner::new("stack/a", "Cache"), Owner::new("stack/b", "Cache"));
        let prefix = execution_prefix("orders", &ours);
        assert!(execution("orders", &ours, "r", None).starts_with(&prefix));
        assert!(!execution("orders-eu", &ours, "r", None).starts_with(&prefix));
        assert!(!execution("orders", &theirs, "r", None).starts_with(&prefix));
        let longest = execution(
            &"a".repeat(40),
            &ours,
            "r",
            Issue::of("Delete", "2100-01-01T00:00:00Z".parse().unwrap()),
        );
        assert!(longest.len() <= 80, "{longest}");
    }

    #[test]
    fn an_update_to_another_group_and_its_rollback_are_of_one() {
        let (ours, theirs) = (Owner::new("stack/a", "Cache"), Owner::new("stack/b", "Cache"));
        let of = |group: &str, owner: &Owner, kind: &str| {
            let issue = Issue::of(kind, "2026-11-29T11:00:07Z".parse().unwrap());
            execution(group, owner, kind, issue)
        };
        let update = of("orders", &ours, "Update");
        for (other, expected) in [
            (of("orders-r2", &ours, "Update"), true),
            (of("orders", &ours, "Create"), true),
            (of("orders", &ours, "Delete"), true),
            (of("orders-r2", &ours, "Delete"), false),
            (of("orders", &theirs, "Update"), false),
            // Of what says nothing of its kind, only one of the same group.
            (execution("orders", &ours, "r", None), true),
            (execution("orders-r2", &ours, "r", None), false),
            ("snapshot-orders".to_owned(), false),
        ] {
            assert_eq!(are_of_one(&update, &other), expected, "{other}");
            assert_eq!(are_of_one(&other, &update), expected, "{other}");
        }
    }

    #[test]
    fn an_execution_tells_when_its_request_was_issued() {
        let owner = Owner::new("stack/a", "Cache");
        let of = |kind: &str, at: &str| Issue::of(kind, at.parse().unwrap());
        let named = |at| execution("orders-eu", &owner, "r", at);
        let in_order = [
            of("Create", "2026-11-29T11:00:07Z"),
            of("Delete", "2026-11-29T11:00:07Z"),
            of("Update", "2026-11-29T11:00:08Z"),
            of("Delete", "2026-11-29T11:00:08Z"),
        ];
        assert!(in_order.is_sorted_by(|one, next| one < next), "{in_order:?}");
        for issue in in_order {
            assert!(issue.is_some());
            assert_eq!(issued(&named(issue)), issue);
        }
        let (create, update) = (of("Create", NOON), of("Update", NOON));
        assert_eq!(create, update, "a rollback is an Update, too");
        assert_eq!(issued(&named(None)), None);
        assert_eq!(issued("snapshot-orders-20261129"), None);
        assert_ne!(named(create), named(None));
    }

    const NOON: &str = "2026-11-29T12:00:00Z";

    #[test]
    fn no_physical_id_without_a_group_is_a_group_id() {
        for prefix in [NOTHING_MADE, NOT_OURS, UPSTASH] {
            assert!(GroupId::parse(&format!("{prefix}orders")).is_err());
        }
    }
}
