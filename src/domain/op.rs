//! The movements of the ledger: one `Op` a row of an account's stream, and the refusals that keep a wrong one out.
//!
//! Thirteen kinds land in the journal; a settle lands among the calls. Both ends of each movement are in one account.

use crate::domain::call::CallLine;
use crate::domain::ids::{AccountId, CallId, KeyId, TopupId};
use crate::domain::money::{Cost, Price};
use crate::domain::ratio::{Ratio, RatioError};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use thiserror::Error;
use uuid::Uuid;

/// The identity of a money operation: the caller's id and the hash of what was typed (`ledger.md` §10).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Idem {
    /// 1 to 255 characters, unique per account for ever.
    pub id: String,
    /// SHA-256 of what the user typed, never of what we generated.
    pub hash: [u8; 32],
}

impl Idem {
    /// The identity `id` of an operation for which `typed` was typed: what is done, to what, with which amounts.
    pub fn of(id: String, typed: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in typed {
            // Lengths first: ("ab", "c") is not ("a", "bc").
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        Idem { id, hash: hash.finalize().into() }
    }
}

/// What a new key is made of, besides its two numbers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewKey {
    pub label: String,
    pub ratio: Ratio,
    /// Requests in any 60 s, at least 1.
    pub rpm: i32,
    /// Calls at once, at least 1.
    pub concurrency: i32,
    /// HMAC-SHA-256 of the secret under the pepper of `pepper_version`.
    pub secret_digest: [u8; 32],
    pub pepper_version: i16,
    /// The first twelve characters of the secret.
    pub hint: String,
}

/// Which movement, with what only that movement needs.
#[derive(Clone, PartialEq, Debug)]
pub enum Movement {
    Deposit { topup: TopupId },
    Reversal { source: String },
    Commission { line: Uuid },
    CommissionBack { line: Uuid },
    Correction { reason: String },
    CorrectionBack { reason: String },
    CreateKey(Box<NewKey>),
    FundKey,
    Settle(Box<CallLine>),
    Refund,
    CloseKey,
    Freeze { reason: String },
    Thaw { reason: String },
    Reinstate { source: String },
}

impl Movement {
    /// The stored kind, 1 to 14.
    pub fn kind(&self) -> i16 {
        match self {
            Movement::Deposit { .. } => 1,
            Movement::Reversal { .. } => 2,
            Movement::Commission { .. } => 3,
            Movement::CommissionBack { .. } => 4,
            Movement::Correction { .. } => 5,
            Movement::CorrectionBack { .. } => 6,
            Movement::CreateKey(_) => 7,
            Movement::FundKey => 8,
            Movement::Settle(_) => 9,
            Movement::Refund => 10,
            Movement::CloseKey => 11,
            Movement::Freeze { .. } => 12,
            Movement::Thaw { .. } => 13,
            Movement::Reinstate { .. } => 14,
        }
    }

    /// How the movement changes main: money that comes in, money that goes out, or neither.
    pub fn direction(&self) -> Direction {
        match self.kind() {
            1 | 3 | 5 | 10 | 14 => Direction::Credit,
            2 | 4 | 6 | 7 | 8 => Direction::Debit,
            _ => Direction::Neither,
        }
    }
}

/// What a movement does to the main balance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    Credit,
    Debit,
    Neither,
}

/// One movement of one account, decided and ready to be written; its number is given by the lane.
#[derive(Clone, PartialEq, Debug)]
pub struct Op {
    pub account: AccountId,
    pub key: Option<KeyId>,
    /// Amount moved on the cost side.
    pub cost: Cost,
    /// Budget added (create, fund) or client line (settle).
    pub price: Price,
    /// The part that repays the receivable (incoming) or becomes receivable (outgoing).
    pub owed: Cost,
    pub idem: Option<Idem>,
    /// Who asked, for the journal; never a secret.
    pub by: Option<Arc<str>>,
    pub movement: Movement,
}

impl Op {
    /// The amount that reaches or leaves main.
    pub fn main_part(&self) -> Cost {
        self.cost.saturating_sub(self.owed)
    }

    /// The call that this op settles, if it is a settle.
    pub fn settled_call(&self) -> Option<CallId> {
        match &self.movement {
            Movement::Settle(line) => Some(line.facts.call),
            _ => None,
        }
    }
}

/// Why a movement is not made: expected, the caller's matter, with the numbers its answer needs.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum Refusal {
    #[error("the account is frozen")]
    Frozen,
    #[error("{needed} USD needed, {available} USD available")]
    BalanceTooLow { needed: Cost, available: Cost },
    #[error(transparent)]
    Ratio(#[from] RatioError),
    #[error("the amount is too large: an account takes in at most 9223372036 USD in all")]
    AmountOutOfRange,
    #[error("there is no freeze to lift")]
    NotFrozen,
    #[error("only {undoable} USD of that kind can be undone")]
    BeyondUndoable { undoable: Cost },
    #[error("no such key")]
    NoSuchKey,
    #[error("the key is being deleted")]
    KeyClosing,
    #[error("the operation is under way")]
    UnderWay,
    #[error("the operation was done already")]
    DoneAlready,
    #[error("the operation id was used for another request")]
    IdReused,
    #[error("the key is paused")]
    KeyPaused,
    #[error("{needed} USD needed, {left} USD left")]
    BudgetExhausted { needed: Price, left: Price, window: (i32, i32, u64) },
    #[error("more than {limit} requests in 60 s")]
    RateLimited { limit: i32, retry_ms: u64, full_ms: u64 },
    #[error("more than {limit} requests at once")]
    TooManyAtOnce { limit: i32, window: (i32, i32, u64) },
}
