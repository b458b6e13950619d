//! The funding side of one reseller: main balance, debt, freezes, and what each open key was given.
//!
//! Numbers follow the stream: an op counts once it is decided. What may be spent (`available`) leaves out credits
//! that are not committed yet, so debits bite when decided and credits when committed.

use crate::domain::ids::{AccountId, KeyId};
use crate::domain::money::{Cost, Price};
use crate::domain::op::{Direction, Idem, Movement, NewKey, Op, Refusal};
use crate::domain::ratio::Ratio;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// How many finished operation ids an account remembers to answer a late repeat without asking the store.
const REMEMBERED_IDS: usize = 1_024;

/// The funding of one open key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeyFunding {
    pub ratio: Ratio,
    pub budget: Price,
    pub funded: Cost,
    pub closing: bool,
}

/// One account's totals and the funding side of its keys.
#[derive(Clone, PartialEq, Debug)]
pub struct AccountBook {
    pub account: AccountId,
    /// Free balance after every decided op.
    pub main: Cost,
    /// What the reseller owes after a chargeback; while it is not zero, main is.
    pub receivable: Cost,
    /// Paid in from the outside, ever.
    pub deposits: Cost,
    /// Given at the platform's expense and not taken back.
    pub granted: Cost,
    /// Reversed by disputes and refunds and not reinstated.
    pub reversals: Cost,
    /// Open disputes and suspensions.
    pub freezes: i32,
    pub keys: HashMap<KeyId, KeyFunding>,
    pending_credit: Cost,
    pending_debit: Cost,
    under_way: HashMap<String, [u8; 32]>,
    done: VecDeque<Idem>,
}

impl AccountBook {
    pub fn new(account: AccountId, main: Cost, receivable: Cost, freezes: i32) -> Self {
        AccountBook {
            account,
            main,
            receivable,
            deposits: Cost::ZERO,
            granted: Cost::ZERO,
            reversals: Cost::ZERO,
            freezes,
            keys: HashMap::new(),
            pending_credit: Cost::ZERO,
            pending_debit: Cost::ZERO,
            under_way: HashMap::new(),
            done: VecDeque::new(),
        }
    }

    /// Main less credits that are decided but not committed: what a debit may take.
    pub fn available(&self) -> Cost {
        self.main.saturating_sub(self.pending_credit)
    }

    /// Main as committed.
    pub fn committed_main(&self) -> Cost {
        self.main.saturating_add(self.pending_debit).saturating_sub(self.pending_credit)
    }

    /// Debits decided and not committed yet.
    pub fn promised(&self) -> Cost {
        self.pending_debit
    }

    /// Frozen accounts cut no keys, top up none and admit no call; deposits and deletions work and repay.
    pub fn frozen(&self) -> bool {
        self.freezes > 0 || self.receivable > Cost::ZERO
    }

    /// True while an op of this account waits for its commit.
    pub fn busy(&self) -> bool {
        !self.under_way.is_empty() || self.pending_credit > Cost::ZERO || self.pending_debit > Cost::ZERO
    }

    /// Refuses an operation id that was seen before.
    ///
    /// # Errors
    /// `UnderWay` or `DoneAlready` for the same request, `IdReused` where the hash differs.
    pub fn refuse_repeat(&self, idem: &Idem) -> Result<(), Refusal> {
        let seen = |hash: &[u8; 32], same| if *hash == idem.hash { same } else { Refusal::IdReused };
        if let Some(hash) = self.under_way.get(&idem.id) {
            return Err(seen(hash, Refusal::UnderWay));
        }
        match self.done.iter().find(|d| d.id == idem.id) {
            Some(done) => Err(seen(&done.hash, Refusal::DoneAlready)),
            None => Ok(()),
        }
    }

    /// Decides money that comes in: the debt is repaid first.
    pub fn decide_credit(&self, amount: Cost, movement: Movement, idem: Option<Idem>) -> Result<Op, Refusal> {
        assert!(movement.direction() == Direction::Credit, "a credit moves money in");
        self.refuse_known(&idem)?;
        self.refuse_amount(amount)?;
        self.refuse_beyond_range(amount, &movement)?;
        self.refuse_beyond_undoable(amount, &movement)?;
        // From here it must succeed.
        Ok(self.op(None, amount, Price::ZERO, self.receivable.min(amount), idem, movement))
    }

    /// Decides money that is taken back: main pays first, the rest becomes debt.
    pub fn decide_take_back(&self, amount: Cost, movement: Movement, idem: Option<Idem>) -> Result<Op, Refusal> {
        assert!(movement.direction() == Direction::Debit, "a take-back moves money out");
        self.refuse_known(&idem)?;
        self.refuse_amount(amount)?;
        self.receivable.checked_add(amount).ok_or(Refusal::AmountOutOfRange)?;
        self.refuse_beyond_undoable(amount, &movement)?;
        // From here it must succeed.
        Ok(self.op(None, amount, Price::ZERO, amount.saturating_sub(self.main), idem, movement))
    }

    /// Decides a new key: its cost leaves main at once, its ratio is locked.
    pub fn decide_create_key(
        &self,
        key: KeyId,
        price: Price,
        cost: Cost,
        new: NewKey,
        idem: Idem,
    ) -> Result<Op, Refusal> {
        assert!(!self.keys.contains_key(&key), "a key id is made once");
        self.refuse_repeat(&idem)?;
        self.refuse_frozen()?;
        self.refuse_beyond(cost)?;
        // From here it must succeed.
        Ok(self.op(Some(key), cost, price, Cost::ZERO, Some(idem), Movement::CreateKey(Box::new(new))))
    }

    /// Decides a key's top-up of `price` at its locked ratio.
    pub fn decide_fund_key(&self, key: KeyId, price: Price, idem: Idem) -> Result<Op, Refusal> {
        self.refuse_repeat(&idem)?;
        self.refuse_frozen()?;
        let funding = self.keys.get(&key).ok_or(Refusal::NoSuchKey)?;
        if funding.closing {
            return Err(Refusal::KeyClosing);
        }
        let terms = funding.ratio.top_up(funding.budget, funding.funded, price);
        let (_, debit) = terms.ok_or(Refusal::AmountOutOfRange)?;
        self.refuse_amount(debit)?;
        self.refuse_beyond(debit)?;
        // From here it must succeed.
        Ok(self.op(Some(key), debit, price, Cost::ZERO, Some(idem), Movement::FundKey))
    }

    /// Decides the first step of a deletion: the key takes no more funding.
    pub fn decide_close_key(&self, key: KeyId, idem: Idem) -> Result<Op, Refusal> {
        self.refuse_repeat(&idem)?;
        let funding = self.keys.get(&key).ok_or(Refusal::NoSuchKey)?;
        if funding.closing {
            return Err(Refusal::KeyClosing);
        }
        Ok(self.op(Some(key), Cost::ZERO, Price::ZERO, Cost::ZERO, Some(idem), Movement::CloseKey))
    }

    /// Decides what a closing key gives back; the debt is repaid first. Never refuses: the key took it off itself.
    pub fn decide_refund(&self, key: KeyId, cost: Cost) -> Op {
        assert!(cost > Cost::ZERO, "a refund moves money");
        self.op(Some(key), cost, Price::ZERO, self.receivable.min(cost), None, Movement::Refund)
    }

    /// Decides a freeze or a thaw.
    ///
    /// # Errors
    /// `NotFrozen` where there is no freeze to lift.
    pub fn decide_freeze(&self, movement: Movement, idem: Idem) -> Result<Op, Refusal> {
        self.refuse_repeat(&idem)?;
        if matches!(movement, Movement::Thaw { .. }) && self.freezes == 0 {
            return Err(Refusal::NotFrozen);
        }
        Ok(self.op(None, Cost::ZERO, Price::ZERO, Cost::ZERO, Some(idem), movement))
    }

    /// Takes a decided op into the book; cannot fail.
    pub fn apply(&mut self, op: &Op) {
        assert!(op.account == self.account, "an op belongs to its account");
        let moved = op.main_part();
        match op.movement.direction() {
            Direction::Credit => {
                self.main = self.main.checked_add(moved).expect("decided within range");
                self.receivable = self.receivable.checked_sub(op.owed).expect("repays at most the debt");
                self.pending_credit = self.pending_credit.saturating_add(moved);
            }
            Direction::Debit => {
                self.main = self.main.checked_sub(moved).expect("debits at most main");
                self.receivable = self.receivable.checked_add(op.owed).expect("decided within range");
                self.pending_debit = self.pending_debit.saturating_add(moved);
            }
            Direction::Neither => {}
        }
        self.apply_to_totals(op);
        self.apply_to_keys(op);
        if let Some(idem) = &op.idem {
            self.under_way.insert(idem.id.clone(), idem.hash);
        }
        assert!(self.receivable == Cost::ZERO || self.main == Cost::ZERO, "owing means empty");
    }

    fn apply_to_totals(&mut self, op: &Op) {
        match op.movement {
            Movement::Deposit { .. } => {
                self.deposits = self.deposits.checked_add(op.cost).expect("decided within range");
            }
            Movement::Commission { .. } | Movement::Correction { .. } => {
                self.granted = self.granted.saturating_add(op.cost);
            }
            Movement::CommissionBack { .. } | Movement::CorrectionBack { .. } => {
                self.granted = self.granted.checked_sub(op.cost).expect("takes back at most what was granted");
            }
            Movement::Reversal { .. } => self.reversals = self.reversals.saturating_add(op.cost),
            Movement::Reinstate { .. } => {
                self.reversals = self.reversals.checked_sub(op.cost).expect("reinstates at most what was reversed");
            }
            _ => {}
        }
    }

    fn apply_to_keys(&mut self, op: &Op) {
        match (&op.movement, op.key) {
            (Movement::CreateKey(new), Some(key)) => {
                let funding = KeyFunding { ratio: new.ratio, budget: op.price, funded: op.cost, closing: false };
                self.keys.insert(key, funding);
            }
            (Movement::FundKey, Some(key)) => {
                let funding = self.keys.get_mut(&key).expect("decided on an open key");
                funding.budget = funding.budget.checked_add(op.price).expect("decided within range");
                funding.funded = funding.funded.checked_add(op.cost).expect("decided within range");
            }
            (Movement::CloseKey, Some(key)) => {
                self.keys.get_mut(&key).expect("decided on an open key").closing = true;
            }
            (Movement::Freeze { .. }, _) => self.freezes += 1,
            (Movement::Thaw { .. }, _) => self.freezes -= 1,
            _ => {}
        }
    }

    /// Learns that an op of this book is durable: its credit may now be spent, its id is done.
    pub fn committed(&mut self, op: &Op) {
        let moved = op.main_part();
        match op.movement.direction() {
            Direction::Credit => self.pending_credit = self.pending_credit.saturating_sub(moved),
            Direction::Debit => self.pending_debit = self.pending_debit.saturating_sub(moved),
            Direction::Neither => {}
        }
        if let Some(idem) = &op.idem {
            self.under_way.remove(&idem.id);
            self.done.push_back(idem.clone());
            if self.done.len() > REMEMBERED_IDS {
                self.done.pop_front();
            }
        }
    }

    fn op(
        &self,
        key: Option<KeyId>,
        cost: Cost,
        price: Price,
        owed: Cost,
        idem: Option<Idem>,
        movement: Movement,
    ) -> Op {
        Op { account: self.account, key, cost, price, owed, idem, by: None::<Arc<str>>, movement }
    }

    fn refuse_known(&self, idem: &Option<Idem>) -> Result<(), Refusal> {
        idem.as_ref().map_or(Ok(()), |i| self.refuse_repeat(i))
    }

    fn refuse_frozen(&self) -> Result<(), Refusal> {
        if self.frozen() { Err(Refusal::Frozen) } else { Ok(()) }
    }

    fn refuse_amount(&self, amount: Cost) -> Result<(), Refusal> {
        if amount > Cost::ZERO { Ok(()) } else { Err(Refusal::AmountOutOfRange) }
    }

    /// Every total is at most what ever came in: where that fits, each of them does. A reinstated amount came in before.
    fn refuse_beyond_range(&self, amount: Cost, movement: &Movement) -> Result<(), Refusal> {
        let before = self.deposits.checked_add(self.granted);
        let fits = match movement {
            Movement::Reinstate { .. } => self.main.checked_add(amount).is_some(),
            _ => before.is_some_and(|sum| sum.checked_add(amount).is_some()),
        };
        if fits { Ok(()) } else { Err(Refusal::AmountOutOfRange) }
    }

    /// What undoes an earlier movement is at most what there is to undo.
    fn refuse_beyond_undoable(&self, amount: Cost, movement: &Movement) -> Result<(), Refusal> {
        let undoable = match movement {
            Movement::CommissionBack { .. } | Movement::CorrectionBack { .. } => self.granted,
            Movement::Reinstate { .. } => self.reversals,
            _ => return Ok(()),
        };
        if amount > undoable { Err(Refusal::BeyondUndoable { undoable }) } else { Ok(()) }
    }

    fn refuse_beyond(&self, needed: Cost) -> Result<(), Refusal> {
        let available = self.available();
        if needed > available { Err(Refusal::BalanceTooLow { needed, available }) } else { Ok(()) }
    }
}
