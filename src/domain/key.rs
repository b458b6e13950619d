//! The consumption side of one key: what it holds, has used and has given back.
//!
//! Only the key's actor raises `posted`, `spent` and `refunded`; funding arrives as a credit once it is committed.
//! Invariants: `posted + refunded ≤ funded`, and `posted ≤ spent ≤ min(budget, posted × price / cost)`.

use crate::domain::call::{CallFacts, CallLine};
use crate::domain::ids::{AccountId, KeyId};
use crate::domain::money::{Cost, Price};
use crate::domain::op::{Movement, Op};
use crate::domain::outcome::{Flags, Outcome};
use crate::domain::ratio::Ratio;

/// Where a key is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyStatus {
    Active,
    Closing,
    Closed,
}

/// One key's numbers, as far as its actor owns them.
#[derive(Clone, PartialEq, Debug)]
pub struct KeyBook {
    pub key: KeyId,
    pub account: AccountId,
    pub ratio: Ratio,
    pub status: KeyStatus,
    /// Price side: what the client may spend in all.
    pub budget: Price,
    /// Cost moved in from main, as far as committed.
    pub funded: Cost,
    /// Cost consumed.
    pub posted: Cost,
    /// Cost given back to main; only on a closing key.
    pub refunded: Cost,
    /// Price shown as spent.
    pub spent: Price,
    /// The stream position the row was loaded at: credits up to it are in the numbers already.
    pub loaded_seq: i64,
}

impl KeyBook {
    /// Cost the key can still pay; holds are promises and do not count here.
    pub fn left(&self) -> Cost {
        let used = self.posted.checked_add(self.refunded).expect("posted and refunded fit: both are below funded");
        self.funded.checked_sub(used).expect("a key never goes past its funding")
    }

    /// What the client still has to spend.
    pub fn remaining(&self) -> Price {
        self.budget.saturating_sub(self.spent)
    }

    /// Earned profit: `spent − posted`.
    pub fn profit(&self) -> Cost {
        Cost::from_nanos(self.spent.nanos()).saturating_sub(self.posted)
    }

    /// Decides what a finished call costs its key.
    ///
    /// Charges `facts.cost`, at most `left()`; the rest is absorbed. Never refuses: a settlement is a fact about the
    /// past. The client line follows `ledger.md` §4. Calls the upstream did not answer are charged nothing.
    ///
    /// # Panics
    /// If an unanswered call carries a cost, or one belongs to another key: the caller mixed up its facts.
    pub fn decide_settle(&self, facts: CallFacts) -> Op {
        assert!(facts.key == self.key && facts.account == self.account, "a call settles with its own key");
        assert!(facts.outcome == Outcome::Answered || facts.cost == Cost::ZERO, "billed if and only if answered");
        // From here it must succeed.
        let charge = facts.cost.min(self.left());
        let beyond = facts.cost.saturating_sub(charge);
        // What a top-up left behind the ratio is caught up by an answered call: an unanswered one shows nothing.
        let line = if facts.outcome == Outcome::Answered { self.line_of(charge) } else { Price::ZERO };
        let flags = if beyond > Cost::ZERO { facts.flags.with(Flags::CAPPED) } else { facts.flags };
        let absorbed = facts.absorbed.saturating_add(beyond);
        let line = CallLine { charge, line, absorbed, flags, facts };
        Op {
            account: self.account,
            key: Some(self.key),
            cost: charge,
            price: line.line,
            owed: Cost::ZERO,
            idem: None,
            by: None,
            movement: Movement::Settle(Box::new(line)),
        }
    }

    /// The client's line for a charge: cumulative, so that lines always sum to the total.
    fn line_of(&self, charge: Cost) -> Price {
        let posted = self.posted.checked_add(charge).expect("a charge is at most what is left");
        self.ratio.price_of_cost(posted).min(self.budget).saturating_sub(self.spent)
    }

    /// Takes a decided settle into the book.
    pub fn apply_settle(&mut self, op: &Op) {
        assert!(op.key == Some(self.key), "an op belongs to its key");
        self.posted = self.posted.checked_add(op.cost).expect("a charge is at most what is left");
        self.spent = self.spent.checked_add(op.price).expect("a line is at most the budget's rest");
        assert!(self.spent.nanos() >= self.posted.nanos(), "profit is never negative");
    }

    /// Adds a committed funding; one at or below the load is in the numbers already. True if it was added.
    pub fn credit(&mut self, seq: i64, cost: Cost, price: Price) -> bool {
        if seq <= self.loaded_seq {
            return false;
        }
        self.funded = self.funded.checked_add(cost).expect("the account checked the sum");
        self.budget = self.budget.checked_add(price).expect("the account checked the sum");
        true
    }

    /// Marks the key closing: nothing is admitted any more.
    pub fn begin_closing(&mut self) {
        if self.status == KeyStatus::Active {
            self.status = KeyStatus::Closing;
        }
    }

    /// Takes off what a closing key can give back now: all that no open hold needs. Zero on an active key.
    pub fn take_refund(&mut self, held: Cost) -> Cost {
        if self.status == KeyStatus::Active {
            return Cost::ZERO;
        }
        let free = self.left().saturating_sub(held);
        self.refunded = self.refunded.checked_add(free).expect("a refund is at most what is left");
        if self.left() == Cost::ZERO {
            self.status = KeyStatus::Closed;
        }
        free
    }
}
