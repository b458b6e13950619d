//! One top-up: a receipt once it is credited, and before that what is known of it.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::domain::ids::TopupId;
use crate::domain::money::Cost;
use crate::domain::topup::TopupState;
use crate::http::dashboard::page::Page;
use crate::http::dashboard::state::Dashboard;
use crate::http::dashboard::top_up_line::{self, StateWords};
use crate::http::dashboard::visit::Visit;
use crate::http::json::error::JsonError;
use crate::http::page::parts::Fact;
use crate::http::page::words;
use crate::payments::desk::PaymentDesk;
use crate::payments::error::LookError;
use crate::store::payments::TopupRow;

/// What the page shows.
struct Receipt {
    title: &'static str,
    amount: String,
    state: String,
    tone: &'static str,
    icon: &'static str,
    facts: Vec<Fact>,
}

#[derive(Template)]
#[template(path = "receipt.html")]
struct ReceiptPage {
    page: Page,
    receipt: Receipt,
}

/// `GET /billing/{id}`: after a look at the provider, if it waits for its payment.
pub async fn show(
    http: HttpRequest,
    id: Path<String>,
    dash: Data<Dashboard>,
    desk: Data<PaymentDesk>,
) -> Result<HttpResponse, JsonError> {
    let visit = Visit::open(&http, &dash).await?;
    let row = looked_at(&visit, &desk, &id).await?.ok_or_else(JsonError::not_found)?;
    let live_url = if row.order.state.is_waiting() { visit.live("page=billing") } else { String::new() };
    let page = Page { live_url, ..visit.page("billing").await? };
    visit.show(&ReceiptPage { page, receipt: receipt(&visit, &row) })
}

/// `POST /billing/{id}/cancel`: back to the list, which says what became of it.
pub async fn cancel(
    http: HttpRequest,
    id: Path<String>,
    payload: Payload,
    dash: Data<Dashboard>,
    desk: Data<PaymentDesk>,
) -> Result<HttpResponse, JsonError> {
    let (visit, _) = Visit::submit(&http, payload, &dash, &[]).await?;
    match desk.cancel(visit.account, TopupId::parse(&id).ok_or_else(JsonError::not_found)?, &visit.trail).await {
        Ok(Some(row)) => Ok(visit.see_other(&format!("/billing?topup={}", row.order.id))),
        Ok(None) => Err(JsonError::not_found()),
        Err(LookError::Store(error)) => Err(error.into()),
        Err(error) => {
            tracing::warn!(%error, "an order could not be called off");
            Err(JsonError::provider_away())
        }
    }
}

/// The order of this id after a look at its provider, read as the page's first part.
///
/// # Errors
/// If our own store is away.
pub async fn looked_at(visit: &Visit<'_>, desk: &PaymentDesk, raw: &str) -> Result<Option<TopupRow>, JsonError> {
    let Some(id) = TopupId::parse(raw) else { return Ok(None) };
    if desk.show(visit.account, id).await?.is_none() {
        return Ok(None);
    }
    visit.read_from_now();
    Ok(desk.find(visit.account, id).await?)
}

fn receipt(visit: &Visit<'_>, row: &TopupRow) -> Receipt {
    let StateWords { text, tone, icon } = top_up_line::state(row);
    let title = if row.order.state.is_credited() { "Receipt" } else { "Top-up" };
    Receipt { title, amount: top_up_line::amount(row), state: text, tone, icon, facts: facts(visit, row) }
}

fn facts(visit: &Visit<'_>, row: &TopupRow) -> Vec<Fact> {
    let order = &row.order;
    let mut facts = Vec::new();
    let mut fact = |word: &str, value: String| facts.push(Fact { word: word.to_owned(), value });
    if let (Some(credited), Some(at)) = (order.credited, row.credited_at) {
        fact("Credited", words::dollars(credited.usd()));
        fact("Credited on", words::second(at));
    }
    if row.taken_back > Cost::ZERO {
        fact("Taken back", words::dollars(row.taken_back.usd()));
    }
    fact("Asked for", words::dollars(order.requested.usd()));
    if let Some(received) = order.received {
        fact("Received", words::dollars(received.usd()));
    }
    fact("Paid by", top_up_line::method(row).to_owned());
    fact("Opened on", words::second(row.created_at));
    if let (Some(at), true) = (row.expires_at, order.state == TopupState::Open) {
        fact("To be paid by", words::second(at));
    }
    fact("For", visit.session.address.clone());
    fact("Top-up", order.id.to_string());
    if let Some(payment) = &row.payment {
        fact("Payment", payment.clone());
    }
    fact("Account", row.account.to_string());
    facts
}
