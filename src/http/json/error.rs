//! What went wrong, for people and their programs: `{"error":{"type","message","field"?}}` with a status.
//!
//! Messages say what to do next. None of them carries an amount of the other side, so the portal may send them all.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use std::fmt;

use crate::actors::messages::AskError;
use crate::domain::email::MalformedAddress;
use crate::domain::op::Refusal;
use crate::http::error::ApiError;
use crate::http::json::answer;
use crate::identity::desk_error::DeskError;
use crate::store::error::StoreError;

/// A refusal on its way out.
#[derive(Clone, Debug)]
pub struct JsonError {
    status: StatusCode,
    kind: &'static str,
    message: String,
    field: Option<String>,
    /// What a form held, as the query of the page that shows it; empty for programs.
    typed: Box<str>,
    retry_after_s: Option<u64>,
    closes: bool,
    /// Methods for `Allow`; empty but for a 405.
    allow: Box<str>,
}

#[derive(Serialize)]
struct Envelope<'a> {
    error: Body<'a>,
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
}

impl JsonError {
    pub fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        JsonError {
            status,
            kind,
            message: message.into(),
            field: None,
            typed: Box::default(),
            retry_after_s: None,
            closes: false,
            allow: Box::default(),
        }
    }

    /// Names the field at fault.
    pub fn at(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// Keeps what a form held for the page that shows it.
    pub fn typed(mut self, query: String) -> Self {
        self.typed = query.into_boxed_str();
        self
    }

    /// What a form held, as a query; empty where there was none.
    pub fn query(&self) -> &str {
        &self.typed
    }

    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The machine's word, such as `signed_out`.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// What is wrong and what to do next, in one or two sentences.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The field at fault, where there is one.
    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// The methods that the address takes, where another one was sent; else empty.
    pub fn allow(&self) -> &str {
        &self.allow
    }

    fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    /// The rest of the body may still come, so the connection ends with the answer.
    pub fn slow_body() -> Self {
        let words = "The request body came too slowly. Send it again.";
        JsonError { closes: true, ..Self::new(StatusCode::REQUEST_TIMEOUT, "slow_body", words) }
    }

    /// 422: understood and not acceptable.
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", message).at(field)
    }

    pub fn signed_out() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "signed_out", "Sign in first.")
    }

    /// One answer for a wrong, used, void or expired code, and for a wrong browser or address.
    pub fn code_not_live() -> Self {
        let words = "This code is not valid any more in this browser. Ask for a new one.";
        Self::new(StatusCode::UNAUTHORIZED, "code_not_valid", words)
    }

    pub fn wrong_code(left: u32) -> Self {
        let words = match left {
            0 => "That is not the code, and it was the last try. Ask for a new one.".to_owned(),
            1 => "That is not the code. One try is left.".to_owned(),
            left => format!("That is not the code. {left} tries are left."),
        };
        Self::new(StatusCode::UNAUTHORIZED, "wrong_code", words)
    }

    pub fn cross_site() -> Self {
        let words = "This change did not come from this site's own pages. Open the site and try again.";
        Self::new(StatusCode::FORBIDDEN, "cross_site", words)
    }

    pub fn step_up_required() -> Self {
        let words = "Confirm with a fresh code first: POST /api/v1/step-up sends one.";
        Self::new(StatusCode::FORBIDDEN, "step_up_required", words)
    }

    pub fn wrong_key_kind(message: &'static str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "wrong_key_kind", message)
    }

    /// The same for what is absent and for what is somebody else's.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is nothing of yours at this address.")
    }

    /// `allow`: the methods that the address takes, between commas.
    pub fn method_not_allowed(allow: String) -> Self {
        let words = "This address does not take this method.";
        JsonError { allow: allow.into(), ..Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", words) }
    }

    pub fn throttled(message: &'static str) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "throttled", message).retry_after(600)
    }

    /// A payment provider does not answer.
    pub fn provider_away() -> Self {
        let words = "The payment provider does not answer. Nothing was charged; repeat the request in a minute.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "provider_away", words).retry_after(30)
    }

    pub fn try_again() -> Self {
        let words = "We are restoring service. Nothing is known to have changed; repeat the request in a few seconds.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "try_again", words).retry_after(2)
    }
}

impl From<StoreError> for JsonError {
    fn from(error: StoreError) -> Self {
        tracing::warn!(%error, "a request failed at the store");
        Self::try_again()
    }
}

impl From<AskError> for JsonError {
    fn from(_: AskError) -> Self {
        Self::try_again()
    }
}

impl From<MalformedAddress> for JsonError {
    fn from(_: MalformedAddress) -> Self {
        Self::invalid("email", "Type an e-mail address such as you@example.com.")
    }
}

impl From<DeskError> for JsonError {
    fn from(error: DeskError) -> Self {
        match error {
            DeskError::Refused(refusal) => refused(&refusal),
            DeskError::Unanswered(error) => error.into(),
            DeskError::Store(error) => error.into(),
        }
    }
}

/// A refusal of the reseller's own books; never sent to a client of theirs.
fn refused(refusal: &Refusal) -> JsonError {
    match refusal {
        Refusal::Frozen => {
            let words =
                "Your account is frozen while a payment is disputed or owed. Deposits and deletions still work.";
            JsonError::new(StatusCode::FORBIDDEN, "account_frozen", words)
        }
        Refusal::BalanceTooLow { needed, available } => {
            let (needed, available) = (needed.usd().fixed_ceil(4), available.usd().fixed_floor(4));
            let words = format!("This needs ${needed} and ${available} is available. Top up your balance first.");
            JsonError::new(StatusCode::PAYMENT_REQUIRED, "balance_too_low", words)
        }
        Refusal::Ratio(why) => JsonError::invalid("cost", format!("{}.", capitalised(&why.to_string()))),
        Refusal::AmountOutOfRange => JsonError::invalid("amount", "The amount is too large for this key."),
        Refusal::NoSuchKey => JsonError::not_found(),
        Refusal::KeyClosing => {
            let words = "This key is deleted or being deleted. Create a new one.";
            JsonError::new(StatusCode::CONFLICT, "key_deleted", words)
        }
        Refusal::UnderWay => {
            let words = "This operation is under way. Ask again with the same Idempotency-Key in a second.";
            JsonError::new(StatusCode::CONFLICT, "under_way", words).retry_after(1)
        }
        Refusal::IdReused => {
            let words = "This Idempotency-Key was used for another request. Use a new one.";
            JsonError::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", words).at("Idempotency-Key")
        }
        other => {
            tracing::warn!(refusal = %other, "a refusal that no management request expects");
            JsonError::try_again()
        }
    }
}

/// A refusal of the credential, in this shape.
impl From<ApiError> for JsonError {
    fn from(error: ApiError) -> Self {
        let (retry_after_s, closes) = (error.retry_after_s, error.closes);
        JsonError { retry_after_s, closes, ..Self::new(error.status, error.kind, error.message) }
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.status.as_u16(), self.kind, self.message)
    }
}

impl ResponseError for JsonError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let body = Body { r#type: self.kind, message: &self.message, field: self.field.as_deref() };
        let mut response = answer::with_headers(self.status);
        if let Some(seconds) = self.retry_after_s {
            response.insert_header(("retry-after", seconds));
        }
        if !self.allow.is_empty() {
            response.insert_header((header::ALLOW, &*self.allow));
        }
        if self.closes {
            response.force_close();
        }
        response.json(Envelope { error: body })
    }
}
