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
        rule: "a group's id never changes; refused where it changes the id or the secret's name",
    },
    Property {
        name: "ProjectName",
        takes: "letters, digits, hyphens; first part of all names",
        default: Default::Required,
        update: OnUpdate::CannotChange,
        rule: "a group's id never changes; refused where it changes the id or the secret's name",
    },
    Property {
        name: "ReplicationGroupId",
        takes: "1 to 40 letters, digits, single inner hyphens, a letter first",
        default: Default::Derived("`<ProjectName>-redis-<Environment>`"),
        update: OnUpdate::CannotChange,
        rule: "a group's id never changes",
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
