//! The routes of the API host that speak the provider's dialect.

use crate::domain::ids::CallId;
use crate::http::error::ApiError;
use crate::http::json::answer;
use crate::http::proxy::state::ProxyState;
use crate::http::proxy::{count_tokens, messages, models};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{self, Data, ServiceConfig};

/// Adds the model routes; what is not named here is 404.
pub fn add(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/messages").post(messages::create_message).default_service(web::to(wrong_method)))
        .service(
            web::resource("/v1/messages/count_tokens")
                .post(count_tokens::count_tokens)
                .default_service(web::to(wrong_method)),
        )
        .service(web::resource("/v1/models").get(models::list).default_service(web::to(wrong_method)))
        .service(web::resource("/v1/models/{id}").get(models::retrieve).default_service(web::to(wrong_method)))
        .service(web::resource("/api/hello").route(web::head().to(hello)).route(web::get().to(hello)));
}

/// Claude Code asks for this first.
async fn hello() -> HttpResponse {
    answer::with_headers(StatusCode::OK).finish()
}

/// Everything that is not served.
pub async fn not_found(state: Data<ProxyState>) -> Result<HttpResponse, ApiError> {
    let request: CallId = state.new_call();
    Err(ApiError::no_such_path(request))
}

async fn wrong_method(state: Data<ProxyState>) -> Result<HttpResponse, ApiError> {
    Err(ApiError::method_not_allowed(state.new_call()))
}
