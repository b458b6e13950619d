//! A provider's interface over HTTP: small requests, answers of a known size within a known time, and what a status means.
//!
//! No text of an answer gets into a message: it may hold addresses or a part of the key.

use crate::payments::error::ProviderError;
use awc::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use awc::{Client, ClientRequest, Connector};
use bytes::Bytes;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;

/// For a whole answer, connecting included: a person waits for it.
const WITHIN: Duration = Duration::from_secs(20);
/// Largest answer read: a page of a hundred payments has about half of it.
const MAX_ANSWER: usize = 2 * 1024 * 1024;
/// How long an idle connection is kept: calls come seldom, and one that broke meanwhile costs a person a repeat.
const KEEP_ALIVE: Duration = Duration::from_secs(5);
/// Longest code of an error that is repeated in a message.
const MAX_CODE: usize = 64;

thread_local! {
    /// Connections never change their thread; a client reads the system's certificates once.
    static CLIENT: Client = client();
}

/// Where a provider's interface is, and what each request to it carries.
#[derive(Clone)]
pub struct Interface {
    base_url: String,
    /// `Bearer` or `token`.
    scheme: &'static str,
    key: SecretString,
    /// A header of the provider's own with its value.
    version: Option<(&'static str, &'static str)>,
}

/// A body as it is sent.
pub struct Sent {
    pub media_type: &'static str,
    pub text: String,
    /// The repeat of a request with it is the same request.
    pub idempotency: Option<String>,
}

impl Interface {
    /// An interface whose base is an origin and whose key is header text; the settings checked both.
    pub fn new(base_url: &str, scheme: &'static str, key: &SecretString) -> Self {
        let base_url = base_url.trim_end_matches('/').to_owned();
        Interface { base_url, scheme, key: key.clone(), version: None }
    }

    /// The same with a header in every request.
    pub fn with(self, name: &'static str, value: &'static str) -> Self {
        Interface { version: Some((name, value)), ..self }
    }

    /// What is at a path; `None` if nothing is.
    ///
    /// # Errors
    /// `Unreachable` without an answer that can be read, `Refused` where the provider says no.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, ProviderError> {
        let request = self.dress(CLIENT.with(|client| client.get(self.url(path))));
        let (status, body) = within(async { read(request.send().await).await }).await?;
        if status == 404 { Ok(None) } else { parsed(status, &body).map(Some) }
    }

    /// Sends a body to a path; what is answered.
    ///
    /// # Errors
    /// `Unreachable` where nobody knows what was done, `Refused` where it certainly was not.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, sent: Sent) -> Result<T, ProviderError> {
        let mut request = self.dress(CLIENT.with(|client| client.post(self.url(path))));
        request = request.insert_header((CONTENT_TYPE, sent.media_type));
        if let Some(key) = sent.idempotency {
            request = request.insert_header(("idempotency-key", key));
        }
        let (status, body) = within(async { read(request.send_body(sent.text).await).await }).await?;
        parsed(status, &body)
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    fn dress(&self, request: ClientRequest) -> ClientRequest {
        let secret = format!("{} {}", self.scheme, self.key.expose_secret());
        let mut authorization = HeaderValue::from_str(&secret).expect("the settings checked the key");
        authorization.set_sensitive(true);
        let request = request.insert_header(("authorization", authorization)).insert_header(("user-agent", "derouter"));
        match self.version {
            Some((name, value)) => request.insert_header((HeaderName::from_static(name), value)),
            None => request,
        }
    }
}

fn client() -> Client {
    let connector = Connector::new().timeout(WITHIN).handshake_timeout(WITHIN).conn_keep_alive(KEEP_ALIVE);
    let connector = connector.max_http_version(awc::http::Version::HTTP_11);
    Client::builder().connector(connector).disable_timeout().disable_redirects().no_default_headers().finish()
}

async fn within(
    asking: impl Future<Output = Result<(u16, Bytes), ProviderError>>,
) -> Result<(u16, Bytes), ProviderError> {
    let late = || ProviderError::Unreachable("no answer within 20 seconds".into());
    tokio::time::timeout(WITHIN, asking).await.map_err(|_| late())?
}

async fn read(
    answer: Result<awc::ClientResponse, awc::error::SendRequestError>,
) -> Result<(u16, Bytes), ProviderError> {
    let mut answer = answer.map_err(|error| ProviderError::Unreachable(error.to_string()))?;
    let body = answer.body().limit(MAX_ANSWER).await.map_err(|error| ProviderError::Unreachable(error.to_string()))?;
    Ok((answer.status().as_u16(), body))
}

/// 408, 409, 425 and 429 ask for a repeat; of a server's trouble nobody knows what it left behind.
fn parsed<T: DeserializeOwned>(status: u16, body: &[u8]) -> Result<T, ProviderError> {
    match status {
        200..=299 => serde_json::from_slice(body)
            .map_err(|_| ProviderError::Unreachable(format!("its answer {status} cannot be read"))),
        400..=499 if !matches!(status, 408 | 409 | 425 | 429) => {
            Err(ProviderError::Refused(format!("{status}{}", code(body))))
        }
        _ => Err(ProviderError::Unreachable(format!("it answered {status}{}", code(body)))),
    }
}

/// The machine's word for an error, where the body has one.
fn code(body: &[u8]) -> String {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let words = [&body["error"]["code"], &body["error"]["type"], &body["code"], &body[0]["path"]];
    let is_word = |w: &&str| w.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
    let found = words.into_iter().filter_map(Value::as_str).find(is_word);
    found.map(|word| format!(" ({})", word.chars().take(MAX_CODE).collect::<String>())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_certain_and_everything_else_may_be_asked_again() {
        for (status, refused) in [(400, true), (401, true), (402, true), (404, true)] {
            let said = parsed::<Value>(status, b"{}").expect_err("no success");
            assert_eq!(matches!(said, ProviderError::Refused(_)), refused, "{status}");
        }
        for (status, body) in [(200, "<html>"), (302, ""), (408, ""), (409, "{}"), (429, "{}"), (500, "{}"), (503, "x")]
        {
            let said = parsed::<Value>(status, body.as_bytes()).expect_err("no success");
            assert!(matches!(said, ProviderError::Unreachable(_)), "{status}");
        }
    }

    #[test]
    fn a_message_repeats_the_code_of_an_error_and_no_text() {
        let body =
            br#"{"error":{"type":"invalid_request_error","message":"Invalid API Key: sk_test_***1, you@shop.com"}}"#;
        let said = parsed::<Value>(401, body).expect_err("no success").to_string();
        assert_eq!(said, "the payment provider refused: 401 (invalid_request_error)");
        assert_eq!(code(br#"{"code":"not a word"}"#), "");
        assert_eq!(code(br#"[{"path":"amount","message":"x"}]"#), " (amount)");
    }
}
