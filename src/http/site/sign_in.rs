//! Signing in by one-time code, on dashboard and portal alike. Known and unknown addresses get the same answer after
//! the same work; the record is made at the first correct code.

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Payload};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::domain::email::EmailAddress;
use crate::domain::login_code::LoginCode;
use crate::domain::site::{Person, Purpose};
use crate::domain::trail::Actor;
use crate::http::json::answer;
use crate::http::json::body;
use crate::http::json::error::JsonError;
use crate::http::site::guard;
use crate::http::site::state::SiteState;
use crate::identity::codes::{Challenge, SignIn, Token};
use crate::store::sign_in::Entry;

/// Who wants to sign in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    email: String,
}

/// A typed code.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verify {
    email: String,
    code: String,
}

/// `POST /api/v1/sign-in`: sends a code, and always says the same.
pub async fn ask(http: HttpRequest, payload: Payload, state: Data<SiteState>) -> Result<HttpResponse, JsonError> {
    guard::same_origin(&http, &state)?;
    let asked: Ask = body::read(&http, payload).await?;
    let address = EmailAddress::parse(&asked.email)?;
    let trail = guard::trail(&http, state.trusted_hops, Actor::Nobody);
    let held = state.cookies.challenge(&http).and_then(Challenge::parse);
    let purpose = Purpose::SignIn(state.site);
    let challenge = state.codes.ask(purpose, &address, None, held, &state.sender, &trail).await?;
    Ok(sent(&state, &challenge))
}

/// `POST /api/v1/sign-in/verify`: a session for a correct code.
pub async fn verify(http: HttpRequest, payload: Payload, state: Data<SiteState>) -> Result<HttpResponse, JsonError> {
    guard::same_origin(&http, &state)?;
    let typed: Verify = body::read(&http, payload).await?;
    let address = EmailAddress::parse(&typed.email)?;
    let code = code(&typed.code)?;
    let challenge = state.cookies.challenge(&http).and_then(Challenge::parse).ok_or_else(JsonError::code_not_live)?;
    let trail = guard::trail(&http, state.trusted_hops, Actor::Nobody);
    let referral = state.cookies.referral(&http);
    let entry = Entry { site: state.site, referral: referral.as_ref() };
    match state.codes.sign_in(entry, &address, &challenge, &code, &state.sender, &trail).await? {
        SignIn::Done { person, token, session } => Ok(signed_in(&state, person, &token, session)),
        SignIn::Wrong { left } => Err(JsonError::wrong_code(left)),
        SignIn::NotLive => Err(JsonError::code_not_live()),
    }
}

/// A code as typed.
pub fn code(typed: &str) -> Result<LoginCode, JsonError> {
    LoginCode::parse(typed).map_err(|_| JsonError::invalid("code", "Type the six digits from the mail."))
}

/// The answer to whoever asks for a code, whatever became of it.
pub fn sent(state: &SiteState, challenge: &Challenge) -> HttpResponse {
    let cookie = state.cookies.set_challenge(challenge.reveal(), state.code_lives_s);
    answer::with_headers(StatusCode::ACCEPTED).insert_header((header::SET_COOKIE, cookie)).json(json!({
        "message": "If this address can receive mail, a code is on its way.",
        "expires_in_s": state.code_lives_s,
        "resend_after_s": state.resend_after_s,
    }))
}

/// The answer to a correct code: the session's cookie, and the token that its changes must carry.
pub fn signed_in(state: &SiteState, person: Person, token: &Token, session: Uuid) -> HttpResponse {
    let seconds = state.sessions.cookie_seconds(state.site);
    let csrf = state.sessions.csrf(session);
    let who = match person {
        Person::Reseller(account) => json!({ "account": account, "csrf": csrf }),
        Person::User(user) => json!({ "user": user, "csrf": csrf }),
    };
    answer::with_headers(StatusCode::OK)
        .append_header((header::SET_COOKIE, state.cookies.set_session(token.reveal(), seconds)))
        .append_header((header::SET_COOKIE, state.cookies.drop_challenge()))
        .json(who)
}
