//! Where a signed-in client starts, and all bound keys at once.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::http::json::error::JsonError;
use crate::http::page::stage::Stage;
use crate::http::page::{live, words};
use crate::http::portal::pages::figures::{self, PortalKey};
use crate::http::portal::pages::frame::PortalPage;
use crate::http::portal::pages::notices;
use crate::http::portal::pages::visit::Visit;
use crate::http::portal::state::PortalState;

#[derive(Template)]
#[template(path = "portal/keys.html")]
struct Keys {
    page: PortalPage,
    bound: Vec<PortalKey>,
}

/// `GET /`: to bind a first key, to the only one, or to the list.
pub async fn front(
    http: HttpRequest,
    stage: Data<Stage>,
    portal: Data<PortalState>,
) -> Result<HttpResponse, JsonError> {
    let visit = Visit::open(&http, &stage, &portal).await?;
    let keys = portal.views.keys(visit.user).await?;
    let done = notices::carried(&visit.query("did"));
    Ok(visit.see_other(&match keys.as_slice() {
        [] => format!("/bind{done}"),
        [only] => format!("/keys/{}{done}", only.key),
        _ => format!("/keys{done}"),
    }))
}

/// `GET /keys`.
pub async fn keys(http: HttpRequest, stage: Data<Stage>, portal: Data<PortalState>) -> Result<HttpResponse, JsonError> {
    let visit = Visit::open(&http, &stage, &portal).await?;
    // Before anything is read that the page shows.
    let seen = portal.directory.onlookers().mark(&visit.accounts().await?);
    let keys = portal.views.keys(visit.user).await?;
    if keys.is_empty() {
        return Ok(visit.see_other("/bind"));
    }
    let last_calls = portal.usage.last_calls(visit.user).await?;
    let mut page = visit.page_beside(&keys, None).await?;
    page.live_url = live::url(seen, "keys");
    page.notice = notices::of(&visit.query("did"));
    let bound = keys.iter().map(|row| PortalKey {
        last_used: match last_calls.get(&row.key) {
            Some(at) => format!("last request {}", words::ago(visit.look.at, *at)),
            None => "no requests yet".to_owned(),
        },
        ..figures::figures(row, None).key
    });
    visit.show(&Keys { page, bound: bound.collect() })
}
