//! Signing in by page, on both sites: address, code, and back to where one wanted to go.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use crate::domain::email::EmailAddress;
use crate::domain::login_code::LoginCode;
use crate::domain::referral_code::ReferralCode;
use crate::domain::site::{Purpose, Site};
use crate::domain::trail::Actor;
use crate::http::json::error::JsonError;
use crate::http::page::form::Form;
use crate::http::page::parts::{Bare, Notice, SignInForm};
use crate::http::page::stage::Stage;
use crate::http::page::{local, reply};
use crate::http::site::{cookies, guard};
use crate::identity::codes::{Challenge, SignIn};
use crate::store::sign_in::Entry;

/// Remembers, between the two pages, who asked for a code and when: `{unix milliseconds}.{hex of the address}`.
const ASKED: &str = "asked";
const LATE: &str = "Nothing there after a minute? Look in spam, or send a new code; the old one then stops working.";

/// Where to go after signing in.
#[derive(Deserialize)]
pub struct Next {
    #[serde(default)]
    next: String,
    /// The code of a reseller's link.
    #[serde(default, rename = "ref")]
    referral: String,
}

#[derive(Template)]
#[template(path = "login.html")]
struct DashboardAddress {
    page: Bare,
    form: SignInForm,
}

#[derive(Template)]
#[template(path = "portal/sign_in.html")]
struct PortalAddress {
    page: Bare,
    form: SignInForm,
}

#[derive(Template)]
#[template(path = "login_code.html")]
struct DashboardCode {
    page: Bare,
    form: SignInForm,
}

#[derive(Template)]
#[template(path = "portal/sign_in_code.html")]
struct PortalCode {
    page: Bare,
    form: SignInForm,
}

/// `GET /login`, `GET /sign-in`; whoever is signed in goes on.
pub async fn show(http: HttpRequest, asked: Query<Next>, stage: Data<Stage>) -> Result<HttpResponse, JsonError> {
    let next = local::page(stage.table, &asked.next).unwrap_or_default();
    if guard::session(&http, &stage.site).await.is_ok() {
        return Ok(reply::see_other(&stage, if next.is_empty() { stage.home() } else { &next }));
    }
    let page = address_page(&stage, &http, StatusCode::OK, SignInForm { next, ..SignInForm::default() })?;
    // A cookie and not a field: it outlasts the form, the wait for the mail and a second try.
    match ReferralCode::parse(&asked.referral).filter(|_| stage.site.site == Site::Dashboard) {
        Some(code) => Ok(reply::with_cookies(page, &[stage.site.cookies.set_referral(&code)])),
        None => Ok(page),
    }
}

/// `POST /login`, `POST /sign-in`: sends a code, and looks the same for every address.
pub async fn ask(http: HttpRequest, payload: Payload, stage: Data<Stage>) -> Result<HttpResponse, JsonError> {
    guard::same_origin(&http, &stage.site)?;
    let form = Form::read(&http, payload, &["email", "next"]).await?;
    let next = local::page(stage.table, form.text("next")).unwrap_or_default();
    let Ok(address) = EmailAddress::parse(form.text("email")) else {
        let email: String = form.text("email").chars().take(254).collect();
        let email_error = "Type a whole address such as you@shop.com.".to_owned();
        let form = SignInForm { email, email_error, next, ..SignInForm::default() };
        return address_page(&stage, &http, StatusCode::UNPROCESSABLE_ENTITY, form);
    };
    let site = &stage.site;
    let trail = guard::trail(&http, site.trusted_hops, Actor::Nobody);
    let held = site.cookies.challenge(&http).and_then(Challenge::parse);
    let purpose = Purpose::SignIn(site.site);
    let challenge = site.codes.ask(purpose, &address, None, held, &site.sender, &trail).await?;
    let asked = format!("{}.{}", stage.clock.now_utc().timestamp_millis(), hex::encode(address.as_str()));
    let lives_s = u32::try_from(site.code_lives_s).unwrap_or(u32::MAX);
    let cookies = [
        site.cookies.set_challenge(challenge.reveal(), site.code_lives_s),
        site.cookies.set_plain(&asked_name(site.site), &asked, lives_s),
    ];
    Ok(reply::with_cookies(reply::see_other(&stage, &with_next(code_path(site.site), &next)), &cookies))
}

/// `GET /login/code`, `GET /sign-in/code`; without a code under way it begins anew.
pub async fn show_code(http: HttpRequest, asked: Query<Next>, stage: Data<Stage>) -> Result<HttpResponse, JsonError> {
    let next = local::page(stage.table, &asked.next).unwrap_or_default();
    let Some(form) = under_way(&stage, &http, next.clone()) else {
        return Ok(reply::see_other(&stage, &with_next(stage.sign_in(), &next)));
    };
    code_page(&stage, &http, StatusCode::OK, form)
}

/// `POST /login/code`, `POST /sign-in/code`.
pub async fn verify(http: HttpRequest, payload: Payload, stage: Data<Stage>) -> Result<HttpResponse, JsonError> {
    guard::same_origin(&http, &stage.site)?;
    let form = Form::read(&http, payload, &["email", "code", "next"]).await?;
    let next = local::page(stage.table, form.text("next")).unwrap_or_default();
    let site = &stage.site;
    let error = match (EmailAddress::parse(form.text("email")), LoginCode::parse(form.text("code"))) {
        (Err(_), _) => return Ok(reply::see_other(&stage, &with_next(stage.sign_in(), &next))),
        (_, Err(_)) => JsonError::invalid("code", "Type the six digits from the mail."),
        (Ok(address), Ok(code)) => {
            let trail = guard::trail(&http, site.trusted_hops, Actor::Nobody);
            let challenge = site.cookies.challenge(&http).and_then(Challenge::parse);
            let referral = site.cookies.referral(&http);
            let entry = Entry { site: site.site, referral: referral.as_ref() };
            let done = match &challenge {
                Some(challenge) => site.codes.sign_in(entry, &address, challenge, &code, &site.sender, &trail).await?,
                None => SignIn::NotLive,
            };
            match done {
                SignIn::Done { token, .. } => {
                    let cookies = [
                        site.cookies.set_session(token.reveal(), site.sessions.cookie_seconds(site.site)),
                        site.cookies.drop_challenge(),
                        site.cookies.set_plain(&asked_name(site.site), "", 0),
                        site.cookies.drop_referral(),
                    ];
                    let to = if next.is_empty() { stage.home() } else { &next };
                    return Ok(reply::with_cookies(reply::see_other(&stage, to), &cookies));
                }
                SignIn::Wrong { left } => JsonError::wrong_code(left),
                SignIn::NotLive => JsonError::code_not_live(),
            }
        }
    };
    let email = form.text("email").chars().take(254).collect();
    let form = under_way(&stage, &http, next.clone()).unwrap_or(SignInForm { email, next, ..SignInForm::default() });
    let form = SignInForm { code_error: error.message().to_owned(), ..form };
    code_page(&stage, &http, StatusCode::UNPROCESSABLE_ENTITY, form)
}

/// The form of the code that this browser asked for.
fn under_way(stage: &Stage, http: &HttpRequest, next: String) -> Option<SignInForm> {
    let site = &stage.site;
    site.cookies.challenge(http)?;
    let (asked_ms, address) = cookies::one(http, &asked_name(site.site))?.split_once('.')?;
    let email = String::from_utf8(hex::decode(address).ok()?).ok()?;
    let waited_ms = stage.clock.now_utc().timestamp_millis().saturating_sub(asked_ms.parse().ok()?);
    let left_ms = i64::try_from(site.resend_after_s).ok()?.saturating_mul(1_000).saturating_sub(waited_ms);
    // Rounded up: a code that is asked for early is not sent, and nobody is told.
    let resend_s = left_ms.max(0).saturating_add(999) / 1_000;
    Some(SignInForm { email, next, resend_s: resend_s.to_string(), ..SignInForm::default() })
}

fn address_page(
    stage: &Stage,
    http: &HttpRequest,
    status: StatusCode,
    form: SignInForm,
) -> Result<HttpResponse, JsonError> {
    let (page, form) = (stage.bare(http), SignInForm { action: stage.sign_in().to_owned(), ..form });
    match stage.site.site {
        Site::Dashboard => reply::page(stage, http, status, &DashboardAddress { page, form }),
        Site::Portal => reply::page(stage, http, status, &PortalAddress { page, form }),
    }
}

fn code_page(
    stage: &Stage,
    http: &HttpRequest,
    status: StatusCode,
    form: SignInForm,
) -> Result<HttpResponse, JsonError> {
    let (site, begin) = (stage.site.site, stage.sign_in().to_owned());
    let form = SignInForm {
        action: code_path(site).to_owned(),
        submit: "Sign in".to_owned(),
        resend_action: begin.clone(),
        resend_note: LATE.to_owned(),
        change_href: begin,
        ..form
    };
    let mut page = stage.bare(http);
    if !stage.names.outbox.is_empty() {
        page.notice = Notice {
            text: "This is the dev profile: mails stay in its outbox.".to_owned(),
            icon: "info".to_owned(),
            word: "Open outbox".to_owned(),
            href: stage.names.outbox.clone(),
            ..Notice::default()
        };
    }
    match site {
        Site::Dashboard => reply::page(stage, http, status, &DashboardCode { page, form }),
        Site::Portal => reply::page(stage, http, status, &PortalCode { page, form }),
    }
}

fn code_path(site: Site) -> &'static str {
    match site {
        Site::Dashboard => "/login/code",
        Site::Portal => "/sign-in/code",
    }
}

fn asked_name(site: Site) -> String {
    format!("{ASKED}-{}", site.word())
}

fn with_next(path: &str, next: &str) -> String {
    if next.is_empty() {
        return path.to_owned();
    }
    let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
    format!("{path}?next={next}")
}
