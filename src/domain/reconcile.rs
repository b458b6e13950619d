//! Compares a provider's word about one payment with our order of it.

use crate::domain::payment::{PaymentFact, PaymentState};
use crate::domain::take_back::{self, CreditedOrder, StepKind, TakeBack};
use crate::domain::topup::Topup;

/// What does not agree.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum DifferenceKind {
    /// Paid there, not credited here: a look credits or parks it.
    NotCredited,
    /// Paid there, and no order of ours.
    NoOrder,
    /// Credited here, unknown there.
    UnknownThere,
    /// Credited here, and another amount there.
    Amount,
    /// Given back there, not taken back here: a look takes it.
    NotTakenBack,
    /// Given back there in a way that a person must look at.
    Doubtful,
}

impl DifferenceKind {
    /// The stored word.
    pub fn word(self) -> &'static str {
        match self {
            DifferenceKind::NotCredited => "not_credited",
            DifferenceKind::NoOrder => "no_order",
            DifferenceKind::UnknownThere => "unknown_there",
            DifferenceKind::Amount => "amount",
            DifferenceKind::NotTakenBack => "not_taken_back",
            DifferenceKind::Doubtful => "doubtful",
        }
    }

    /// True where a look at the order may settle it.
    pub fn may_settle(self) -> bool {
        matches!(self, DifferenceKind::NotCredited | DifferenceKind::NotTakenBack)
    }
}

/// What of our order does not agree with the provider's word, the gravest alone; `done` holds its take-backs,
/// `live` as for `Topup::decide`.
pub fn compare(order: &Topup, fact: &PaymentFact, done: &[TakeBack], live: bool) -> Option<DifferenceKind> {
    let Some(credited) = order.credited else {
        // An operator has ended a closed one, after giving the money back.
        return (!order.is_closed && is_paid(fact)).then_some(DifferenceKind::NotCredited);
    };
    let credited_order =
        CreditedOrder { id: order.id, method: order.method, credited, is_paid: order.is_paid_by(fact, live) };
    let plan = take_back::decide(&credited_order, fact, done);
    if !plan.steps.is_empty() {
        let gives_alone = plan.steps.iter().all(|step| step.kind == StepKind::Reinstate);
        return Some(if gives_alone { DifferenceKind::NotCredited } else { DifferenceKind::NotTakenBack });
    }
    if !plan.alarms.is_empty() {
        return Some(DifferenceKind::Doubtful);
    }
    let is_other = fact.state != PaymentState::Failed && (!is_paid(fact) || fact.received.usd() != Some(credited));
    is_other.then_some(DifferenceKind::Amount)
}

fn is_paid(fact: &PaymentFact) -> bool {
    use PaymentState::{Late, Over, Paid, Partial};
    matches!(fact.state, Paid | Over | Partial | Late { .. })
}
