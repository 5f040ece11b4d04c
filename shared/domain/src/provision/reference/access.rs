//! What protects the keys, and who may read them.

use super::{Default, OnUpdate, Property};

pub(super) const PROPERTIES: &[Property] = &[
    Property {
        name: "EnableAuthToken",
        takes: "true, false; a token needs TLS",
        default: Default::Derived(
            "true with TLS, but for `UserGroupIds` or `TransitEncryptionMode` `preferred`",
        ),
        update: OnUpdate::InPlace,
        rule: "ElastiCache takes a token only where TLS is required. A cache without one accepts it first and then requires it; none is taken back, but for user groups in its place. The rollback right after keeps the token and says so",
    },
    Property {
        name: "EnableEncryptionAtRest",
        takes: "true, false",
        default: Default::Value("true"),
        update: OnUpdate::Replacement,
        rule: "AWS cannot change it on a running group",
    },
    Property {
        name: "EnableEncryptionInTransit",
        takes: "true, false",
        default: Default::Value("true"),
        update: OnUpdate::BriefInterruption,
        rule: "from Redis 7.0.5 on, over a time in which clients connect both ways; endpoints change. Not under a token; users are taken off first",
    },
    Property {
        name: "KmsKeyArn",
        takes: "the ARN of a KMS key in the stack's region, `arn:…:key/…` and no alias; needs `EnableEncryptionAtRest`",
        default: Default::Derived("ElastiCache's own key"),
        update: OnUpdate::Replacement,
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
    Property {
        name: "SecretFormat",
        takes: "`token`: the secret holds the token alone; `json`: a document with `host`, `port`, `username`, `token`, `tls` and `url`",
        default: Default::Value("token"),
        update: OnUpdate::InPlace,
        rule: "the secret is written anew, with the same token, when no older token opens the cache any more: at once, or after the grace of a rotation by its sweep. Keys that others put into the document stay",
    },
    Property {
        name: "TransitEncryptionMode",
        takes: "`required`, `preferred`: clients may connect with TLS and without, until all do",
        default: Default::Value("required"),
        update: OnUpdate::InPlace,
        rule: "from Redis 7.0.5 on; nobody logs in while it is preferred",
    },
    Property {
        name: "UserGroupIds",
        takes: "the id of a user group, whose users log in in the place of a token; one at most",
        default: Default::Absent,
        update: OnUpdate::InPlace,
        rule: "from Redis 6.0 on and where TLS is required; the user group exists and is active, and of the engine redis unless the cache is Valkey. A user of authentication type `iam`, from Redis 7.0 on, logs in with IAM. The secret of a token goes to its recovery window",
    },
];
