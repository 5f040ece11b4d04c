//! What goes wrong, as data: which call, and what befalls it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use crate::drive::EventMishap;
use crate::settings::{Rate, Switches};
use crate::wire::{Call, Protocol};
use crate::{Refusal, State, elasticache};

/// The faults that a world has in store.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    rules: Vec<Rule>,
    /// What becomes of events on their way.
    events: Vec<Delivery>,
    /// What rules that last have begun.
    spells: Vec<Spell>,
    /// Node types of which there is none, and when that is found out.
    pub shortages: BTreeMap<String, Shortage>,
    /// How many of the next node type changes are accepted and then rolled back (facts 4.3).
    pub rollbacks: u32,
    /// How many of the next node type changes leave one replica behind on the old type (facts 4.3).
    pub stuck_members: u32,
    /// How many of the next snapshots fail.
    pub failing_snapshots: u32,
    /// How many of the next new members fail to come up: a new group is `create-failed`, a new replica never arrives.
    pub failing_starts: u32,
    /// Keys of KMS that are disabled or gone, each as it is named or by its id.
    pub disabled_keys: BTreeSet<String>,
    /// Log groups and delivery streams that are not there, whatever CloudWatch Logs says.
    pub missing_destinations: BTreeSet<String>,
    /// How many of the next pieces of work that need nodes find that there are none, though the call was accepted: as if there were a
    /// [`Shortage::Later`] of whichever node type it is.
    pub late_shortages: u32,
    /// What is left of the rate of each service, and since when.
    buckets: BTreeMap<String, (f64, Timestamp)>,
    /// How often something was to happen where it could not, such as a failover of a group that has no replica.
    in_vain: u32,
}

/// When a want of capacity is found out (facts 1.3).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Shortage {
    /// The call is refused.
    AtOnce,
    /// The call is accepted, and the work fails.
    Later,
}

/// One fault, and the calls that it befalls.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Calls to this service only, by its signing name.
    pub service: Option<String>,
    /// Calls of this operation only.
    pub operation: Option<String>,
    /// Of those, the calls that are passed over first.
    pub after: usize,
    /// Of the rest, how many it befalls.
    pub times: usize,
    /// What befalls them.
    pub fault: Fault,
    /// Once it has struck a call of an invocation, it befalls every further call of that operation that the invocation makes, more than the
    /// SDK has tries. Whoever calls the function again finds that it is over.
    pub lasts: bool,
}

/// A fault that goes on, until the invocation that it struck is over.
#[derive(Clone, Debug)]
struct Spell {
    invocation: u64,
    service: String,
    operation: String,
    fault: Fault,
}

impl Rule {
    /// Befalls the next call, whichever it is.
    pub fn next(fault: Fault) -> Self {
        Self { service: None, operation: None, after: 0, times: 1, fault, lasts: false }
    }

    /// Befalls the call of this number, counted from 0.
    pub fn call(number: usize, fault: Fault) -> Self {
        Self { after: number, ..Self::next(fault) }
    }

    /// Befalls the next call of this operation.
    pub fn operation(name: &str, fault: Fault) -> Self {
        Self { operation: Some(name.to_owned()), ..Self::next(fault) }
    }

    /// Befalls this many.
    #[must_use]
    pub fn times(self, times: usize) -> Self {
        Self { times, ..self }
    }

    /// Passes over this many first.
    #[must_use]
    pub fn after(self, after: usize) -> Self {
        Self { after, ..self }
    }

    /// Goes on for the rest of the invocation.
    #[must_use]
    pub fn lasting(self) -> Self {
        Self { lasts: true, ..self }
    }
}

/// One fault of events on their way: what is published to a topic, and what a function is called with asynchronously.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Delivery {
    /// Events to this topic or function only, by the last word of its ARN.
    pub to: Option<String>,
    /// Of those, the events that are passed over first.
    pub after: usize,
    /// Of the rest, how many it befalls.
    pub times: usize,
    /// What becomes of them.
    pub mishap: EventMishap,
}

/// What befalls a call.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Fault {
    /// The caller dies: the call has its effect or not, and nobody hears of it.
    Cut(Side),
    /// The connection breaks: the call has its effect or not, and the caller gets no answer.
    Broken(Side),
    /// Too many calls.
    Throttled,
    /// AWS has a problem. The call has no effect.
    Unavailable,
    /// The caller may not.
    Denied,
    /// Any other answer: status, code and message.
    Answer(u16, String, String),
    /// The answer takes this long.
    Slow(Duration),
    /// The call goes well, and just before it something happens in the world.
    Meanwhile(Happening),
}

impl Fault {
    /// How a service says what every service may say. JSON and CBOR have names of their own for it, and their statuses.
    pub(crate) fn common(&self, switches: &Switches, asked: &Call<'_>, service: &str) -> Refusal {
        let (protocol, operation) = (asked.request.protocol(), &asked.operation);
        let is_query = protocol == Protocol::Query;
        let code =
            |short: &str| if is_query { short.to_owned() } else { format!("{short}Exception") };
        match self {
            Self::Throttled if service == "elasticache" => {
                Refusal::new(400, switches.throttle_code, "Rate exceeded")
            }
            // S3, to which the answers for CloudFormation go too, has another word and another status for it.
            Self::Throttled if ["cloudformation", "s3"].contains(&service) => {
                Refusal::new(503, "SlowDown", "Please reduce your request rate.")
            }
            Self::Throttled => Refusal::new(400, code("Throttling"), "Rate exceeded"),
            Self::Denied => {
                let text = format!("User is not authorized to perform: {service}:{operation}");
                Refusal::new(if is_query { 403 } else { 400 }, code("AccessDenied"), text)
            }
            Self::Unavailable
            | Self::Cut(_)
            | Self::Broken(_)
            | Self::Answer(..)
            | Self::Slow(_)
            | Self::Meanwhile(_) => {
                Refusal::new(503, code("ServiceUnavailable"), "Service is unavailable")
            }
        }
    }
}

/// What happens in the world by itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Happening {
    /// Every group that can fail over loses the node of its primary, whatever else goes on with it.
    PrimaryLost,
    /// The next node type change is accepted and rolled back.
    NodeTypeRollsBack,
    /// The next member that is to come up does not.
    StartFails,
    /// The next snapshot fails.
    SnapshotFails,
    /// The next node type change leaves one replica behind.
    MemberStuck,
    /// The next work that needs nodes finds none, after its call was accepted.
    CapacityGone,
}

impl Happening {
    /// Has it happen.
    pub(crate) fn happen(self, state: &mut State) {
        match self {
            Self::PrimaryLost => {
                let able = elasticache::able_to_fail_over(state);
                state.faults.in_vain += u32::from(able.is_empty());
                for it in &able {
                    elasticache::lose_primary(state, it);
                }
            }
            Self::NodeTypeRollsBack => state.faults.rollbacks += 1,
            Self::StartFails => state.faults.failing_starts += 1,
            Self::SnapshotFails => state.faults.failing_snapshots += 1,
            Self::MemberStuck => state.faults.stuck_members += 1,
            Self::CapacityGone => state.faults.late_shortages += 1,
        }
    }
}

/// On which side of its effect a call is hit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Side {
    /// The request never reached AWS.
    BeforeEffect,
    /// AWS did it; the answer was lost.
    AfterEffect,
}

impl Plan {
    /// Adds a fault.
    pub fn add(&mut self, rule: Rule) {
        self.rules.push(rule);
    }

    /// Those that have not befallen all their calls.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Adds a fault of events.
    pub fn add_delivery(&mut self, delivery: Delivery) {
        self.events.push(delivery);
    }

    /// Those that have not befallen all their events.
    pub fn deliveries(&self) -> &[Delivery] {
        &self.events
    }

    /// Forgets those that have not come about.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Whether every rule has befallen all that it was to befall.
    pub fn is_spent(&self) -> bool {
        self.rules.is_empty() && self.events.is_empty()
    }

    /// Whether something was to happen and did not: it could not, or what it waits for never came.
    pub fn came_to_nothing(&self) -> bool {
        let left = [
            self.rollbacks,
            self.stuck_members,
            self.failing_snapshots,
            self.failing_starts,
            self.late_shortages,
        ];
        0 < self.in_vain || left.iter().any(|it| 0 < *it)
    }

    /// Whether accepted work that needs nodes of this type finds none.
    pub(crate) fn lacks(&mut self, node_type: &str) -> bool {
        self.shortages.contains_key(node_type) || Self::take(&mut self.late_shortages)
    }

    /// What befalls this call, which this invocation makes.
    pub(crate) fn strike(
        &mut self,
        service: &str,
        operation: &str,
        invocation: Option<u64>,
    ) -> Option<Fault> {
        let goes_on = self.spells.iter().find(|it| {
            Some(it.invocation) == invocation && it.service == service && it.operation == operation
        });
        let mut struck = goes_on.map(|it| it.fault.clone());
        for rule in &mut self.rules {
            let matches = rule.service.as_deref().is_none_or(|it| it == service)
                && rule.operation.as_deref().is_none_or(|it| it == operation);
            if !matches {
                continue;
            }
            if let Some(left) = rule.after.checked_sub(1) {
                rule.after = left;
            } else if struck.is_none() && 0 < rule.times {
                rule.times -= 1;
                struck = Some(rule.fault.clone());
                let (service, operation) = (service.to_owned(), operation.to_owned());
                let spell = |invocation| Spell {
                    invocation,
                    service,
                    operation,
                    fault: rule.fault.clone(),
                };
                self.spells.extend(invocation.filter(|_| rule.lasts).map(spell));
            }
        }
        self.rules.retain(|it| 0 < it.times);
        struck
    }

    /// Whether a service has too many calls at this rate.
    pub(crate) fn is_over(&mut self, service: &str, rate: Rate, now: Timestamp) -> bool {
        let burst = f64::from(rate.burst);
        let (left, since) = self.buckets.get(service).copied().unwrap_or((burst, now));
        let passed = now.duration_since(since).as_secs_f64();
        let left = (left + passed * f64::from(rate.per_second)).min(burst);
        let is_over = left < 1.0;
        let left = if is_over { left } else { left - 1.0 };
        self.buckets.insert(service.to_owned(), (left, now));
        is_over
    }

    /// What becomes of an event to this topic or function.
    pub(crate) fn befall(&mut self, arn: &str) -> Option<EventMishap> {
        let last_word = arn.rsplit(':').next();
        let mut struck = None;
        for rule in &mut self.events {
            if rule.to.is_some() && rule.to.as_deref() != last_word {
                continue;
            }
            if let Some(left) = rule.after.checked_sub(1) {
                rule.after = left;
            } else if struck.is_none() && 0 < rule.times {
                rule.times -= 1;
                struck = Some(rule.mishap);
            }
        }
        self.events.retain(|it| 0 < it.times);
        struck
    }

    /// Takes one of a counted fault, if one is left.
    pub(crate) fn take(count: &mut u32) -> bool {
        let left = *count;
        *count = left.saturating_sub(1);
        0 < left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_befalls_the_calls_that_it_names() {
        let mut plan = Plan::default();
        plan.add(Rule::operation("CreateSnapshot", Fault::Throttled).after(1).times(2));
        let mut strike = |operation| plan.strike("elasticache", operation, None).is_some();
        assert!(!strike("CreateSnapshot"));
        assert!(!strike("DescribeEvents"));
        assert!(strike("CreateSnapshot"));
        assert!(strike("CreateSnapshot"));
        assert!(!strike("CreateSnapshot"));
        assert!(plan.is_spent());
    }

    #[test]
    fn a_service_that_has_a_rate_throttles_what_is_more() {
        let mut plan = Plan::default();
        let rate = Rate { burst: 3, per_second: 2 };
        let mut taken = |service, second: i64, calls: usize| {
            let now = Timestamp::from_second(second).unwrap();
            (0..calls).filter(|_| !plan.is_over(service, rate, now)).count()
        };
        assert_eq!(taken("elasticache", 0, 9), 3);
        assert_eq!(taken("tagging", 0, 9), 3, "each has its own");
        assert_eq!(taken("elasticache", 1, 9), 2);
        assert_eq!(taken("elasticache", 60, 9), 3, "rest does not make it larger");
    }

    #[test]
    fn a_delivery_befalls_the_events_that_it_names() {
        let mut plan = Plan::default();
        let (to, mishap) = (Some("orders".to_owned()), EventMishap::Lost);
        plan.add_delivery(Delivery { to, after: 1, times: 1, mishap });
        let mut befall = |topic| plan.befall(&format!("arn:aws:sns:us-east-1:1:{topic}"));
        assert_eq!(befall("orders"), None);
        assert_eq!(befall("more-orders"), None);
        assert_eq!(befall("orders"), Some(EventMishap::Lost));
        assert_eq!(befall("orders"), None);
        assert!(plan.is_spent());
    }

    #[test]
    fn a_rule_that_lasts_goes_on_for_the_rest_of_its_invocation() {
        let mut plan = Plan::default();
        plan.add(Rule::call(1, Fault::Unavailable).lasting());
        let mut strike = |operation, invocation| {
            plan.strike("elasticache", operation, Some(invocation)).is_some()
        };
        assert!(!strike("DescribeEvents", 7));
        assert!(strike("CreateSnapshot", 7));
        assert!(!strike("DescribeEvents", 7), "another operation");
        for _ in 0..9 {
            assert!(strike("CreateSnapshot", 7));
        }
        assert!(!strike("CreateSnapshot", 8), "it is over for who comes next");
        assert!(plan.is_spent());
    }
}
