//! Rotate: another secret for the same budget, shown once; the old one ends now or a little later.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::http::dashboard::key_created::{self, Made};
use crate::http::dashboard::money_form::{self, FormWords, Refused};
use crate::http::dashboard::page::Page;
use crate::http::dashboard::state::Dashboard;
use crate::http::dashboard::step_up::{self, Proof, Wanted};
use crate::http::dashboard::visit::Visit;
use crate::http::dashboard::{key_card, open_key};
use crate::http::json::error::JsonError;
use crate::http::page::form::Form;
use crate::http::page::parts::{Choice, FieldError};
use crate::store::views::keys::KeyRow;

const NOT_DONE: &str = "The key was not rotated; the old one still works.";
const WORDS: FormWords = FormWords {
    button: "Rotate key",
    unsure: "The key was not rotated as far as we know.",
    field: "grace_s",
    short: "",
};
/// Seconds that the old secret lives on, what the choice says, and when to choose it.
const GRACES: [(u64, &str, &str); 3] = [
    (0, "Now", "It stops at once"),
    (3_600, "In 1 hour", "Time to swap it"),
    (86_400, "In 24 hours", "For slow roll-outs"),
];

struct RotateForm {
    step_up: bool,
    step_up_why: String,
    code_error: String,
    resend_s: String,
    id: String,
    operation_id: String,
    masked: String,
    label: String,
    graces: Vec<Choice>,
    refusal: String,
    request_id: String,
    not_done: &'static str,
    errors: Vec<FieldError>,
}

#[derive(Template)]
#[template(path = "key_rotate.html")]
struct KeyRotate {
    page: Page,
    form: RotateForm,
}

/// The fields as they were chosen.
struct Typed {
    operation_id: String,
    grace_s: u64,
}

/// `GET /keys/{id}/rotate`.
pub async fn show(http: HttpRequest, id: Path<String>, dash: Data<Dashboard>) -> Result<HttpResponse, JsonError> {
    let visit = Visit::open(&http, &dash).await?;
    let (_, row) = open_key::get(&visit, &id).await?;
    let typed = Typed { operation_id: money_form::new_operation(), grace_s: 0 };
    sheet(&visit, &row, &typed, Wanted::default(), Refused::default()).await
}

/// `POST /keys/{id}/rotate`: the new secret, this once; needs a fresh code.
pub async fn rotate(
    http: HttpRequest,
    id: Path<String>,
    payload: Payload,
    dash: Data<Dashboard>,
) -> Result<HttpResponse, JsonError> {
    let (visit, form) = Visit::submit(&http, payload, &dash, &["operation_id", "grace_s", "code", "do"]).await?;
    let (key, row) = open_key::get(&visit, &id).await?;
    let typed = Typed::of(&form)?;
    if let Proof::Wanted(wanted) = step_up::prove(&visit, &form, "a new secret is about to be shown.").await? {
        let refused = Refused { status: StatusCode::FORBIDDEN, ..Refused::default() };
        return sheet(&visit, &row, &typed, wanted, refused).await;
    }
    let grace = Duration::from_secs(typed.grace_s);
    match dash.manage.desk.rotate_once(&key, grace, &typed.operation_id, &visit.trail).await {
        Ok(secret) => {
            let made = Made {
                title: "Key rotated".to_owned(),
                summary: summary(&row, typed.grace_s),
                rotate_href: format!("/keys/{id}/rotate"),
                ..Made::default()
            };
            let made = match &secret {
                Some(secret) => made.with_key(&visit, secret, &row.label),
                None => made,
            };
            key_created::reply(&visit, StatusCode::OK, "/api", made).await
        }
        Err(error) => {
            let refused = Refused::by_desk(&visit, error, &WORDS)?;
            sheet(&visit, &row, &typed, Wanted::default(), refused).await
        }
    }
}

impl Typed {
    fn of(form: &Form) -> Result<Self, JsonError> {
        let sent = form.text("grace_s");
        let known = GRACES.iter().map(|(seconds, ..)| *seconds).find(|seconds| seconds.to_string() == sent);
        let grace_s = known.ok_or_else(|| JsonError::invalid("grace_s", "Choose when the old key ends."))?;
        Ok(Typed { operation_id: form.operation()?.to_owned(), grace_s })
    }
}

fn summary(row: &KeyRow, grace_s: u64) -> String {
    let ends = match grace_s {
        0 => "stopped working".to_owned(),
        3_600 => "still works for 1 hour".to_owned(),
        _ => format!("still works for {} hours", grace_s / 3_600),
    };
    format!("{} has a new secret. Budget and spending stay; the old secret {ends}.", row.label)
}

async fn sheet(
    visit: &Visit<'_>,
    row: &KeyRow,
    typed: &Typed,
    wanted: Wanted,
    refused: Refused,
) -> Result<HttpResponse, JsonError> {
    let chosen = |(seconds, word, hint): (u64, &str, &str)| Choice {
        value: seconds.to_string(),
        word: word.to_owned(),
        chosen: seconds == typed.grace_s,
        hint: hint.to_owned(),
    };
    let form = RotateForm {
        step_up: wanted.step_up,
        step_up_why: wanted.step_up_why,
        code_error: wanted.code_error,
        resend_s: wanted.resend_s,
        id: row.key.to_string(),
        operation_id: refused.operation(&typed.operation_id),
        masked: key_card::masked(&row.hint),
        label: row.label.clone(),
        graces: GRACES.map(chosen).to_vec(),
        refusal: refused.refusal,
        request_id: refused.request_id,
        not_done: NOT_DONE,
        errors: refused.errors,
    };
    let page = visit.page_with("api", visit.balance().await.ok().as_ref())?;
    visit.reply(refused.status, &KeyRotate { page, form })
}
