//! The routes of the API host that speak the provider's dialect.

use crate::domain::ids::CallId;
use crate::http::error::{ApiError, Takes};
use crate::http::proxy::state::ProxyState;
use crate::http::proxy::{count_tokens, messages, models};
use actix_web::http::StatusCode;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, HttpResponseBuilder, Resource};

/// Adds the model routes; what is not named here is 404.
pub fn add(config: &mut ServiceConfig) {
    config
        .service(sent_to("/v1/messages").post(messages::create_message))
        .service(sent_to("/v1/messages/count_tokens").post(count_tokens::count_tokens))
        .service(looked_at("/v1/models").get(models::list).head(models::list))
        .service(looked_at("/v1/models/{id}").get(models::retrieve).head(models::retrieve))
        .service(web::resource("/api/hello").route(web::head().to(hello)).route(web::get().to(hello)));
}

/// Claude Code asks for this first.
async fn hello() -> HttpResponse {
    HttpResponseBuilder::new(StatusCode::OK).insert_header(("cache-control", "no-store")).finish()
}

/// Everything that is not served.
pub async fn not_found(state: Data<ProxyState>) -> Result<HttpResponse, ApiError> {
    let request: CallId = state.new_call();
    Err(ApiError::no_such_path(request))
}

fn sent_to(path: &str) -> Resource {
    web::resource(path).default_service(web::to(|state: Data<ProxyState>| wrong_method(state, Takes::Sent)))
}

/// Whoever looks may ask for the head alone; the server leaves the body out then.
fn looked_at(path: &str) -> Resource {
    web::resource(path).default_service(web::to(|state: Data<ProxyState>| wrong_method(state, Takes::LookedAt)))
}

async fn wrong_method(state: Data<ProxyState>, takes: Takes) -> Result<HttpResponse, ApiError> {
    Err(ApiError::method_not_allowed(takes, state.new_call()))
}
