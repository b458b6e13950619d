//! Pause and resume: at once, from wherever the button is, and back there.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::dashboard::notices;
use crate::http::dashboard::state::Dashboard;
use crate::http::dashboard::visit::Visit;
use crate::http::json::error::JsonError;
use crate::identity::key_desk::KeyChange;

/// `POST /keys/{id}/pause`.
pub async fn pause(
    http: HttpRequest,
    id: Path<String>,
    payload: Payload,
    dash: Data<Dashboard>,
) -> Result<HttpResponse, JsonError> {
    let change = KeyChange { label: None, paused: Some(true) };
    changed(&http, &id, payload, &dash, change, "paused").await
}

/// `POST /keys/{id}/resume`.
pub async fn resume(
    http: HttpRequest,
    id: Path<String>,
    payload: Payload,
    dash: Data<Dashboard>,
) -> Result<HttpResponse, JsonError> {
    let change = KeyChange { label: None, paused: Some(false) };
    changed(&http, &id, payload, &dash, change, "resumed").await
}

async fn changed(
    http: &HttpRequest,
    id: &str,
    payload: Payload,
    dash: &Dashboard,
    change: KeyChange,
    did: &str,
) -> Result<HttpResponse, JsonError> {
    let (visit, form) = Visit::submit(http, payload, dash, &["back"]).await?;
    let key = visit.key(id).await?;
    dash.manage.desk.edit(&key, change, &visit.trail).await?;
    // The button of a notice has its way back in its address.
    let back = visit.local(form.text("back"), &visit.local(&visit.query("back"), "/api"));
    Ok(visit.see_other(&notices::with(&back, did, id)))
}
