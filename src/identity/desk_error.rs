//! Why something asked at the key desk was not done.

use thiserror::Error;

use crate::actors::messages::AskError;
use crate::domain::op::Refusal;
use crate::store::error::StoreError;

/// A refusal is the caller's matter; the others are ours, and nothing is known to have happened then.
#[derive(Debug, Error)]
pub enum DeskError {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Unanswered(#[from] AskError),
    #[error(transparent)]
    Store(#[from] StoreError),
}
