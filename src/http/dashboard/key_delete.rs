//! Delete: what comes back at once, what stays billed, and the label typed to confirm.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::actors::messages::AccountView;
use crate::domain::key::KeyStatus;
use crate::domain::label::Label;
use crate::http::dashboard::key_card;
use crate::http::dashboard::money_form::{self, FormWords, Refused, field_error};
use crate::http::dashboard::notices;
use crate::http::dashboard::page::Page;
use crate::http::dashboard::state::Dashboard;
use crate::http::dashboard::step_up::{self, Proof, Wanted};
use crate::http::dashboard::visit::Visit;
use crate::http::json::error::JsonError;
use crate::http::manage::money::PROOF_ABOVE;
use crate::http::page::parts::FieldError;
use crate::http::page::words;
use crate::store::views::keys::KeyRow;

const WORDS: FormWords =
    FormWords { button: "Delete key", unsure: "Nothing was deleted as far as we know.", field: "confirm", short: "" };

/// The form with what deleting comes to now.
struct KeyDeleteForm {
    step_up: bool,
    step_up_why: String,
    code_error: String,
    resend_s: String,
    id: String,
    operation_id: String,
    masked: String,
    label: String,
    returned: String,
    returned_exact: String,
    billed: String,
    billed_exact: String,
    in_flight: bool,
    /// "2 calls"
    flight_calls: String,
    flight_held: String,
    balance: String,
    balance_after: String,
    confirm: String,
    confirm_error: String,
    refusal: String,
    request_id: String,
    not_done: &'static str,
    errors: Vec<FieldError>,
}

#[derive(Template)]
#[template(path = "key_delete.html")]
struct KeyDelete {
    page: Page,
    form: KeyDeleteForm,
}

/// The fields as they were typed.
struct Typed {
    operation_id: String,
    confirm: String,
}

/// `GET /keys/{id}/delete`; what is deleted already shows what became of it.
pub async fn show(http: HttpRequest, id: Path<String>, dash: Data<Dashboard>) -> Result<HttpResponse, JsonError> {
    let visit = Visit::open(&http, &dash).await?;
    let row = dash.manage.keys.get(&visit.key(&id).await?).await?;
    if row.status != KeyStatus::Active {
        return Ok(visit.see_other(&format!("/keys/{id}")));
    }
    let typed = Typed { operation_id: money_form::new_operation(), confirm: String::new() };
    sheet(&visit, &row, &typed, Wanted::default(), Refused::default()).await
}

/// `POST /keys/{id}/delete`: with more than 100 US dollars left it needs a fresh code.
pub async fn delete(
    http: HttpRequest,
    id: Path<String>,
    payload: Payload,
    dash: Data<Dashboard>,
) -> Result<HttpResponse, JsonError> {
    let (visit, form) = Visit::submit(&http, payload, &dash, &["operation_id", "confirm", "code", "do"]).await?;
    let typed = Typed { operation_id: form.text("operation_id").to_owned(), confirm: form.text("confirm").to_owned() };
    let key = visit.key(&id).await?;
    let row = dash.manage.keys.get(&key).await?;
    if !typed.names(&row) {
        let text = format!("This is not the label. Type {}.", row.label);
        let refused = Refused::fields(vec![field_error("confirm", &text)]);
        return sheet(&visit, &row, &typed, Wanted::default(), refused).await;
    }
    if row.status == KeyStatus::Active
        && row.left() > PROOF_ABOVE
        && let Proof::Wanted(wanted) = step_up::prove(&visit, &form, "more than $100 comes back from this key.").await?
    {
        let refused = Refused { status: StatusCode::FORBIDDEN, ..Refused::default() };
        return sheet(&visit, &row, &typed, wanted, refused).await;
    }
    let idem = form.identity(&["delete", id.as_str()])?;
    let desk = &dash.manage.desk;
    match money_form::settled(async || desk.close(&key, idem.clone(), &visit.trail).await).await {
        Ok(_was_before) => Ok(visit.see_other(&notices::with("/api", "deleted", &id))),
        Err(error) => {
            let refused = Refused::by_desk(&visit, error, &WORDS)?;
            sheet(&visit, &row, &typed, Wanted::default(), refused).await
        }
    }
}

impl Typed {
    /// The label as people see it: composed alike, white space around it cut.
    fn names(&self, row: &KeyRow) -> bool {
        Label::parse(&self.confirm).is_ok_and(|label| label.as_str() == row.label)
    }
}

async fn sheet(
    visit: &Visit<'_>,
    row: &KeyRow,
    typed: &Typed,
    wanted: Wanted,
    refused: Refused,
) -> Result<HttpResponse, JsonError> {
    let balance = visit.balance().await.ok();
    let flight = visit.dash.manage.directory.open_calls().in_flight(row.key);
    let returned = row.left().saturating_sub(flight.held);
    let after = |b: AccountView| b.main.saturating_add(returned.saturating_sub(b.receivable));
    let form = KeyDeleteForm {
        step_up: wanted.step_up,
        step_up_why: wanted.step_up_why,
        code_error: wanted.code_error,
        resend_s: wanted.resend_s,
        id: row.key.to_string(),
        operation_id: refused.operation(&typed.operation_id),
        masked: key_card::masked(&row.hint),
        label: row.label.clone(),
        returned: words::dollars(returned.usd()),
        returned_exact: words::dollars_9(returned.usd()),
        billed: words::dollars(row.posted.usd()),
        billed_exact: words::dollars_9(row.posted.usd()),
        in_flight: flight.calls > 0,
        flight_calls: words::counted(i64::try_from(flight.calls).unwrap_or(i64::MAX), "call", "calls"),
        flight_held: words::dollars(flight.held.usd()),
        balance: balance.map_or_else(|| "–".to_owned(), |b| words::dollars(b.main.usd())),
        balance_after: balance.map_or_else(|| "–".to_owned(), |b| words::dollars(after(b).usd())),
        confirm: typed.confirm.clone(),
        confirm_error: refused.at("confirm"),
        refusal: refused.refusal,
        request_id: refused.request_id,
        not_done: "Nothing was deleted.",
        errors: refused.errors,
    };
    let page = visit.page_with("api", balance.as_ref())?;
    visit.reply(refused.status, &KeyDelete { page, form })
}
