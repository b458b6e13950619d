//! What the dialogs show before anything is done. The server decides again when it is.

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::web::{Data, Path, Payload};
use serde::Deserialize;
use serde_json::json;

use crate::actors::messages::KeyRef;
use crate::domain::money::{Cost, Price};
use crate::domain::op::Refusal;
use crate::domain::ratio::Ratio;
use crate::http::json::amount::SentAmount;
use crate::http::json::answer;
use crate::http::json::body;
use crate::http::json::error::JsonError;
use crate::http::manage::caller;
use crate::http::manage::money::TopUp;
use crate::http::manage::show;
use crate::http::manage::state::ManageState;
use crate::identity::desk_error::DeskError;

/// The two numbers of a key that may be created.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    budget: SentAmount,
    cost: SentAmount,
}

/// `POST /api/v1/preview`: margin, profit when fully used, balance after.
pub async fn new_key(http: HttpRequest, payload: Payload, state: Data<ManageState>) -> Result<HttpResponse, JsonError> {
    let caller = caller::reseller(&http, &state).await?;
    let wanted: NewKey = body::read(&http, payload).await?;
    let (budget, cost): (Price, Cost) = (wanted.budget.usd("budget")?.into(), wanted.cost.usd("cost")?.into());
    let ratio = Ratio::of(cost, budget).map_err(|e| DeskError::Refused(Refusal::Ratio(e)))?;
    let available = state.directory.view_account(caller.account).await?.available;
    let profit = Cost::from_nanos(budget.nanos()).saturating_sub(cost);
    Ok(answer::ok(&json!({
        "client_sees": show::price(budget),
        "margin": ratio.margin(),
        "margin_label": show::margin_label(ratio),
        "profit_when_used": show::cost(profit),
        "debit": show::cost(cost),
        "available": show::cost(available),
        "available_after": available.checked_sub(cost).map(show::cost),
        "affordable": cost <= available,
    })))
}

/// `POST /api/v1/keys/{id}/preview`: what a top-up debits at the locked ratio.
pub async fn top_up(
    http: HttpRequest,
    id: Path<String>,
    payload: Payload,
    state: Data<ManageState>,
) -> Result<HttpResponse, JsonError> {
    let caller = caller::reseller(&http, &state).await?;
    let TopUp { amount, key, .. } = TopUp::read(&http, payload, &state, &caller, &id).await?;
    let live = state.directory.view_key(KeyRef { account: key.account(), key: key.key() }).await?;
    let Some((budget, debit)) = live.ratio.top_up(live.budget, live.funded, amount) else {
        return Err(DeskError::Refused(Refusal::AmountOutOfRange).into());
    };
    let available = state.directory.view_account(caller.account).await?.available;
    Ok(answer::ok(&json!({
        "debit": show::cost(debit),
        "new_budget": show::price(budget),
        "margin_label": show::margin_label(live.ratio),
        "available": show::cost(available),
        "available_after": available.checked_sub(debit).map(show::cost),
        "affordable": debit <= available,
    })))
}
