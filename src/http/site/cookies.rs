//! Our cookies: host-only, `HttpOnly`, `Secure`, `SameSite=Lax`. Lax and not strict: the return from a checkout with a
//! strict cookie would look signed out. Plain http on loopback drops `Secure` and the `__Host-` prefix it demands.

use actix_web::HttpRequest;
use actix_web::http::header;

use crate::domain::referral_code::ReferralCode;
use crate::domain::site::Site;

/// Whose link brought this browser: no secret, and kept so that the sign-in needs no field for it.
const REFERRAL: &str = "referral";
/// A person who follows a link and signs up within this still came by it: 30 days.
const REFERRAL_S: u64 = 30 * 86_400;

/// The cookies of one site. Cookies ignore ports, hence one name a site.
#[derive(Clone, Debug)]
pub struct Cookies {
    session: String,
    challenge: String,
    secure: bool,
}

impl Cookies {
    pub fn of(site: Site, secure: bool) -> Self {
        let name = match site {
            Site::Dashboard => "dash",
            Site::Portal => "portal",
        };
        let prefix = if secure { "__Host-" } else { "" };
        Cookies { session: format!("{prefix}{name}"), challenge: format!("{prefix}pre-{name}"), secure }
    }

    pub fn session<'a>(&self, http: &'a HttpRequest) -> Option<&'a str> {
        one(http, &self.session)
    }

    pub fn challenge<'a>(&self, http: &'a HttpRequest) -> Option<&'a str> {
        one(http, &self.challenge)
    }

    pub fn set_session(&self, token: &str, seconds: u64) -> String {
        self.written(&self.session, token, seconds)
    }

    pub fn set_challenge(&self, challenge: &str, seconds: u64) -> String {
        self.written(&self.challenge, challenge, seconds)
    }

    pub fn drop_session(&self) -> String {
        self.written(&self.session, "", 0)
    }

    pub fn drop_challenge(&self) -> String {
        self.written(&self.challenge, "", 0)
    }

    /// The code of the link that somebody came by.
    pub fn referral(&self, http: &HttpRequest) -> Option<ReferralCode> {
        one(http, REFERRAL).and_then(ReferralCode::parse)
    }

    /// Keeps a link's code until the account is made.
    pub fn set_referral(&self, code: &ReferralCode) -> String {
        self.written(REFERRAL, code.as_str(), REFERRAL_S)
    }

    pub fn drop_referral(&self) -> String {
        self.written(REFERRAL, "", 0)
    }

    /// A cookie that is no secret, such as a theme.
    pub fn set_plain(&self, name: &str, value: &str, seconds: u32) -> String {
        self.written(name, value, seconds.into())
    }

    fn written(&self, name: &str, value: &str, seconds: u64) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
    }
}

/// The cookie of this name, if it was sent once; two of a name mean that somebody planted one.
pub fn one<'a>(http: &'a HttpRequest, name: &str) -> Option<&'a str> {
    let mut values = http
        .headers()
        .get_all(header::COOKIE)
        .filter_map(|v| v.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(n, _)| *n == name)
        .map(|(_, value)| value);
    let first = values.next();
    if values.next().is_some() { None } else { first }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn h11_cookies_are_host_only_and_closed_to_scripts() {
        let cookies = Cookies::of(Site::Dashboard, true);
        assert_eq!(
            cookies.set_session("abc", 60),
            "__Host-dash=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            Cookies::of(Site::Portal, false).set_challenge("abc", 600),
            "pre-portal=abc; Path=/; Max-Age=600; HttpOnly; SameSite=Lax"
        );
    }

    #[test]
    fn a_cookie_that_was_sent_twice_counts_as_none() {
        let cookies = Cookies::of(Site::Portal, false);
        let sent = |value: &str| TestRequest::default().insert_header(("cookie", value)).to_http_request();
        assert_eq!(cookies.session(&sent("a=b; portal=1; dash=2")), Some("1"));
        assert_eq!(cookies.session(&sent("portal=1; portal=2")), None);
        assert_eq!(cookies.session(&sent("xportal=1")), None);
    }
}
