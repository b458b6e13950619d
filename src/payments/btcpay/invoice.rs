//! What is sent and read of BTCPay's invoices. Unknown fields and values say nothing: they never make an answer unreadable,
//! and never money by themselves.

use crate::domain::payment::{PaymentFact, PaymentState, Received};
use crate::payments::provider::CheckoutOrder;
use crate::payments::reading;
use chrono::DateTime;
use serde::Deserialize;
use serde_json::{Value, json};

/// Decimals kept of what was paid: it comes from a rate and may have more than an amount of money has. What is below a
/// nano-dollar is cut off.
const DECIMALS: usize = 9;
const MICROS: i64 = 1_000_000;

/// An invoice.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Invoice {
    pub id: String,
    pub store_id: Option<String>,
    pub checkout_link: Option<String>,
    pub status: String,
    pub additional_status: Option<String>,
    amount: Option<String>,
    paid_amount: Option<String>,
    currency: Option<String>,
    #[serde(default)]
    metadata: Value,
    #[serde(default)]
    expiration_time: Value,
}

/// A way an invoice may be paid, with what came by it.
#[derive(Deserialize)]
pub struct PaymentMethod {
    #[serde(default)]
    payments: Vec<Payment>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payment {
    #[serde(default)]
    received_date: Value,
}

/// The body that opens an invoice. The amount is always there: without one any sum would settle it.
pub fn opening(order: &CheckoutOrder, minutes: i64) -> String {
    json!({
        "amount": order.amount.usd().fixed_floor(2),
        "currency": "USD",
        "metadata": { "orderId": order.topup.to_string() },
        "checkout": {
            "speedPolicy": "MediumSpeed",
            "expirationMinutes": minutes,
            "redirectURL": order.return_url,
            "redirectAutomatically": true,
        },
    })
    .to_string()
}

/// When the last of the money came, µs since 1970; `None` if the answer does not say.
pub fn last_payment_us(methods: &[PaymentMethod]) -> Option<i64> {
    let all = methods.iter().flat_map(|method| &method.payments);
    all.filter_map(|payment| seconds(&payment.received_date)).max()?.checked_mul(MICROS)
}

impl Invoice {
    /// Until when it may be paid, seconds since 1970.
    pub fn expires_s(&self) -> Option<i64> {
        seconds(&self.expiration_time)
    }

    /// Our order's id, as it was sent.
    pub fn order_id(&self) -> Option<&str> {
        self.metadata.get("orderId").and_then(Value::as_str)
    }

    /// Whether the moment of its payment decides.
    pub fn is_paid_late(&self) -> bool {
        self.is("Settled", "PaidLate")
    }

    /// Whether nobody has paid anything yet.
    pub fn is_untouched(&self) -> bool {
        self.status == "New" && self.additional_status.as_deref().is_none_or(|more| more == "None")
    }

    /// The fact. `paid_us`: when the last of the money came, where that matters; a moment nobody knows is too late.
    pub fn fact(&self, live: bool, paid_us: Option<i64>) -> PaymentFact {
        let state = self.state(paid_us);
        PaymentFact {
            payment: self.id.clone(),
            topup: reading::topup(self.order_id()),
            received: match state {
                PaymentState::Paid => self.amount_of(self.amount.as_deref()),
                PaymentState::Open | PaymentState::Processing | PaymentState::Expired => Received::Nothing,
                _ => self.amount_of(self.paid_amount.as_deref()),
            },
            state,
            live,
            refunds: Vec::new(),
            disputes: Vec::new(),
        }
    }

    /// A state we do not know changes nothing; a settled one we do not know is for a person.
    fn state(&self, paid_us: Option<i64>) -> PaymentState {
        match (self.status.as_str(), self.additional_status.as_deref().unwrap_or("None")) {
            ("Settled", "None") => PaymentState::Paid,
            ("Settled", "PaidOver") => PaymentState::Over,
            ("Settled", "PaidLate") => PaymentState::Late { paid_us: paid_us.unwrap_or(i64::MAX) },
            ("Settled", _) => PaymentState::Marked,
            // Paid after the checkout expired, and not confirmed yet.
            ("Processing", _) | ("Expired", "PaidLate") => PaymentState::Processing,
            ("Expired", "PaidPartial") => PaymentState::Partial,
            ("Expired", _) => PaymentState::Expired,
            ("Invalid", _) => PaymentState::Failed,
            _ => PaymentState::Open,
        }
    }

    fn amount_of(&self, text: Option<&str>) -> Received {
        let (Some(text), Some(currency)) = (text, self.currency.as_deref()) else { return Received::Unreadable };
        Received::decimal(&cut(text), currency)
    }

    fn is(&self, status: &str, more: &str) -> bool {
        self.status == status && self.additional_status.as_deref() == Some(more)
    }
}

/// A moment as servers of different age write it: seconds since 1970, or a date.
fn seconds(moment: &Value) -> Option<i64> {
    let date = || DateTime::parse_from_rfc3339(moment.as_str()?).ok().map(|date| date.timestamp());
    moment.as_i64().or_else(date)
}

fn cut(text: &str) -> String {
    match text.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|b| b.is_ascii_digit()) => {
            format!("{whole}.{}", &fraction[..fraction.len().min(DECIMALS)])
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::Cost;

    fn fact(status: &str, more: &str, paid: &str) -> PaymentFact {
        let invoice = json!({
            "id": "inv_1", "storeId": "s", "amount": "200.00", "paidAmount": paid, "currency": "USD", "type": "Standard",
            "metadata": { "orderId": "0199d5c1-0000-7000-8000-000000000001" }, "checkoutLink": "https://pay.shop/i/inv_1",
            "createdTime": 1_760_000_000, "expirationTime": 1_760_003_600, "status": status, "additionalStatus": more,
            "archived": false, "a_new_one": {},
        });
        serde_json::from_value::<Invoice>(invoice).expect("an invoice").fact(false, Some(7))
    }

    #[test]
    fn every_pair_of_states_is_the_row_of_the_table_and_an_unknown_one_is_no_money() {
        let usd = |nanos| Received::Usd(Cost::from_nanos(nanos));
        let whole = usd(200_000_000_000);
        let rows = [
            ("New", "None", "0", PaymentState::Open, Received::Nothing),
            ("New", "PaidPartial", "120.00", PaymentState::Open, Received::Nothing),
            ("Processing", "None", "200.00", PaymentState::Processing, Received::Nothing),
            ("Processing", "PaidOver", "400.00", PaymentState::Processing, Received::Nothing),
            ("Settled", "None", "200.00", PaymentState::Paid, whole.clone()),
            ("Settled", "PaidOver", "200.12345678912", PaymentState::Over, usd(200_123_456_789)),
            ("Settled", "PaidLate", "200.00", PaymentState::Late { paid_us: 7 }, whole),
            ("Settled", "Marked", "0", PaymentState::Marked, Received::Nothing),
            ("Settled", "a_new_one", "150", PaymentState::Marked, usd(150_000_000_000)),
            ("Expired", "None", "0", PaymentState::Expired, Received::Nothing),
            ("Expired", "PaidPartial", "120.00", PaymentState::Partial, usd(120_000_000_000)),
            ("Expired", "PaidLate", "200.00", PaymentState::Processing, Received::Nothing),
            ("Invalid", "Marked", "0", PaymentState::Failed, Received::Nothing),
            ("a_new_one", "a_new_one", "200.00", PaymentState::Open, Received::Nothing),
        ];
        for (status, more, paid, state, received) in rows {
            let fact = fact(status, more, paid);
            assert_eq!((fact.state, fact.received), (state, received), "{status} {more}");
        }
        assert_eq!(fact("Settled", "PaidOver", "1e30").received, Received::Unreadable);
    }

    #[test]
    fn the_last_of_the_money_decides_when_it_came() {
        let old = json!({ "receivedDate": "1970-01-01T00:00:09Z" });
        let methods = json!([{ "payments": [{ "receivedDate": 5 }, old, { "receivedDate": "?" }] }, { "rate": "1" }]);
        let methods: Vec<PaymentMethod> = serde_json::from_value(methods).expect("methods");
        assert_eq!(last_payment_us(&methods), Some(9_000_000));
        assert_eq!(last_payment_us(&[]), None);
    }
}
