//! Accounts for the operator: deposit what was paid by hand, correct, freeze, look.

use crate::actors::messages::{Move, SetFreeze};
use crate::domain::ids::{AccountId, TopupId};
use crate::domain::money::{Cost, Usd};
use crate::domain::op::{Idem, Movement};
use crate::http::operator::answer::OperatorError;
use crate::http::operator::state::OperatorState;
use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
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
    let attempt = format!("operator:{}", body.id);
    let topup = state.payments.open_topup(TopupId(Uuid::now_v7()), account, "operator", amount, &attempt).await?;
    let idem = Idem { id: format!("topup:{topup}"), hash: hash(&[&body.amount]) };
    let message = Move { amount, movement: Movement::Deposit { topup }, idem, by: Some("operator".into()) };
    state.directory.ask_account(account, message).await???;
    show_account(&state, account).await
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
    let idem = Idem { id: format!("adjust:{}", body.id), hash: hash(&[&body.amount, &body.reason]) };
    let message = Move { amount: amount.into(), movement, idem, by: Some("operator".into()) };
    state.directory.ask_account(account, message).await???;
    show_account(&state, account).await
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
    let idem =
        Idem { id: format!("freeze:{}", body.id), hash: hash(&[&body.reason, if body.frozen { "1" } else { "0" }]) };
    state.directory.ask_account(account, SetFreeze { movement, idem, by: Some("operator".into()) }).await???;
    show_account(&state, account).await
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
    let view = state.directory.view_account(account).await?;
    Ok(HttpResponse::Ok().json(json!({
        "account": account,
        "balance": view.main.usd().fixed_floor(4),
        "available": view.available.usd().fixed_floor(4),
        "receivable": view.receivable.usd().fixed_ceil(4),
        "frozen": view.frozen,
    })))
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

fn reason(text: &str) -> Result<String, OperatorError> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > 200 {
        return Err(OperatorError::invalid("give a reason of 1 to 200 characters; it stays in the journal"));
    }
    Ok(text.to_owned())
}

pub fn hash(parts: &[&str]) -> [u8; 32] {
    Sha256::digest(parts.join("\n")).into()
}
