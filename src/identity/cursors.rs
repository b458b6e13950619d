//! Cursors of long lists, signed: a forged or foreign one is refused, so no list starts where we did not say.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// Bytes of the signature that a cursor carries.
const TAG: usize = 16;

/// Makes and reads cursors.
#[derive(Clone)]
pub struct Cursors(Arc<SecretString>);

impl Cursors {
    pub fn new(signing: SecretString) -> Self {
        Cursors(Arc::new(signing))
    }

    /// A cursor to `place` of the list `list`, which names its owner too.
    pub fn make(&self, list: &str, place: &str) -> String {
        format!("{}{}", hex::encode(self.tag(list, place)), hex::encode(place))
    }

    /// The place of a cursor of this very list; `None` for any other text.
    pub fn read(&self, list: &str, cursor: &str) -> Option<String> {
        let bytes = hex::decode(cursor).ok()?;
        let (tag, place) = bytes.split_at_checked(TAG)?;
        let place = std::str::from_utf8(place).ok()?;
        let same: bool = self.tag(list, place)[..].ct_eq(tag).into();
        same.then(|| place.to_owned())
    }

    fn tag(&self, list: &str, place: &str) -> [u8; TAG] {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret().as_bytes()).expect("any length");
        mac.update(b"cursor\0");
        mac.update(list.as_bytes());
        mac.update(b"\0");
        mac.update(place.as_bytes());
        let whole = mac.finalize().into_bytes();
        whole[..TAG].try_into().expect("a digest is longer")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k15_only_our_own_cursor_of_the_same_list_is_read() {
        let cursors = Cursors::new("a secret".into());
        let cursor = cursors.make("keys:1", "42");
        assert_eq!(cursors.read("keys:1", &cursor).as_deref(), Some("42"));
        assert_eq!(cursors.read("keys:2", &cursor), None);
        assert_eq!(Cursors::new("another".into()).read("keys:1", &cursor), None);
        for forged in ["", "42", "zz", &cursor[2..], &format!("{cursor}30"), "💥"] {
            assert_eq!(cursors.read("keys:1", forged), None, "{forged}");
        }
    }
}
