//! One commit of a lane: numbering, the fence's verdict, and what every waiter learns.

use crate::actors::held_notes::HeldNotes;
use crate::actors::lane::{Item, Lane, Submission, Waiter};
use crate::actors::messages::{AskError, Committed, Credit, KeyRef, Receipt, SettleReceipt};
use crate::domain::ids::{AccountId, CallId, KeyId};
use crate::domain::op::{Movement, Op};
use crate::store::error::StoreError;
use crate::store::journal::{Batch, Entry, LoadedAccount, LoadedKey, OpenNote, Position, SettledCall};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// How often a batch that certainly was not written is sent again before its accounts are given up.
const RESENDS: u32 = 5;
/// How long an account stays parked after its row was found locked by a foreign session.
const PARK_FOR: Duration = Duration::from_secs(5);

/// Who asked whether a call is settled; `Err` while the store is away.
pub type SettledAnswer = oneshot::Sender<Result<Option<SettledCall>, AskError>>;

/// A drained queue, by kind.
#[derive(Default)]
pub struct Sorted {
    pub ops: Vec<Submission>,
    pub notes: Vec<OpenNote>,
    pub accounts: Vec<(AccountId, u64, oneshot::Sender<Option<LoadedAccount>>)>,
    pub keys: Vec<(AccountId, KeyId, u64, oneshot::Sender<Option<LoadedKey>>)>,
    pub lookups: Vec<(CallId, SettledAnswer)>,
}

impl Sorted {
    pub fn push(&mut self, item: Item) {
        match item {
            Item::Op(submission) => self.ops.push(*submission),
            Item::Note(note) => self.notes.push(note),
            Item::LoadAccount(account, generation, done) => self.accounts.push((account, generation, done)),
            Item::LoadKey(account, key, generation, done) => self.keys.push((account, key, generation, done)),
            Item::FindSettled(call, done) => self.lookups.push((call, done)),
        }
    }

    /// Ops, loads and look-ups; notes ride along.
    pub fn count(&self) -> usize {
        self.ops.len() + self.accounts.len() + self.keys.len() + self.lookups.len()
    }
}

/// Whether pages list other things, or say other words, after it.
fn reshapes(movement: &Movement) -> bool {
    use Movement::{CloseKey, CreateKey, Freeze, Thaw};
    matches!(movement, CreateKey(_) | CloseKey | Freeze { .. } | Thaw { .. })
}

/// Who waits for an entry, and the note of its call where that was not written before.
struct Pending {
    waiter: Waiter,
    note: Option<OpenNote>,
}

/// A batch with those who wait for it, index by index.
#[derive(Default)]
pub struct Written {
    batch: Batch,
    pending: Vec<Pending>,
}

impl Written {
    /// A batch of numbered ops and of the notes that are due. Notes of calls that it settles stay out of the table.
    pub fn new(ops: Vec<Numbered>, notes: &mut HeldNotes) -> Self {
        let mut held = notes.take_of(&ops.iter().filter_map(|op| op.entry.op.settled_call()).collect());
        let mut written = Written::default();
        written.batch.notes = notes.take_due();
        for Numbered { entry, waiter } in ops {
            let note = entry.op.settled_call().and_then(|call| held.remove(&call));
            written.push(entry, Pending { waiter, note });
        }
        written
    }

    pub fn is_empty(&self) -> bool {
        self.batch.entries.is_empty() && self.batch.notes.is_empty()
    }

    /// How many ops it has.
    pub fn ops(&self) -> usize {
        self.pending.len()
    }

    fn push(&mut self, entry: Entry, pending: Pending) {
        self.batch.entries.push(entry);
        self.pending.push(pending);
    }

    /// In the order of their ids, as the ledger locks them, so that a run can be repeated.
    fn accounts(&self) -> Vec<AccountId> {
        self.batch.entries.iter().map(|e| e.op.account).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Last seq and epoch of each account in the batch.
    fn ends(&self) -> HashMap<AccountId, (i64, i64)> {
        // Entries of an account stand in the order of their seq, so the last one wins.
        self.batch.entries.iter().map(|e| (e.op.account, (e.seq, e.epoch))).collect()
    }

    /// Notes whether any note of its calls may be in the table, or is to be.
    fn mark_unnoted(&mut self) {
        self.batch.is_unnoted = self.batch.notes.is_empty() && self.pending.iter().all(|p| p.note.is_some());
    }

    /// Two parts of about half the accounts each; the notes go with the first.
    fn halves(self, accounts: &[AccountId]) -> (Written, Written) {
        let first: HashSet<&AccountId> = accounts[..accounts.len() / 2].iter().collect();
        let (mut left, mut right) = (Written::default(), Written::default());
        left.batch.notes = self.batch.notes;
        for (entry, pending) in self.batch.entries.into_iter().zip(self.pending) {
            let half = if first.contains(&entry.op.account) { &mut left } else { &mut right };
            half.push(entry, pending);
        }
        (left, right)
    }
}

/// The next number of each loaded account, and the generation it was loaded for.
pub struct Streams {
    next: HashMap<AccountId, (u64, i64)>,
    epochs: Arc<[i64]>,
    /// Accounts whose row another session holds: left alone for a while, so that the others do not wait with them.
    parked: HashMap<AccountId, Instant>,
}

/// An op with its place in the stream and who waits for it.
pub struct Numbered {
    entry: Entry,
    waiter: Waiter,
}

impl Streams {
    /// `epochs[shard]` is the ownership epoch of each shard of this boot.
    pub fn new(epochs: Arc<[i64]>) -> Self {
        Streams { next: HashMap::new(), epochs, parked: HashMap::new() }
    }

    /// Leaves an account alone for `PARK_FOR`: its ops and loads are answered that the store is away.
    pub fn park(&mut self, account: AccountId) {
        self.parked.insert(account, Instant::now() + PARK_FOR);
    }

    /// True while an account is left alone.
    pub fn is_parked(&mut self, account: AccountId) -> bool {
        let parked = self.parked.get(&account).is_some_and(|until| Instant::now() < *until);
        if !parked {
            self.parked.remove(&account);
        }
        parked
    }

    /// Takes note of where an account's stream stands, as loaded for `generation`.
    pub fn loaded(&mut self, account: AccountId, generation: u64, last_seq: i64) {
        self.next.insert(account, (generation, last_seq + 1));
    }

    /// Numbers ops in arrival order; those of discarded actors are answered at once.
    pub fn number(&mut self, ops: Vec<Submission>) -> Vec<Numbered> {
        ops.into_iter().filter_map(|submission| self.number_one(submission)).collect()
    }

    fn number_one(&mut self, submission: Submission) -> Option<Numbered> {
        let account = submission.op.account;
        match self.next.get_mut(&account) {
            Some((generation, next)) if *generation == submission.generation => {
                let seq = *next;
                *next += 1;
                let epoch = self.epochs[usize::try_from(account.shard()).expect("a shard is 0 to 4095")];
                Some(Numbered { entry: Entry { op: submission.op, seq, epoch }, waiter: submission.waiter })
            }
            _ => {
                Lost::from(submission).tell(AskError::Discarded);
                None
            }
        }
    }

    /// Numbers no more ops of this account until it is loaded again.
    pub fn forget(&mut self, account: AccountId) {
        self.next.remove(&account);
    }
}

/// The waiter of an op that was not written.
pub struct Lost(Waiter);

impl From<Submission> for Lost {
    fn from(submission: Submission) -> Self {
        Lost(submission.waiter)
    }
}

impl Lost {
    /// Tells the waiter; one that is gone does not mind.
    pub fn tell(self, why: AskError) {
        match self.0 {
            Waiter::Settle { done, .. } => drop(done.send(Err(why))),
            Waiter::Op { done, .. } => drop(done.map(|d| d.send(Err(why)))),
        }
    }
}

impl Lane {
    /// Writes a batch, leaving out accounts that break a rule, until the rest is written.
    pub(super) async fn commit(&mut self, whole: Written) {
        let mut parts = vec![whole];
        while let Some(part) = parts.pop() {
            if let Some((left, right)) = self.commit_part(part).await {
                parts.extend([right, left]);
            }
        }
    }

    /// Writes one part. A bare CHECK names nobody, so the part comes back in two halves by account (`ledger.md` §6).
    async fn commit_part(&mut self, mut part: Written) -> Option<(Written, Written)> {
        for _ in 0..=RESENDS {
            part.mark_unnoted();
            match self.journal.commit(&part.batch).await {
                Ok(accepted) => self.deliver(part, &accepted),
                Err(error) if error.is_retryable() => continue,
                Err(error) if error.is_unknown() => self.resolve(part).await,
                Err(error) if error.is_lock_timeout() => {
                    let blocked = self.journal.blocked(&part.accounts()).await.unwrap_or_default();
                    blocked.iter().for_each(|a| self.streams.park(*a));
                    self.leave_out(&mut part, &blocked.into_iter().collect(), &error);
                    continue;
                }
                Err(error) if error.is_refused() => {
                    let accounts = part.accounts();
                    let named: HashSet<_> = error.accounts().into_iter().filter(|a| accounts.contains(a)).collect();
                    match (named.is_empty(), accounts.len()) {
                        (true, 2..) => return Some(part.halves(&accounts)),
                        (true, _) => self.leave_out(&mut part, &accounts.into_iter().collect(), &error),
                        (false, _) => self.leave_out(&mut part, &named, &error),
                    }
                    continue;
                }
                Err(error) => self.give_up(part, &error).await,
            }
            return None;
        }
        self.give_up(part, &StoreError::gave_up()).await;
        None
    }

    /// Tells the waiter of an op that was not written; its call is open still, so its note must be written after all.
    fn lose(&mut self, pending: Pending, why: AskError) {
        self.notes.put_back(pending.note);
        Lost(pending.waiter).tell(why);
    }

    /// Hands out receipts of accepted accounts; the others were fenced: nothing of theirs was written.
    fn deliver(&mut self, part: Written, accepted: &[(AccountId, i64)]) {
        let accepted: HashSet<AccountId> = accepted.iter().map(|(a, _)| *a).collect();
        let mut fenced = HashSet::new();
        for (entry, pending) in part.batch.entries.into_iter().zip(part.pending) {
            let account = entry.op.account;
            if accepted.contains(&account) {
                self.receipt(entry, pending.waiter);
            } else {
                fenced.insert(account);
                self.lose(pending, AskError::Discarded);
            }
        }
        accepted.into_iter().for_each(|account| self.directory.onlookers().changed(account));
        for account in fenced {
            tracing::error!(account.id = %account, "ops were fenced: another program or a moved stream; rebuilding");
            self.discard(account);
        }
    }

    fn receipt(&self, entry: Entry, waiter: Waiter) {
        let Entry { op, seq, .. } = entry;
        match waiter {
            Waiter::Settle { done, remaining } => {
                self.directory.open_calls().remove_settled(&op);
                let _ = done.send(Ok(SettleReceipt { charge: op.cost, line: op.price, remaining: Some(remaining) }));
            }
            Waiter::Op { done, author } => {
                self.credit(&op, seq);
                let (account, is_reshaped) = (op.account, reshapes(&op.movement));
                author.do_send(Committed { op: Box::new(op) });
                // After the actor's message: a page that is read anew is answered by a book that has it.
                if is_reshaped {
                    self.directory.onlookers().reshaped(account);
                }
                let _ = done.map(|d| d.send(Ok(Receipt { seq })));
            }
        }
    }

    fn credit(&self, op: &Op, seq: i64) {
        if let (Movement::FundKey, Some(key)) = (&op.movement, op.key) {
            let key = KeyRef { account: op.account, key };
            self.directory.tell_key_if_live(key, Credit { seq, cost: op.cost, price: op.price });
        }
    }

    fn leave_out(&mut self, part: &mut Written, guilty: &HashSet<AccountId>, error: &StoreError) {
        let all = std::mem::take(part);
        part.batch.notes = all.batch.notes;
        for (entry, pending) in all.batch.entries.into_iter().zip(all.pending) {
            if guilty.contains(&entry.op.account) {
                self.lose(pending, AskError::Discarded);
            } else {
                part.push(entry, pending);
            }
        }
        for account in guilty {
            tracing::error!(account.id = %account, %error, "the store refused ops their book had allowed; rebuilding");
            self.discard(*account);
        }
    }

    /// Certainly not written, and no account to blame: everyone is told, notes are kept.
    async fn give_up(&mut self, part: Written, error: &StoreError) {
        tracing::error!(%error, "a batch could not be written");
        let accounts = part.accounts();
        self.notes.put_back(part.batch.notes);
        part.pending.into_iter().for_each(|p| self.lose(p, AskError::Unavailable));
        accounts.into_iter().for_each(|a| self.discard(a));
        // What cannot be written now will hardly be in the next moment, and whoever is admitted meanwhile waits for it.
        self.wait_away(error).await;
        self.connect().await;
    }

    /// The answer to a commit was lost: asks the store what became of it, so that waiters learn the truth.
    async fn resolve(&mut self, part: Written) {
        self.lost_contact();
        let accounts = part.accounts();
        let standing = self.standing(&accounts).await;
        let ends = part.ends();
        let is_written = |account: &AccountId| {
            let (last, epoch) = ends[account];
            standing.get(account).is_some_and(|p| p.last_seq == last && p.epoch == epoch)
        };
        // One transaction held the batch, so all its accounts agree.
        if !accounts.iter().any(is_written) {
            self.notes.put_back(part.batch.notes);
        }
        for (entry, pending) in part.batch.entries.into_iter().zip(part.pending) {
            if is_written(&entry.op.account) {
                self.receipt(entry, pending.waiter);
            } else {
                self.lose(pending, AskError::Discarded);
            }
        }
        accounts.into_iter().for_each(|a| self.discard(a));
    }

    async fn standing(&mut self, accounts: &[AccountId]) -> HashMap<AccountId, Position> {
        loop {
            self.connect().await;
            match self.journal.positions(accounts).await {
                Ok(positions) => return positions.into_iter().map(|p| (p.account, p)).collect(),
                Err(error) => tracing::warn!(%error, "a lost commit could not be looked up yet"),
            }
        }
    }

    fn discard(&mut self, account: AccountId) {
        self.streams.forget(account);
        self.directory.discard(account);
    }
}
