//! BTCPay's notices: which invoice one points to. A redelivery has the id of the delivery it repeats.

use crate::payments::provider::Notice;
use crate::payments::reading;
use serde::Deserialize;

/// What is read of a notice; all else is ignored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sent {
    original_delivery_id: Option<String>,
    delivery_id: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    store_id: Option<String>,
    invoice_id: Option<String>,
}

/// Reads an authentic notice. Of another store it concerns no payment of ours.
pub fn read(raw: &[u8], store: &str) -> Notice {
    let sent: Option<Sent> = serde_json::from_slice(raw).ok();
    let Some(sent) = sent.filter(|sent| reading::id(&sent.kind).is_some()) else { return reading::unknown_notice(raw) };
    let event = sent.original_delivery_id.or(sent.delivery_id);
    let Some(event) = event.filter(|e| reading::id(e).is_some()) else { return reading::unknown_notice(raw) };
    let is_ours = sent.store_id.as_deref().is_none_or(|named| named == store);
    if !is_ours {
        tracing::warn!(event.id = event, "a notice of another store is left alone");
    }
    let payment = sent.invoice_id.filter(|id| is_ours && reading::id(id).is_some());
    Notice { event, payment, kind: sent.kind }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_redelivery_is_the_same_notice_and_another_stores_concerns_nobody() {
        let sent = |delivery: &str, store: &str| {
            let body = json!({ "deliveryId": delivery, "webhookId": "w", "originalDeliveryId": "first",
                               "isRedelivery": delivery != "first", "type": "InvoiceSettled", "timestamp": 1,
                               "storeId": store, "invoiceId": "inv_1", "metadata": {}, "overPaid": false });
            read(body.to_string().as_bytes(), "ours")
        };
        let first = sent("first", "ours");
        assert_eq!((first.event.as_str(), first.payment.as_deref()), ("first", Some("inv_1")));
        assert_eq!(sent("second", "ours"), first);
        assert_eq!(sent("first", "theirs").payment, None);
        for odd in ["[]", "{}", r#"{"type":"InvoiceSettled"}"#] {
            assert_eq!(read(odd.as_bytes(), "ours").kind, "unreadable", "{odd}");
        }
    }
}
