//! The service.

use crate::{Refusal, Request, Response, State};

/// Its state.
#[derive(Debug, Default)]
pub struct Service {}

/// One call.
pub(crate) fn call(state: &mut State, request: &Request) -> Response {
    let id = state.seed.uuid();
    Response::refusing(request, &Refusal::new(400, "UnknownOperationException", ""), &id)
}
