//! Reads a small JSON body: one object, known fields, each once.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::{StatusCode, header};
use actix_web::web::{BytesMut, Payload};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::http::json::error::JsonError;

/// Largest body: the longest of ours is a label and two amounts.
const MAX_BYTES: usize = 16 * 1024;

/// How long a whole body may take to come (`limits.body_grace_s`); each listener has it in its application data.
#[derive(Clone, Copy, Debug)]
pub struct Patience(pub Duration);

/// The body as a `T`, which must refuse unknown fields.
///
/// # Errors
/// 415 for anything but uncompressed `application/json`, 413, 408, 400 for what is not JSON, 422 with the field for
/// JSON that does not fit.
pub async fn read<T: DeserializeOwned>(http: &HttpRequest, payload: Payload) -> Result<T, JsonError> {
    let whole = collect_of(http, payload, "application/json").await?;
    serde_json::from_slice(&whole).map_err(|e| misfit(&e))
}

/// The bytes of a body of this media type.
///
/// # Errors
/// 415 for another media type or a compressed body, 413, 408, 400 where it ends early.
pub async fn collect_of(http: &HttpRequest, payload: Payload, media_type: &str) -> Result<BytesMut, JsonError> {
    refuse_encoding(http, media_type)?;
    bytes(http, payload, MAX_BYTES).await
}

/// The body as it came, of at most `most` bytes.
///
/// # Errors
/// 413, by its stated length before any of it is read; 408, 400 for a body that ended early.
pub async fn bytes(http: &HttpRequest, payload: Payload, most: usize) -> Result<BytesMut, JsonError> {
    let Patience(within) = http.app_data().expect("each listener has its patience");
    let stated = http.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if stated.is_some_and(|length| length > most) {
        return Err(too_large(most));
    }
    tokio::time::timeout(*within, collect(payload, most)).await.map_err(|_| JsonError::slow_body())?
}

async fn collect(mut payload: Payload, most: usize) -> Result<BytesMut, JsonError> {
    let mut whole = BytesMut::new();
    while let Some(part) = payload.next().await {
        let part = part.map_err(|_| JsonError::bad_request("The request body ended early. Send it again."))?;
        if whole.len() + part.len() > most {
            return Err(too_large(most));
        }
        whole.extend_from_slice(&part);
    }
    Ok(whole)
}

fn too_large(most: usize) -> JsonError {
    let words = format!("The request body is larger than {} KB. Send less.", most / 1024);
    JsonError::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", words)
}

fn refuse_encoding(http: &HttpRequest, media_type: &str) -> Result<(), JsonError> {
    let text = |name| http.headers().get(name).map(|v| v.to_str().unwrap_or("?").trim().to_ascii_lowercase());
    let plain = text(header::CONTENT_ENCODING).is_none_or(|e| e == "identity");
    let sent = text(header::CONTENT_TYPE);
    if plain && sent.is_some_and(|t| t.split(';').next().is_some_and(|t| t.trim() == media_type)) {
        return Ok(());
    }
    let words = format!("Send the body as uncompressed {media_type}.");
    Err(JsonError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", words))
}

fn misfit(error: &serde_json::Error) -> JsonError {
    let said = error.to_string();
    let named = said.split('`').nth(1).filter(|_| said.contains(" field `")).map(|f| f.chars().take(64).collect());
    match (error.classify(), named) {
        (Category::Data, Some(field)) => {
            let field: String = field;
            let words = if said.starts_with("missing") {
                "This field is missing. Send it."
            } else if said.starts_with("duplicate") {
                "This field is given twice. Send it once."
            } else {
                "There is no such field. Leave it out."
            };
            JsonError::invalid(&field, words)
        }
        (Category::Data, None) => {
            let words = "A field has the wrong type. Send one JSON object of the documented form.";
            JsonError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", words)
        }
        _ => JsonError::bad_request("The body is not valid JSON. Send one JSON object."),
    }
}
