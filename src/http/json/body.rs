//! Reads a small JSON body: one object, known fields, each once.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::{StatusCode, header};
use actix_web::web::{BytesMut, Payload};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_json::value::RawValue;

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
    let read = serde_json::from_slice(&whole).map_err(|e| misfit(&whole, &e))?;
    // The parser would take a list as the fields in their order.
    if whole.trim_ascii_start().starts_with(b"{") { Ok(read) } else { Err(no_object()) }
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

fn misfit(whole: &[u8], error: &serde_json::Error) -> JsonError {
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
        (Category::Data, None) => match field_at(whole, error) {
            Some(field) => JsonError::invalid(&field, "This field has the wrong type. Send it in the documented form."),
            None => no_object(),
        },
        _ => JsonError::bad_request("The body is not valid JSON. Send one JSON object."),
    }
}

fn no_object() -> JsonError {
    let words = "The body has the wrong type. Send one JSON object of the documented form.";
    JsonError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", words)
}

/// The field of the outer object whose value an error points into; the parser itself does not name it.
fn field_at(whole: &[u8], error: &serde_json::Error) -> Option<String> {
    let fields: BTreeMap<String, &RawValue> = serde_json::from_slice(whole).ok()?;
    let lines = whole.split_inclusive(|byte| *byte == b'\n').take(error.line().checked_sub(1)?);
    let place = lines.map(<[u8]>::len).sum::<usize>() + error.column();
    // The parser stands at the value's beginning at least, so it is the last one that began by then.
    let began = |value: &RawValue| value.get().as_ptr().addr() - whole.as_ptr().addr();
    let begun = fields.into_iter().filter(|(_, value)| began(value) <= place);
    begun.max_by_key(|(_, value)| began(value)).map(|(name, _)| name.chars().take(64).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it is read matters")]
    struct Sent {
        label: Option<String>,
        grace_s: Option<u32>,
        on: Option<bool>,
    }

    #[test]
    fn a_value_of_the_wrong_type_is_named_wherever_it_stands() {
        for (body, field) in [
            (r#"{"label":5}"#, Some("label")),
            (r#"{"label":"a","grace_s":"x","on":true}"#, Some("grace_s")),
            ("{\n  \"on\": true,\n  \"grace_s\": -1,\n  \"label\": \"a\"\n}", Some("grace_s")),
            (r#"{ "on" : "yes" , "grace_s" : 1 }"#, Some("on")),
            (r#"{"label":{"on":true},"grace_s":1}"#, Some("label")),
            (r#"{"grace_s":[1,2,3],"on":true}"#, Some("grace_s")),
            (r#"{"grace_s":1.5}"#, Some("grace_s")),
            (r#"{"on":true,"label":["é"]}"#, Some("label")),
            (r#"{"color":1}"#, Some("color")),
            (r#"{"on":true,"on":false}"#, Some("on")),
            ("[1]", None),
            ("7", None),
        ] {
            let error = serde_json::from_str::<Sent>(body).expect_err(body);
            let refused = misfit(body.as_bytes(), &error);
            assert_eq!((refused.status().as_u16(), refused.field()), (422, field), "{body}: {error}");
        }
        let broken = serde_json::from_str::<Sent>("{").expect_err("no JSON");
        assert_eq!(misfit(b"{", &broken).status(), 400);
    }
}
