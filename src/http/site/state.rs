//! What a site's handlers need.

use std::net::SocketAddr;

use crate::domain::site::Site;
use crate::http::site::cookies::Cookies;
use crate::identity::code_mail::Sender;
use crate::identity::codes::Codes;
use crate::identity::sessions::Sessions;

/// One site, shared by all workers.
#[derive(Clone)]
pub struct SiteState {
    pub site: Site,
    /// Origins of our own pages; a change from any other is refused.
    pub origins: Vec<String>,
    pub cookies: Cookies,
    /// Proxies in front whose `X-Forwarded-For` counts.
    pub trusted_hops: usize,
    pub sender: Sender,
    pub codes: Codes,
    pub sessions: Sessions,
    pub resend_after_s: u64,
    pub code_lives_s: u64,
}

/// Where a site is reached: the origin that was configured, or the address that was bound.
pub struct Place {
    pub origins: Vec<String>,
    pub host: String,
    /// Cookies carry `Secure` and the `__Host-` prefix.
    pub secure: bool,
}

impl Place {
    /// A site at `url`; empty: `http://` and the bound loopback address, by number or by name.
    pub fn of(url: &str, bound: SocketAddr) -> Self {
        let url = url.trim_end_matches('/');
        if url.is_empty() {
            let origins = vec![format!("http://{bound}"), format!("http://localhost:{}", bound.port())];
            return Place { origins, host: bound.ip().to_string(), secure: false };
        }
        let authority = url.split_once("://").map_or(url, |(_, rest)| rest);
        let host = authority.rsplit_once(':').map_or(authority, |(host, _port)| host);
        Place { origins: vec![url.to_owned()], host: host.to_owned(), secure: url.starts_with("https://") }
    }

    /// The origin that mails and messages name.
    pub fn origin(&self) -> &str {
        self.origins.first().map_or("", String::as_str)
    }
}
