//! The outbox of the dev profile: the mails that would have been sent, newest first, as a page for people and as JSON
//! for programs. No other profile has these routes.

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use actix_web::web::{self, Data, ServiceConfig};
use askama::Template;
use serde_json::json;

use crate::http::dev_pages;
use crate::http::json::answer;
use crate::http::json::error::JsonError;
use crate::http::page::assets::Assets;
use crate::http::page::parts::Bare;
use crate::http::page::stage::Stage;
use crate::http::page::{reply, words};
use crate::store::views::outbox::OutboxViews;

/// Mails shown at most.
const SHOWN: i64 = 50;

#[derive(Template)]
#[template(path = "outbox.html")]
struct OutboxPage {
    page: Bare,
    mails: Vec<Mail>,
}

struct Mail {
    subject: String,
    to: String,
    at: String,
    at_iso: String,
    state: String,
    text: String,
}

/// Adds `GET /_dev/outbox` and its `Data`; needs `Data<Assets>`.
pub fn add(config: &mut ServiceConfig, queue: OutboxViews) {
    config.app_data(Data::new(queue)).route("/_dev/outbox", web::get().to(show));
}

async fn show(http: HttpRequest, queue: Data<OutboxViews>, files: Data<Assets>) -> Result<HttpResponse, JsonError> {
    let mails = queue.newest(SHOWN).await?;
    let accepts = http.headers().get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if accepts.contains("text/html") {
        let mails = mails.into_iter().map(|m| Mail {
            subject: m.subject,
            to: m.to,
            at: words::second(m.at),
            at_iso: words::iso(m.at),
            state: m.state,
            text: m.text.unwrap_or_default(),
        });
        let page =
            OutboxPage { page: dev_pages::bare(&http, &files, "derouter", "/_dev/outbox"), mails: mails.collect() };
        return reply::page_under(&Stage::policy(&[]), &http, StatusCode::OK, &page);
    }
    let shown = mails.into_iter().map(|m| {
        json!({
            "id": m.id, "to": m.to, "subject": m.subject, "text": m.text, "html": m.html, "state": m.state,
            "at": m.at,
        })
    });
    Ok(answer::ok(&json!({ "mails": shown.collect::<Vec<_>>() })))
}
