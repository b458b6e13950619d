//! Answers that are pages: rendered, compressed, with the headers of `identity.md` §4.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use askama::Template;
use flate2::Compression;

use crate::http::json::answer;
use crate::http::json::error::JsonError;
use crate::http::page::assets;
use crate::http::page::stage::Stage;

/// Shorter pages are not worth compressing.
const WORTH_BYTES: usize = 1_024;

/// A page.
///
/// # Errors
/// If the template cannot be rendered.
pub fn page(
    stage: &Stage,
    http: &HttpRequest,
    status: StatusCode,
    template: &impl Template,
) -> Result<HttpResponse, JsonError> {
    page_under(&stage.csp, http, status, template)
}

/// A page under a policy, where there is no stage.
///
/// # Errors
/// As `page`.
pub fn page_under(
    policy: &str,
    http: &HttpRequest,
    status: StatusCode,
    template: &impl Template,
) -> Result<HttpResponse, JsonError> {
    let html = template.render().map_err(|error| {
        tracing::error!(%error, "a page cannot be rendered");
        JsonError::try_again()
    })?;
    let mut response = headed_under(policy, status);
    response
        .insert_header((header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")))
        .insert_header((header::VARY, "accept-encoding"));
    if html.len() < WORTH_BYTES || !takes_gzip(http) {
        return Ok(response.body(html));
    }
    let compressed = assets::gzip(html.as_bytes(), Compression::fast());
    Ok(response.insert_header((header::CONTENT_ENCODING, "gzip")).body(compressed))
}

/// The way to another page after a form was sent: loading it again sends nothing again.
pub fn see_other(stage: &Stage, path: &str) -> HttpResponse {
    headed(stage, StatusCode::SEE_OTHER).insert_header((header::LOCATION, path)).finish()
}

/// Adds cookies to an answer.
pub fn with_cookies(mut response: HttpResponse, cookies: &[String]) -> HttpResponse {
    for cookie in cookies {
        if let Ok(value) = HeaderValue::from_str(cookie) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
    response
}

/// An answer with the headers of every page.
pub fn headed(stage: &Stage, status: StatusCode) -> HttpResponseBuilder {
    headed_under(&stage.csp, status)
}

fn headed_under(policy: &str, status: StatusCode) -> HttpResponseBuilder {
    let mut response = answer::with_headers(status);
    response.insert_header((header::CONTENT_SECURITY_POLICY, policy));
    response
}

/// Whether the browser takes gzip.
pub fn takes_gzip(http: &HttpRequest) -> bool {
    let accepts = http.headers().get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or_default();
    accepts.split(',').any(|coding| {
        let (name, rest) = coding.split_once(';').unwrap_or((coding, ""));
        name.trim().eq_ignore_ascii_case("gzip") && rest.trim() != "q=0"
    })
}
