//! The signed-in person's own record and sessions, on dashboard and portal alike.

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Path};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::domain::device;
use crate::domain::site::Person;
use crate::domain::trail::{Actor, Trail};
use crate::http::json::answer;
use crate::http::json::error::JsonError;
use crate::http::site::guard;
use crate::http::site::state::SiteState;
use crate::identity::sessions::Session;

#[derive(Serialize)]
struct ListedSession {
    id: Uuid,
    created_at: chrono::DateTime<chrono::Utc>,
    last_seen_at: chrono::DateTime<chrono::Utc>,
    user_agent: String,
    device: String,
    this: bool,
}

/// `GET /api/v1/me`.
pub async fn me(http: HttpRequest, state: Data<SiteState>) -> Result<HttpResponse, JsonError> {
    let session = guard::session(&http, &state).await?;
    let (csrf, email) = (&session.csrf, &session.address);
    Ok(answer::ok(&match session.person {
        Person::Reseller(account) => {
            json!({ "account": account, "email": email, "csrf": csrf, "stepped_up": session.fresh })
        }
        Person::User(user) => json!({ "user": user, "email": email, "csrf": csrf }),
    }))
}

/// `POST /api/v1/sign-out`.
pub async fn sign_out(http: HttpRequest, state: Data<SiteState>) -> Result<HttpResponse, JsonError> {
    let session = guard::session(&http, &state).await?;
    state.sessions.sign_out(state.site, &session, &trail(&http, &state, &session)).await?;
    Ok(gone(&state))
}

/// `GET /api/v1/sessions`.
pub async fn sessions(http: HttpRequest, state: Data<SiteState>) -> Result<HttpResponse, JsonError> {
    let session = guard::session(&http, &state).await?;
    let listed = state.sessions.list(state.site, session.person).await?;
    let shown = listed.into_iter().map(|s| ListedSession {
        id: s.session,
        created_at: s.created,
        last_seen_at: s.last_seen,
        device: device::device(&s.user_agent),
        user_agent: s.user_agent,
        this: s.session == session.id,
    });
    Ok(answer::ok(&json!({ "sessions": shown.collect::<Vec<_>>() })))
}

/// `DELETE /api/v1/sessions/{id}`.
pub async fn revoke(http: HttpRequest, id: Path<String>, state: Data<SiteState>) -> Result<HttpResponse, JsonError> {
    let session = guard::session(&http, &state).await?;
    let id = Uuid::parse_str(&id).unwrap_or_default();
    let ended = state.sessions.revoke(state.site, session.person, id, &trail(&http, &state, &session)).await?;
    if ended { Ok(answer::nothing()) } else { Err(JsonError::not_found()) }
}

/// `DELETE /api/v1/sessions`: signs out everywhere, here too.
pub async fn revoke_all(http: HttpRequest, state: Data<SiteState>) -> Result<HttpResponse, JsonError> {
    let session = guard::session(&http, &state).await?;
    state.sessions.revoke_all(state.site, session.person, &trail(&http, &state, &session)).await?;
    Ok(gone(&state))
}

fn gone(state: &SiteState) -> HttpResponse {
    answer::with_headers(StatusCode::NO_CONTENT)
        .insert_header((header::SET_COOKIE, state.cookies.drop_session()))
        .finish()
}

fn trail(http: &HttpRequest, state: &SiteState, session: &Session) -> Trail {
    let actor = match session.person {
        Person::Reseller(account) => Actor::Reseller(account),
        Person::User(user) => Actor::PortalUser(user),
    };
    guard::trail(http, state.trusted_hops, actor)
}
