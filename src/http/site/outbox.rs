//! The outbox of the dev profile: the mails that would have been sent, newest first. No other profile has this route.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, ServiceConfig};
use serde_json::json;

use crate::http::json::answer;
use crate::http::json::error::JsonError;
use crate::store::views::outbox::OutboxViews;

/// Mails shown at most.
const SHOWN: i64 = 50;

/// Adds `GET /_dev/outbox`; its `Data<OutboxViews>` too.
pub fn add(config: &mut ServiceConfig, queue: OutboxViews) {
    config.app_data(Data::new(queue)).route("/_dev/outbox", web::get().to(show));
}

async fn show(queue: Data<OutboxViews>) -> Result<HttpResponse, JsonError> {
    let mails = queue.newest(SHOWN).await?;
    let shown = mails.into_iter().map(|m| {
        json!({
            "id": m.id, "to": m.to, "subject": m.subject, "text": m.text, "html": m.html, "state": m.state,
            "at": m.at,
        })
    });
    Ok(answer::ok(&json!({ "mails": shown.collect::<Vec<_>>() })))
}
