//! Errors of the operator's interface: a status, a word for programs, a sentence for people.

use crate::actors::messages::AskError;
use crate::domain::op::Refusal;
use crate::store::error::StoreError;
use actix_web::error::JsonPayloadError;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use serde_json::json;
use std::fmt;

/// A refusal on its way to the operator.
#[derive(Debug)]
pub struct OperatorError {
    status: StatusCode,
    kind: &'static str,
    message: String,
}

impl OperatorError {
    pub fn not_allowed() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "not_allowed", "send the operator token of this installation")
    }

    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("there is no {what}"))
    }

    pub fn bad_request(message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", message)
    }

    fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        OperatorError { status, kind, message: message.into() }
    }
}

impl From<Refusal> for OperatorError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::UnderWay => {
                Self::new(StatusCode::CONFLICT, "under_way", "this operation is under way; ask again in a second")
            }
            Refusal::DoneAlready => Self::new(
                StatusCode::CONFLICT,
                "done_already",
                "this operation was done before; nothing was done again",
            ),
            other => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "refused", other.to_string()),
        }
    }
}

impl From<JsonPayloadError> for OperatorError {
    fn from(error: JsonPayloadError) -> Self {
        match &error {
            JsonPayloadError::Deserialize(why) if why.is_data() => Self::invalid(why.to_string()),
            JsonPayloadError::Deserialize(why) => Self::bad_request(&format!("the body is not valid JSON: {why}")),
            JsonPayloadError::ContentType => Self::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "send the body as application/json",
            ),
            JsonPayloadError::Overflow { .. } | JsonPayloadError::OverflowKnownLength { .. } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "the body is too large; send less")
            }
            _ => Self::bad_request("the body ended early; send it again"),
        }
    }
}

impl From<AskError> for OperatorError {
    fn from(error: AskError) -> Self {
        let words = match error {
            AskError::Discarded => format!("{error}: repeat with the same --id"),
            _ => format!("{error}; nothing is known to have happened: repeat with the same --id"),
        };
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "try_again", words)
    }
}

impl From<StoreError> for OperatorError {
    fn from(error: StoreError) -> Self {
        tracing::warn!(%error, "an operator request failed at the store");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "try_again", "the store is away; try again")
    }
}

impl fmt::Display for OperatorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl ResponseError for OperatorError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status).json(json!({ "error": { "type": self.kind, "message": self.message } }))
    }
}
