//! What a person may do at the sandbox's checkout, and what becomes of the payment then.

use crate::domain::money::{Cost, Usd};
use crate::domain::payment::{Method, Received};
use crate::payments::sandbox::back;
use crate::payments::sandbox::payment::{SandboxPayment, Stage};

const HOUR_US: i64 = 3_600_000_000;

/// A button of the checkout.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Play {
    Pay,
    PayHalf,
    PayDouble,
    /// The transaction shows, unconfirmed.
    Send,
    Confirm,
    Fail,
    Expire,
    PayLate,
    PayTooLate,
    PayAgain,
    Refund,
    RefundPart,
    /// The last refund does not reach the payer and comes back.
    FailRefund,
    Dispute,
    /// The disputed money is taken.
    Withdraw,
    Win,
    Lose,
    /// The transaction turns out to be none.
    Invalidate,
    /// That was a mistake: it is one, and confirmed.
    Revalidate,
}

/// Every button with its word in a form and the one people read.
const PLAYS: [(Play, &str, &str); 19] = [
    (Play::Pay, "pay", "Pay in full"),
    (Play::Send, "send", "Send the transaction (unconfirmed)"),
    (Play::Confirm, "confirm", "Confirm the transaction"),
    (Play::PayHalf, "pay_half", "Pay half: too little"),
    (Play::PayDouble, "pay_double", "Pay double: too much"),
    (Play::PayAgain, "pay_again", "Pay the same once more"),
    (Play::Fail, "fail", "Let the payment fail"),
    (Play::Expire, "expire", "Let the checkout expire"),
    (Play::PayLate, "pay_late", "Pay an hour after it expired"),
    (Play::PayTooLate, "pay_too_late", "Pay two days after it expired"),
    (Play::Refund, "refund", "Refund all that is left"),
    (Play::RefundPart, "refund_part", "Refund half of what is left"),
    (Play::FailRefund, "fail_refund", "Let the last refund fail"),
    (Play::Dispute, "dispute", "Dispute what is left"),
    (Play::Withdraw, "withdraw", "Withdraw the disputed money"),
    (Play::Win, "win", "Win the dispute"),
    (Play::Lose, "lose", "Lose the dispute"),
    (Play::Invalidate, "invalidate", "Find the transaction invalid"),
    (Play::Revalidate, "revalidate", "Find the transaction valid after all"),
];

impl Play {
    /// The play of a form's word.
    pub fn parse(word: &str) -> Option<Self> {
        PLAYS.iter().find(|(_, w, _)| *w == word).map(|(play, ..)| *play)
    }

    /// The form's word, and the one people read.
    pub fn words(self) -> (&'static str, &'static str) {
        let row = PLAYS.iter().find(|(play, ..)| *play == self).expect("every play is in the table");
        (row.1, row.2)
    }

    /// True for what brings a payment on its way to being paid: its checkout is not done.
    pub fn leads_on(self) -> bool {
        matches!(self, Play::Confirm | Play::PayLate | Play::PayTooLate)
    }

    /// True for what happens to money that was paid.
    pub fn is_later(self) -> bool {
        use Play::{Dispute, FailRefund, Invalidate, Lose, Refund, RefundPart, Revalidate, Win, Withdraw};
        matches!(self, Refund | RefundPart | FailRefund | Dispute | Withdraw | Win | Lose | Invalidate | Revalidate)
    }

    /// What may be done now, in the order of the page.
    pub fn possible(payment: &SandboxPayment, now_us: i64) -> Vec<Play> {
        let stage = payment.stage_at(now_us);
        let crypto = payment.method() == Method::Crypto;
        let fits = |play: Play| match play {
            Play::Pay | Play::PayHalf | Play::PayDouble | Play::Fail | Play::Expire => stage == Stage::Open,
            Play::Send => stage == Stage::Open && crypto,
            Play::Confirm => stage == Stage::Seen,
            Play::PayLate | Play::PayTooLate => stage == Stage::Expired && crypto,
            // It was paid once.
            Play::Revalidate => stage == Stage::Failed && crypto && payment.paid_us > 0,
            Play::PayAgain => matches!(stage, Stage::Paid | Stage::Late),
            other => back::fits(payment, other, stage),
        };
        let failing = |play: Play| play == Play::Fail && stage == Stage::Seen;
        PLAYS.iter().map(|(play, ..)| *play).filter(|p| fits(*p) || failing(*p)).collect()
    }
}

/// Does it; gives the kind of the notice that follows.
pub fn play(payment: &mut SandboxPayment, play: Play, now_us: i64) -> &'static str {
    let asked = payment.amount.clone();
    match play {
        Play::Pay => pay(payment, Stage::Paid, asked, now_us),
        Play::PayHalf => pay(payment, Stage::Paid, times(&asked, 1, 2), now_us),
        Play::PayDouble => pay(payment, Stage::Paid, times(&asked, 2, 1), now_us),
        Play::PayAgain => {
            let both = sum(&payment.received, &asked);
            pay(payment, payment.stage, both, now_us)
        }
        Play::Send => {
            payment.stage = Stage::Seen;
            return "checkout.session.completed";
        }
        Play::Confirm => {
            pay(payment, Stage::Paid, asked, now_us);
            return "checkout.session.async_payment_succeeded";
        }
        Play::Fail => {
            payment.stage = Stage::Failed;
            return "checkout.session.async_payment_failed";
        }
        Play::Expire => {
            payment.stage = Stage::Expired;
            payment.expires_us = payment.expires_us.min(now_us);
            return "checkout.session.expired";
        }
        Play::PayLate => pay(payment, Stage::Late, asked, payment.expires_us + HOUR_US),
        Play::PayTooLate => pay(payment, Stage::Late, asked, payment.expires_us + 48 * HOUR_US),
        other => return back::play(payment, other).unwrap_or("checkout.session.completed"),
    }
    "checkout.session.completed"
}

fn pay(payment: &mut SandboxPayment, stage: Stage, received: String, paid_us: i64) {
    (payment.stage, payment.received, payment.paid_us) = (stage, received, paid_us);
}

fn times(amount: &str, by: i64, over: i64) -> String {
    let asked = Received::decimal(amount, "usd").usd().unwrap_or(Cost::ZERO);
    Usd::from_nanos(asked.nanos().saturating_mul(by) / over).exact()
}

fn sum(one: &str, other: &str) -> String {
    let amount = |text: &str| Received::decimal(text, "usd").usd().unwrap_or(Cost::ZERO);
    amount(one).saturating_add(amount(other)).usd().exact()
}
