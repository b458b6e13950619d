//! What is read of Stripe's answers. Unknown fields and values say nothing: they never make an answer unreadable, and
//! never money.

use crate::domain::payment::{Dispute, DisputeState, PaymentFact, PaymentState, Received, Refund, RefundState};
use crate::payments::reading;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// One page of a list.
#[derive(Deserialize)]
pub struct Page<T> {
    pub data: Vec<T>,
    #[serde(default)]
    pub has_more: bool,
}

/// A checkout.
#[derive(Deserialize)]
pub struct Session {
    pub id: String,
    pub url: Option<String>,
    pub status: Option<String>,
    pub payment_status: Option<String>,
    pub amount_total: Option<i64>,
    pub currency: Option<String>,
    pub payment_intent: Option<Intent>,
    pub client_reference_id: Option<String>,
    pub metadata: Option<BTreeMap<String, String>>,
    pub livemode: bool,
    pub expires_at: Option<i64>,
}

/// A payment behind a checkout: its id, or more of it where that was asked for.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Intent {
    Id(String),
    Whole { id: String, status: Option<String> },
}

impl Intent {
    pub fn id(&self) -> &str {
        match self {
            Intent::Id(id) | Intent::Whole { id, .. } => id,
        }
    }
}

/// Money that goes back.
#[derive(Deserialize)]
pub struct RefundAnswer {
    pub id: String,
    pub amount: i64,
    pub currency: String,
    pub status: Option<String>,
    pub payment_intent: Option<Intent>,
    pub metadata: Option<BTreeMap<String, String>>,
}

/// What a payer's bank wants back.
#[derive(Deserialize)]
pub struct DisputeAnswer {
    pub id: String,
    pub amount: i64,
    pub currency: String,
    pub status: String,
    pub payment_intent: Option<Intent>,
    #[serde(default)]
    pub balance_transactions: Vec<BalanceLine>,
}

/// A line of the provider's account with us: less than 0 when money was taken.
#[derive(Deserialize)]
pub struct BalanceLine {
    #[serde(default)]
    pub amount: i64,
}

/// An object of which nothing is read.
#[derive(Deserialize)]
pub struct Done {
    #[serde(rename = "id")]
    pub _id: Value,
}

impl Session {
    /// The fact, with what was given back and what is disputed of it.
    pub fn fact(&self, refunds: Vec<Refund>, disputes: Vec<Dispute>) -> PaymentFact {
        let state = self.state();
        let currency = self.currency.as_deref().unwrap_or_default();
        let metadata = self.metadata.as_ref().and_then(|m| m.get("topup_id")).map(String::as_str);
        PaymentFact {
            payment: self.id.clone(),
            topup: reading::topup(self.client_reference_id.as_deref().or(metadata)),
            received: match (state, self.amount_total) {
                (PaymentState::Paid, Some(cents)) => Received::cents(cents, currency),
                (PaymentState::Paid, None) => Received::Unreadable,
                _ => Received::Nothing,
            },
            state,
            live: self.livemode,
            refunds,
            disputes,
        }
    }

    pub fn is_paid(&self) -> bool {
        matches!(self.payment_status.as_deref(), Some("paid" | "no_payment_required"))
    }

    /// A checkout whose bank transfer failed stays complete and unpaid; its payment says that it asks for another way.
    fn state(&self) -> PaymentState {
        let intent = match &self.payment_intent {
            Some(Intent::Whole { status, .. }) => status.as_deref(),
            _ => None,
        };
        match (self.status.as_deref(), intent) {
            _ if self.is_paid() => PaymentState::Paid,
            (Some("expired"), _) => PaymentState::Expired,
            (Some("complete"), Some("requires_payment_method" | "canceled")) => PaymentState::Failed,
            (Some("complete"), _) => PaymentState::Processing,
            _ => PaymentState::Open,
        }
    }
}

impl RefundAnswer {
    pub fn refund(&self) -> Refund {
        Refund {
            id: self.id.clone(),
            amount: Received::cents(self.amount, &self.currency),
            state: match self.status.as_deref() {
                Some("succeeded") => RefundState::Succeeded,
                Some("failed" | "canceled") => RefundState::Failed,
                _ => RefundState::Pending,
            },
            intent: reading::intent(self.metadata.as_ref().and_then(|m| m.get("intent")).map(String::as_str)),
        }
    }
}

impl DisputeAnswer {
    /// Whether it is lost while the money is gone, the balance lines say: a reinstatement stands beside its withdrawal.
    pub fn dispute(&self) -> Dispute {
        let balance = self.balance_transactions.iter().try_fold(0_i64, |sum, line| sum.checked_add(line.amount));
        Dispute {
            id: self.id.clone(),
            amount: Received::cents(self.amount, &self.currency),
            state: match self.status.as_str() {
                "won" | "warning_closed" | "prevented" => DisputeState::Won,
                "lost" => DisputeState::Lost,
                _ => DisputeState::Open,
            },
            is_withdrawn: balance.is_some_and(|sum| sum < 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::Cost;
    use serde_json::json;

    fn session(changes: &Value) -> PaymentFact {
        let mut session = json!({
            "id": "cs_test_1", "object": "checkout.session", "livemode": false, "status": "complete",
            "payment_status": "paid", "amount_total": 20_000, "currency": "usd", "payment_intent": "pi_1",
            "client_reference_id": "0199d5c1-0000-7000-8000-000000000001", "metadata": {}, "ui_mode": "a_new_one",
        });
        for (name, value) in changes.as_object().expect("an object") {
            session[name] = value.clone();
        }
        serde_json::from_value::<Session>(session).expect("a session").fact(Vec::new(), Vec::new())
    }

    #[test]
    fn a_checkout_is_as_far_as_its_payment_and_only_paid_is_money() {
        let paid = session(&json!({}));
        assert_eq!((paid.state, paid.received), (PaymentState::Paid, Received::Usd(Cost::from_nanos(200_000_000_000))));
        let intent = |status: &str| json!({ "id": "pi_1", "status": status });
        let rows = [
            (json!({ "status": "open", "payment_status": "unpaid" }), PaymentState::Open),
            (json!({ "status": "expired", "payment_status": "unpaid" }), PaymentState::Expired),
            (json!({ "payment_status": "unpaid" }), PaymentState::Processing),
            (json!({ "payment_status": "unpaid", "payment_intent": intent("processing") }), PaymentState::Processing),
            (
                json!({ "payment_status": "unpaid", "payment_intent": intent("requires_payment_method") }),
                PaymentState::Failed,
            ),
            (json!({ "payment_status": "a_new_one", "status": "a_new_one" }), PaymentState::Open),
            (json!({ "payment_status": null, "status": null, "amount_total": null }), PaymentState::Open),
        ];
        for (changes, state) in rows {
            let fact = session(&changes);
            assert_eq!((fact.state, fact.received), (state, Received::Nothing), "{changes}");
        }
        assert_eq!(session(&json!({ "amount_total": null })).received, Received::Unreadable);
        assert_eq!(session(&json!({ "currency": "eur" })).received, Received::Foreign("eur".into()));
    }

    #[test]
    fn refunds_and_disputes_are_as_far_as_they_say() {
        let refunds = [
            ("succeeded", RefundState::Succeeded),
            ("failed", RefundState::Failed),
            ("canceled", RefundState::Failed),
            ("pending", RefundState::Pending),
            ("requires_action", RefundState::Pending),
            ("a_new_one", RefundState::Pending),
        ];
        for (status, state) in refunds {
            let refund = json!({ "id": "re_1", "amount": 500, "currency": "usd", "status": status });
            let refund = serde_json::from_value::<RefundAnswer>(refund).expect("a refund").refund();
            assert_eq!((refund.state, refund.amount.usd()), (state, Some(Cost::from_nanos(5_000_000_000))), "{status}");
        }
        let disputes = [
            ("needs_response", vec![-500], DisputeState::Open, true),
            ("warning_needs_response", vec![], DisputeState::Open, false),
            ("warning_closed", vec![], DisputeState::Won, false),
            ("won", vec![-500, 500], DisputeState::Won, false),
            ("lost", vec![-500], DisputeState::Lost, true),
            ("appeal_under_review", vec![-500], DisputeState::Open, true),
            ("a_new_one", vec![], DisputeState::Open, false),
        ];
        for (status, lines, state, is_withdrawn) in disputes {
            let lines: Vec<Value> = lines.into_iter().map(|amount| json!({ "amount": amount })).collect();
            let dispute = json!({ "id": "du_1", "amount": 500, "currency": "usd", "status": status,
                                  "balance_transactions": lines });
            let dispute = serde_json::from_value::<DisputeAnswer>(dispute).expect("a dispute").dispute();
            assert_eq!((dispute.state, dispute.is_withdrawn), (state, is_withdrawn), "{status}");
        }
    }
}
