//! *Top Up Client Key*: an amount in client price; the locked ratio says what it costs.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::actors::messages::AccountView;
use crate::domain::money::Price;
use crate::http::dashboard::key_preview::KeyTopUpPreview;
use crate::http::dashboard::money_form::{self, FormWords, Refused, field_error};
use crate::http::dashboard::notices;
use crate::http::dashboard::page::Page;
use crate::http::dashboard::state::Dashboard;
use crate::http::dashboard::visit::Visit;
use crate::http::dashboard::{key_card, open_key};
use crate::http::json::error::JsonError;
use crate::http::page::parts::{FieldError, Pick};
use crate::http::page::{amount, words};
use crate::store::views::keys::KeyRow;

const SHORT: &str = "This debits more than what is available. Top up your balance first, or add less.";
const WORDS: FormWords =
    FormWords { button: "Confirm", unsure: "Nothing was debited as far as we know.", field: "amount", short: SHORT };
/// Amounts to choose instead of typing, in US dollars.
const PICKS: [&str; 3] = ["10", "50", "100"];

/// The form with what was typed, and what the module's preview counts with.
struct KeyTopUpForm {
    id: String,
    operation_id: String,
    masked: String,
    label: String,
    available: String,
    /// Empty while the books do not answer: then only the server looks.
    available_nanos: String,
    /// Cost : price, reduced.
    ratio_num: String,
    ratio_den: String,
    budget_nanos: String,
    paid_nanos: String,
    margin: String,
    amount: String,
    amount_error: String,
    picks: Vec<Pick>,
    refusal: String,
    request_id: String,
    not_done: &'static str,
    errors: Vec<FieldError>,
    words_bad: &'static str,
    words_zero: &'static str,
    words_short: &'static str,
}

#[derive(Template)]
#[template(path = "key_top_up.html")]
struct KeyTopUp {
    page: Page,
    form: KeyTopUpForm,
    preview: KeyTopUpPreview,
}

/// The fields as they were typed.
struct Typed {
    operation_id: String,
    amount: String,
}

/// `GET /keys/{id}/top-up?amount`.
pub async fn show(http: HttpRequest, id: Path<String>, dash: Data<Dashboard>) -> Result<HttpResponse, JsonError> {
    let visit = Visit::open(&http, &dash).await?;
    let (_, row) = open_key::get(&visit, &id).await?;
    let typed = Typed { operation_id: money_form::new_operation(), amount: visit.query("amount") };
    sheet(&visit, &row, &typed, Some(visit.balance().await?), Refused::default())
}

/// `POST /keys/{id}/top-up`; with `do=preview` only what the amount means.
pub async fn confirm(
    http: HttpRequest,
    id: Path<String>,
    payload: Payload,
    dash: Data<Dashboard>,
) -> Result<HttpResponse, JsonError> {
    let (visit, form) = Visit::submit(&http, payload, &dash, &["operation_id", "amount", "do"]).await?;
    let typed = Typed { operation_id: form.text("operation_id").to_owned(), amount: form.text("amount").to_owned() };
    let key = visit.key(&id).await?;
    let row = dash.manage.keys.get(&key).await?;
    let balance = visit.balance().await.ok();
    let price = match amount::parse(&typed.amount) {
        Ok(price) => Price::from(price),
        Err(text) => {
            return sheet(&visit, &row, &typed, balance, Refused::fields(vec![field_error("amount", text)]));
        }
    };
    if form.text("do") == "preview" {
        return sheet(&visit, &row, &typed, balance, unaffordable(&row, price, balance));
    }
    let idem = form.identity(&["top-up", id.as_str(), &typed.amount])?;
    let desk = &dash.manage.desk;
    match money_form::settled(async || desk.top_up(&key, price, idem.clone(), &visit.trail).await).await {
        Ok(_done) => Ok(visit.see_other(&notices::with("/api", "top-up", &id))),
        Err(error) => {
            let refused = Refused::by_desk(&visit, error, &WORDS)?;
            sheet(&visit, &row, &typed, visit.balance().await.ok(), refused)
        }
    }
}

fn unaffordable(row: &KeyRow, price: Price, balance: Option<AccountView>) -> Refused {
    let debit = row.ratio.top_up(row.budget, row.funded, price).map(|(_, debit)| debit);
    match (debit, balance) {
        (Some(debit), Some(balance)) if debit > balance.available => {
            Refused::fields(vec![field_error("amount", SHORT)])
        }
        _ => Refused::default(),
    }
}

fn sheet(
    visit: &Visit<'_>,
    row: &KeyRow,
    typed: &Typed,
    balance: Option<AccountView>,
    refused: Refused,
) -> Result<HttpResponse, JsonError> {
    let available = balance.map(|b| b.available);
    let price = amount::parse(&typed.amount).ok().map(Price::from);
    let terms = price.and_then(|price| row.ratio.top_up(row.budget, row.funded, price));
    let mut preview = terms.map(|(total, debit)| KeyTopUpPreview::of(total, debit, available)).unwrap_or_default();
    preview.stale |= !refused.errors.is_empty();
    let (num, den) = row.ratio.parts();
    let form = KeyTopUpForm {
        id: row.key.to_string(),
        operation_id: refused.operation(&typed.operation_id),
        masked: key_card::masked(&row.hint),
        label: row.label.clone(),
        available: available.map_or_else(|| "–".to_owned(), |a| words::dollars_4(a.usd())),
        available_nanos: available.map(|a| a.nanos().to_string()).unwrap_or_default(),
        ratio_num: num.to_string(),
        ratio_den: den.to_string(),
        budget_nanos: row.budget.nanos().to_string(),
        paid_nanos: row.funded.nanos().to_string(),
        margin: if row.ratio.is_internal_share() { "no markup".to_owned() } else { row.ratio.margin() },
        amount: typed.amount.clone(),
        amount_error: refused.at("amount"),
        picks: PICKS.map(|usd| Pick { value: usd.to_owned(), word: format!("${usd}") }).to_vec(),
        refusal: refused.refusal,
        request_id: refused.request_id,
        not_done: "Nothing was debited.",
        errors: refused.errors,
        words_bad: amount::BAD,
        words_zero: amount::ZERO,
        words_short: SHORT,
    };
    let page = visit.page_with("api", balance.as_ref())?;
    visit.reply(refused.status, &KeyTopUp { page, form, preview })
}
