//! Refunds for the operator: through the provider, once a command however often it is sent.

use crate::domain::ids::AccountId;
use crate::domain::money::Usd;
use crate::domain::op::Idem;
use crate::domain::refund_intent::IntentState;
use crate::domain::trail::Actor;
use crate::http::operator::answer::OperatorError;
use crate::http::operator::state::OperatorState;
use crate::http::operator::{accounts, operation, topups};
use crate::http::site::guard;
use crate::payments::error::RefundError;
use crate::payments::refund::RefundWish;
use crate::store::refund_intents::RefundIntent;
use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

/// How much goes back, and why.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refund {
    /// All that is left, if not said.
    amount: Option<String>,
    reason: String,
    /// The second person, who lets more than the unspent balance go.
    approved_by: Option<String>,
    /// The words themselves are the id, if not said: the same command is the same refund.
    id: Option<String>,
}

/// `POST /op/topups/{id}/refund`: gives money of a credited card payment back to its payer.
pub async fn refund(
    http: HttpRequest,
    id: Path<String>,
    body: Json<Refund>,
    state: Data<OperatorState>,
) -> Result<HttpResponse, OperatorError> {
    state.authorize(&http)?;
    let (id, wish) = (topups::parsed(&id)?, wish(&body)?);
    let trail = guard::trail(&http, 0, Actor::Operator);
    let (intent, was_known) = state.desk.give_back(id, &wish, &trail).await.map_err(refused)?;
    if intent.state == IntentState::Refused {
        let why = intent.outcome.unwrap_or_default();
        return Err(OperatorError::invalid(format!("nothing was given back: {why}")));
    }
    let mut view = shown(&intent);
    if was_known {
        view["repeated"] = Value::Bool(true);
    }
    Ok(HttpResponse::Ok().json(view))
}

fn wish(body: &Refund) -> Result<RefundWish, OperatorError> {
    let amount = body.amount.as_deref().map(accounts::usd).transpose()?;
    let reason = accounts::reason(&body.reason)?;
    let approved_by = body.approved_by.as_deref().map(name).transpose()?;
    let said = amount.map_or_else(|| "all".to_owned(), Usd::exact);
    let typed = Idem::of(String::new(), &[&said, &reason, approved_by.as_deref().unwrap_or_default()]);
    let attempt = body.id.clone().unwrap_or_else(|| format!("words:{}", hex::encode(typed.hash)));
    operation::fitting(&attempt)?;
    Ok(RefundWish { attempt, request_hash: typed.hash, amount: amount.map(Into::into), reason, approved_by })
}

fn name(typed: &str) -> Result<String, OperatorError> {
    accounts::reason(typed)
        .map_err(|_| OperatorError::invalid("give the name of the second person, 1 to 200 characters"))
}

/// The refunds an operator is shown, newest first.
///
/// # Errors
/// If the store is away.
pub async fn listed(state: &OperatorState, account: Option<AccountId>) -> Result<Vec<Value>, OperatorError> {
    Ok(state.desk.refunds(account).await?.iter().map(shown).collect())
}

fn shown(intent: &RefundIntent) -> Value {
    json!({
        "refund": intent.id,
        "topup": intent.topup,
        "account": intent.account,
        "amount": intent.amount.to_string(),
        "reason": intent.reason,
        "approved_by": intent.approved_by,
        "state": intent.state.word(),
        "told": told(intent),
        "created_at": intent.created_at,
    })
}

/// What became of it, in a sentence.
fn told(intent: &RefundIntent) -> String {
    let why = intent.outcome.as_deref().unwrap_or("the provider is asked now");
    match intent.state {
        IntentState::Asked => format!("{why}; it is asked again by itself, and at once by the same command"),
        IntentState::Accepted => "the provider gives it back; it leaves the balance when that is done".into(),
        IntentState::Done => "given back and taken off the balance".into(),
        IntentState::Failed => "it did not reach the payer, and is on the balance again".into(),
        IntentState::Refused => format!("nothing was given back: {why}"),
    }
}

fn refused(error: RefundError) -> OperatorError {
    match error {
        RefundError::NotFound => OperatorError::not_found("such top-up"),
        RefundError::Unanswered(error) => error.into(),
        RefundError::Store(error) => error.into(),
        other => OperatorError::invalid(other.to_string()),
    }
}
