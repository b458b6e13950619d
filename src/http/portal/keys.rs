//! Bound keys and their requests.

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde_json::{Value, json};

use crate::actors::messages::KeyRef;
use crate::domain::ids::{CallId, KeyId, UserId};
use crate::http::json::answer;
use crate::http::json::error::JsonError;
use crate::http::json::query::Params;
use crate::http::portal::show;
use crate::http::portal::state::PortalState;
use crate::http::site::guard;
use crate::http::site::state::SiteState;
use crate::identity::cursors::Cursors;
use crate::store::views::portal::{ClientLinePage, PortalViews};
use crate::store::views::scope::BoundKey;

/// Parameters of a list of requests.
const LINE_PARAMS: [&str; 5] = ["from", "to", "model", "cursor", "limit"];

/// `GET /api/v1/portal/keys`.
pub async fn list(
    http: HttpRequest,
    site: Data<SiteState>,
    portal: Data<PortalState>,
) -> Result<HttpResponse, JsonError> {
    let signed = guard::portal_user(&http, &site).await?;
    let keys = portal.views.keys(signed.user).await?;
    Ok(answer::ok(&json!({ "keys": keys.into_iter().map(show::key).collect::<Vec<_>>() })))
}

/// `GET /api/v1/portal/keys/{id}`.
pub async fn get(
    http: HttpRequest,
    id: Path<String>,
    site: Data<SiteState>,
    portal: Data<PortalState>,
) -> Result<HttpResponse, JsonError> {
    let signed = guard::portal_user(&http, &site).await?;
    let key = bound(&portal, signed.user, &id).await?;
    let row = portal.views.key(&key).await?.ok_or_else(JsonError::not_found)?;
    let live = portal.directory.client_view(KeyRef { account: key.account(), key: key.key() }).await?;
    Ok(answer::ok(&show::live_key(row, &live)))
}

/// `GET /api/v1/portal/keys/{id}/usage`.
pub async fn usage(
    http: HttpRequest,
    id: Path<String>,
    site: Data<SiteState>,
    portal: Data<PortalState>,
) -> Result<HttpResponse, JsonError> {
    let signed = guard::portal_user(&http, &site).await?;
    let key = bound(&portal, signed.user, &id).await?;
    Ok(answer::ok(&lines(&http, key.key(), &portal.views, &portal.cursors).await?))
}

/// One page of a key's requests; also for the key that asks about itself.
pub async fn lines(http: &HttpRequest, key: KeyId, views: &PortalViews, cursors: &Cursors) -> Result<Value, JsonError> {
    let params = Params::read(http, &LINE_PARAMS)?;
    let list = format!("client-lines:{key}");
    let before = params.cursor(cursors, &list)?;
    let page = ClientLinePage {
        from: params.instant("from")?,
        to: params.instant("to")?,
        model: params.text("model")?.map(str::to_owned),
        before: before.and_then(|b| b.parse().ok()).map(CallId),
        limit: params.limit()?,
    };
    let found = views.lines(key, &page).await?;
    let full = i64::try_from(found.len()).is_ok_and(|n| n == page.limit);
    let next = found.last().filter(|_| full).map(|last| cursors.make(&list, &last.call.to_string()));
    Ok(json!({ "lines": found.into_iter().map(show::line).collect::<Vec<_>>(), "next_cursor": next }))
}

/// The key of this id, if the user has bound it: absent and unbound look alike.
pub async fn bound(portal: &PortalState, user: UserId, raw: &str) -> Result<BoundKey, JsonError> {
    portal.scope.bound_key(user, raw).await?.ok_or_else(JsonError::not_found)
}
