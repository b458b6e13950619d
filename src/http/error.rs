//! The one place that knows a status: what went wrong, in the caller's dialect (`wire.md` §6).
//!
//! Every message says in one sentence what to do next; Claude Code prints it as it is. Amounts are client dollars.

use crate::actors::messages::AskError;
use crate::domain::ids::CallId;
use crate::domain::op::Refusal;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use std::fmt;

/// A refusal on its way to an API client.
#[derive(Clone, Debug)]
pub struct ApiError {
    pub status: StatusCode,
    /// `error.type` of the Anthropic envelope.
    pub kind: &'static str,
    /// Stable word for programs, in `error.details.error_code`.
    pub code: &'static str,
    pub message: String,
    /// Whole seconds, at least 1.
    pub retry_after_s: Option<u64>,
    /// True where a repeat cannot help: official clients then stop at once.
    pub is_final: bool,
    pub request: CallId,
    /// Limit, admissions left and milliseconds until full, where the key's limits were asked.
    pub window: Option<(i32, i32, u64)>,
    /// The connection ends with this answer, so that its client's next request goes to another server.
    pub closes: bool,
    /// For `Allow`, where another method was sent.
    pub takes: Option<Takes>,
}

/// The methods that an address of the model API takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Takes {
    Sent,
    LookedAt,
}

impl Takes {
    fn methods(self) -> &'static str {
        match self {
            Takes::Sent => "POST",
            Takes::LookedAt => "GET, HEAD",
        }
    }
}

/// The envelope of an Anthropic error.
#[derive(Serialize)]
struct Envelope<'a> {
    r#type: &'static str,
    error: Body<'a>,
    request_id: String,
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    message: &'a str,
    details: Details,
}

#[derive(Serialize)]
struct Details {
    error_code: &'static str,
}

/// What can be said of a failure before its status is filled in.
struct Row(u16, &'static str, &'static str);

const BAD_REQUEST: Row = Row(400, "invalid_request_error", "bad_request");

impl ApiError {
    fn new(row: Row, message: impl Into<String>, request: CallId) -> Self {
        let Row(status, kind, code) = row;
        let is_final = matches!(status, 401..=404);
        ApiError {
            status: StatusCode::from_u16(status).expect("a status of the table"),
            kind,
            code,
            message: message.into(),
            retry_after_s: None,
            is_final,
            request,
            window: None,
            closes: false,
            takes: None,
        }
    }

    fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds.max(1));
        self
    }

    pub fn bad_request(message: impl Into<String>, request: CallId) -> Self {
        Self::new(BAD_REQUEST, message, request)
    }

    pub fn unsupported_field(message: impl Into<String>, request: CallId) -> Self {
        Self::new(Row(400, "invalid_request_error", "unsupported_field"), message, request)
    }

    pub fn invalid_key(request: CallId) -> Self {
        let words = "This API key is not valid. Check that it was copied whole, or ask your provider for a new one.";
        Self::new(Row(401, "authentication_error", "invalid_key"), words, request)
    }

    /// One network tried too many keys that nobody has.
    pub fn too_many_unknown_keys(seconds: u64, request: CallId) -> Self {
        let words = "Too many unknown API keys came from your network. Check your key and try again in a minute.";
        Self::new(Row(429, "rate_limit_error", "unknown_keys"), words, request).retry_after(seconds)
    }

    pub fn conflicting_credentials(request: CallId) -> Self {
        let words = "Two different API keys were sent. Send one key, in x-api-key or in Authorization: Bearer.";
        Self::new(Row(401, "authentication_error", "invalid_key"), words, request)
    }

    pub fn wrong_key_kind(words: &'static str, request: CallId) -> Self {
        Self::new(Row(403, "permission_error", "wrong_key_kind"), words, request)
    }

    pub fn no_such_path(request: CallId) -> Self {
        let words = "There is nothing at this address. Models are served at /v1/messages, /v1/messages/count_tokens and /v1/models.";
        Self::new(Row(404, "not_found_error", "no_such_path"), words, request)
    }

    pub fn method_not_allowed(takes: Takes, request: CallId) -> Self {
        let words = "This address does not take this method.";
        ApiError {
            takes: Some(takes),
            ..Self::new(Row(405, "invalid_request_error", "method_not_allowed"), words, request)
        }
    }

    pub fn model_not_found(model: &str, request: CallId) -> Self {
        let words = format!("There is no model {model:?} here. GET /v1/models lists the models you can use.");
        Self::new(Row(404, "not_found_error", "model_not_found"), words, request)
    }

    pub fn slow_body(request: CallId) -> Self {
        let words = "The request body came too slowly. Send it again.";
        // The rest of it may still come.
        ApiError { closes: true, ..Self::new(Row(408, "timeout_error", "slow_body"), words, request) }
    }

    pub fn body_too_large(limit: usize, request: CallId) -> Self {
        let words = format!("The request body is larger than {} MB. Send less.", limit / (1024 * 1024));
        Self::new(Row(413, "request_too_large", "body_too_large"), words, request)
    }

    pub fn unsupported_encoding(request: CallId) -> Self {
        let words = "Send the request body as uncompressed application/json.";
        Self::new(Row(415, "invalid_request_error", "request_body_encoding_unsupported"), words, request)
    }

    pub fn upstream_unavailable(request: CallId) -> Self {
        let words = "The model provider could not be reached. Nothing was charged; try again in a moment.";
        Self::new(Row(502, "api_error", "upstream_unavailable"), words, request)
    }

    pub fn try_again(seconds: u64, request: CallId) -> Self {
        let words = "The service is restoring itself. Nothing was charged; try again in a few seconds.";
        Self::new(Row(503, "api_error", "try_again"), words, request).retry_after(seconds)
    }

    /// The program stops: the next request of this client should find another one.
    pub fn stopping(seconds: u64, request: CallId) -> Self {
        ApiError { closes: true, ..Self::try_again(seconds, request) }
    }

    pub fn upstream_timeout(request: CallId) -> Self {
        let words = "The model provider did not answer in time. Nothing was charged; try again.";
        Self::new(Row(504, "timeout_error", "upstream_timeout"), words, request)
    }

    pub fn upstream_busy(retry_after_s: Option<u64>, request: CallId) -> Self {
        let words = "The model provider is busy. Nothing was charged; try again in a few seconds.";
        Self::new(Row(529, "overloaded_error", "upstream_busy"), words, request).retry_after(retry_after_s.unwrap_or(5))
    }

    /// The answer to a refusal of the key's books.
    pub fn from_refusal(refusal: &Refusal, request: CallId) -> Self {
        match refusal {
            Refusal::BudgetExhausted { needed, left, window } => {
                let (left, needed) = (left.usd().fixed_floor(2), needed.usd().fixed_ceil(2));
                let words = format!(
                    "This API key has ${left} left and this call needs at least ${needed}. Ask your provider for a top-up."
                );
                let error = Self::new(Row(402, "billing_error", "budget_exhausted"), words, request);
                ApiError { window: Some(*window), ..error }
            }
            Refusal::RateLimited { limit, retry_ms, full_ms } => {
                let words = format!("This API key may make {limit} requests a minute. Wait and try again.");
                let mut error = Self::new(Row(429, "rate_limit_error", "rpm"), words, request)
                    .retry_after(retry_ms.div_ceil(1_000));
                error.window = Some((*limit, 0, *full_ms));
                error
            }
            Refusal::TooManyAtOnce { limit, window } => {
                let words = format!("This API key may run {limit} requests at once. Wait for one to finish.");
                let error = Self::new(Row(429, "rate_limit_error", "concurrency"), words, request);
                ApiError { window: Some(*window), ..error.retry_after(1) }
            }
            Refusal::KeyPaused => Self::new(
                Row(403, "permission_error", "key_paused"),
                "This API key is paused. Ask your provider.",
                request,
            ),
            Refusal::Frozen => Self::new(
                Row(403, "permission_error", "account_frozen"),
                "This API key is paused. Ask your provider.",
                request,
            ),
            Refusal::KeyClosing | Refusal::NoSuchKey => Self::invalid_key(request),
            _ => Self::try_again(1, request),
        }
    }

    /// The answer where an actor gave none.
    pub fn from_ask(_: AskError, request: CallId) -> Self {
        // Spread over a few seconds, so that clients do not come back all at once.
        Self::try_again(1 + u64::from(request.0.as_bytes()[15] % 3), request)
    }

    /// The body of the envelope, for an answer or for an `error` event of a stream.
    pub fn body(&self) -> String {
        let error = Body { r#type: self.kind, message: &self.message, details: Details { error_code: self.code } };
        let envelope = Envelope { r#type: "error", error, request_id: self.request.request_id() };
        serde_json::to_string(&envelope).expect("strings serialise")
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.status.as_u16(), self.code, self.message)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        crate::http::limits::own_headers(&mut response, self.request, self.window);
        if let Some(seconds) = self.retry_after_s {
            response.insert_header(("retry-after", seconds));
        }
        if self.is_final {
            response.insert_header(("x-should-retry", "false"));
        }
        if let Some(takes) = self.takes {
            response.insert_header(("allow", takes.methods()));
        }
        if self.closes {
            response.force_close();
        }
        response.content_type("application/json").body(self.body())
    }
}
