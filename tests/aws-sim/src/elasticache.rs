//! The service.

use jiff::Timestamp;

use crate::{Done, Refusal, Request, Response, State, Ticket};

/// Its state.
#[derive(Debug, Default)]
pub struct Service {}

impl Service {
    /// When something happens here by itself next.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        None
    }

    /// ARN and tags of everything here that has tags.
    pub(crate) fn tagged(&self) -> Vec<(String, std::collections::BTreeMap<String, String>)> {
        Vec::new()
    }
}

/// One call.
pub(crate) fn call(state: &mut State, request: &Request) -> Response {
    let id = state.seed.uuid();
    Response::refusing(request, &Refusal::new(400, "UnknownOperationException", ""), &id)
}

/// What is due at `state.now` happens. Must move `next_due` on.
pub(crate) fn run_due(_state: &mut State) {}

/// An effect that this service waits for has ended.
pub(crate) fn done(_state: &mut State, _ticket: Ticket, _result: Result<Done, String>) {}
