//! Resources whose unknown methods, and sites whose unknown paths, answer in our own shape.

use actix_web::{HttpResponse, Resource, web};

use crate::http::json::error::JsonError;

/// A resource that answers 405 to methods it does not name.
pub fn at(path: &str) -> Resource {
    web::resource(path).default_service(web::to(wrong_method))
}

/// The default service of dashboard and portal.
pub async fn not_found() -> Result<HttpResponse, JsonError> {
    Err(JsonError::not_found())
}

async fn wrong_method() -> Result<HttpResponse, JsonError> {
    Err(JsonError::method_not_allowed())
}
