//! What every listener asks of a request's head before anything else.
//!
//! The `Host` (RFC 9112 §3.2) is one of the form `name:port`. What differs from that may mean another host to a balancer in
//! front of us than to us, so it is refused and its connection closed. Which name it is does not matter: the operator
//! chooses the names. That HTTP/1.1 names one, and nothing names two, actix sees to before us.
//!
//! Nor is a switch to WebSocket asked for. The server beneath takes all that follows such a head for its body, whatever
//! length it states; a balancer that keeps to the length would send the next person's request into it.

use crate::http::error::ApiError;
use crate::http::json::error::JsonError;
use crate::http::operator::answer::OperatorError;
use crate::http::proxy::state::ProxyState;
use crate::http::unread;
use actix_web::Error;
use actix_web::ResponseError;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::http::header::{HOST, HeaderMap, HeaderValue, UPGRADE};
use actix_web::middleware::Next;
use actix_web::web::Data;
use std::net::Ipv6Addr;

/// What is wrong with a head: the header, and what to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BadHead {
    pub header: &'static str,
    pub words: &'static str,
}

const NO_HOST: BadHead = BadHead {
    header: "Host",
    words: "The Host header is not a name with or without a port. Send the name you connected to.",
};
const NO_SWITCH: BadHead =
    BadHead { header: "Upgrade", words: "There is no WebSocket here. Leave the Upgrade header out." };

/// What is wrong with a request's head, if anything is.
pub fn fault(headers: &HeaderMap) -> Option<BadHead> {
    let is_host = headers.get(HOST).is_none_or(|host| host.to_str().is_ok_and(is_host));
    let switches = |value: &HeaderValue| value.to_str().is_ok_and(|v| v.trim().eq_ignore_ascii_case("websocket"));
    match (is_host, headers.get_all(UPGRADE).any(switches)) {
        (false, _) => Some(NO_HOST),
        (true, true) => Some(NO_SWITCH),
        (true, false) => None,
    }
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
pub async fn guard_api<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    guard(request, next, |request, fault| {
        let state = request.app_data::<Data<ProxyState>>().expect("the API has its state");
        ApiError::bad_request(fault.words, state.new_call())
    })
    .await
}

/// Guards a people's site.
///
/// # Errors
/// Those of the routes.
pub async fn guard_site<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    guard(request, next, |_, fault| JsonError::bad_request(fault.words).at(fault.header)).await
}

/// Guards the operator's console.
///
/// # Errors
/// Those of the routes.
pub async fn guard_console<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    guard(request, next, |_, fault| OperatorError::bad_request(fault.words)).await
}

async fn guard<B: MessageBody + 'static, E: ResponseError>(
    mut request: ServiceRequest,
    next: Next<B>,
    refusal: impl FnOnce(&ServiceRequest, BadHead) -> E,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let Some(fault) = fault(request.headers()) else {
        let kept = unread::keep(&mut request);
        return Ok(unread::hold(next.call(request).await?, kept));
    };
    let mut response = refusal(&request, fault).error_response();
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
