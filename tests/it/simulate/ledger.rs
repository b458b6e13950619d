//! The world's ledger: what `commit_batch` does, in plain `i128`. It shares no code with the books, and a movement that
//! breaks a rule of the numbers is a finding: the actors must never decide one.

use derouter::domain::ids::{AccountId, BootId, CallId, KeyId, NodeId, TopupId};
use derouter::domain::op::{Movement, NewKey, Op};
use derouter::domain::outcome::{Flags, Outcome};
use derouter::store::journal::{Batch, Entry, OpenNote};
use std::collections::{BTreeMap, HashMap, HashSet};
use uuid::Uuid;

/// One key's row.
#[derive(Clone, Debug)]
pub struct Key {
    pub ratio: (i128, i128),
    /// 1 active, 2 closing, 3 closed.
    pub status: u8,
    pub budget: i128,
    pub funded: i128,
    pub posted: i128,
    pub refunded: i128,
    pub spent: i128,
    pub paused: bool,
    pub rpm: i32,
    pub concurrency: i32,
}

impl Key {
    fn of(new: &NewKey, op: &Op) -> Self {
        let (cost, price) = new.ratio.parts();
        Key {
            ratio: (cost.into(), price.into()),
            status: 1,
            budget: op.price.nanos().into(),
            funded: op.cost.nanos().into(),
            posted: 0,
            refunded: 0,
            spent: 0,
            paused: false,
            rpm: new.rpm,
            concurrency: new.concurrency,
        }
    }

    pub fn left(&self) -> i128 {
        self.funded - self.posted - self.refunded
    }

    fn is_sound(&self) -> bool {
        self.left() >= 0 && self.posted <= self.spent && self.spent <= self.budget
    }
}

/// One account's row with its keys.
#[derive(Clone, Default, Debug)]
pub struct Account {
    pub last_seq: i64,
    pub main: i128,
    pub receivable: i128,
    pub deposits: i128,
    pub granted: i128,
    pub reversals: i128,
    pub consumed: i128,
    pub freezes: i32,
    pub keys: BTreeMap<KeyId, Key>,
}

impl Account {
    fn is_sound(&self) -> bool {
        let escrow: i128 = self.keys.values().map(Key::left).sum();
        let came = self.deposits - self.reversals + self.granted + self.receivable;
        self.main >= 0
            && self.receivable >= 0
            && (self.main == 0 || self.receivable == 0)
            && self.granted >= 0
            && self.reversals >= 0
            && self.freezes >= 0
            && came == self.main + escrow + self.consumed
            && self.keys.values().all(Key::is_sound)
    }
}

/// A settled call's row.
#[derive(Clone, Debug)]
pub struct Line {
    pub seq: i64,
    pub outcome: Outcome,
    pub flags: Flags,
    pub charge: i128,
    pub line: i128,
    pub absorbed: i128,
}

/// What the books surely know of the money of keys: a top-up reaches its key's book after its commit, and has reached it
/// once whoever asked for it is answered.
#[derive(Default)]
pub struct Told {
    funded: HashMap<KeyId, i128>,
    under_way: HashMap<(AccountId, i64), (KeyId, i128)>,
    at_the_end: HashMap<CallId, i128>,
}

impl Told {
    /// The asker of the movement at `seq` was answered.
    pub fn answered(&mut self, account: AccountId, seq: i64) {
        if let Some((key, cost)) = self.under_way.remove(&(account, seq)) {
            *self.funded.entry(key).or_default() += cost;
        }
    }

    /// A call of `key` is about to be charged.
    pub fn ends(&mut self, call: CallId, key: KeyId) {
        self.at_the_end.insert(call, self.funded.get(&key).copied().unwrap_or_default());
    }
}

/// Why a batch was not written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refused {
    /// An id was used before: what a repeat of a lost answer meets.
    Known(Vec<AccountId>),
    /// The numbers break a rule.
    Unsound(String),
}

/// Everything the store remembers.
#[derive(Default)]
pub struct Ledger {
    pub accounts: BTreeMap<AccountId, Account>,
    pub calls: HashMap<CallId, Line>,
    pub notes: BTreeMap<CallId, (OpenNote, NodeId, BootId)>,
    pub idems: HashMap<(AccountId, String), i64>,
    /// Orders that were not credited.
    pub orders: HashSet<TopupId>,
    /// Lines of commission by amount: pending, released.
    pub pending: HashMap<Uuid, i128>,
    pub released: HashMap<Uuid, i128>,
    pub told: Told,
    pub owner: Option<(NodeId, i64)>,
}

impl Ledger {
    /// A new owner of every shard; its epoch fences all older ones.
    pub fn take(&mut self, node: NodeId) -> i64 {
        let epoch = self.owner.map_or(1, |(_, epoch)| epoch + 1);
        self.owner = Some((node, epoch));
        epoch
    }

    /// Every book is read anew from here.
    pub fn forget_books(&mut self) {
        let keys = self.accounts.values().flat_map(|account| &account.keys);
        self.told.funded = keys.map(|(id, key)| (*id, key.funded)).collect();
        self.told.under_way.clear();
    }

    /// Writes a batch; the accounts that met the fence with their new position.
    pub fn commit(&mut self, node: NodeId, boot: BootId, batch: &Batch) -> Result<Vec<(AccountId, i64)>, Refused> {
        let mut streams: BTreeMap<AccountId, Vec<&Entry>> = BTreeMap::new();
        batch.entries.iter().for_each(|e| streams.entry(e.op.account).or_default().push(e));
        streams.retain(|account, entries| self.meets_fence(node, *account, entries));
        let known: Vec<AccountId> = streams.keys().filter(|a| self.is_known(&streams[*a])).copied().collect();
        if !known.is_empty() {
            return Err(Refused::Known(known));
        }
        let mut drafts = Vec::new();
        for (account, entries) in &streams {
            drafts.push((*account, self.draft(*account, entries)?));
        }
        // From here it must succeed.
        let accepted = drafts.iter().map(|(id, draft)| (*id, draft.last_seq)).collect();
        self.accounts.extend(drafts);
        streams.values().flatten().for_each(|entry| self.record(entry));
        let settled: Vec<CallId> = streams.values().flatten().filter_map(|e| e.op.settled_call()).collect();
        // As in the store: where a batch only settles, and says that none of its calls has a note, none is looked for.
        if !(batch.is_unnoted && settled.len() == batch.entries.len()) {
            self.notes.retain(|call, _| !settled.contains(call));
        }
        for note in &batch.notes {
            // As in the schema: a note of a call that this very batch settles is left out, any other is written.
            if !streams.values().flatten().any(|e| e.op.settled_call() == Some(note.call)) {
                self.notes.entry(note.call).or_insert_with(|| (note.clone(), node, boot));
            }
        }
        Ok(accepted)
    }

    fn meets_fence(&self, node: NodeId, account: AccountId, entries: &[&Entry]) -> bool {
        let Some(row) = self.accounts.get(&account) else { return false };
        let follows = entries.iter().zip(row.last_seq + 1..).all(|(entry, seq)| entry.seq == seq);
        follows && entries.iter().all(|entry| self.owner == Some((node, entry.epoch)))
    }

    /// True if an operation id, call, order or line of these was taken already.
    fn is_known(&self, entries: &[&Entry]) -> bool {
        let mut once = HashSet::new();
        entries.iter().any(|Entry { op, .. }| {
            let idem = op.idem.as_ref().map(|i| (op.account, i.id.clone()));
            let used = idem.as_ref().is_some_and(|i| self.idems.contains_key(i) || !once.insert(i.1.clone()));
            used || match &op.movement {
                Movement::Settle(line) => {
                    let call = line.facts.call;
                    self.calls.contains_key(&call) || !once.insert(call.to_string())
                }
                Movement::Deposit { topup } => !self.orders.contains(topup),
                Movement::Commission { line } => !self.pending.contains_key(line),
                Movement::CommissionBack { line } => !self.released.contains_key(line),
                Movement::CreateKey(_) => self.accounts[&op.account].keys.contains_key(&op.key.expect("a key")),
                _ => false,
            }
        })
    }

    fn draft(&self, account: AccountId, entries: &[&Entry]) -> Result<Account, Refused> {
        let mut draft = self.accounts[&account].clone();
        for entry in entries {
            let key = entry.op.key.and_then(|key| draft.keys.get(&key)).cloned();
            draft.apply(&entry.op).map_err(|why| Refused::Unsound(format!("{why}: {:?} on {key:?}", entry.op)))?;
            draft.last_seq = entry.seq;
            if self.is_capped_early(&entry.op, &draft) {
                return Err(Refused::Unsound(format!("capped with something left: {:?} on {key:?}", entry.op)));
            }
        }
        Ok(draft)
    }

    /// True if a charge was cut short though its key's book surely knew of more. A key in deletion may have given back what
    /// its row still shows; the auditor asks whether it might.
    fn is_capped_early(&self, op: &Op, draft: &Account) -> bool {
        let (Movement::Settle(line), Some(key)) = (&op.movement, op.key) else { return false };
        let row = &draft.keys[&key];
        let known = self.told.at_the_end.get(&line.facts.call).copied().unwrap_or_default();
        line.flags.has(Flags::CAPPED) && row.status == 1 && row.posted + row.refunded < known
    }

    fn record(&mut self, Entry { op, seq, .. }: &Entry) {
        if let Some(idem) = &op.idem {
            self.idems.insert((op.account, idem.id.clone()), *seq);
        }
        let amount = i128::from(op.cost.nanos());
        match &op.movement {
            Movement::Settle(line) => {
                let row = Line {
                    seq: *seq,
                    outcome: line.facts.outcome,
                    flags: line.flags,
                    charge: amount,
                    line: op.price.nanos().into(),
                    absorbed: line.absorbed.nanos().into(),
                };
                self.calls.insert(line.facts.call, row);
            }
            Movement::Deposit { topup } => drop(self.orders.remove(topup)),
            Movement::Commission { line } => {
                self.pending.remove(line);
                self.released.insert(*line, amount);
            }
            Movement::CommissionBack { line } => drop(self.released.remove(line)),
            Movement::CreateKey(_) => drop(self.told.funded.insert(op.key.expect("a key"), amount)),
            Movement::FundKey => {
                self.told.under_way.insert((op.account, *seq), (op.key.expect("a key"), amount));
            }
            _ => {}
        }
    }
}

impl Account {
    /// One movement on the row, and every rule of the row after it.
    fn apply(&mut self, op: &Op) -> Result<(), &'static str> {
        let (cost, price, owed): (i128, i128, i128) =
            (op.cost.nanos().into(), op.price.nanos().into(), op.owed.nanos().into());
        match op.movement.kind() {
            1 => self.deposits += cost,
            2 => self.reversals += cost,
            3 | 5 => self.granted += cost,
            4 | 6 => self.granted -= cost,
            12 => self.freezes += 1,
            13 => self.freezes -= 1,
            14 => self.reversals -= cost,
            _ => {}
        }
        match op.movement.kind() {
            1 | 3 | 5 | 10 | 14 => (self.main, self.receivable) = (self.main + cost - owed, self.receivable - owed),
            2 | 4 | 6 => (self.main, self.receivable) = (self.main - cost + owed, self.receivable + owed),
            7 | 8 => self.main -= cost,
            9 => self.consumed += cost,
            _ => {}
        }
        if let Some(id) = op.key {
            self.apply_to_key(id, op, cost, price)?;
        }
        if self.is_sound() { Ok(()) } else { Err("the account's numbers break a rule") }
    }

    fn apply_to_key(&mut self, id: KeyId, op: &Op, cost: i128, price: i128) -> Result<(), &'static str> {
        if let Movement::CreateKey(new) = &op.movement {
            self.keys.insert(id, Key::of(new, op));
            return Ok(());
        }
        let key = self.keys.get_mut(&id).ok_or("no such key")?;
        match &op.movement {
            Movement::FundKey if key.status != 1 => return Err("only an active key takes money"),
            Movement::FundKey => (key.funded, key.budget) = (key.funded + cost, key.budget + price),
            Movement::Settle(line) => key.settle(line.facts.outcome, cost, price)?,
            Movement::Refund => key.refunded += cost,
            Movement::CloseKey => key.status = key.status.max(2),
            _ => {}
        }
        if key.status == 2 && key.left() == 0 {
            key.status = 3;
        }
        Ok(())
    }
}

impl Key {
    /// The client's line by the definition of `ledger.md` §4, and the rules of a charge.
    fn settle(&mut self, outcome: Outcome, cost: i128, price: i128) -> Result<(), &'static str> {
        self.posted += cost;
        let shown = (self.posted * self.ratio.1 / self.ratio.0).min(self.budget);
        self.spent += price;
        // A top-up whose credit is on its way leaves at most one nano-dollar of cost behind the ratio (C6).
        let behind = (self.ratio.1 + self.ratio.0 - 1) / self.ratio.0;
        match outcome {
            Outcome::Answered if !(0..=behind).contains(&(shown - self.spent)) => Err("the line is off the ratio"),
            Outcome::Answered => Ok(()),
            _ if cost != 0 || price != 0 => Err("an unanswered call is billed"),
            _ => Ok(()),
        }
    }
}
