//! The reference product's management API with an Account Key: its paths and names, our rules (`docs/http-api.md` §5).

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::actors::new_key::KeyOrder;
use crate::domain::money::{Cost, Price, Usd};
use crate::domain::ratio::Ratio;
use crate::http::json::amount::SentAmount;
use crate::http::json::answer;
use crate::http::json::body;
use crate::http::json::error::JsonError;
use crate::http::manage::caller;
use crate::http::manage::operation::{self, Identified};
use crate::http::manage::state::ManageState;
use crate::http::manage::{keys, lines, money, reference_show};
use crate::identity::key_desk::KeyChange;
use crate::store::views::keys::KeyPage;

/// Keys in the one list that this API has.
const MOST_KEYS: i64 = 10_000;
/// A multiplier of 1 in millionths: it is typed with at most six decimals.
const ONE: Cost = Cost::from_nanos(1_000_000_000);

/// A new key: `cost` or `displayMultiplier` (price ÷ cost), never both; neither means no markup.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewSubKey {
    budget_virtual: SentAmount,
    label: Option<String>,
    cost: Option<SentAmount>,
    display_multiplier: Option<SentAmount>,
}

/// Changes to a key. The last three are known only to be refused in words.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SubKeyChange {
    label: Option<String>,
    add_budget: Option<SentAmount>,
    paused: Option<bool>,
    budget_virtual: Option<Box<RawValue>>,
    cost: Option<Box<RawValue>>,
    display_multiplier: Option<Box<RawValue>>,
}

/// `GET /balance`: what is free, what operations under way were promised, the difference; four decimals.
pub async fn balance(http: HttpRequest, state: Data<ManageState>) -> Result<HttpResponse, JsonError> {
    let caller = caller::reseller(&http, &state).await?;
    let view = state.directory.view_account(caller.account).await?;
    let (main, available) = (view.main.usd().fixed_floor(4), view.available.usd().fixed_floor(4));
    // Of the shown figures, so that they add up.
    let shown = |text: &str| Usd::parse(text).map_or(0, Usd::nanos);
    let locked = Usd::from_nanos(shown(&main).saturating_sub(shown(&available))).fixed_floor(4);
    Ok(answer::ok(&json!({ "balance": main, "locked_balance": locked, "available": available })))
}

/// `GET /sub-keys`.
pub async fn list(http: HttpRequest, state: Data<ManageState>) -> Result<HttpResponse, JsonError> {
    let caller = caller::reseller(&http, &state).await?;
    let page = KeyPage { closed: false, before: None, limit: MOST_KEYS };
    let rows = state.keys.list(caller.account, page).await?;
    let shown: Vec<_> = rows.into_iter().map(|row| reference_show::sub_key(row, None)).collect();
    Ok(answer::ok(&json!({ "subKeys": shown })))
}

/// `POST /sub-keys`.
pub async fn create(http: HttpRequest, payload: Payload, state: Data<ManageState>) -> Result<HttpResponse, JsonError> {
    let caller = caller::reseller(&http, &state).await?;
    let wanted: NewSubKey = body::read(&http, payload).await?;
    let budget: Price = wanted.budget_virtual.usd("budgetVirtual")?.into();
    let order = KeyOrder {
        label: keys::label(wanted.label.as_deref().unwrap_or("sub-key"))?.into_string(),
        budget,
        cost: cost_of(&wanted, budget)?,
        rpm: state.new_key.rpm,
        concurrency: state.new_key.concurrency,
    };
    let sent = |amount: &Option<SentAmount>| amount.as_ref().map(SentAmount::text).unwrap_or_default();
    let typed = [
        "create",
        wanted.label.as_deref().unwrap_or_default(),
        &wanted.budget_virtual.text(),
        &sent(&wanted.cost),
        &sent(&wanted.display_multiplier),
    ];
    let idem = operation::identity(&http, Identified::IfSent, &typed)?;
    let done = state.desk.create(caller.account, order, idem, &caller.trail).await?;
    let id = done.recorded.key.map(|k| k.to_string()).unwrap_or_default();
    let key = caller::owned(&state, &caller, &id).await?;
    let mut response = answer::with_headers(StatusCode::CREATED);
    operation::mark(&mut response, &done);
    let secret = done.secret.as_ref().map(|s| s.reveal());
    Ok(response.json(reference_show::sub_key(state.keys.get(&key).await?, secret)))
}

/// The reseller's cost of a new key.
fn cost_of(wanted: &NewSubKey, budget: Price) -> Result<Cost, JsonError> {
    match (&wanted.cost, &wanted.display_multiplier) {
        (Some(_), Some(_)) => Err(JsonError::invalid("displayMultiplier", "Send cost or displayMultiplier, not both.")),
        (Some(cost), None) => Ok(cost.usd("cost")?.into()),
        (None, None) => Ok(Cost::from_nanos(budget.nanos())),
        (None, Some(multiplier)) => {
            let refused = || JsonError::invalid("displayMultiplier", "Send a number from 1 to 1000: price ÷ cost.");
            let multiplier: Price = multiplier.usd("displayMultiplier").map_err(|_| refused())?.into();
            let ratio = Ratio::of(ONE, multiplier).map_err(|_| refused())?;
            ratio.cost_of_budget(budget).ok_or_else(refused)
        }
    }
}

/// `PUT /sub-keys/{id}`: money first, so that a refused top-up changes nothing.
pub async fn update(
    http: HttpRequest,
    id: Path<String>,
    payload: Payload,
    state: Data<ManageState>,
) -> Result<HttpResponse, JsonError> {
    let caller = caller::reseller(&http, &state).await?;
    let wanted: SubKeyChange = body::read(&http, payload).await?;
    refuse_repricing(&wanted)?;
    let label = wanted.label.as_deref().map(keys::label).transpose()?;
    let sent = wanted.add_budget.as_ref().map(SentAmount::text).unwrap_or_default();
    let idem = operation::identity(&http, Identified::IfSent, &["top-up", id.as_str(), &sent])?;
    let key = caller::owned(&state, &caller, &id).await?;
    let mut replayed = false;
    if let Some(amount) = &wanted.add_budget {
        let price: Price = amount.usd("addBudget")?.into();
        replayed = state.desk.top_up(&key, price, idem, &caller.trail).await?.replayed;
    }
    if label.is_some() || wanted.paused.is_some() {
        state.desk.edit(&key, KeyChange { label, paused: wanted.paused }, &caller.trail).await?;
    }
    Ok(operation::answer(replayed).json(reference_show::sub_key(state.keys.get(&key).await?, None)))
}

fn refuse_repricing(wanted: &SubKeyChange) -> Result<(), JsonError> {
    let locked = "The ratio is locked at creation. To reprice, create a new key and ask the client to switch over.";
    if wanted.cost.is_some() {
        return Err(JsonError::invalid("cost", locked));
    }
    if wanted.display_multiplier.is_some() {
        return Err(JsonError::invalid("displayMultiplier", locked));
    }
    if wanted.budget_virtual.is_some() {
        return Err(JsonError::invalid("budgetVirtual", "Send addBudget with the amount to add."));
    }
    Ok(())
}

/// `DELETE /sub-keys/{id}`: what came back and what stays.
pub async fn delete(http: HttpRequest, id: Path<String>, state: Data<ManageState>) -> Result<HttpResponse, JsonError> {
    let caller = caller::reseller(&http, &state).await?;
    let key = caller::owned(&state, &caller, &id).await?;
    let idem = operation::identity(&http, Identified::IfSent, &["delete", id.as_str()])?;
    let replayed = state.desk.close(&key, idem, &caller.trail).await?;
    Ok(operation::answer(replayed).json(money::deleted(&state, &key).await?))
}

/// `GET /usage-logs`.
pub async fn usage_logs(http: HttpRequest, state: Data<ManageState>) -> Result<HttpResponse, JsonError> {
    let caller = caller::reseller(&http, &state).await?;
    let (lines, next) = lines::page(&http, &state, &caller).await?;
    let logs: Vec<_> = lines.into_iter().map(reference_show::usage_log).collect();
    Ok(answer::ok(&json!({ "usageLogs": logs, "nextCursor": next })))
}
