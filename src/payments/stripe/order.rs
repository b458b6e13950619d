//! What is sent to Stripe, as pairs of a form.

use crate::domain::ids::IntentId;
use crate::domain::money::Cost;
use crate::payments::provider::CheckoutOrder;
use form_urlencoded::Serializer;

const NANOS_PER_CENT: i64 = 10_000_000;

/// The pairs that open a checkout of an order, in the order of the provider's manual.
pub fn checkout(order: &CheckoutOrder, brand: &str) -> String {
    let topup = order.topup.to_string();
    let pairs = [
        ("mode", "payment".to_owned()),
        ("client_reference_id", topup.clone()),
        ("metadata[topup_id]", topup.clone()),
        // Its refunds and disputes carry it.
        ("payment_intent_data[metadata][topup_id]", topup),
        ("customer_email", order.email.clone()),
        ("success_url", format!("{}&session={{CHECKOUT_SESSION_ID}}", order.return_url)),
        ("cancel_url", order.cancel_url.clone()),
        ("expires_at", order.expires_at.timestamp().to_string()),
        ("line_items[0][quantity]", "1".to_owned()),
        ("line_items[0][price_data][currency]", "usd".to_owned()),
        ("line_items[0][price_data][unit_amount]", whole_cents(order.amount).to_string()),
        ("line_items[0][price_data][product_data][name]", format!("{brand} balance")),
        // The amount stays in US dollars whatever the card's country.
        ("adaptive_pricing[enabled]", "false".to_owned()),
    ];
    encoded(&pairs)
}

/// The pairs that give money of a payment back; `None` if it is not whole cents, more than 0.
pub fn refund(intent: &str, ours: IntentId, amount: Cost) -> Option<String> {
    if amount.nanos() % NANOS_PER_CENT != 0 || amount <= Cost::ZERO {
        return None;
    }
    let pairs = [
        ("payment_intent", intent.to_owned()),
        ("amount", whole_cents(amount).to_string()),
        ("metadata[intent]", ours.to_string()),
    ];
    Some(encoded(&pairs))
}

/// A path with its query.
pub fn path(path: &str, pairs: &[(&str, String)]) -> String {
    format!("{path}?{}", encoded(pairs))
}

fn encoded(pairs: &[(&str, String)]) -> String {
    let mut form = Serializer::new(String::new());
    for (name, value) in pairs {
        form.append_pair(name, value);
    }
    form.finish()
}

/// Orders are of whole cents: the desk refuses others.
fn whole_cents(amount: Cost) -> i64 {
    assert_eq!(amount.nanos() % NANOS_PER_CENT, 0, "an order is of whole cents");
    amount.nanos() / NANOS_PER_CENT
}
