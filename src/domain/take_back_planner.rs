//! The steps of a take-back in the making: each is planned once, and what came before makes room for what follows.

use crate::domain::money::Cost;
use crate::domain::payment::{Dispute, DisputeState, Method, PaymentFact, PaymentState, Received};
use crate::domain::take_back::{self, Alarm, BACK, CreditedOrder, Doubt, INVALID, Plan, StepKind, TakeBack};

/// A won dispute's money comes back whether or not the provider has moved it yet.
pub fn is_taken(dispute: &Dispute) -> bool {
    dispute.is_withdrawn && dispute.state != DisputeState::Won
}

/// The operation id of the money that a dispute takes.
pub fn out(dispute: &Dispute) -> String {
    format!("dispute:{}:out", dispute.id)
}

fn invalid(order: &CreditedOrder) -> String {
    format!("{INVALID}{}", order.id)
}

/// A plan in the making.
pub struct Planner<'a> {
    credited: Cost,
    /// Net of everything done and planned.
    taken: Cost,
    done: &'a [TakeBack],
    plan: Plan,
}

impl<'a> Planner<'a> {
    /// Nothing planned yet, after what was done of an order of this credit.
    pub fn new(credited: Cost, done: &'a [TakeBack]) -> Self {
        Planner { credited, taken: take_back::net(done), done, plan: Plan::default() }
    }

    /// What was planned.
    pub fn plan(self) -> Plan {
        self.plan
    }

    fn find(&self, op: &str) -> Option<&TakeBack> {
        self.done.iter().chain(&self.plan.steps).find(|step| step.op == op)
    }

    /// Gives what `taken_by` took once more, if it took anything.
    pub fn give_again(&mut self, taken_by: &str, op: String) {
        let Some(amount) = self.find(taken_by).map(|step| step.amount) else { return };
        if self.find(&op).is_none() {
            self.taken = self.taken.saturating_sub(amount);
            self.plan.steps.push(TakeBack { op, kind: StepKind::Reinstate, amount });
        }
    }

    /// Takes an amount under an operation id, unless that was done; `undo` is the id that undoes it.
    pub fn take(&mut self, op: String, amount: &Received, undo: &str) {
        if self.find(&op).is_some() {
            if self.find(undo).is_some() {
                self.alarm(op, Doubt::Again);
            }
            return;
        }
        let Some(amount) = amount.usd() else { return self.alarm(op, Doubt::Amount) };
        match self.taken.checked_add(amount).filter(|taken| *taken <= self.credited) {
            Some(taken) => {
                self.taken = taken;
                self.plan.steps.push(TakeBack { op, kind: StepKind::Reversal, amount });
            }
            None => self.alarm(op, Doubt::Beyond),
        }
    }

    /// A crypto payment that turned out to be none: whatever is left of its credit.
    pub fn take_invalid(&mut self, order: &CreditedOrder) {
        let op = invalid(order);
        if order.method != Some(Method::Crypto) {
            return self.alarm(op, Doubt::Failed);
        }
        if self.find(&op).is_some() {
            if self.find(&format!("{op}{BACK}")).is_some() {
                self.alarm(op, Doubt::Again);
            }
            return;
        }
        let left = self.credited.saturating_sub(self.taken);
        if left > Cost::ZERO {
            self.taken = self.credited;
            self.plan.steps.push(TakeBack { op, kind: StepKind::Reversal, amount: left });
        }
    }

    /// A crypto payment that was found invalid and is paid after all: what was taken for it comes back, unless a person
    /// at the provider said so, or it does not pay the order.
    pub fn give_valid_again(&mut self, order: &CreditedOrder, fact: &PaymentFact) {
        use PaymentState::{Expired, Failed, Open, Processing};
        let (op, back) = (invalid(order), format!("{}{BACK}", invalid(order)));
        // Nothing is certain yet, or nothing came.
        let is_unpaid = matches!(fact.state, Open | Processing | Expired | Failed);
        if is_unpaid || self.find(&op).is_none() || self.find(&back).is_some() {
            return;
        }
        if order.is_paid { self.give_again(&op, back) } else { self.alarm(back, Doubt::Unfit) }
    }

    /// An open dispute freezes once.
    pub fn freeze(&mut self, dispute: &Dispute) {
        let op = format!("dispute:{}:freeze", dispute.id);
        if dispute.state != DisputeState::Open {
            return;
        }
        if self.find(&op).is_none() {
            self.plan.steps.push(TakeBack { op, kind: StepKind::Freeze, amount: Cost::ZERO });
        } else if self.find(&format!("dispute:{}:thaw", dispute.id)).is_some() {
            self.alarm(op, Doubt::Again);
        }
    }

    /// A dispute that ended lifts its own freeze.
    pub fn thaw(&mut self, dispute: &Dispute) {
        let op = format!("dispute:{}:thaw", dispute.id);
        let was_frozen = self.find(&format!("dispute:{}:freeze", dispute.id)).is_some();
        if dispute.state != DisputeState::Open && was_frozen && self.find(&op).is_none() {
            self.plan.steps.push(TakeBack { op, kind: StepKind::Thaw, amount: Cost::ZERO });
        }
    }

    fn alarm(&mut self, op: String, doubt: Doubt) {
        self.plan.alarms.push(Alarm { op, doubt });
    }
}
