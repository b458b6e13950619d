//! Which headers cross, and which never do (`wire.md` §3). Allow-lists both ways; the rest stays on its side.

use actix_http::header::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

/// Forwarded to the upstream unchanged, all values in order.
const FORWARDED: [&str; 7] = [
    "content-type",
    "accept",
    "user-agent",
    "anthropic-version",
    "anthropic-beta",
    "anthropic-dangerous-direct-browser-access",
    "x-app",
];
/// Forwarded by prefix: what official clients say of themselves.
const FORWARDED_PREFIXES: [&str; 2] = ["x-stainless-", "x-claude-code-"];
/// Relayed from an upstream answer that is relayed as such.
const RELAYED: [&str; 3] = ["retry-after", "retry-after-ms", "x-should-retry"];

/// How the upstream wants its credential.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AuthStyle {
    /// By the `anthropic-version` of the request: `x-api-key` for 2023-06-01, Bearer from 2026-10-21.
    Auto,
    ApiKey,
    Bearer,
}

/// The version from which `Auto` sends Bearer.
const BEARER_SINCE: &str = "2026-10-21";

/// The request headers that go to the upstream, less the credential.
pub fn towards_upstream(client: &HeaderMap) -> Vec<(HeaderName, HeaderValue)> {
    let crosses = |name: &HeaderName| {
        FORWARDED.contains(&name.as_str()) || FORWARDED_PREFIXES.iter().any(|p| name.as_str().starts_with(p))
    };
    client.iter().filter(|(name, _)| crosses(name)).map(|(n, v)| (n.clone(), v.clone())).collect()
}

/// A trace of our own: the client's would tie tenants together at the provider. It need not be hard to guess, so it costs
/// no system call.
pub fn fresh_traceparent() -> HeaderValue {
    let (trace, (span, _)) = (Uuid::new_v4(), Uuid::new_v4().as_u64_pair());
    HeaderValue::from_str(&format!("00-{}-{span:016x}-00", trace.simple())).expect("digits and dashes")
}

/// The header that carries the upstream's credential, and whether it is Bearer.
pub fn credential_style(style: AuthStyle, client: &HeaderMap) -> AuthStyle {
    let version = client.get("anthropic-version").and_then(|v| v.to_str().ok()).unwrap_or_default();
    match style {
        AuthStyle::Auto if version >= BEARER_SINCE => AuthStyle::Bearer,
        AuthStyle::Auto => AuthStyle::ApiKey,
        fixed => fixed,
    }
}

/// The headers of an upstream answer that its client may see when the answer is relayed.
pub fn relayed(upstream: &HeaderMap) -> Vec<(HeaderName, HeaderValue)> {
    RELAYED.iter().filter_map(|name| upstream.get(*name).map(|v| (HeaderName::from_static(name), v.clone()))).collect()
}

/// The value of the first header of a name, where it is text.
pub fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|v| v.to_str().ok())
}
