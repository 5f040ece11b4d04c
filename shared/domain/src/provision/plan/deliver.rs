//! Events to a topic, and logs: asked for once, and looked for afterwards.

use super::super::{Refusal, Step, Wanted, delivery};
use super::ask::ask;
use super::settled::Looked;
use crate::asked::{Asked, AskedField};
use crate::owner::short_hash;
use crate::{Next, Tags, Wait, WaitingOn};

/// Has ElastiCache tell what the stack wants to hear. A delivery that fails is tried once by this request; where it fails still, the
/// request fails with the words of the service.
pub(super) fn deliver(wanted: &Wanted, seen: &Looked<'_>) -> Option<Next<Step, Refusal>> {
    let &Looked { group, now, .. } = seen;
    if delivery::is_changing(group) {
        return Some(Next::Wait(Wait::slow(WaitingOn::Modification)));
    }
    let change = delivery::change(wanted, group)?;
    // The names of log groups and topics may be longer than a tag, and hold what no tag takes.
    let value = short_hash(&delivery::stated(&wanted.spec));
    let asked = Asked { field: AskedField::Delivery, value, at: now };
    let missing = delivery::missing(&change, wanted, group);
    let step = |mark| Step::SetDelivery { change, mark };
    Some(match ask(wanted, asked, step, Tags::new(), "", seen) {
        Next::Refuse(_) => Next::Refuse(Refusal::NotDelivered(missing)),
        next @ (Next::Do(_) | Next::Wait(_) | Next::Settled) => next,
    })
}
