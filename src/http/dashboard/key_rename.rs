//! Rename: the label that only the reseller sees.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::http::dashboard::money_form::{FormWords, Refused, field_error};
use crate::http::dashboard::notices;
use crate::http::dashboard::page::Page;
use crate::http::dashboard::state::Dashboard;
use crate::http::dashboard::visit::Visit;
use crate::http::dashboard::{key_card, open_key};
use crate::http::json::error::JsonError;
use crate::http::manage::keys;
use crate::http::page::parts::FieldError;
use crate::identity::key_desk::KeyChange;
use crate::store::views::keys::KeyRow;

const WORDS: FormWords =
    FormWords { button: "Save", unsure: "The label was not changed as far as we know.", field: "label", short: "" };

struct RenameForm {
    id: String,
    masked: String,
    label_now: String,
    label: String,
    label_error: String,
    refusal: String,
    request_id: String,
    not_done: &'static str,
    errors: Vec<FieldError>,
}

#[derive(Template)]
#[template(path = "key_rename.html")]
struct KeyRename {
    page: Page,
    form: RenameForm,
}

/// `GET /keys/{id}/rename`.
pub async fn show(http: HttpRequest, id: Path<String>, dash: Data<Dashboard>) -> Result<HttpResponse, JsonError> {
    let visit = Visit::open(&http, &dash).await?;
    let (_, row) = open_key::get(&visit, &id).await?;
    sheet(&visit, &row, &row.label, Refused::default()).await
}

/// `POST /keys/{id}/rename`.
pub async fn save(
    http: HttpRequest,
    id: Path<String>,
    payload: Payload,
    dash: Data<Dashboard>,
) -> Result<HttpResponse, JsonError> {
    let (visit, form) = Visit::submit(&http, payload, &dash, &["label"]).await?;
    let (key, row) = open_key::get(&visit, &id).await?;
    let typed = form.text("label");
    let label = match keys::label(typed) {
        Ok(label) => label,
        Err(error) => {
            return sheet(&visit, &row, typed, Refused::fields(vec![field_error("label", error.message())])).await;
        }
    };
    match dash.manage.desk.edit(&key, KeyChange { label: Some(label), paused: None }, &visit.trail).await {
        Ok(()) => Ok(visit.see_other(&notices::with("/api", "renamed", &id))),
        Err(error) => sheet(&visit, &row, typed, Refused::by_desk(&visit, error, &WORDS)?).await,
    }
}

async fn sheet(visit: &Visit<'_>, row: &KeyRow, typed: &str, refused: Refused) -> Result<HttpResponse, JsonError> {
    let form = RenameForm {
        id: row.key.to_string(),
        masked: key_card::masked(&row.hint),
        label_now: row.label.clone(),
        label: typed.to_owned(),
        label_error: refused.at("label"),
        refusal: refused.refusal,
        request_id: refused.request_id,
        not_done: "The label was not changed.",
        errors: refused.errors,
    };
    let page = visit.page_with("api", visit.balance().await.ok().as_ref())?;
    visit.reply(refused.status, &KeyRename { page, form })
}
