//! *Redeem a code*: what a code is worth goes into the balance, once.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::http::dashboard::money_form::{Refused, field_error};
use crate::http::dashboard::page::Page;
use crate::http::dashboard::state::Dashboard;
use crate::http::dashboard::visit::Visit;
use crate::http::json::error::JsonError;
use crate::http::manage::redemptions::{MALFORMED, NOT_TAKEN, TOO_MANY, UNANSWERED};
use crate::http::page::parts::FieldError;
use crate::payments::redemption::{RedeemError, Redemptions};

/// The form with what was typed.
struct RedeemForm {
    code: String,
    code_error: String,
    refusal: String,
    request_id: String,
    not_done: &'static str,
    errors: Vec<FieldError>,
}

#[derive(Template)]
#[template(path = "redeem.html")]
struct Redeem {
    page: Page,
    form: RedeemForm,
}

/// `GET /redeem`.
pub async fn show(http: HttpRequest, dash: Data<Dashboard>) -> Result<HttpResponse, JsonError> {
    let visit = Visit::open(&http, &dash).await?;
    sheet(&visit, "", Refused::default()).await
}

/// `POST /redeem`: to the movements, which show what came.
pub async fn redeem(
    http: HttpRequest,
    payload: Payload,
    dash: Data<Dashboard>,
    redemptions: Data<Redemptions>,
) -> Result<HttpResponse, JsonError> {
    let (visit, form) = Visit::submit(&http, payload, &dash, &["code"]).await?;
    let typed = form.text("code");
    match redemptions.redeem(visit.account, typed, &visit.trail).await {
        Ok(redeemed) => Ok(visit.see_other(&format!("/billing?redeemed={}", redeemed.id))),
        Err(error) => sheet(&visit, typed, refusal(&visit, error)).await,
    }
}

fn refusal(visit: &Visit<'_>, error: RedeemError) -> Refused {
    let at = |text: &str| Refused::fields(vec![field_error("code", text)]);
    let whole = |status, text: &str| Refused { status, refusal: text.to_owned(), ..Refused::default() };
    match error {
        RedeemError::Malformed => at(MALFORMED),
        RedeemError::NotTaken => at(NOT_TAKEN),
        RedeemError::Throttled => Refused { status: StatusCode::TOO_MANY_REQUESTS, ..at(TOO_MANY) },
        RedeemError::Refused(_) => at("Your account cannot take this amount. Write to support."),
        RedeemError::Unanswered(_) => whole(StatusCode::SERVICE_UNAVAILABLE, UNANSWERED),
        RedeemError::Store(error) => {
            tracing::warn!(%error, request.id = %visit.trail.request, "a redemption was not answered");
            let text = "Our books did not answer in time. Press Redeem again: a code counts once at most.";
            let request_id = visit.trail.request.to_string();
            Refused { request_id, ..whole(StatusCode::SERVICE_UNAVAILABLE, text) }
        }
    }
}

async fn sheet(visit: &Visit<'_>, typed: &str, refused: Refused) -> Result<HttpResponse, JsonError> {
    let form = RedeemForm {
        code: typed.to_owned(),
        code_error: refused.at("code"),
        refusal: refused.refusal,
        request_id: refused.request_id,
        not_done: "Nothing was redeemed.",
        errors: refused.errors,
    };
    let page = visit.page_with("billing", visit.balance().await.ok().as_ref())?;
    visit.reply(refused.status, &Redeem { page, form })
}
