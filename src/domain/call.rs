//! The facts of a finished call, and the line they become once the key has decided what is charged.

use crate::domain::ids::{AccountId, CallId, KeyId};
use crate::domain::money::{Cost, Price};
use crate::domain::outcome::{Flags, Outcome};
use std::sync::Arc;

/// Token counts as stored with a call; the finer split is in `detail`.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Meters {
    pub input: u64,
    pub output: u64,
    pub cache_read: u64,
    pub cache_write: u64,
}

/// What is known when a call has ended: a fact about the past, which may be capped but never refused.
#[derive(Clone, PartialEq, Debug)]
pub struct CallFacts {
    pub call: CallId,
    pub account: AccountId,
    pub key: KeyId,
    pub outcome: Outcome,
    pub flags: Flags,
    /// What the upstream's answer costs; 0 unless the outcome is `Answered`.
    pub cost: Cost,
    /// What the platform bears of an unanswered call, or beyond a budget cut.
    pub absorbed: Cost,
    /// The model that was priced.
    pub model: Arc<str>,
    pub meters: Meters,
    /// JSON object: price row version, cache split, searches, upstream id, first byte; never a prompt.
    pub detail: Option<String>,
    /// Microseconds since the Unix epoch, UTC.
    pub started_us: i64,
    pub ended_us: i64,
}

/// A settled call: the facts, with `cost` now the charge, and the client's line.
#[derive(Clone, PartialEq, Debug)]
pub struct CallLine {
    pub facts: CallFacts,
    /// Charged to the key: `min(facts.cost, left)`.
    pub charge: Cost,
    /// Shown to the client.
    pub line: Price,
    /// Borne by the platform, the part over the key's rest included.
    pub absorbed: Cost,
    pub flags: Flags,
}
