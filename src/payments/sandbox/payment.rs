//! One payment as the sandbox keeps it, and what its interface says about it.

use crate::domain::ids::TopupId;
use crate::domain::payment::{Method, PaymentFact, PaymentState, Received};
use crate::payments::sandbox::back::{KeptDispute, KeptRefund};
use crate::payments::sandbox::event::Event;
use serde::{Deserialize, Serialize};

/// How far it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    Open,
    /// The transaction is there, its confirmations are not.
    Seen,
    Paid,
    /// Paid after the checkout expired.
    Late,
    Expired,
    Failed,
}

/// A payment with what its checkout shows.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SandboxPayment {
    pub id: String,
    pub topup: TopupId,
    /// The stored word of the method.
    pub method: String,
    pub email: String,
    /// What was asked, US dollars.
    pub amount: String,
    pub return_url: String,
    pub cancel_url: String,
    /// µs since 1970, as all of its times; 0 for one that an older program wrote down.
    #[serde(default)]
    pub opened_us: i64,
    pub expires_us: i64,
    pub stage: Stage,
    /// What came, a decimal text as a provider sends it.
    pub received: String,
    pub currency: String,
    pub paid_us: i64,
    pub live: bool,
    /// What was given back, oldest first.
    #[serde(default)]
    pub refunds: Vec<KeptRefund>,
    /// What the payer's bank disputed, oldest first.
    #[serde(default)]
    pub disputes: Vec<KeptDispute>,
    /// Notices that nobody has taken yet, oldest first.
    pub unsent: Vec<Event>,
}

impl SandboxPayment {
    pub fn method(&self) -> Method {
        Method::parse(&self.method).unwrap_or(Method::Card)
    }

    /// Where it is at this moment: an open checkout expires by itself.
    pub fn stage_at(&self, now_us: i64) -> Stage {
        if self.stage == Stage::Open && now_us >= self.expires_us { Stage::Expired } else { self.stage }
    }

    /// What the interface says about it.
    pub fn fact(&self, now_us: i64) -> PaymentFact {
        let received = Received::decimal(&self.received, &self.currency);
        PaymentFact {
            payment: self.id.clone(),
            topup: Some(self.topup),
            state: match self.stage_at(now_us) {
                Stage::Open => PaymentState::Open,
                Stage::Seen => PaymentState::Processing,
                Stage::Paid => self.paid_state(&received),
                Stage::Late => PaymentState::Late { paid_us: self.paid_us },
                Stage::Expired => PaymentState::Expired,
                Stage::Failed => PaymentState::Failed,
            },
            received,
            live: self.live,
            refunds: self.refunds.iter().map(|r| r.shown(&self.currency)).collect(),
            disputes: self.disputes.iter().map(|d| d.shown(&self.currency)).collect(),
        }
    }

    /// A crypto provider says whether it was too much or too little; a card provider just states the amount.
    fn paid_state(&self, received: &Received) -> PaymentState {
        let asked = Received::decimal(&self.amount, "usd").usd();
        match (self.method(), received.usd(), asked) {
            (Method::Crypto, Some(received), Some(asked)) if received > asked => PaymentState::Over,
            (Method::Crypto, Some(received), Some(asked)) if received < asked => PaymentState::Partial,
            _ => PaymentState::Paid,
        }
    }
}
