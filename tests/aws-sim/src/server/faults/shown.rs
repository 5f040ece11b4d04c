//! What is still to go wrong: `GET /_sim/faults`, in the words in which it was asked for.

use serde_json::{Map, Value, json};

use super::HAPPENINGS;
use crate::drive::EventMishap;
use crate::fault::{Delivery, Fault, Happening, Plan, Rule, Shortage, Side};

/// Everything that has not come about yet. `POST` takes it as it is.
pub(in crate::server) fn pending(plan: &Plan) -> Value {
    let shortages = plan.shortages.iter().map(|(node_type, when)| {
        let when = match when {
            Shortage::AtOnce => "at-once",
            Shortage::Later => "later",
        };
        (node_type.clone(), json!(when))
    });
    json!({
        "rules": plan.rules().iter().map(rule).collect::<Vec<_>>(),
        "events": plan.deliveries().iter().map(delivery).collect::<Vec<_>>(),
        "rollbacks": plan.rollbacks,
        "stuck_members": plan.stuck_members,
        "failing_snapshots": plan.failing_snapshots,
        "failing_starts": plan.failing_starts,
        "late_shortages": plan.late_shortages,
        "shortages": shortages.collect::<Map<_, _>>(),
        "disabled_keys": plan.disabled_keys,
        "missing_destinations": plan.missing_destinations,
    })
}

fn rule(rule: &Rule) -> Value {
    // Over HTTP nobody knows which invocation a call is of, so no rule lasts for the rest of one.
    let Rule { service, operation, after, times, fault: befalls, lasts: _ } = rule;
    let mut shown = json!({ "after": after, "times": times, "fault": fault(befalls) });
    name(&mut shown, "service", service.as_deref());
    name(&mut shown, "operation", operation.as_deref());
    shown
}

fn delivery(delivery: &Delivery) -> Value {
    let Delivery { to, after, times, mishap } = delivery;
    let mishap = match mishap {
        EventMishap::Lost => json!("lost"),
        EventMishap::Doubled => json!("doubled"),
        EventMishap::Late(late) => json!({ "lateSeconds": late.as_secs() }),
    };
    let mut shown = json!({ "after": after, "times": times, "mishap": mishap });
    name(&mut shown, "to", to.as_deref());
    shown
}

fn name(shown: &mut Value, key: &str, value: Option<&str>) {
    if let (Some(fields), Some(value)) = (shown.as_object_mut(), value) {
        fields.insert(key.to_owned(), json!(value));
    }
}

fn fault(fault: &Fault) -> Value {
    match fault {
        Fault::Throttled => json!("throttled"),
        Fault::Unavailable => json!("unavailable"),
        Fault::Denied => json!("denied"),
        Fault::Broken(at) => json!({ "broken": side(*at) }),
        Fault::Cut(at) => json!({ "cut": side(*at) }),
        Fault::Meanwhile(happens) => json!({ "meanwhile": happening(*happens) }),
        Fault::Slow(time) => json!({ "slowSeconds": time.as_secs_f64() }),
        Fault::Answer(status, code, message) => {
            json!({ "answer": { "status": status, "code": code, "message": message } })
        }
    }
}

fn side(side: Side) -> &'static str {
    match side {
        Side::BeforeEffect => "before",
        Side::AfterEffect => "after",
    }
}

fn happening(happening: Happening) -> Option<&'static str> {
    HAPPENINGS.iter().find(|(_, it)| *it == happening).map(|(word, _)| *word)
}

#[cfg(test)]
mod tests {
    use super::super::add;
    use super::*;
    use crate::{Settings, World};

    fn world_with(faults: &Value) -> World {
        let world = World::new(Settings::default());
        world.with(|it| add(it, faults.to_string().as_bytes())).unwrap();
        world
    }

    #[test]
    fn what_is_pending_is_told_as_it_was_asked_for() {
        let fault = |fault: Value| json!({ "after": 0, "times": 1, "fault": fault });
        let faults = json!({
            "rules": [
                { "service": "elasticache", "operation": "CreateSnapshot", "after": 2, "times": 3, "fault": "throttled" },
                fault(json!("unavailable")),
                fault(json!("denied")),
                fault(json!({ "broken": "before" })),
                fault(json!({ "broken": "after" })),
                fault(json!({ "cut": "before" })),
                fault(json!({ "cut": "after" })),
                fault(json!({ "slowSeconds": 2.5 })),
                fault(json!({ "answer": { "status": 400, "code": "InvalidSubnet", "message": "no" } })),
                fault(json!({ "meanwhile": "primary-lost" })),
                fault(json!({ "meanwhile": "node-type-rolls-back" })),
                fault(json!({ "meanwhile": "start-fails" })),
                fault(json!({ "meanwhile": "snapshot-fails" })),
            ],
            "events": [
                { "to": "alarms", "after": 1, "times": 2, "mishap": "lost" },
                { "after": 0, "times": 1, "mishap": "doubled" },
                { "after": 0, "times": 1, "mishap": { "lateSeconds": 1200 } },
            ],
            "rollbacks": 1,
            "stuck_members": 2,
            "failing_snapshots": 3,
            "failing_starts": 4,
            "late_shortages": 5,
            "shortages": { "cache.t4g.small": "later", "cache.t4g.micro": "at-once" },
            "disabled_keys": ["alias/orders"],
            "missing_destinations": ["a-log-group"],
        });
        let world = world_with(&faults);
        assert_eq!(world.with(|it| pending(&it.faults)), faults);
        world.with(|it| it.faults.clear());
        let nothing = json!({
            "rules": [],
            "events": [],
            "rollbacks": 0,
            "stuck_members": 0,
            "failing_snapshots": 0,
            "failing_starts": 0,
            "late_shortages": 0,
            "shortages": {},
            "disabled_keys": [],
            "missing_destinations": [],
        });
        assert_eq!(world.with(|it| pending(&it.faults)), nothing);
        assert_eq!(world_with(&nothing).with(|it| pending(&it.faults)), nothing);
    }

    #[test]
    fn what_has_come_about_is_told_no_more() {
        let world = world_with(&json!([
            { "operation": "DescribeEvents", "times": 2, "fault": "denied" },
            { "operation": "DescribeEvents", "after": 2, "fault": "throttled" },
        ]));
        let left = || {
            let shown = world.with(|it| pending(&it.faults));
            let rules = shown["rules"].as_array().unwrap().iter();
            let told = |it: &Value| format!("{} {} {}", it["fault"], it["after"], it["times"]);
            rules.map(told).collect::<Vec<_>>()
        };
        let strike = || world.with(|it| it.faults.strike("elasticache", "DescribeEvents", None));
        assert!(strike().is_some());
        assert_eq!(left(), [r#""denied" 0 1"#, r#""throttled" 1 1"#]);
    }
}
