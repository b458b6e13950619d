//! Leaving.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::domain::site::Site;
use crate::http::json::error::JsonError;
use crate::http::page::reply;
use crate::http::page::stage::Stage;
use crate::http::portal::pages::visit::Visit;
use crate::http::portal::state::PortalState;

/// `POST /sign-out`.
pub async fn sign_out(
    http: HttpRequest,
    payload: Payload,
    stage: Data<Stage>,
    portal: Data<PortalState>,
) -> Result<HttpResponse, JsonError> {
    let (visit, _) = Visit::submit(&http, payload, &stage, &portal, &[]).await?;
    stage.site.sessions.sign_out(Site::Portal, &visit.session, &visit.trail).await?;
    let gone = stage.site.cookies.drop_session();
    Ok(reply::with_cookies(visit.see_other(stage.sign_in()), &[gone]))
}
