//! The resource itself: its names and its backend.

use super::{Default, OnUpdate, Property};

pub(super) const PROPERTIES: &[Property] = &[
    Property {
        name: "CreateElasticache",
        takes: "true, false; exactly one of the two backends",
        default: Default::Derived("true, unless `UseUpstash`"),
        update: OnUpdate::CannotChange,
        rule: "another backend would be another resource, and the keys would stay behind",
    },
    Property {
        name: "Environment",
        takes: "letters, digits, hyphens; last part of all names",
        default: Default::Required,
        update: OnUpdate::CannotChange,
        rule: "a group's id never changes; refused where it changes the id or the secret's name, unless `Replacement` says otherwise",
    },
    Property {
        name: "ProjectName",
        takes: "letters, digits, hyphens; first part of all names",
        default: Default::Required,
        update: OnUpdate::CannotChange,
        rule: "a group's id never changes; refused where it changes the id or the secret's name, unless `Replacement` says otherwise",
    },
    Property {
        name: "Replacement",
        takes: "`refuse`, `with-data`, `without-data`: what is done about a change that ElastiCache cannot make in place, and that says \"replacement\" here, or that changes the id. `with-data` makes another group in its place, filled from a snapshot of it, seen to be as stated and to have its keys before the old one goes; `without-data` one that has none of its keys, and is filled from `SnapshotName` or `SnapshotArns` where the stack states them",
        default: Default::Derived("`with-data`, and `refuse` for another `ReplicationGroupId`"),
        update: OnUpdate::InPlace,
        rule: "what is written to the old group after the snapshot stays there, and clients go to other addresses and another secret: have writers rest meanwhile, or state `refuse`. CloudFormation deletes the old group when the rest of the stack is done, by its `DeletionPolicy`, or the new one where that fails. An older version and the older engine are refused all the same, and so is a protected group; and, but for `without-data`, a cache without the cluster mode or the data tiering that it has: no snapshot is read there",
    },
    Property {
        name: "ReplicationGroupId",
        takes: "1 to 40 letters, digits, single inner hyphens, a letter first",
        default: Default::Derived(
            "`<ProjectName>-redis-<Environment>`; with `-r2` and so on where another group took its place",
        ),
        update: OnUpdate::CannotChange,
        rule: "a group's id never changes. With `Replacement` `with-data` another id is another group with its keys, and with `without-data` one without them; where it is stated, no other change can make one, as there cannot be two groups of one id",
    },
    Property {
        name: "ServiceTimeout",
        takes: "1 to 3600 seconds; how long CloudFormation waits",
        default: Default::Value("3600"),
        update: OnUpdate::InPlace,
        rule: "CloudFormation waits an hour at most",
    },
    Property {
        name: "ServiceToken",
        takes: "the ARN of the `provision` function",
        default: Default::Required,
        update: OnUpdate::CannotChange,
        rule: "CloudFormation does not allow it",
    },
    Property {
        name: "UseUpstash",
        takes: "true, false; exactly one of the two backends",
        default: Default::Value("false"),
        update: OnUpdate::CannotChange,
        rule: "another backend would be another resource, and the keys would stay behind",
    },
];
