//! What an operator does about money that came and did not fit: credits what came, or ends the order after it was given
//! back outside.

use crate::domain::ids::TopupId;
use crate::domain::topup::TopupState;
use crate::payments::desk::PaymentDesk;
use crate::payments::error::LookError;
use crate::store::error::StoreError;
use crate::store::payments::TopupRow;
use thiserror::Error;

/// Parked orders shown at most.
const SHOWN: i64 = 200;

/// Why an operator's act was not done.
#[derive(Debug, Error)]
pub enum ByHandError {
    #[error("there is no such top-up")]
    NotFound,
    #[error("this top-up is not parked: it is {0}")]
    NotParked(&'static str),
    /// Another currency, or nothing that can be read.
    #[error("no amount of US dollars came: close it, and deposit by hand what was agreed")]
    NoAmount,
    #[error(transparent)]
    Look(#[from] LookError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl PaymentDesk {
    /// Orders that wait for a person, oldest first.
    ///
    /// # Errors
    /// If the store is away.
    pub async fn parked(&self) -> Result<Vec<TopupRow>, StoreError> {
        self.0.store.parked(SHOWN).await
    }

    /// Credits a parked order with what came; a repeat finds it credited.
    ///
    /// # Errors
    /// `ByHandError`; after one that is not certain it may be repeated.
    pub async fn credit_by_hand(&self, id: TopupId) -> Result<TopupRow, ByHandError> {
        let row = self.0.store.find(id).await?.ok_or(ByHandError::NotFound)?;
        match row.order.state {
            state if state.is_credited() => return Ok(row),
            TopupState::Parked => {}
            other => return Err(ByHandError::NotParked(other.word())),
        }
        let received = row.order.received.ok_or(ByHandError::NoAmount)?;
        self.credit(&row, received, "operator").await?;
        self.0.store.find(id).await?.ok_or(ByHandError::NotFound)
    }

    /// Ends a parked order: nothing moves it any more. `why` is kept beside it.
    ///
    /// # Errors
    /// `ByHandError`.
    pub async fn close_by_hand(&self, id: TopupId, why: &str) -> Result<TopupRow, ByHandError> {
        self.0.store.close(id, &format!("operator: {why}")).await?;
        let row = self.0.store.find(id).await?.ok_or(ByHandError::NotFound)?;
        if row.order.is_closed { Ok(row) } else { Err(ByHandError::NotParked(row.order.state.word())) }
    }
}
