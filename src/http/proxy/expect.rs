//! What a client that waits for `100 Continue` is told, from the head alone, before it sends a body in vain.

use crate::clock::Clock;
use crate::http::error::ApiError;
use crate::http::proxy::state::call_at;
use crate::http::{host, principal};
use actix_http::body::BoxBody;
use actix_http::{Request, Response};
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::{HttpMessage, ResponseError};

/// Lets a model request go on unless its credential is none, or its body over `limit` bytes. Whether the key is known is
/// asked where all requests are asked, so that unknown ones are counted once.
///
/// # Errors
/// 400 for a bad head, 401 or 413 as the request itself would get them; the connection is closed, since the body may come all the same.
pub async fn before_body(clock: &Clock, limit: usize, request: Request) -> Result<Request, Response<BoxBody>> {
    match refusal(clock, limit, &request) {
        Some(error) => {
            let mut response = Response::from(error.error_response());
            response.head_mut().set_connection_type(actix_http::ConnectionType::Close);
            Err(response)
        }
        None => Ok(request),
    }
}

fn refusal(clock: &Clock, limit: usize, request: &Request) -> Option<ApiError> {
    let call = call_at(clock);
    if let Some(fault) = host::fault(request.headers()) {
        return Some(ApiError::bad_request(fault.words, call));
    }
    if !request.path().starts_with("/v1/") {
        return None;
    }
    if let Err(error) = principal::presented_secret(request.headers(), call) {
        return Some(error);
    }
    let length = request.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse::<u64>().ok()?;
    (length > limit as u64).then(|| ApiError::body_too_large(limit, call))
}
