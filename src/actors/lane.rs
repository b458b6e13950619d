//! The journal lane: one task, one connection. It alone numbers ops, groups what has queued into one commit, and
//! hands out receipts. Ops do not linger: it sends what came in while the last batch was at the disk.
//!
//! It never resends from memory after a doubt: the account's actors are discarded and load what is true.

use crate::actors::account::AccountActor;
use crate::actors::directory::Directory;
use crate::actors::held_notes::HeldNotes;
use crate::actors::lane_batch::{Lost, Sorted, Streams, Written};
use crate::actors::messages::{AskError, Receipt, SettleReceipt};
use crate::domain::ids::{AccountId, CallId, KeyId};
use crate::domain::money::Price;
use crate::domain::op::Op;
use crate::store::journal::{Journal, LoadedAccount, LoadedKey, OpenNote, SettledCall};
use actix::Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

/// Ops in one commit at most: larger batches only add latency (`ledger.md` §17).
pub const MAX_BATCH: usize = 512;
/// Items waiting in a lane before new calls are refused with 503; settlements always enter.
pub const MAX_QUEUE: usize = 20_000;
/// How often a lane that lost its store tries again, and an idle one asks whether it is there.
const PROBE_EVERY: Duration = Duration::from_secs(1);

/// Who hears of an op's commit.
pub enum Waiter {
    /// The settlement of a call; `remaining` is what its client has left after it.
    Settle { done: oneshot::Sender<Result<SettleReceipt, AskError>>, remaining: Price },
    /// Any other op; its account's actor hears of it too.
    Op { done: Option<oneshot::Sender<Result<Receipt, AskError>>>, author: Addr<AccountActor> },
}

/// A decided op on its way, with the generation of the actors that decided it.
pub struct Submission {
    pub op: Op,
    pub generation: u64,
    pub waiter: Waiter,
}

/// What lanes are given.
pub enum Item {
    Op(Box<Submission>),
    Note(OpenNote),
    LoadAccount(AccountId, u64, oneshot::Sender<Option<LoadedAccount>>),
    LoadKey(AccountId, KeyId, u64, oneshot::Sender<Option<LoadedKey>>),
    /// Is this call settled? `Err` while the store is away.
    FindSettled(CallId, oneshot::Sender<Result<Option<SettledCall>, AskError>>),
}

/// What the outside may know of a lane.
#[derive(Default)]
pub struct LaneState {
    healthy: AtomicBool,
    depth: AtomicUsize,
    pub batches: AtomicU64,
    pub ops: AtomicU64,
}

/// The way into a lane.
#[derive(Clone)]
pub struct LaneHandle {
    queue: mpsc::UnboundedSender<Item>,
    state: Arc<LaneState>,
}

impl LaneHandle {
    /// Puts an item into the queue. After the lane has stopped, waiters are dropped, which they read as unavailable.
    pub fn send(&self, item: Item) {
        self.state.depth.fetch_add(1, Ordering::Relaxed);
        let _ = self.queue.send(item);
    }

    /// False while the store is away.
    pub fn is_healthy(&self) -> bool {
        self.state.healthy.load(Ordering::Relaxed)
    }

    /// True when new work should be refused.
    pub fn is_full(&self) -> bool {
        self.state.depth.load(Ordering::Relaxed) > MAX_QUEUE
    }

    pub fn state(&self) -> &LaneState {
        &self.state
    }
}

/// The lane's own side.
pub struct Lane {
    pub(super) queue: mpsc::UnboundedReceiver<Item>,
    pub(super) state: Arc<LaneState>,
    pub(super) journal: Box<dyn Journal>,
    pub(super) directory: Directory,
    pub(super) streams: Streams,
    away: Away,
    pub(super) notes: HeldNotes,
}

/// A lane's two ends; `Lane::run` is to be spawned on the arbiter of its accounts.
pub fn pair() -> (LaneHandle, mpsc::UnboundedReceiver<Item>) {
    let (queue, items) = mpsc::unbounded_channel();
    (LaneHandle { queue, state: Arc::default() }, items)
}

impl Lane {
    pub fn new(
        handle: &LaneHandle,
        queue: mpsc::UnboundedReceiver<Item>,
        journal: Box<dyn Journal>,
        directory: Directory,
        streams: Streams,
        notes: HeldNotes,
    ) -> Self {
        let away = Away { state: handle.state.clone(), directory: directory.clone() };
        Lane { queue, state: handle.state.clone(), journal, directory, streams, away, notes }
    }

    /// Works until every handle is gone.
    pub async fn run(mut self) {
        self.connect().await;
        while let Some(sorted) = self.next().await {
            self.work(sorted).await;
        }
    }

    /// Everything that has queued, at most a batch of it; nothing where only notes are due. A note alone starts no commit
    /// before it is due. An idle lane asks now and then whether its store is there.
    async fn next(&mut self) -> Option<Sorted> {
        let first = loop {
            let due = self.notes.due_at();
            let until = due.unwrap_or_else(|| Instant::now() + PROBE_EVERY);
            match tokio::time::timeout_at(until, self.queue.recv()).await {
                Ok(Some(Item::Note(note))) => {
                    self.state.depth.fetch_sub(1, Ordering::Relaxed);
                    self.notes.hold(note);
                }
                Ok(item) => break item?,
                Err(_over) if due.is_some() => return Some(Sorted::default()),
                Err(_idle) => self.probe().await,
            }
        };
        let mut sorted = Sorted::default();
        let mut taken = 1;
        sorted.push(first);
        while sorted.count() < MAX_BATCH {
            let Ok(item) = self.queue.try_recv() else { break };
            sorted.push(item);
            taken += 1;
        }
        self.state.depth.fetch_sub(taken, Ordering::Relaxed);
        Some(sorted)
    }

    async fn work(&mut self, mut sorted: Sorted) {
        sorted.notes.drain(..).for_each(|note| self.notes.hold(note));
        let ops = std::mem::take(&mut sorted.ops);
        let ops = self.streams.number(ops);
        let written = Written::new(ops, &mut self.notes);
        if !written.is_empty() {
            self.state.batches.fetch_add(1, Ordering::Relaxed);
            self.state.ops.fetch_add(written.ops() as u64, Ordering::Relaxed);
            self.commit(written).await;
        }
        self.load(sorted).await;
    }

    /// Answers loads and look-ups; they stand behind every op that queued before them.
    async fn load(&mut self, sorted: Sorted) {
        self.load_accounts(sorted.accounts).await;
        self.load_keys(sorted.keys).await;
        for (call, done) in sorted.lookups {
            let found = self.journal.settled(call).await.map_err(|e| self.lookup_failed(&e));
            let _ = done.send(found);
        }
    }

    fn lookup_failed(&self, error: &crate::store::error::StoreError) -> AskError {
        tracing::warn!(%error, "a call could not be looked up; its settlement waits");
        AskError::Unavailable
    }

    async fn load_accounts(&mut self, mut wanted: Vec<(AccountId, u64, oneshot::Sender<Option<LoadedAccount>>)>) {
        wanted.retain(|w| !self.streams.is_parked(w.0));
        if wanted.is_empty() {
            return;
        }
        let ids: Vec<AccountId> = wanted.iter().map(|w| w.0).collect();
        let mut loaded = match self.journal.load_accounts(&ids).await {
            Ok(loaded) => loaded,
            Err(error) => return self.load_failed(&error).await,
        };
        for (id, generation, done) in wanted {
            let found = loaded.iter().position(|l| l.account == id).map(|i| loaded.swap_remove(i));
            if let Some(account) = &found {
                self.loaded(id, generation, account.last_seq);
            }
            let _ = done.send(found);
        }
    }

    async fn load_keys(&mut self, mut wanted: Vec<(AccountId, KeyId, u64, oneshot::Sender<Option<LoadedKey>>)>) {
        wanted.retain(|w| !self.streams.is_parked(w.0));
        if wanted.is_empty() {
            return;
        }
        let ids: Vec<KeyId> = wanted.iter().map(|w| w.1).collect();
        let mut loaded = match self.journal.load_keys(&ids).await {
            Ok(loaded) => loaded,
            Err(error) => return self.load_failed(&error).await,
        };
        for (account, key, generation, done) in wanted {
            let found = loaded.iter().position(|l| l.book.key == key).map(|i| loaded.swap_remove(i));
            let found = found.filter(|l| l.book.account == account);
            if let Some(key) = &found {
                self.loaded(account, generation, key.last_seq);
            }
            let _ = done.send(found);
        }
    }

    /// Numbers go on from what was loaded. A load that an older generation asked for may be read after one of its
    /// successor: it says nothing about whose ops to believe.
    fn loaded(&mut self, account: AccountId, generation: u64, last_seq: i64) {
        if self.directory.generation(account) == generation {
            self.streams.loaded(account, generation, last_seq);
        }
    }

    /// The waiters are dropped with the request: their actors stop and are loaded at the next message.
    async fn load_failed(&mut self, error: &crate::store::error::StoreError) {
        tracing::warn!(%error, "books could not be loaded");
        if error.is_connection_lost() {
            self.connect().await;
        }
    }

    async fn probe(&mut self) {
        if let Err(error) = self.journal.positions(&[]).await {
            tracing::warn!(%error, "the store does not answer");
            self.connect().await;
        }
    }

    /// Connects, however long it takes; meanwhile answers what comes in that the store is away.
    pub(super) async fn connect(&mut self) {
        loop {
            let attempt = {
                let mut connecting = self.journal.reconnect();
                loop {
                    tokio::select! {
                        biased;
                        result = &mut connecting => break result,
                        item = self.queue.recv() => match item {
                            Some(item) => self.away.refuse(item, &mut self.notes, &mut self.streams),
                            None => return,
                        },
                    }
                }
            };
            match attempt {
                Ok(()) => break,
                Err(error) => self.wait_away(&error).await,
            }
        }
        if !self.state.healthy.swap(true, Ordering::Relaxed) {
            tracing::info!("the store is there");
        }
    }

    /// Counts as away for `PROBE_EVERY`, and answers what comes in accordingly.
    pub(super) async fn wait_away(&mut self, error: &crate::store::error::StoreError) {
        if self.state.healthy.swap(false, Ordering::Relaxed) {
            tracing::error!(%error, "the store is away: new calls get 503, running calls end by the spool");
        }
        let until = tokio::time::sleep(PROBE_EVERY);
        tokio::pin!(until);
        loop {
            tokio::select! {
                biased;
                () = &mut until => return,
                item = self.queue.recv() => match item {
                    Some(item) => self.away.refuse(item, &mut self.notes, &mut self.streams),
                    None => return,
                },
            }
        }
    }

    pub(super) fn lost_contact(&mut self) {
        if self.state.healthy.swap(false, Ordering::Relaxed) {
            tracing::error!("the store went away inside a commit");
        }
    }
}

/// What a lane needs to answer while its store is away, beside the connection that is being made.
pub(super) struct Away {
    state: Arc<LaneState>,
    directory: Directory,
}

impl Away {
    /// Answers one item. The books behind an op that was not taken are ahead of the ledger, so they are thrown away.
    /// Notes are kept: they state facts.
    fn refuse(&self, item: Item, notes: &mut HeldNotes, streams: &mut Streams) {
        self.state.depth.fetch_sub(1, Ordering::Relaxed);
        match item {
            Item::Op(submission) => {
                let (account, generation) = (submission.op.account, submission.generation);
                streams.forget(account);
                self.directory.discard_generation(account, generation);
                Lost::from(*submission).tell(AskError::Unavailable);
            }
            Item::Note(note) => notes.hold(note),
            Item::LoadAccount(..) | Item::LoadKey(..) => {}
            Item::FindSettled(_, done) => {
                let _ = done.send(Err(AskError::Unavailable));
            }
        }
    }
}
