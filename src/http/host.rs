//! The `Host` of a request (RFC 9112 §3.2): one of the form `name:port`. What differs from that may mean another host to a
//! balancer in front of us than to us, so it is refused and its connection closed. Which name it is does not matter: the
//! operator chooses the names. That HTTP/1.1 names one, and nothing names two, actix sees to before us.

use crate::http::error::ApiError;
use crate::http::json::error::JsonError;
use crate::http::operator::answer::OperatorError;
use crate::http::proxy::state::ProxyState;
use actix_web::Error;
use actix_web::ResponseError;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::http::header::{HOST, HeaderMap};
use actix_web::middleware::Next;
use actix_web::web::Data;
use std::net::Ipv6Addr;

/// What is said to whoever sent none that is one.
pub const WORDS: &str = "The Host header is not a name with or without a port. Send the name you connected to.";

/// True unless the host that the request names cannot be one.
pub fn is_sound(headers: &HeaderMap) -> bool {
    headers.get(HOST).is_none_or(|host| host.to_str().is_ok_and(is_host))
}

/// True for `uri-host [ ":" port ]` of RFC 3986 §3.2.2; an empty name is none, since http has no URI without one.
fn is_host(text: &str) -> bool {
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port),
        _ => (text, ""),
    };
    let is_port = port.bytes().all(|b| b.is_ascii_digit()) && (port.is_empty() || port.parse::<u16>().is_ok());
    let is_name = match name.strip_prefix('[').and_then(|n| n.strip_suffix(']')) {
        Some(numbers) => numbers.parse::<Ipv6Addr>().is_ok(),
        None => !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=".contains(&b)),
    };
    is_port && is_name
}

/// Guards the API host, in the words of the model API.
///
/// # Errors
/// Those of the routes.
pub async fn guard_api<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    guard(request, next, |request| {
        let state = request.app_data::<Data<ProxyState>>().expect("the API has its state");
        ApiError::bad_request(WORDS, state.new_call())
    })
    .await
}

/// Guards a people's site.
///
/// # Errors
/// Those of the routes.
pub async fn guard_site<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    guard(request, next, |_| JsonError::bad_request(WORDS).at("Host")).await
}

/// Guards the operator's console.
///
/// # Errors
/// Those of the routes.
pub async fn guard_console<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    guard(request, next, |_| OperatorError::bad_request(WORDS)).await
}

async fn guard<B: MessageBody, E: ResponseError>(
    request: ServiceRequest,
    next: Next<B>,
    refusal: impl FnOnce(&ServiceRequest) -> E,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    if is_sound(request.headers()) {
        return Ok(next.call(request).await?.map_into_left_body());
    }
    let mut response = refusal(&request).error_response();
    response.head_mut().set_connection_type(ConnectionType::Close);
    Ok(request.into_response(response).map_into_right_body())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn j12_a_host_is_a_name_or_a_number_perhaps_with_a_port() {
        for good in
            ["api", "api.example.com", "API.example.com:443", "127.0.0.1:8082", "[::1]", "[::1]:80", "a:", "xn--a"]
        {
            assert!(is_host(good), "{good}");
        }
        for bad in [
            "", ":80", "a b", "a, b", "a:b", "a:80:90", "a:65536", "a:+1", "u@a", "a/b", "http://a", "[::1", "::1",
            "[x]", "a\tb",
        ] {
            assert!(!is_host(bad), "{bad}");
        }
    }
}
