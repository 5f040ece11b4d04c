//! What protects the keys, and who may read them.

use super::{Default, OnUpdate, Property};

pub(super) const PROPERTIES: &[Property] = &[
    Property {
        name: "EnableAuthToken",
        takes: "true, false; a token needs TLS",
        default: Default::Derived("as `EnableEncryptionInTransit`"),
        update: OnUpdate::CannotChange,
        rule: "ElastiCache takes a token only over TLS",
    },
    Property {
        name: "EnableEncryptionAtRest",
        takes: "true, false",
        default: Default::Value("true"),
        update: OnUpdate::CannotChange,
        rule: "AWS cannot change it on a running group",
    },
    Property {
        name: "EnableEncryptionInTransit",
        takes: "true, false",
        default: Default::Value("true"),
        update: OnUpdate::CannotChange,
        rule: "AWS cannot take it back, and turns it on later only in two steps and from 7.0.5 on",
    },
    Property {
        name: "KmsKeyArn",
        takes: "the ARN of a KMS key in the stack's region, `arn:…:key/…` and no alias; needs `EnableEncryptionAtRest`",
        default: Default::Derived("ElastiCache's own key"),
        update: OnUpdate::CannotChange,
        rule: "AWS cannot change the key of a running group; snapshots are encrypted with it too. Its policy must let the functions' roles use it",
    },
    Property {
        name: "RotationDays",
        takes: "0 to 1000; 0 is never",
        default: Default::Value("30"),
        update: OnUpdate::InPlace,
        rule: "Secrets Manager rotates every 1 to 1000 days",
    },
    Property {
        name: "RotationSchedule",
        takes: "`rate(12 hours)` or `cron(0 8 1 * ? *)`, UTC, in place of `RotationDays`",
        default: Default::Absent,
        update: OnUpdate::InPlace,
        rule: "Secrets Manager rotates every four hours at most, on the hour, and has one schedule for a secret",
    },
    Property {
        name: "RotationGraceMinutes",
        takes: "0 to 43200; how long the old token stays valid",
        default: Default::Value("1440"),
        update: OnUpdate::InPlace,
        rule: "a group takes two tokens until one is set",
    },
];
