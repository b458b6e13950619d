//! The sandbox's notices, in the shape of the card provider's: signed, sent until they are taken, perhaps twice.

use crate::payments::provider::Notice;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Longest id taken from a notice.
const MAX_ID: usize = 255;

/// A notice on its way.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Event {
    pub id: String,
    pub kind: String,
}

/// What is read of a notice; all else is ignored.
#[derive(Deserialize)]
struct Sent {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    object: Object,
}

#[derive(Deserialize)]
struct Object {
    id: Option<String>,
}

impl Event {
    /// The body as it is sent.
    pub fn body(&self, payment: &str) -> String {
        json!({
            "id": self.id,
            "object": "event",
            "type": self.kind,
            "livemode": false,
            "data": { "object": { "id": payment, "object": "checkout.session" } },
        })
        .to_string()
    }
}

/// Reads a notice whose sender is proved; `None` if it is none of ours.
pub fn read(raw: &[u8]) -> Option<Notice> {
    let sent: Sent = serde_json::from_slice(raw).ok()?;
    let fits = |id: &str| (1..=MAX_ID).contains(&id.len()) && !id.contains('\0');
    let is_ours = fits(&sent.id) && fits(&sent.kind) && sent.data.object.id.as_deref().is_none_or(fits);
    is_ours.then_some(Notice { event: sent.id, payment: sent.data.object.id, kind: sent.kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_read_as_it_was_sent_and_nonsense_is_none() {
        let event = Event { id: "evt_1".into(), kind: "checkout.session.completed".into() };
        let notice = read(event.body("pay_1").as_bytes()).expect("a notice");
        assert_eq!((notice.event.as_str(), notice.payment.as_deref()), ("evt_1", Some("pay_1")));
        let long = format!(r#"{{"id":"{}","type":"x","data":{{"object":{{}}}}}}"#, "a".repeat(256));
        for bad in ["", "{}", "[]", r#"{"id":"","type":"x","data":{"object":{}}}"#, &long] {
            assert_eq!(read(bad.as_bytes()), None, "{bad:.40}");
        }
    }
}
