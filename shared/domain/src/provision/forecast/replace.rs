//! What a replacement would do: to the new group, and then CloudFormation to the old one.

use jiff::Timestamp;

use super::super::farewell::Farewell;
use super::super::replace::{Ahead, ahead, thought};
use super::super::{Around, Seen, Wanted};
use super::{End, Forecast, forecast, forecast_end, words};
use crate::GroupView;

/// The group whose place another one takes.
#[derive(Clone, Copy, Debug)]
pub struct Old<'a> {
    /// The group.
    pub group: &'a GroupView,
    /// What its deletion needs to know.
    pub farewell: &'a Farewell,
    /// What stands around it.
    pub around: &'a Around,
}

/// Foretells that a group takes the place of another. What was seen is of the new one, of which most likely nothing stands.
pub fn forecast_over(moved: &Wanted, seen: &Seen, old: Old<'_>, now: Timestamp) -> Forecast {
    let nothing = |end| Forecast { changes: Vec::new(), end, seen: seen.clone() };
    match ahead(moved, seen, old.group, now) {
        Ahead::Refuse(refusal) => return nothing(End::Refused(refusal)),
        Ahead::Wait(wait) => return nothing(End::Waits(wait)),
        // It is taken away first, and what comes then is the same.
        Ahead::Free | Ahead::Ours | Ahead::Stale => {}
    }
    let snapshot = thought(moved, old.group);
    let mut seen = Seen { group: None, ..seen.clone() };
    let mut changes = vec![words::of_carrying(old.group, moved.replaces.as_ref())];
    if moved.carries_keys() {
        seen.around.get_or_insert_default().source = Some(snapshot);
    }
    let made = forecast(moved, &seen, now);
    changes.extend(made.changes);
    if made.end != End::Settled {
        return Forecast { changes, ..made };
    }
    changes.extend(words::of_counting(moved, old.group));
    changes.push(words::of_answer(moved, old.group));
    let stands = Seen { group: Some(old.group.clone()), ..Seen::default() };
    let gone = forecast_end(old.farewell, &stands, old.around, now);
    changes.extend(gone.changes);
    Forecast { changes, end: gone.end, seen: made.seen }
}
