//! Answers with the headers that every JSON answer carries (`identity.md` §4): not cached, not sniffed, not framed.

use actix_web::http::StatusCode;
use actix_web::middleware::DefaultHeaders;
use actix_web::{HttpResponse, HttpResponseBuilder};
use serde::Serialize;

/// Browsers come back by https alone, for a year.
pub const TRANSPORT: (&str, &str) = ("strict-transport-security", "max-age=31536000; includeSubDomains");

const HEADERS: [(&str, &str); 8] = [
    ("cache-control", "no-store"),
    ("content-security-policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
    ("referrer-policy", "no-referrer"),
    TRANSPORT,
    ("x-content-type-options", "nosniff"),
];

/// An answer of this status, its headers set.
pub fn with_headers(status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    for header in HEADERS {
        response.insert_header(header);
    }
    response
}

/// Adds the headers to every answer of a listener that has none of its own, so that no handler can forget them.
pub fn default_headers() -> DefaultHeaders {
    HEADERS.into_iter().fold(DefaultHeaders::new(), DefaultHeaders::add)
}

/// 200 with a body.
pub fn ok(body: &impl Serialize) -> HttpResponse {
    with_headers(StatusCode::OK).json(body)
}

/// 204.
pub fn nothing() -> HttpResponse {
    with_headers(StatusCode::NO_CONTENT).finish()
}
