//! Binding a key once, naming it, letting it go.

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use serde::Deserialize;
use serde_json::json;

use crate::domain::label::Label;
use crate::http::json::answer;
use crate::http::json::body;
use crate::http::json::error::JsonError;
use crate::http::portal::keys;
use crate::http::portal::state::PortalState;
use crate::http::site::guard;
use crate::http::site::state::SiteState;
use crate::identity::bindings::Bound;

/// The one message for every key that is not taken, whatever the reason.
pub const NOT_TAKEN: &str =
    "This key cannot be bound. Check that it was copied whole, or ask your provider for a new one.";
/// After too many wrong keys.
pub const TOO_MANY: &str = "Too many keys were tried. Wait an hour and try again.";

/// A pasted key.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bind {
    key: String,
}

/// The client's own name for a key; `null` takes it away.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rename {
    name: Option<String>,
}

/// `POST /api/v1/portal/bind`. One message for every key that is not taken.
pub async fn bind(
    http: HttpRequest,
    payload: Payload,
    site: Data<SiteState>,
    portal: Data<PortalState>,
) -> Result<HttpResponse, JsonError> {
    let signed = guard::portal_user(&http, &site).await?;
    let pasted: Bind = body::read(&http, payload).await?;
    match portal.bindings.bind(signed.user, &pasted.key, &signed.trail).await? {
        Bound::Done(key) => Ok(answer::with_headers(StatusCode::CREATED).json(json!({ "id": key }))),
        Bound::NotTaken => Err(JsonError::invalid("key", NOT_TAKEN)),
        Bound::Throttled => Err(JsonError::throttled(TOO_MANY)),
    }
}

/// `PATCH /api/v1/portal/keys/{id}`.
pub async fn rename(
    http: HttpRequest,
    id: Path<String>,
    payload: Payload,
    site: Data<SiteState>,
    portal: Data<PortalState>,
) -> Result<HttpResponse, JsonError> {
    let signed = guard::portal_user(&http, &site).await?;
    let wanted: Rename = body::read(&http, payload).await?;
    let key = keys::bound(&portal, signed.user, &id).await?;
    let name = wanted.name.as_deref().map(Label::parse).transpose();
    let name = name.map_err(|_| JsonError::invalid("name", "Type a name of 1 to 64 plain characters."))?;
    if portal.bindings.rename(&key, name.as_ref()).await? { Ok(answer::nothing()) } else { Err(JsonError::not_found()) }
}

/// `DELETE /api/v1/portal/keys/{id}/binding`.
pub async fn unbind(
    http: HttpRequest,
    id: Path<String>,
    site: Data<SiteState>,
    portal: Data<PortalState>,
) -> Result<HttpResponse, JsonError> {
    let signed = guard::portal_user(&http, &site).await?;
    let key = keys::bound(&portal, signed.user, &id).await?;
    if portal.bindings.unbind(&key, &signed.trail).await? { Ok(answer::nothing()) } else { Err(JsonError::not_found()) }
}
