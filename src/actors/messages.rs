//! What actors are asked and what they answer. Requests are imperatives, answers are nouns or past participles.

use crate::actors::call::Reservation;
use crate::actors::entry::Permit;
use crate::domain::call::CallFacts;
use crate::domain::ids::{AccountId, CallId, KeyId};
use crate::domain::money::{Cost, Price};
use crate::domain::op::{Idem, Movement, NewKey, Op, Refusal};
use crate::domain::quote::Quote;
use crate::domain::ratio::Ratio;
use actix::Message;
use std::sync::Arc;
use thiserror::Error;
use tokio::sync::oneshot;

/// Why an actor gave no answer; none of them is the caller's fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum AskError {
    #[error("the store is away or the books are being loaded")]
    Unavailable,
    #[error("too many requests wait for this account")]
    Overloaded,
    #[error("the books were rebuilt; nothing is known to have happened")]
    Discarded,
}

/// An actor's answer: a reply, a refusal with its reason, or no answer.
pub type Answer<T> = Result<Result<T, Refusal>, AskError>;

/// A key together with its account: what a credential or an owner check yields.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct KeyRef {
    pub account: AccountId,
    pub key: KeyId,
}

/// An op is durable at this place of its stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Receipt {
    pub seq: i64,
}

/// Money into main, or out of it by a take-back; which one the movement says.
#[derive(Message, Clone, Debug)]
#[rtype(result = "Answer<Receipt>")]
pub struct Move {
    pub amount: Cost,
    pub movement: Movement,
    pub idem: Idem,
    pub by: Option<Arc<str>>,
}

/// A new key; ids, secret and label were made and checked by the caller.
#[derive(Message, Clone, Debug)]
#[rtype(result = "Answer<KeyOpened>")]
pub struct CreateKey {
    pub key: KeyId,
    pub price: Price,
    pub cost: Cost,
    pub new: NewKey,
    pub idem: Idem,
    pub by: Option<Arc<str>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeyOpened {
    pub seq: i64,
    pub debited: Cost,
    /// What is left to spend in main.
    pub available: Cost,
}

/// A key's top-up of `price` at its locked ratio.
#[derive(Message, Clone, Debug)]
#[rtype(result = "Answer<KeyFunded>")]
pub struct FundKey {
    pub key: KeyId,
    pub price: Price,
    pub idem: Idem,
    pub by: Option<Arc<str>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeyFunded {
    pub seq: i64,
    pub debited: Cost,
    pub budget: Price,
    pub available: Cost,
}

/// First step of a deletion.
#[derive(Message, Clone, Debug)]
#[rtype(result = "Answer<Receipt>")]
pub struct CloseKey {
    pub key: KeyId,
    pub idem: Idem,
    pub by: Option<Arc<str>>,
}

/// Freeze or thaw the account.
#[derive(Message, Clone, Debug)]
#[rtype(result = "Answer<Receipt>")]
pub struct SetFreeze {
    pub movement: Movement,
    pub idem: Idem,
    pub by: Option<Arc<str>>,
}

/// Cost a closing key took off itself. `done` hears of the commit.
#[derive(Message, Debug)]
#[rtype(result = "()")]
pub struct TakeRefund {
    pub key: KeyId,
    pub cost: Cost,
    pub done: oneshot::Sender<Receipt>,
    /// Keeps the account's actor until it has handled this.
    pub permit: Option<Permit>,
}

/// An op of this account is durable (from its lane).
#[derive(Message, Debug)]
#[rtype(result = "()")]
pub struct Committed {
    pub op: Box<Op>,
}

#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "Result<AccountView, AskError>")]
pub struct ViewAccount;

/// An account as its actor sees it now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AccountView {
    /// Free balance as committed.
    pub main: Cost,
    /// Main less what operations under way were promised.
    pub available: Cost,
    pub receivable: Cost,
    pub frozen: bool,
    /// Frozen by a dispute or the operator, whether or not something is owed too.
    pub held: bool,
}

/// Whether the answer is streamed or read whole; decides what is held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Delivery {
    Streamed,
    Buffered,
}

/// Ask for a call to be let through.
#[derive(Message)]
#[rtype(result = "Answer<Reservation>")]
pub struct Admit {
    pub call: CallId,
    pub quote: Quote,
    pub delivery: Delivery,
}

/// Ask without holding anything: for free calls, which still count against the limits.
#[derive(Message)]
#[rtype(result = "Answer<Reservation>")]
pub struct AdmitFree {
    pub call: CallId,
    pub quote: Quote,
}

/// Ask for a running call's hold to be raised.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "Result<bool, AskError>")]
pub struct Grow {
    pub call: CallId,
    pub more: Cost,
}

/// A reservation was dropped before anything was sent upstream, or a free call ended.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "()")]
pub struct Release {
    pub call: CallId,
}

/// A finished call. `done` hears of the commit, or that the books were discarded first.
#[derive(Message, Debug)]
#[rtype(result = "()")]
pub struct Settle {
    pub facts: CallFacts,
    pub done: oneshot::Sender<Result<SettleReceipt, AskError>>,
}

/// What a settled call came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SettleReceipt {
    pub charge: Cost,
    pub line: Price,
    /// What the client had left after this line; `None` where the settlement waits in the spool.
    pub remaining: Option<Price>,
}

/// A committed funding (from the lane).
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "()")]
pub struct Credit {
    pub seq: i64,
    pub cost: Cost,
    pub price: Price,
}

/// Second step of a deletion; may be repeated.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "Result<KeyClosing, AskError>")]
pub struct Close;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeyClosing {
    /// Back in main, durable.
    pub returned: Cost,
    /// Held for running calls; what they do not use comes back when they end.
    pub still_held: Cost,
    /// Consumed; stays billed.
    pub consumed: Cost,
}

#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "()")]
pub struct SetFrozen(pub bool);

/// Pause or limits changed (after the commit of the change).
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "()")]
pub struct SettingsChanged {
    pub paused: bool,
    pub rpm: i32,
    pub concurrency: i32,
}

#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "Result<KeyView, AskError>")]
pub struct ViewKey;

/// A key as its actor sees it now; the live view of both sides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeyView {
    pub ratio: Ratio,
    pub budget: Price,
    pub spent: Price,
    pub remaining: Price,
    pub funded: Cost,
    pub posted: Cost,
    pub refunded: Cost,
    pub held: Cost,
    pub running: usize,
    pub rpm: i32,
    /// Admissions left in the window now.
    pub window_left: i32,
    /// Milliseconds until the window is full again.
    pub window_full_in_ms: u64,
    pub concurrency: i32,
    pub paused: bool,
    pub frozen: bool,
}

/// Leave if idle (from the housekeeper).
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "()")]
pub struct Passivate;
