//! Who sends a request to a site, and whether a change may have come from our own page (`identity.md` §4).

use std::net::{IpAddr, Ipv4Addr};

use actix_web::HttpRequest;
use actix_web::http::{Method, header};
use uuid::Uuid;

use crate::domain::ids::{AccountId, UserId};
use crate::domain::site::Person;
use crate::domain::trail::{Actor, Trail, USER_AGENT_CHARS};
use crate::http::json::error::JsonError;
use crate::http::site::state::SiteState;
use crate::identity::codes::Token;
use crate::identity::sessions::Session;

/// A signed-in reseller.
pub struct SignedReseller {
    pub account: AccountId,
    pub session: Session,
    pub trail: Trail,
}

/// A signed-in portal user.
pub struct SignedUser {
    pub user: UserId,
    pub session: Session,
    pub trail: Trail,
}

/// The session of a request. A change must come from our own page and carry the session's token.
///
/// # Errors
/// 401 without a live session, 403 for a change from elsewhere.
pub async fn session(http: &HttpRequest, state: &SiteState) -> Result<Session, JsonError> {
    let changes = !matches!(*http.method(), Method::GET | Method::HEAD);
    if changes {
        same_origin(http, state)?;
    }
    let session = live_session(http, state).await?;
    if changes && !session.has_csrf(header_text(http, "x-csrf-token").unwrap_or_default()) {
        return Err(JsonError::cross_site());
    }
    Ok(session)
}

/// The session of a change that a form of ours sent; `csrf` is the form's token.
///
/// # Errors
/// As `session`.
pub async fn session_of_form(http: &HttpRequest, state: &SiteState, csrf: &str) -> Result<Session, JsonError> {
    same_origin(http, state)?;
    let session = live_session(http, state).await?;
    if session.has_csrf(csrf) { Ok(session) } else { Err(JsonError::cross_site()) }
}

async fn live_session(http: &HttpRequest, state: &SiteState) -> Result<Session, JsonError> {
    let token = state.cookies.session(http).and_then(Token::parse).ok_or_else(JsonError::signed_out)?;
    state.sessions.find(state.site, &token).await?.ok_or_else(JsonError::signed_out)
}

/// The reseller of a request to the dashboard.
pub async fn reseller(http: &HttpRequest, state: &SiteState) -> Result<SignedReseller, JsonError> {
    let session = session(http, state).await?;
    match session.person {
        Person::Reseller(account) => {
            Ok(SignedReseller { account, session, trail: trail(http, state.trusted_hops, Actor::Reseller(account)) })
        }
        Person::User(_) => Err(JsonError::signed_out()),
    }
}

/// The user of a request to the portal.
pub async fn portal_user(http: &HttpRequest, state: &SiteState) -> Result<SignedUser, JsonError> {
    let session = session(http, state).await?;
    match session.person {
        Person::User(user) => {
            Ok(SignedUser { user, session, trail: trail(http, state.trusted_hops, Actor::PortalUser(user)) })
        }
        Person::Reseller(_) => Err(JsonError::signed_out()),
    }
}

/// Refuses a change that no page of ours sent: browsers say where it comes from; what says nothing is refused too.
///
/// # Errors
/// 403.
pub fn same_origin(http: &HttpRequest, state: &SiteState) -> Result<(), JsonError> {
    let ours = match header_text(http, "sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => header_text(http, "origin").is_some_and(|o| state.origins.iter().any(|ours| ours == o)),
    };
    if ours { Ok(()) } else { Err(JsonError::cross_site()) }
}

/// The site's origin as this person reaches it: where a provider sends them back to, with their cookies.
pub fn home(http: &HttpRequest, state: &SiteState) -> String {
    let sent = header_text(http, "origin").filter(|origin| state.origins.iter().any(|ours| ours == origin));
    let first = || state.origins.first().map(String::as_str);
    sent.or_else(first).unwrap_or_default().to_owned()
}

/// What a request leaves in the audit trail.
pub fn trail(http: &HttpRequest, trusted_hops: usize, actor: Actor) -> Trail {
    let user_agent = header_text(http, "user-agent").unwrap_or_default();
    Trail {
        actor,
        request: Uuid::now_v7(),
        ip: client_ip(http, trusted_hops),
        user_agent: user_agent.chars().filter(|c| !c.is_control()).take(USER_AGENT_CHARS).collect(),
    }
}

/// The caller's address: the socket's, or what the outermost trusted proxy saw. What stands before it in the header is
/// the caller's own claim and counts for nothing.
pub fn client_ip(http: &HttpRequest, trusted_hops: usize) -> IpAddr {
    let socket = http.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |addr| addr.ip());
    if trusted_hops == 0 {
        return socket;
    }
    let seen: Vec<&str> = http
        .headers()
        .get_all(header::X_FORWARDED_FOR)
        .filter_map(|v| v.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .collect();
    let place = seen.len().checked_sub(trusted_hops);
    place.and_then(|p| seen.get(p)?.parse().ok()).unwrap_or(socket)
}

/// A header that was sent once, as text.
pub fn header_text<'a>(http: &'a HttpRequest, name: &str) -> Option<&'a str> {
    let mut values = http.headers().get_all(name);
    let first = values.next();
    if values.next().is_some() { Some("") } else { first.map(|v| v.to_str().unwrap_or("")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn j03_only_the_configured_hops_are_believed() {
        let request = TestRequest::default()
            .peer_addr("10.0.0.1:1".parse().expect("an address"))
            .insert_header(("x-forwarded-for", "6.6.6.6, 203.0.113.7"))
            .to_http_request();
        let seen = |hops| client_ip(&request, hops).to_string();
        assert_eq!(
            (seen(0).as_str(), seen(1).as_str(), seen(2).as_str(), seen(3).as_str()),
            ("10.0.0.1", "203.0.113.7", "6.6.6.6", "10.0.0.1")
        );
    }
}
