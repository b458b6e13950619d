//! The routes of the operator's listener.

use crate::http::operator::answer::OperatorError;
use crate::http::operator::{accounts, codes, keys, prices, refunds, topups};
use actix_web::HttpResponse;
use actix_web::web::{self, JsonConfig, ServiceConfig};

/// Adds the operator's routes; they are on no other listener. A body that cannot be read is refused in their shape.
pub fn add(config: &mut ServiceConfig) {
    config
        .app_data(JsonConfig::default().error_handler(|error, _| OperatorError::from(error).into()))
        .route("/op/accounts", web::post().to(accounts::create))
        .route("/op/accounts/{account}", web::get().to(accounts::show))
        .route("/op/accounts/{account}/deposit", web::post().to(accounts::deposit))
        .route("/op/accounts/{account}/adjust", web::post().to(accounts::adjust))
        .route("/op/accounts/{account}/freeze", web::post().to(accounts::freeze))
        .route("/op/accounts/{account}/keys", web::post().to(keys::create))
        .route("/op/keys/{key}", web::get().to(keys::show))
        .route("/op/prices", web::get().to(prices::list))
        .route("/op/prices", web::post().to(prices::set))
        .route("/op/codes", web::get().to(codes::list))
        .route("/op/codes", web::post().to(codes::mint))
        .route("/op/codes/{code}/revoke", web::post().to(codes::revoke))
        .route("/op/reconcile", web::post().to(topups::reconcile))
        .route("/op/topups", web::get().to(topups::list))
        .route("/op/topups/{topup}/credit", web::post().to(topups::credit))
        .route("/op/topups/{topup}/close", web::post().to(topups::close))
        .route("/op/topups/{topup}/refund", web::post().to(refunds::refund));
}

/// The default service of the console.
///
/// # Errors
/// 404 always.
pub async fn not_found() -> Result<HttpResponse, OperatorError> {
    Err(OperatorError::not_found("such address or method"))
}
