//! Money the sandbox gives or loses back: its refunds and disputes as it keeps them, and the buttons that make them.

use crate::domain::ids::IntentId;
use crate::domain::money::Cost;
use crate::domain::payment::{Dispute, DisputeState, Method, Received, Refund, RefundState};
use crate::payments::sandbox::event::Event;
use crate::payments::sandbox::payment::{SandboxPayment, Stage};
use crate::payments::sandbox::play::Play;
use serde::{Deserialize, Serialize};

/// A refund as it is kept.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KeptRefund {
    pub id: String,
    pub amount: String,
    pub has_failed: bool,
    /// Of whom asked for it over the interface; `None` for a button.
    #[serde(default)]
    pub intent: Option<IntentId>,
}

/// How a dispute stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeptState {
    Open,
    Won,
    Lost,
}

/// A dispute as it is kept.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KeptDispute {
    pub id: String,
    pub amount: String,
    pub state: KeptState,
    pub is_withdrawn: bool,
}

impl KeptRefund {
    pub fn shown(&self, currency: &str) -> Refund {
        let state = if self.has_failed { RefundState::Failed } else { RefundState::Succeeded };
        Refund { id: self.id.clone(), amount: Received::decimal(&self.amount, currency), state, intent: self.intent }
    }
}

impl KeptDispute {
    pub fn shown(&self, currency: &str) -> Dispute {
        let state = match self.state {
            KeptState::Open => DisputeState::Open,
            KeptState::Won => DisputeState::Won,
            KeptState::Lost => DisputeState::Lost,
        };
        let amount = Received::decimal(&self.amount, currency);
        Dispute { id: self.id.clone(), amount, state, is_withdrawn: self.is_withdrawn }
    }
}

/// What came and was neither given back nor taken by a dispute.
pub fn left(payment: &SandboxPayment) -> Cost {
    let amount = |text: &str| Received::decimal(text, "usd").usd().unwrap_or(Cost::ZERO);
    let refunds = payment.refunds.iter().filter(|r| !r.has_failed).map(|r| amount(&r.amount));
    let disputes = payment.disputes.iter().filter(|d| d.is_withdrawn).map(|d| amount(&d.amount));
    refunds.chain(disputes).fold(amount(&payment.received), Cost::saturating_sub)
}

/// Whether a button may be pressed; buttons of other kinds never.
pub fn fits(payment: &SandboxPayment, play: Play, stage: Stage) -> bool {
    let is_paid = matches!(stage, Stage::Paid | Stage::Late);
    let open = payment.disputes.iter().find(|d| d.state == KeptState::Open);
    let has_left = left(payment) > Cost::ZERO;
    is_paid
        && match play {
            Play::Refund | Play::RefundPart => has_left && open.is_none(),
            Play::FailRefund => payment.refunds.iter().any(|r| !r.has_failed),
            Play::Dispute => has_left && open.is_none() && payment.method() == Method::Card,
            Play::Withdraw => has_left && open.is_some_and(|d| !d.is_withdrawn),
            Play::Win | Play::Lose => open.is_some(),
            Play::Invalidate => payment.method() == Method::Crypto,
            _ => false,
        }
}

/// Does it; gives the kind of the notice that follows, `None` for a button of another kind.
pub fn play(payment: &mut SandboxPayment, play: Play) -> Option<&'static str> {
    let left = left(payment);
    match play {
        Play::Refund => refund(payment, left),
        Play::RefundPart => refund(payment, Cost::from_nanos(left.nanos() / 2)),
        Play::FailRefund => {
            payment.refunds.iter_mut().rev().find(|r| !r.has_failed)?.has_failed = true;
            Some("refund.failed")
        }
        Play::Dispute => {
            let id = format!("dp_{}_{}", payment.topup.0.simple(), payment.disputes.len());
            let amount = left.usd().exact();
            payment.disputes.push(KeptDispute { id, amount, state: KeptState::Open, is_withdrawn: false });
            Some("charge.dispute.created")
        }
        Play::Withdraw => {
            open(payment)?.is_withdrawn = true;
            Some("charge.dispute.funds_withdrawn")
        }
        Play::Win => {
            let dispute = open(payment)?;
            (dispute.state, dispute.is_withdrawn) = (KeptState::Won, false);
            Some("charge.dispute.closed")
        }
        Play::Lose => {
            let dispute = open(payment)?;
            (dispute.state, dispute.is_withdrawn) = (KeptState::Lost, true);
            Some("charge.dispute.closed")
        }
        Play::Invalidate => {
            payment.stage = Stage::Failed;
            Some("checkout.session.async_payment_failed")
        }
        Play::Revalidate => {
            payment.stage = Stage::Paid;
            Some("checkout.session.async_payment_succeeded")
        }
        _ => None,
    }
}

/// A refund of an amount, under an id that no other refund of any payment has.
pub fn refund(payment: &mut SandboxPayment, amount: Cost) -> Option<&'static str> {
    Some(push(payment, amount, None))
}

/// Gives an amount back that was asked for over the interface, once an intent, with its notice; `None` if there is not so
/// much.
pub fn give(payment: &mut SandboxPayment, stage: Option<Stage>, intent: IntentId, amount: Cost) -> Option<()> {
    if payment.refunds.iter().any(|r| r.intent == Some(intent)) {
        return Some(());
    }
    let is_paid = matches!(stage, Some(Stage::Paid | Stage::Late));
    let is_disputed = payment.disputes.iter().any(|d| d.state == KeptState::Open);
    if !is_paid || is_disputed || amount > left(payment) {
        return None;
    }
    let kind = push(payment, amount, Some(intent)).to_owned();
    payment.unsent.push(Event { id: format!("evt_{}", intent.0.simple()), kind });
    Some(())
}

fn push(payment: &mut SandboxPayment, amount: Cost, intent: Option<IntentId>) -> &'static str {
    let id = format!("re_{}_{}", payment.topup.0.simple(), payment.refunds.len());
    payment.refunds.push(KeptRefund { id, amount: amount.usd().exact(), has_failed: false, intent });
    "charge.refunded"
}

fn open(payment: &mut SandboxPayment) -> Option<&mut KeptDispute> {
    payment.disputes.iter_mut().find(|d| d.state == KeptState::Open)
}
