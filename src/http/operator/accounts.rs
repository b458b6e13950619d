//! Accounts for the operator: deposit what was paid by hand, correct, freeze, look.

use crate::actors::messages::{Move, SetFreeze};
use crate::domain::ids::{AccountId, TopupId};
use crate::domain::money::{Cost, Usd};
use crate::domain::op::{Idem, Movement};
use crate::domain::reason::Reason;
use crate::http::operator::answer::OperatorError;
use crate::http::operator::operation;
use crate::http::operator::state::OperatorState;
use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

/// An amount with what makes a repeat of the request harmless.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deposit {
    amount: String,
    id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adjust {
    /// `+5.00` grants, `-5.00` takes back.
    amount: String,
    reason: String,
    id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Freeze {
    reason: String,
    id: String,
    frozen: bool,
}

/// `POST /op/accounts`: an account without a person, for programs that run on their own.
pub async fn create(http: HttpRequest, state: Data<OperatorState>) -> Result<HttpResponse, OperatorError> {
    state.authorize(&http)?;
    let account = AccountId(Uuid::new_v4());
    state.accounts.create(account).await?;
    show_account(&state, account).await
}

/// `POST /op/accounts/{account}/deposit`: money that was paid outside the providers.
pub async fn deposit(
    http: HttpRequest,
    who: Path<String>,
    body: Json<Deposit>,
    state: Data<OperatorState>,
) -> Result<HttpResponse, OperatorError> {
    state.authorize(&http)?;
    let account = account(&state, &who).await?;
    let amount: Cost = usd(&body.amount)?.into();
    operation::fitting(&body.id)?;
    let attempt = format!("operator:{}", body.id);
    let topup = state.payments.open_topup(TopupId(Uuid::now_v7()), account, "operator", amount, &attempt).await?;
    let idem = operation::identity("topup", &topup.to_string(), &[&body.amount])?;
    moved(&state, account, amount, Movement::Deposit { topup }, idem).await
}

/// `POST /op/accounts/{account}/adjust`: a correction at the platform's expense, with its reason.
pub async fn adjust(
    http: HttpRequest,
    who: Path<String>,
    body: Json<Adjust>,
    state: Data<OperatorState>,
) -> Result<HttpResponse, OperatorError> {
    state.authorize(&http)?;
    let account = account(&state, &who).await?;
    let reason = reason(&body.reason)?;
    let (amount, movement) = match (body.amount.strip_prefix('+'), body.amount.strip_prefix('-')) {
        (Some(amount), _) => (usd(amount)?, Movement::Correction { reason }),
        (_, Some(amount)) => (usd(amount)?, Movement::CorrectionBack { reason }),
        _ => return Err(OperatorError::invalid("say +AMOUNT to grant or -AMOUNT to take back")),
    };
    let idem = operation::identity("adjust", &body.id, &[&body.amount, &body.reason])?;
    moved(&state, account, amount.into(), movement, idem).await
}

/// Moves money once, and shows the account after it.
async fn moved(
    state: &OperatorState,
    account: AccountId,
    amount: Cost,
    movement: Movement,
    idem: Idem,
) -> Result<HttpResponse, OperatorError> {
    if operation::known(state, account, &idem).await?.is_some() {
        return show_done(state, account, true).await;
    }
    let message = Move { amount, movement, idem, by: Some("operator".into()) };
    let asked = state.directory.ask_account(account, message).await.and_then(|answer| answer);
    show_done(state, account, operation::was_done(asked)?).await
}

/// `POST /op/accounts/{account}/freeze`: stops or lets go everything but deposits and deletions.
pub async fn freeze(
    http: HttpRequest,
    who: Path<String>,
    body: Json<Freeze>,
    state: Data<OperatorState>,
) -> Result<HttpResponse, OperatorError> {
    state.authorize(&http)?;
    let account = account(&state, &who).await?;
    let reason = reason(&body.reason)?;
    let movement = if body.frozen { Movement::Freeze { reason } } else { Movement::Thaw { reason } };
    let idem = operation::identity("freeze", &body.id, &[&body.reason, if body.frozen { "1" } else { "0" }])?;
    if operation::known(&state, account, &idem).await?.is_some() {
        return show_done(&state, account, true).await;
    }
    if !body.frozen && state.take_backs.only_disputes_freeze(account).await? {
        return Err(OperatorError::invalid(
            "only a dispute freezes this account: it thaws by itself when the payer's bank has decided; \
             `derouter topup list --account ACCOUNT` shows the payment",
        ));
    }
    let message = SetFreeze { movement, idem, by: Some("operator".into()) };
    let asked = state.directory.ask_account(account, message).await.and_then(|answer| answer);
    show_done(&state, account, operation::was_done(asked)?).await
}

/// `GET /op/accounts/{account}`: by id or by e-mail address.
pub async fn show(
    http: HttpRequest,
    who: Path<String>,
    state: Data<OperatorState>,
) -> Result<HttpResponse, OperatorError> {
    state.authorize(&http)?;
    let account = account(&state, &who).await?;
    show_account(&state, account).await
}

async fn show_account(state: &OperatorState, account: AccountId) -> Result<HttpResponse, OperatorError> {
    Ok(HttpResponse::Ok().json(account_view(state, account).await?))
}

/// The account after an operation; `repeated` where that was done before and nothing was done now.
async fn show_done(state: &OperatorState, account: AccountId, repeated: bool) -> Result<HttpResponse, OperatorError> {
    let mut view = account_view(state, account).await?;
    if repeated {
        view["repeated"] = Value::Bool(true);
    }
    Ok(HttpResponse::Ok().json(view))
}

async fn account_view(state: &OperatorState, account: AccountId) -> Result<Value, OperatorError> {
    let view = state.directory.view_account(account).await?;
    Ok(json!({
        "account": account,
        "balance": view.main.usd().fixed_floor(4),
        "available": view.available.usd().fixed_floor(4),
        "receivable": view.receivable.usd().fixed_ceil(4),
        "frozen": view.frozen,
    }))
}

pub async fn account(state: &OperatorState, who: &str) -> Result<AccountId, OperatorError> {
    let found = match who.parse::<Uuid>() {
        Ok(id) => state.accounts.exists(AccountId(id)).await?.then_some(AccountId(id)),
        Err(_) => state.people.account_of_address(who).await?,
    };
    found.ok_or_else(|| OperatorError::not_found("such account"))
}

pub fn usd(text: &str) -> Result<Usd, OperatorError> {
    Usd::parse(text).map_err(|e| OperatorError::invalid(e.to_string()))
}

/// A reason as it is kept.
pub fn reason(text: &str) -> Result<String, OperatorError> {
    Reason::parse(text).map(Reason::into_string).map_err(|e| OperatorError::invalid(e.to_string()))
}
