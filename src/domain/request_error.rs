//! Why a request body is refused before anything is asked or sent; the words are for the caller.

use crate::domain::scan::Fault;
use thiserror::Error;

/// A refusal of a body. `Display` names the field and says what to send instead.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum RequestError {
    #[error("the body is not valid JSON: {0}; send one JSON object")]
    Json(#[from] Fault),
    /// Two readers of one body may each take another of the two values: the price and the call would differ.
    #[error("`{place}{field}` is given twice; send it once")]
    Twice { place: &'static str, field: &'static str },
    #[error("`{field}` must be {want}")]
    Wrong { field: &'static str, want: &'static str },
    #[error("`{field}` is missing; it must be {want}")]
    Missing { field: &'static str, want: &'static str },
    #[error("`{field}` is not supported: {why}")]
    Unsupported { field: &'static str, why: &'static str },
}

impl RequestError {
    /// The `error_code` of `wire.md` §6.
    pub fn code(&self) -> &'static str {
        match self {
            RequestError::Unsupported { .. } => "unsupported_field",
            _ => "bad_request",
        }
    }

    /// The field at fault, where one is.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            RequestError::Json(_) => None,
            RequestError::Twice { field, .. }
            | RequestError::Wrong { field, .. }
            | RequestError::Missing { field, .. }
            | RequestError::Unsupported { field, .. } => Some(field),
        }
    }
}
