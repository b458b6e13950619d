//! What counts as the origin of a service we call.

use std::net::Ipv6Addr;

/// Whether a text is scheme, host and perhaps port, and nothing more but one slash.
pub fn is_origin(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (authority, "443"),
    };
    let named = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    let numbered =
        host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).is_some_and(|h| h.parse::<Ipv6Addr>().is_ok());
    let is_host = numbered || !host.is_empty() && host.bytes().all(named);
    matches!(scheme, "http" | "https") && is_host && port.parse::<u16>().is_ok_and(|p| p > 0)
}
