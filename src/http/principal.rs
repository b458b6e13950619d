//! Turns the credential of a request into a principal; nothing else in `http` reads a credential.

use crate::actors::messages::KeyRef;
use crate::domain::ids::{AccountId, CallId};
use crate::domain::secret::ClientSecret;
use crate::http::error::ApiError;
use crate::http::guest;
use crate::http::strangers::Strangers;
use crate::identity::credentials::{Credentials, Found, Kind};
use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;
use actix_web::web::Data;

/// Stands for what can be no key: another scheme, bytes that are no text.
const NO_KEY: &str = "?";

/// Who sent an API request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ApiPrincipal {
    Client(KeyRef),
    Account(AccountId),
}

/// The principal of an API request. Cookies mean nothing here.
///
/// # Errors
/// 401 without a credential, with a malformed, unknown or expired one, or with two that differ; 429 where too many
/// unknown ones came from the same network.
pub async fn api(http: &HttpRequest, credentials: &Credentials, request: CallId) -> Result<ApiPrincipal, ApiError> {
    let secret = presented_secret(http.headers(), request)?;
    let strangers = http.app_data::<Data<Strangers>>().expect("every host that takes keys counts unknown ones");
    if !credentials.remembers(&secret) {
        strangers.refuse_if_over(http, request)?;
    }
    let Found { account, kind } = match credentials.find(&secret).await {
        Ok(Some(found)) => found,
        Ok(None) => return Err(strangers.refusal(http, request).await),
        Err(_away) => return Err(ApiError::try_again(2, request)),
    };
    guest::welcome();
    Ok(match kind {
        Kind::Client(key) => ApiPrincipal::Client(KeyRef { account, key }),
        Kind::Account => ApiPrincipal::Account(account),
    })
}

/// The client key of a model request; an Account Key manages and never calls models.
pub async fn client_key(http: &HttpRequest, credentials: &Credentials, request: CallId) -> Result<KeyRef, ApiError> {
    match api(http, credentials, request).await? {
        ApiPrincipal::Client(key) => Ok(key),
        ApiPrincipal::Account(_) => {
            let words = "This is an Account Key: it manages keys and cannot call models. Use a client key.";
            Err(ApiError::wrong_key_kind(words, request))
        }
    }
}

/// The credential of a request, known or not.
///
/// # Errors
/// 401 without a credential, with a malformed one, or with two that differ.
pub fn presented_secret(headers: &HeaderMap, request: CallId) -> Result<ClientSecret, ApiError> {
    ClientSecret::parse(presented(headers, request)?).map_err(|_| ApiError::invalid_key(request))
}

/// The credential text: `x-api-key` or Bearer; both only if they agree. One without a text counts as not sent, since tools
/// are told to empty the variable of the header that they should not use.
fn presented(headers: &HeaderMap, request: CallId) -> Result<&str, ApiError> {
    let one = |name: &str| -> Result<Option<&str>, ApiError> {
        let mut values = headers.get_all(name).map(|v| v.to_str().unwrap_or(NO_KEY).trim());
        let first = values.next();
        if values.any(|v| Some(v) != first) { Err(ApiError::conflicting_credentials(request)) } else { Ok(first) }
    };
    let api_key = one("x-api-key")?.filter(|text| !text.is_empty());
    let bearer = one("authorization")?.and_then(bearer_of);
    match (api_key, bearer) {
        (Some(a), Some(b)) if a != b => Err(ApiError::conflicting_credentials(request)),
        (Some(text), _) | (None, Some(text)) => Ok(text),
        (None, None) => Err(ApiError::invalid_key(request)),
    }
}

/// The token of an `Authorization`; `None` for one without a text, `NO_KEY` for another scheme.
fn bearer_of(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    match token.trim() {
        "" if value.is_empty() || scheme.eq_ignore_ascii_case("bearer") => None,
        token if scheme.eq_ignore_ascii_case("bearer") => Some(token),
        _ => Some(NO_KEY),
    }
}
