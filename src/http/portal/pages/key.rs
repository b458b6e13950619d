//! The page of one key: what is left, what was spent when, every request, and how to set up.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::actors::messages::KeyRef;
use crate::domain::money::Price;
use crate::http::json::error::JsonError;
use crate::http::page::chart::Chart;
use crate::http::page::live;
use crate::http::page::parts::Pager;
use crate::http::page::stage::Stage;
use crate::http::portal::pages::alerts::{self, Alerts};
use crate::http::portal::pages::figures::{self, KeyFigures, Limits, PortalKey};
use crate::http::portal::pages::frame::PortalPage;
use crate::http::portal::pages::lines::{self, Filter, PortalLines};
use crate::http::portal::pages::notices;
use crate::http::portal::pages::quick_start::{self, Snippet};
use crate::http::portal::pages::usage::{self, Usage};
use crate::http::portal::pages::visit::Visit;
use crate::http::portal::state::PortalState;

#[derive(Template)]
#[template(path = "portal/key.html")]
struct Key {
    page: PortalPage,
    key: PortalKey,
    usage: Usage,
    chart: Chart,
    lines: PortalLines,
    list: Pager,
    quick: Vec<Snippet>,
    limits: Limits,
    alerts: Alerts,
}

/// `GET /keys/{id}?days&model&cursor`.
pub async fn show(
    http: HttpRequest,
    id: Path<String>,
    stage: Data<Stage>,
    portal: Data<PortalState>,
) -> Result<HttpResponse, JsonError> {
    let visit = Visit::open(&http, &stage, &portal).await?;
    let bound = visit.key(&id).await?;
    // Before anything is read that the page shows.
    let seen = portal.directory.onlookers().mark(&[bound.account()]);
    let keys = portal.views.keys(visit.user).await?;
    let row = keys.iter().find(|row| row.key == bound.key()).ok_or_else(JsonError::not_found)?;
    let view = portal.directory.client_view(KeyRef { account: bound.account(), key: bound.key() }).await?;
    let filter = Filter::of(&visit, &bound);
    let period = filter.period;
    let days = portal.usage.days(&bound, period.from()).await?;
    let models = portal.usage.models(&bound, period.from()).await?;
    let (lines, list) = lines::read(&visit, &bound, &filter, models).await?;
    let KeyFigures { key, limits, takes_requests } = figures::figures(row, Some(&view));
    let pace = if takes_requests { usage::pace(period, &days, view.remaining) } else { String::new() };
    let path = format!("/keys/{}", bound.key());
    let mut page = visit.page_beside(&keys, Some(&bound)).await?;
    page.live_url = live::url(seen, &format!("key={}", bound.key()));
    page.back.clone_from(&path);
    page.notice = notices::of(&visit.query("did"));
    let ranges = period.links(&path, &filter.of_model());
    visit.show(&Key {
        key: PortalKey { pace, ..key },
        usage: usage::card(period, &days, view.spent > Price::ZERO || lines.has_rows, ranges),
        chart: usage::chart(period, &days),
        quick: quick_start::snippets(&stage.names.api_url),
        alerts: alerts::read(&visit, &bound).await?,
        page,
        lines,
        list,
        limits,
    })
}
