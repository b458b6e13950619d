//! Model prices for the operator: every version there is, and one more of a row.

use crate::domain::price_row::{Day, PriceText};
use crate::domain::pricing::PriceBook;
use crate::http::operator::answer::OperatorError;
use crate::http::operator::state::OperatorState;
use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A new version: what is not said stays as in the version before, or as in the row it is like.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewPrice {
    model: String,
    like: Option<String>,
    from: Option<String>,
    enabled: Option<bool>,
    /// US dollars per million tokens by meter, such as `{"input": "3"}`.
    #[serde(default)]
    rates: BTreeMap<String, String>,
}

/// `GET /op/prices`: all versions; `offered` says which of them holds today for clients.
pub async fn list(http: HttpRequest, state: Data<OperatorState>) -> Result<HttpResponse, OperatorError> {
    state.authorize(&http)?;
    let book = state.prices.load();
    let rows: Vec<Value> = book.texts().iter().map(|text| row(text, holds(&book, text))).collect();
    Ok(HttpResponse::Ok().json(json!({ "prices": rows })))
}

/// `POST /op/prices`: adds a version; calls that were admitted before keep theirs.
pub async fn set(
    http: HttpRequest,
    body: Json<NewPrice>,
    state: Data<OperatorState>,
) -> Result<HttpResponse, OperatorError> {
    state.authorize(&http)?;
    // Two at once would both be version n + 1, and the book would keep the later one alone.
    let _turn = state.price_turn.lock().await;
    let book = state.prices.load_full();
    let today = state.today();
    let text = changed(book.texts(), &body, today)?;
    let next = book.with(text, today).map_err(|e| OperatorError::invalid(e.to_string()))?;
    let added = next.texts().last().expect("a version was added").clone();
    state.price_store.add(&added, "operator").await?;
    // The day may have turned meanwhile, and the book with it.
    let with = |book: &Arc<PriceBook>| book.with(added.clone(), state.today()).map_or_else(|_| book.clone(), Arc::new);
    state.prices.rcu(with);
    Ok(HttpResponse::Created().json(row(&added, holds(&next, &added))))
}

fn changed(texts: &[PriceText], new: &NewPrice, today: Day) -> Result<PriceText, OperatorError> {
    let base = new.like.as_deref().unwrap_or(&new.model);
    let latest = texts.iter().filter(|t| t.id == base).max_by_key(|t| t.version);
    let mut text =
        latest.ok_or_else(|| OperatorError::not_found("such model; name one it is like with --like"))?.clone();
    text.id.clone_from(&new.model);
    text.enabled = new.enabled.unwrap_or(text.enabled);
    text.effective_from = new.from.as_deref().map_or(Ok(today), |day| begins(day, today))?;
    let mut rates = serde_json::to_value(&text.usd_per_million_tokens).unwrap_or_default();
    for (meter, rate) in &new.rates {
        rates[meter] = Value::String(rate.clone());
    }
    text.usd_per_million_tokens = serde_json::from_value(rates)
        .map_err(|_| OperatorError::invalid("rates are input, output, cache_read, cache_write_5m, cache_write_1h"))?;
    Ok(text)
}

/// A day to come or today: what was in force before stays so, and a version of the past would never hold.
fn begins(day: &str, today: Day) -> Result<Day, OperatorError> {
    let day = Day::parse(day).ok_or_else(|| OperatorError::invalid("--from takes a day such as 2026-12-01"))?;
    if day < today {
        return Err(OperatorError::invalid("a price begins today or later: leave --from out for today"));
    }
    Ok(day)
}

/// True for the version that clients are offered today.
fn holds(book: &PriceBook, text: &PriceText) -> bool {
    book.find(&text.id).is_some_and(|row| row.version == text.version)
}

fn row(text: &PriceText, holds: bool) -> Value {
    json!({
        "model": text.id, "provider": text.provider, "version": text.version, "from": text.effective_from,
        "offered": holds, "usd_per_million_tokens": text.usd_per_million_tokens,
    })
}
