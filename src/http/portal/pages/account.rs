//! The client's own sessions.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use uuid::Uuid;

use crate::domain::site::Site;
use crate::http::json::error::JsonError;
use crate::http::page::parts::Session;
use crate::http::page::stage::Stage;
use crate::http::page::{reply, sessions, words};
use crate::http::portal::pages::frame::PortalPage;
use crate::http::portal::pages::notices;
use crate::http::portal::pages::visit::Visit;
use crate::http::portal::state::PortalState;

#[derive(Template)]
#[template(path = "portal/account.html")]
struct Account {
    page: PortalPage,
    sessions: Vec<Session>,
}

/// `GET /account`.
pub async fn show(http: HttpRequest, stage: Data<Stage>, portal: Data<PortalState>) -> Result<HttpResponse, JsonError> {
    let visit = Visit::open(&http, &stage, &portal).await?;
    let listed = stage.site.sessions.list(Site::Portal, visit.session.person).await?;
    let mut page = visit.page(None).await?;
    page.notice = notices::of(&visit.query("did"));
    let now = visit.look.at;
    let seen = |at| words::ago(now, at);
    let sessions = listed.iter().map(|row| sessions::shown(row, visit.session.id, "/account", now, seen)).collect();
    visit.show(&Account { page, sessions })
}

/// `POST /account/sessions/{id}/revoke`.
pub async fn revoke(
    http: HttpRequest,
    id: Path<String>,
    payload: Payload,
    stage: Data<Stage>,
    portal: Data<PortalState>,
) -> Result<HttpResponse, JsonError> {
    let (visit, _) = Visit::submit(&http, payload, &stage, &portal, &[]).await?;
    let id = Uuid::parse_str(&id).unwrap_or_default();
    let ended = stage.site.sessions.revoke(Site::Portal, visit.session.person, id, &visit.trail).await?;
    if ended { Ok(visit.see_other("/account?did=ended")) } else { Err(JsonError::not_found()) }
}

/// `POST /account/sign-out-everywhere`: here too.
pub async fn sign_out_everywhere(
    http: HttpRequest,
    payload: Payload,
    stage: Data<Stage>,
    portal: Data<PortalState>,
) -> Result<HttpResponse, JsonError> {
    let (visit, _) = Visit::submit(&http, payload, &stage, &portal, &[]).await?;
    stage.site.sessions.revoke_all(Site::Portal, visit.session.person, &visit.trail).await?;
    let gone = stage.site.cookies.drop_session();
    Ok(reply::with_cookies(visit.see_other(stage.sign_in()), &[gone]))
}
