//! Leaving, the front door, and the list of keys on the keyboard.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::domain::site::Site;
use crate::http::dashboard::page::Page;
use crate::http::dashboard::state::Dashboard;
use crate::http::dashboard::visit::Visit;
use crate::http::json::error::JsonError;
use crate::http::page::reply;

#[derive(Template)]
#[template(path = "shortcuts.html")]
struct Shortcuts {
    page: Page,
}

/// `GET /`.
pub async fn front(dash: Data<Dashboard>) -> HttpResponse {
    reply::see_other(&dash.stage, dash.stage.home())
}

/// `GET /shortcuts`.
pub async fn shortcuts(http: HttpRequest, dash: Data<Dashboard>) -> Result<HttpResponse, JsonError> {
    let visit = Visit::open(&http, &dash).await?;
    visit.show(&Shortcuts { page: visit.page("").await? })
}

/// `POST /sign-out`.
pub async fn sign_out(http: HttpRequest, payload: Payload, dash: Data<Dashboard>) -> Result<HttpResponse, JsonError> {
    let (visit, _) = Visit::submit(&http, payload, &dash, &[]).await?;
    let site = &dash.stage.site;
    site.sessions.sign_out(Site::Dashboard, &visit.session, &visit.trail).await?;
    visit.give_cookie(site.cookies.drop_session());
    Ok(visit.see_other(dash.stage.sign_in()))
}
