//! The description of the API for programs that read one: OpenAPI 3.1, kept by hand and held against the tables of routes
//! and against every answer of the tests.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use crate::http::json::answer;

/// The document. It says nothing of this installation but the paths it serves.
pub const DOCUMENT: &str = include_str!("openapi.json");

/// `GET /api/v1/openapi.json`, for anybody.
pub async fn document() -> HttpResponse {
    answer::with_headers(StatusCode::OK).content_type("application/json").body(DOCUMENT)
}
