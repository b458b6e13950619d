//! What may go wrong between us, a provider and the books.

use crate::actors::messages::AskError;
use crate::domain::money::Cost;
use crate::domain::op::Refusal;
use crate::domain::refund_intent::IntentRefusal;
use crate::store::error::StoreError;
use thiserror::Error;

/// Why a provider gave no answer that can be used.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum ProviderError {
    /// Nobody knows what it did; the same may be asked again.
    #[error("the payment provider cannot be reached: {0}")]
    Unreachable(String),
    /// It said no; asking again brings the same.
    #[error("the payment provider refused: {0}")]
    Refused(String),
}

/// Why no checkout was opened.
#[derive(Debug, Error)]
pub enum StartError {
    #[error("nothing takes payments by this method")]
    NoSuchMethod,
    #[error("an amount from {min} to {max} USD is taken")]
    AmountOutOfRange { min: Cost, max: Cost },
    #[error("an amount in whole cents is taken")]
    NotWholeCents,
    #[error("{limit} top-ups wait for their payment already")]
    TooManyOpen { limit: i64 },
    #[error("the operation id was used for another top-up")]
    IdReused,
    #[error(transparent)]
    Provider(#[from] ProviderError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a look at an order brought nothing; it may be repeated.
#[derive(Debug, Error)]
pub enum LookError {
    #[error("this order's provider is not set up here")]
    NoProvider,
    #[error("the payment provider does not know this payment")]
    UnknownPayment,
    /// Another look is crediting it now.
    #[error("the credit is under way")]
    UnderWay,
    /// The order moved at each try.
    #[error("the order moves too fast")]
    Moving,
    #[error("the books refused the credit: {0}")]
    Refused(Refusal),
    #[error(transparent)]
    Provider(#[from] ProviderError),
    #[error(transparent)]
    Unanswered(#[from] AskError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why no refund was asked for.
#[derive(Debug, Error)]
pub enum RefundError {
    #[error("there is no such top-up")]
    NotFound,
    #[error("the id was used for another refund of this top-up: give another --id")]
    IdReused,
    #[error("payments by {0} are not set up here any more: set the provider up again, or give the money back there")]
    NoProvider(String),
    #[error(transparent)]
    Refused(#[from] IntentRefusal),
    #[error(transparent)]
    Unanswered(#[from] AskError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a notice was not taken.
#[derive(Debug, Error)]
pub enum NoticeError {
    #[error("there is no such provider")]
    NoProvider,
    /// Not by this provider, too old, or not what it sends.
    #[error("the notice is not authentic")]
    NotAuthentic,
    #[error(transparent)]
    Store(#[from] StoreError),
}
