//! The operator's operation ids: what was done under one is answered as done, for ever.

use crate::actors::messages::Answer;
use crate::domain::ids::AccountId;
use crate::domain::op::{Idem, Refusal};
use crate::http::operator::answer::OperatorError;
use crate::http::operator::state::OperatorState;
use crate::store::views::statement::Recorded;
use sha2::{Digest, Sha256};

/// Longest id an operator may choose, in characters.
const MAX_ID: usize = 200;

/// The identity of an operation in its own name space; `typed` is what the operator typed.
///
/// # Errors
/// 422 for an id that is empty or too long.
pub fn identity(space: &str, id: &str, typed: &[&str]) -> Result<Idem, OperatorError> {
    fitting(id)?;
    Ok(Idem { id: format!("{space}:{id}"), hash: Sha256::digest(typed.join("\n")).into() })
}

/// Refuses an id that no ledger row could hold.
///
/// # Errors
/// 422.
pub fn fitting(id: &str) -> Result<(), OperatorError> {
    let fits = (1..=MAX_ID).contains(&id.chars().count()) && !id.contains('\0');
    if fits { Ok(()) } else { Err(OperatorError::invalid("give an id of 1 to 200 characters")) }
}

/// The operation that was recorded under this id.
///
/// # Errors
/// 422 where it was recorded for another request.
pub async fn known(state: &OperatorState, account: AccountId, idem: &Idem) -> Result<Option<Recorded>, OperatorError> {
    match state.statement.recorded(account, &idem.id).await? {
        Some(recorded) if recorded.request_hash != Some(idem.hash) => Err(Refusal::IdReused.into()),
        recorded => Ok(recorded),
    }
}

/// True if an operation was done before: it was committed between our look and the actor's.
///
/// # Errors
/// What the actors refused otherwise.
pub fn was_done<T>(asked: Answer<T>) -> Result<bool, OperatorError> {
    match asked? {
        Ok(_) => Ok(false),
        Err(Refusal::DoneAlready) => Ok(true),
        Err(refusal) => Err(refusal.into()),
    }
}
