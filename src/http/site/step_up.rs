//! A fresh code inside a reseller's session, before a dangerous act (`identity.md` §5). The session gets a new token.

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::web::{Data, Payload};
use serde::Deserialize;

use crate::domain::email::EmailAddress;
use crate::domain::site::Purpose;
use crate::http::json::body;
use crate::http::json::error::JsonError;
use crate::http::site::state::SiteState;
use crate::http::site::{guard, sign_in};
use crate::identity::codes::{Challenge, SignIn};

/// A typed code.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    code: String,
}

/// `POST /api/v1/step-up`: sends a code to the reseller's own address.
pub async fn ask(http: HttpRequest, state: Data<SiteState>) -> Result<HttpResponse, JsonError> {
    let reseller = guard::reseller(&http, &state).await?;
    let address = EmailAddress::parse(&reseller.session.address)?;
    let held = state.cookies.challenge(&http).and_then(Challenge::parse);
    let (session, trail) = (Some(reseller.session.id), &reseller.trail);
    let challenge = state.codes.ask(Purpose::StepUp, &address, session, held, &state.sender, trail).await?;
    Ok(sign_in::sent(&state, &challenge))
}

/// `POST /api/v1/step-up/verify`.
pub async fn verify(http: HttpRequest, payload: Payload, state: Data<SiteState>) -> Result<HttpResponse, JsonError> {
    let reseller = guard::reseller(&http, &state).await?;
    let typed: Proof = body::read(&http, payload).await?;
    let code = sign_in::code(&typed.code)?;
    let address = EmailAddress::parse(&reseller.session.address)?;
    let challenge = state.cookies.challenge(&http).and_then(Challenge::parse).ok_or_else(JsonError::code_not_live)?;
    let (account, session) = (reseller.account, reseller.session.id);
    match state.codes.step_up(account, session, &address, &challenge, &code, &reseller.trail).await? {
        SignIn::Done { person, token, session } => Ok(sign_in::signed_in(&state, person, &token, session)),
        SignIn::Wrong { left } => Err(JsonError::wrong_code(left)),
        SignIn::NotLive => Err(JsonError::code_not_live()),
    }
}
