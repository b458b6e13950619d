//! The routes of the API host that speak the provider's dialect.

use crate::domain::ids::CallId;
use crate::http::error::ApiError;
use crate::http::json::routing::{allowed, naming, routes};
use crate::http::proxy::state::ProxyState;
use crate::http::proxy::{count_tokens, messages, models};
use actix_web::http::StatusCode;
use actix_web::web::{self, Data};
use actix_web::{HttpResponse, HttpResponseBuilder, Resource, ResponseError};

routes! { TABLE, add by at {
    "/v1/messages" => post messages::create_message;
    "/v1/messages/count_tokens" => post count_tokens::count_tokens;
    "/v1/models" => get models::list;
    "/v1/models/{id}" => get models::retrieve;
    "/api/hello" => head hello, get hello;
} }

/// Claude Code asks for this first.
async fn hello() -> HttpResponse {
    HttpResponseBuilder::new(StatusCode::OK).insert_header(("cache-control", "no-store")).finish()
}

/// Everything that is not served.
pub async fn not_found(state: Data<ProxyState>) -> Result<HttpResponse, ApiError> {
    let request: CallId = state.new_call();
    Err(ApiError::no_such_path(request))
}

/// A resource that answers 405 to every method but these.
fn at(path: &str, methods: &[&str]) -> Resource {
    let allowed = allowed(methods);
    let wrong_method = move |state: Data<ProxyState>| {
        let allowed = allowed.clone();
        async move { naming(&allowed, ApiError::method_not_allowed(state.new_call()).error_response()) }
    };
    web::resource(path).default_service(web::to(wrong_method))
}
