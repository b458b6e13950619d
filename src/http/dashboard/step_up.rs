//! A fresh code inside the form of a dangerous act (`identity.md` §5): the form comes back with a field for the code,
//! and the same form goes through with it.

use crate::domain::email::EmailAddress;
use crate::domain::login_code::LoginCode;
use crate::domain::site::{Purpose, Site};
use crate::http::dashboard::visit::Visit;
use crate::http::json::error::JsonError;
use crate::http::page::form::Form;
use crate::identity::codes::{Challenge, SignIn};

/// Whether the act may go on.
pub enum Proof {
    /// The session has a fresh code.
    Given,
    /// A code was mailed or was wrong: show the form again with these fields.
    Wanted(Wanted),
}

/// The step-up part of a form; empty and `step_up = false` where none is needed.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub step_up: bool,
    /// Goes on after "One more check: ".
    pub step_up_why: String,
    pub code_error: String,
    pub resend_s: String,
}

/// Asks for the proof, or takes the code that the form carries.
///
/// # Errors
/// If the store does not answer.
pub async fn prove(visit: &Visit<'_>, form: &Form, why: &str) -> Result<Proof, JsonError> {
    if visit.session.fresh {
        return Ok(Proof::Given);
    }
    let wanted = Wanted { step_up: true, step_up_why: why.to_owned(), ..Wanted::default() };
    if form.text("code").is_empty() || form.text("do") == "resend" {
        ask(visit).await?;
        let resend_s = visit.dash.stage.site.resend_after_s.to_string();
        return Ok(Proof::Wanted(Wanted { resend_s, ..wanted }));
    }
    let error = match verify(visit, form.text("code")).await? {
        None => return Ok(Proof::Given),
        Some(error) => error,
    };
    Ok(Proof::Wanted(Wanted { code_error: error.message().to_owned(), resend_s: "0".to_owned(), ..wanted }))
}

async fn ask(visit: &Visit<'_>) -> Result<(), JsonError> {
    let site = &visit.dash.stage.site;
    let address = EmailAddress::parse(&visit.session.address)?;
    let held = site.cookies.challenge(visit.http).and_then(Challenge::parse);
    let (session, trail) = (Some(visit.session.id), &visit.trail);
    let challenge = site.codes.ask(Purpose::StepUp, &address, session, held, &site.sender, trail).await?;
    visit.give_cookie(site.cookies.set_challenge(challenge.reveal(), site.code_lives_s));
    Ok(())
}

/// `None` if the code is right; the session has a new token then.
async fn verify(visit: &Visit<'_>, typed: &str) -> Result<Option<JsonError>, JsonError> {
    let site = &visit.dash.stage.site;
    let Ok(code) = LoginCode::parse(typed) else {
        return Ok(Some(JsonError::invalid("code", "Type the six digits from the mail.")));
    };
    let Some(challenge) = site.cookies.challenge(visit.http).and_then(Challenge::parse) else {
        return Ok(Some(JsonError::code_not_live()));
    };
    let address = EmailAddress::parse(&visit.session.address)?;
    let (account, session) = (visit.account, visit.session.id);
    Ok(match site.codes.step_up(account, session, &address, &challenge, &code, &visit.trail).await? {
        SignIn::Done { token, .. } => {
            let seconds = site.sessions.cookie_seconds(Site::Dashboard);
            visit.give_cookie(site.cookies.set_session(token.reveal(), seconds));
            visit.give_cookie(site.cookies.drop_challenge());
            None
        }
        SignIn::Wrong { left } => Some(JsonError::wrong_code(left)),
        SignIn::NotLive => Some(JsonError::code_not_live()),
    })
}
