//! A request that was read: once, since most of what a world does is reading requests.

use std::collections::BTreeMap;

use serde_json::Value;

use super::query::Params;
use super::{Protocol, Refusal, Request, Response, json};
use crate::State;

/// A request, what it asks for, and its body as its protocol has it.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) request: &'a Request,
    pub(crate) operation: String,
    /// The fields of a form; none where it is none.
    pub(crate) form: Params,
    json: Option<Result<Value, Refusal>>,
}

impl<'a> Call<'a> {
    pub(crate) fn read(request: &'a Request) -> Self {
        match request.protocol() {
            Protocol::Query => {
                let form = Params::read(&request.body);
                let operation = form.text("Action").unwrap_or_default();
                Self { request, operation, form, json: None }
            }
            Protocol::Json => Self {
                json: Some(json::read(request)),
                ..Self::named(request, request.operation())
            },
            // Only one service reads it.
            Protocol::Cbor => Self::named(request, request.operation()),
        }
    }

    /// Without a look into its body.
    pub(crate) fn named(request: &'a Request, operation: String) -> Self {
        Self { request, operation, form: Params::default(), json: None }
    }

    /// Its JSON body, if it is one.
    pub(crate) fn into_json(self) -> Result<Value, Refusal> {
        self.json.unwrap_or_else(|| json::read(self.request))
    }

    /// What a service says to it that speaks JSON and nothing else.
    pub(crate) fn answered(
        self,
        state: &mut State,
        answer: impl FnOnce(&mut State, &str, Value) -> Result<Value, Refusal>,
    ) -> Response {
        let id = state.seed.uuid();
        let operation = self.operation.clone();
        match self.into_json().and_then(|fields| answer(state, &operation, fields)) {
            Ok(value) => json::answer(&value, &id),
            Err(refusal) => json::refuse(&refusal, &id),
        }
    }

    /// Its body, where that is neither a form nor JSON and has no fields to be told apart.
    pub(crate) fn opaque(&self) -> Option<&[u8]> {
        let is_read = matches!(self.json, Some(Ok(_))) || !self.form.all().is_empty();
        (!is_read).then_some(self.request.body.as_slice())
    }

    /// Its fields as texts. Those of a structure are flat at the first level only.
    pub(crate) fn texts(&self) -> BTreeMap<String, String> {
        let Some(Ok(Value::Object(fields))) = &self.json else { return self.form.all().clone() };
        let text = |it: &Value| it.as_str().map_or_else(|| it.to_string(), str::to_owned);
        fields.iter().map(|(name, value)| (name.clone(), text(value))).collect()
    }
}
