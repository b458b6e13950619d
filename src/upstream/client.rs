//! Sends a reserved call to the upstream. One client a worker: awc connections never change their thread.
//!
//! awc's defaults would break us (`wire.md` §5): five seconds to the head, ten redirects, default headers. Each is set.

use crate::upstream::headers::{self, AuthStyle};
use actix_http::header::{HeaderMap, HeaderName, HeaderValue};
use awc::http::StatusCode;
use awc::{Client, ClientResponse, Connector};
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Wait before the first retry; the second waits twice as long.
const RETRY_AFTER: Duration = Duration::from_millis(250);
/// A `retry-after` longer than this is handed to the client instead of waited for.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// How long a worker keeps an idle upstream connection.
const KEEP_ALIVE: Duration = Duration::from_secs(55);
/// A connection is not trusted for ever: name changes at the provider take effect within this time.
const LIFETIME: Duration = Duration::from_secs(600);
/// After an answer that blames our own account, calls are refused for this long before it is tried again.
const PARK_MS: u64 = 30_000;

/// Where the upstream is and how it is spoken to.
pub struct UpstreamSettings {
    /// Scheme, host and port; no path, no trailing slash.
    pub base_url: String,
    pub credential: secrecy::SecretString,
    pub auth_style: AuthStyle,
    /// To connect and shake hands.
    pub connect: Duration,
    /// To the head of the answer.
    pub head: Duration,
    /// Between two parts of a body.
    pub idle: Duration,
    /// For a whole call.
    pub total: Duration,
    /// Connections a worker may have at once; 0: as many as there are calls.
    pub connections: usize,
    /// Tries after the first that an upstream's refusal or a failed connection may cost, all before a 2xx head.
    pub retries: u32,
    /// Betas that cross tenants; a request that names one is refused.
    pub denied_betas: Vec<String>,
}

/// What goes out: the client's own bytes, but for the splices of `wire.md` §4.
pub struct Outgoing<'a> {
    pub path_and_query: &'a str,
    pub headers: &'a HeaderMap,
    pub body: Bytes,
}

/// Why there is no head.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoHead {
    /// Connect, TLS, DNS, or the connection broke before the head. Tried again: a kept connection may break at any time,
    /// and only one answer is ever billed.
    Unreachable,
    /// No head within the limit; never retried, the request may be running.
    TooLate,
    /// The upstream refused our own account a moment ago.
    Parked,
}

/// One worker's way to the upstream.
#[derive(Clone)]
pub struct UpstreamClient {
    client: Client,
    settings: Arc<UpstreamSettings>,
    parked_until_ms: Arc<AtomicU64>,
    credential: HeaderValue,
    bearer: HeaderValue,
}

impl UpstreamClient {
    /// A client for this worker's thread.
    ///
    /// # Panics
    /// If the credential holds bytes that no header may carry; the settings check that first.
    pub fn new(settings: Arc<UpstreamSettings>, parked_until_ms: Arc<AtomicU64>) -> Self {
        use secrecy::ExposeSecret;
        let connector = Connector::new()
            .limit(settings.connections)
            .timeout(settings.connect)
            .handshake_timeout(settings.connect)
            .conn_keep_alive(KEEP_ALIVE)
            .conn_lifetime(LIFETIME)
            .max_http_version(awc::http::Version::HTTP_11);
        let client =
            Client::builder().connector(connector).disable_timeout().disable_redirects().no_default_headers().finish();
        let secret = settings.credential.expose_secret();
        let header = |text: &str| {
            let mut value = HeaderValue::from_str(text).expect("the settings checked the credential");
            value.set_sensitive(true);
            value
        };
        let (credential, bearer) = (header(secret), header(&format!("Bearer {secret}")));
        UpstreamClient { client, settings, parked_until_ms, credential, bearer }
    }

    pub fn settings(&self) -> &UpstreamSettings {
        &self.settings
    }

    /// Sends until there is a head that is not worth another try. Dropping the future closes the connection.
    ///
    /// # Errors
    /// `NoHead` by its reason; nothing was answered.
    pub async fn send(&self, out: &Outgoing<'_>, now_ms: u64) -> Result<ClientResponse, NoHead> {
        if now_ms < self.parked_until_ms.load(Ordering::Relaxed) {
            return Err(NoHead::Parked);
        }
        let mut wait = RETRY_AFTER;
        let trace = headers::fresh_traceparent();
        for _ in 0..self.settings.retries {
            match self.send_once(out, &trace).await {
                Ok(response) if !is_worth_retrying(&response) => return Ok(response),
                Ok(response) if asked_wait(&response).is_some_and(|w| w > LONGEST_WAIT) => return Ok(response),
                Ok(response) => wait = asked_wait(&response).unwrap_or(wait),
                Err(NoHead::Unreachable) => {}
                Err(other) => return Err(other),
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
        self.send_once(out, &trace).await
    }

    /// Refuses calls for a while: the upstream refused our own account.
    pub fn park(&self, now_ms: u64) {
        self.parked_until_ms.store(now_ms + PARK_MS, Ordering::Relaxed);
    }

    async fn send_once(&self, out: &Outgoing<'_>, trace: &HeaderValue) -> Result<ClientResponse, NoHead> {
        let mut request = self.client.post(format!("{}{}", self.settings.base_url, out.path_and_query));
        let target = request.headers_mut();
        for (name, value) in headers::towards_upstream(out.headers) {
            target.append(name, value);
        }
        target.insert(HeaderName::from_static("accept-encoding"), HeaderValue::from_static("identity"));
        target.insert(HeaderName::from_static("traceparent"), trace.clone());
        match headers::credential_style(self.settings.auth_style, out.headers) {
            AuthStyle::Bearer => target.insert(HeaderName::from_static("authorization"), self.bearer.clone()),
            _ => target.insert(HeaderName::from_static("x-api-key"), self.credential.clone()),
        };
        let sent = tokio::time::timeout(self.settings.head, request.send_body(out.body.clone())).await;
        match sent {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => {
                tracing::warn!(%error, "the upstream gave no head");
                Err(NoHead::Unreachable)
            }
            Err(_elapsed) => Err(NoHead::TooLate),
        }
    }
}

fn is_worth_retrying(response: &ClientResponse) -> bool {
    matches!(response.status(), StatusCode::TOO_MANY_REQUESTS)
        || matches!(response.status().as_u16(), 500 | 502 | 503 | 529)
}

fn asked_wait(response: &ClientResponse) -> Option<Duration> {
    let seconds = headers::text(response.headers(), "retry-after")?;
    seconds.parse().ok().map(Duration::from_secs)
}
