//! Mails that tell a client when a key runs out: at 80 % and when nothing is left.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};

use crate::domain::budget_alert::Wants;
use crate::http::json::error::JsonError;
use crate::http::page::stage::Stage;
use crate::http::page::words;
use crate::http::portal::pages::visit::Visit;
use crate::http::portal::state::PortalState;
use crate::store::views::scope::BoundKey;

/// The card of a key's mails.
#[derive(Clone, Debug, Default)]
pub struct Alerts {
    pub at_80: bool,
    pub at_100: bool,
    /// "Mail to acme@corp.com" or "Sent 21 Nov"
    pub at_80_note: String,
    pub at_100_note: String,
}

/// What the client chose, and when a mail last went out.
///
/// # Errors
/// 404 if the key was unbound meanwhile.
pub async fn read(visit: &Visit<'_>, key: &BoundKey) -> Result<Alerts, JsonError> {
    let kept = visit.portal.bindings.alerts(key).await?.ok_or_else(JsonError::not_found)?;
    Ok(Alerts {
        at_80: kept.wants.at_80,
        at_100: kept.wants.at_100,
        at_80_note: note(visit, kept.sent_80),
        at_100_note: note(visit, kept.sent_100),
    })
}

/// `POST /keys/{id}/alerts`.
pub async fn save(
    http: HttpRequest,
    id: Path<String>,
    payload: Payload,
    stage: Data<Stage>,
    portal: Data<PortalState>,
) -> Result<HttpResponse, JsonError> {
    let (visit, form) = Visit::submit(&http, payload, &stage, &portal, &["at_80", "at_100"]).await?;
    let key = visit.key(&id).await?;
    let wants = Wants { at_80: form.is_checked("at_80"), at_100: form.is_checked("at_100") };
    portal.bindings.save_alerts(&key, wants, &visit.trail).await?;
    Ok(visit.see_other(&format!("/keys/{}?did=saved", key.key())))
}

fn note(visit: &Visit<'_>, sent: Option<DateTime<Utc>>) -> String {
    match sent {
        Some(at) => format!("Sent {} to {}", words::day(visit.look.at, at), visit.session.address),
        None => format!("Mail to {}", visit.session.address),
    }
}
