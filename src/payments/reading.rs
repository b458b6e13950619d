//! What the providers' answers and notices have in common when they are read.

use crate::domain::ids::{IntentId, TopupId};
use crate::payments::provider::Notice;
use sha2::{Digest, Sha256};

/// Longest id taken from outside.
const MAX_ID: usize = 255;

/// An id that may be kept and put into a path: letters, digits and the signs that ids have.
pub fn id(text: &str) -> Option<&str> {
    let is_plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
    ((1..=MAX_ID).contains(&text.len()) && is_plain && !text.contains("..")).then_some(text)
}

/// Our order's id as a provider kept it.
pub fn topup(text: Option<&str>) -> Option<TopupId> {
    text.and_then(|text| text.parse().ok()).map(TopupId)
}

/// The id of our refund as a provider kept it.
pub fn intent(text: Option<&str>) -> Option<IntentId> {
    text.and_then(|text| text.parse().ok()).map(IntentId)
}

/// An authentic notice that says nothing we know: kept raw like every other, under the digest of its bytes, since an
/// answer of refusal would lose it.
pub fn unknown_notice(raw: &[u8]) -> Notice {
    let event = format!("sha256-{}", hex::encode(Sha256::digest(raw)));
    tracing::error!(event.id = event, "an authentic notice of a payment cannot be read; it is kept");
    Notice { event, payment: None, kind: "unreadable".into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_one_step_of_a_path_or_none() {
        for good in ["cs_test_a1B2", "7bK3-x.y", "a"] {
            assert_eq!(id(good), Some(good));
        }
        let long = "a".repeat(256);
        for bad in ["", "a/b", "..", "a?b", "a b", "a\0", "ä", &long] {
            assert_eq!(id(bad), None, "{bad:.20}");
        }
    }
}
