//! Where payment providers send their notices: on the API host, without cookies or keys. The signature is the credential.
//!
//! Our own trouble is always 503: some providers never send again what was answered with another error.

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};

use crate::http::json::answer;
use crate::http::json::body;
use crate::http::json::error::JsonError;
use crate::http::json::routing::{at, routes};
use crate::http::site::guard;
use crate::payments::desk::PaymentDesk;
use crate::payments::error::NoticeError;
use crate::payments::provider::Provider;

/// Largest notice: real ones have a few kilobytes.
const MAX_NOTICE: usize = 256 * 1024;
/// Where notices come, below the API's origin.
pub const PATH: &str = "/webhooks/";

routes! { TABLE, add by at {
    "/webhooks/{provider}" => post take;
} }

async fn take(
    http: HttpRequest,
    provider: Path<String>,
    payload: Payload,
    desk: Data<PaymentDesk>,
) -> Result<HttpResponse, JsonError> {
    let header = desk.signature_header(&provider).ok_or_else(|| absent(&provider))?;
    let raw = body::bytes(&http, payload, MAX_NOTICE).await?;
    let signature = guard::header_text(&http, header).unwrap_or_default();
    match desk.take_notice(&provider, signature, &raw).await {
        Ok(()) => Ok(answer::ok(&serde_json::json!({ "received": true }))),
        Err(NoticeError::NotAuthentic) => {
            tracing::warn!(provider = provider.as_str(), "a notice of a payment without a valid signature was refused");
            Err(JsonError::bad_request("This notice is not signed as it must be, or not within the last five minutes."))
        }
        Err(NoticeError::NoProvider) => Err(absent(&provider)),
        Err(NoticeError::Store(error)) => Err(error.into()),
    }
}

/// A provider that is switched off shall send its notices again, and some lose them after any other refusal: once it is
/// set up again, they lead to what came meanwhile.
fn absent(provider: &str) -> JsonError {
    if !Provider::is_known(provider) {
        return JsonError::not_found();
    }
    tracing::warn!(provider, "a notice came of a provider that is not set up here; it is asked to send it again");
    let words = "This payment provider is not set up here now. Send the notice again later.";
    JsonError::new(StatusCode::SERVICE_UNAVAILABLE, "provider_off", words)
}
