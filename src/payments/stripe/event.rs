//! Stripe's notices: where one points. An event of a checkout names it; one of a charge, a refund or a dispute names the
//! payment behind it, whose checkout the provider is asked for later.

use crate::payments::provider::Notice;
use crate::payments::reading;
use serde::Deserialize;
use serde_json::Value;

/// What is read of a notice; all else is ignored.
#[derive(Deserialize)]
struct Sent {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    livemode: bool,
    /// The connected account it is of; ours alone concern us.
    account: Option<String>,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    object: Object,
}

#[derive(Deserialize)]
struct Object {
    id: Option<String>,
    object: Option<String>,
    #[serde(default)]
    payment_intent: Value,
}

/// Reads an authentic notice. Of the other mode or of another account it concerns no payment of ours.
pub fn read(raw: &[u8], live: bool) -> Notice {
    let sent: Option<Sent> = serde_json::from_slice(raw).ok();
    let known = sent.filter(|sent| reading::id(&sent.id).is_some() && reading::id(&sent.kind).is_some());
    let Some(sent) = known else { return reading::unknown_notice(raw) };
    let is_ours = sent.livemode == live && sent.account.is_none();
    if !is_ours {
        tracing::warn!(event.id = sent.id, live = sent.livemode, "a notice of the other mode or account is left alone");
    }
    let payment = if is_ours { points_to(&sent.data.object) } else { None };
    Notice { event: sent.id, payment: payment.map(str::to_owned), kind: sent.kind }
}

fn points_to(object: &Object) -> Option<&str> {
    let named = match object.object.as_deref() {
        Some("checkout.session") => object.id.as_deref(),
        Some("charge" | "refund" | "dispute") => object.payment_intent.as_str(),
        _ => None,
    };
    named.and_then(reading::id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn notice(object: &Value, live: bool, account: Option<&str>) -> Notice {
        let body = json!({ "id": "evt_1", "object": "event", "type": "x.y", "livemode": live, "account": account,
                           "api_version": null, "data": { "object": object, "previous_attributes": {} } });
        read(body.to_string().as_bytes(), false)
    }

    #[test]
    fn a_notice_points_to_its_checkout_or_to_the_payment_behind_it() {
        let rows = [
            (json!({ "id": "cs_1", "object": "checkout.session", "payment_intent": "pi_1" }), Some("cs_1")),
            (json!({ "id": "ch_1", "object": "charge", "payment_intent": "pi_1" }), Some("pi_1")),
            (json!({ "id": "re_1", "object": "refund", "payment_intent": "pi_1" }), Some("pi_1")),
            (json!({ "id": "du_1", "object": "dispute", "payment_intent": null }), None),
            (json!({ "id": "po_1", "object": "payout" }), None),
            (json!({ "id": "a/../b", "object": "checkout.session" }), None),
        ];
        for (object, payment) in rows {
            assert_eq!(notice(&object, false, None).payment.as_deref(), payment, "{object}");
            assert_eq!(notice(&object, true, None).payment, None, "the other mode: {object}");
            assert_eq!(notice(&object, false, Some("acct_2")).payment, None, "another account: {object}");
        }
    }

    #[test]
    fn an_authentic_notice_that_cannot_be_read_is_a_notice_all_the_same() {
        let odd = read(b"[]", false);
        assert_eq!((odd.payment.as_deref(), odd.kind.as_str(), odd.event.len()), (None, "unreadable", 71));
        assert_eq!(read(b"[]", false).event, odd.event, "its repeat is the same");
    }
}
