//! What the lanes ask of the store: write a batch, load books, learn where a stream stands.
//!
//! A trait, so that a simulated journal can lose and delay acknowledgements within what Postgres allows. `PgJournal`
//! in `ledger.rs` is the real one. One value is one connection and is used by one lane.

use crate::domain::account::KeyFunding;
use crate::domain::call::CallLine;
use crate::domain::ids::{AccountId, CallId, KeyId};
use crate::domain::key::KeyBook;
use crate::domain::money::{Cost, Price};
use crate::domain::op::Op;
use crate::domain::outcome::Outcome;
use crate::store::error::StoreError;
use futures_util::future::LocalBoxFuture;
use std::sync::Arc;

/// An op with its place in the stream.
#[derive(Clone, Debug)]
pub struct Entry {
    pub op: Op,
    /// Place in the account's stream, from 1, without gaps.
    pub seq: i64,
    /// The shard's ownership epoch the op was decided under.
    pub epoch: i64,
}

/// Evidence that a request may have reached the upstream: no money, no seq, no fence.
#[derive(Clone, Debug)]
pub struct OpenNote {
    pub call: CallId,
    pub account: AccountId,
    pub key: KeyId,
    /// Cost bound at dispatch: the most a crash can make the platform bear.
    pub bound: Cost,
    pub model: Arc<str>,
}

/// What one commit writes: all of it, less the accounts whose ops meet the fence.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    pub entries: Vec<Entry>,
    pub notes: Vec<OpenNote>,
    /// True only where it has no notes, and no call that it settles has one in the table.
    pub is_unnoted: bool,
}

/// An account as loaded: its stream position and what the account's actor owns.
#[derive(Clone, Debug)]
pub struct LoadedAccount {
    pub account: AccountId,
    pub last_seq: i64,
    pub main: Cost,
    pub receivable: Cost,
    pub deposits: Cost,
    pub granted: Cost,
    pub reversals: Cost,
    pub freezes: i32,
    /// Keys that are not closed.
    pub keys: Vec<(KeyId, KeyFunding)>,
}

/// A key as loaded: its book, its settings, and whether its account is frozen.
#[derive(Clone, Debug)]
pub struct LoadedKey {
    pub book: KeyBook,
    pub paused: bool,
    pub rpm: i32,
    pub concurrency: i32,
    pub frozen: bool,
    /// The account's stream position.
    pub last_seq: i64,
}

/// Where an account's stream stands after a commit whose answer was lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Position {
    pub account: AccountId,
    pub last_seq: i64,
    pub epoch: i64,
}

/// The journal of one lane.
pub trait Journal: Send {
    /// Writes a batch in one transaction. The accounts that were accepted, with their new position; absent = fenced.
    fn commit<'a>(&'a mut self, batch: &'a Batch) -> LocalBoxFuture<'a, Result<Vec<(AccountId, i64)>, StoreError>>;

    /// Loads accounts with their open keys; unknown ids are absent.
    fn load_accounts<'a>(
        &'a mut self,
        ids: &'a [AccountId],
    ) -> LocalBoxFuture<'a, Result<Vec<LoadedAccount>, StoreError>>;

    /// Loads keys; unknown ids are absent.
    fn load_keys<'a>(&'a mut self, ids: &'a [KeyId]) -> LocalBoxFuture<'a, Result<Vec<LoadedKey>, StoreError>>;

    /// Reads positions behind any transaction that still runs on these accounts.
    fn positions<'a>(&'a mut self, ids: &'a [AccountId]) -> LocalBoxFuture<'a, Result<Vec<Position>, StoreError>>;

    /// Which of these accounts another session holds locked now.
    fn blocked<'a>(&'a mut self, ids: &'a [AccountId]) -> LocalBoxFuture<'a, Result<Vec<AccountId>, StoreError>>;

    /// The settled line of a call, if it is settled.
    fn settled<'a>(&'a mut self, call: CallId) -> LocalBoxFuture<'a, Result<Option<SettledCall>, StoreError>>;

    /// Opens the connection again after it was lost, and makes sure that the store may be written.
    fn reconnect(&mut self) -> LocalBoxFuture<'_, Result<(), StoreError>>;
}

/// A call's row, as far as a settlement asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SettledCall {
    pub seq: i64,
    pub outcome: Outcome,
    pub charge: Cost,
    pub line: Price,
}

impl SettledCall {
    /// The row that a freshly decided line becomes at `seq`.
    pub fn of(line: &CallLine, seq: i64) -> Self {
        SettledCall { seq, outcome: line.facts.outcome, charge: line.charge, line: line.line }
    }
}
