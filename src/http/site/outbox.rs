//! The outbox of the dev profile: the mails that would have been sent, newest first, as a page for people and as JSON
//! for programs. No other profile has these routes.

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use actix_web::web::{self, Data, ServiceConfig};
use askama::Template;
use serde_json::json;

use crate::http::json::answer;
use crate::http::json::error::JsonError;
use crate::http::page::assets::{self, Assets};
use crate::http::page::parts::Bare;
use crate::http::page::stage::Stage;
use crate::http::page::{reply, theme, words};
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

/// Adds `GET /_dev/outbox` and the files its page needs; their `Data` too.
pub fn add(config: &mut ServiceConfig, queue: OutboxViews) {
    config
        .app_data(Data::new(queue))
        .app_data(Data::new(Assets::default()))
        .route("/static/{name}", web::get().to(assets::serve))
        .route("/_dev/outbox", web::get().to(show));
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
        let page = OutboxPage { page: bare(&http, &files), mails: mails.collect() };
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

fn bare(http: &HttpRequest, files: &Assets) -> Bare {
    Bare {
        path: "/_dev/outbox".to_owned(),
        theme: theme::of(http).to_owned(),
        brand: "derouter".to_owned(),
        home: "/_dev/outbox".to_owned(),
        css: files.href("derouter.css").to_owned(),
        js: files.href("derouter.js").to_owned(),
        icon: files.href("icon.svg").to_owned(),
        ..Bare::default()
    }
}
