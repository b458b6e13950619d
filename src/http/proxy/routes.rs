//! The routes of the API host that speak the provider's dialect.

use crate::domain::ids::CallId;
use crate::http::error::{ApiError, Takes};
use crate::http::json::answer;
use crate::http::json::routing::routes;
use crate::http::proxy::state::ProxyState;
use crate::http::proxy::{count_tokens, messages, models};
use actix_web::http::StatusCode;
use actix_web::web::{self, Data};
use actix_web::{HttpResponse, Resource};
use std::future::ready;

routes! { TABLE, add by at {
    "/v1/messages" => post messages::create_message;
    "/v1/messages/count_tokens" => post count_tokens::count_tokens;
    "/v1/models" => get models::list, head models::list;
    "/v1/models/{id}" => get models::retrieve, head models::retrieve;
    "/api/hello" => head hello, get hello;
} }

/// Claude Code asks for this first.
async fn hello() -> HttpResponse {
    answer::with_headers(StatusCode::OK).finish()
}

/// Everything that is not served.
pub async fn not_found(state: Data<ProxyState>) -> Result<HttpResponse, ApiError> {
    let request: CallId = state.new_call();
    Err(ApiError::no_such_path(request))
}

/// A resource that answers 405 to every method but these; whoever looks may ask for the head alone, and the server leaves
/// the body out then.
fn at(path: &str, methods: &[&str]) -> Resource {
    let takes = if methods.contains(&"post") { Takes::Sent } else { Takes::LookedAt };
    let refuse = move |state: Data<ProxyState>| {
        ready(Err::<HttpResponse, _>(ApiError::method_not_allowed(takes, state.new_call())))
    };
    web::resource(path).default_service(web::to(refuse))
}
