//! Identifiers, one type a thing, so that an account can never be passed where a key is meant.

use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    };
}

id!(/// A reseller's balance and stream of operations.
    AccountId);
id!(/// A client key: budget, ratio and limits.
    KeyId);
id!(/// One metered request: a UUIDv7, so ids sort by time; it is the request id too.
    CallId);
id!(/// One order of a reseller to pay money in.
    TopupId);
id!(/// One refund that an operator asked for.
    IntentId);
id!(/// A person who signed in to the portal.
    UserId);
id!(/// One installation of the program, kept in its data folder.
    NodeId);
id!(/// One start of the program.
    BootId);

/// Number of shards; an account belongs to one for ever (`ledger.md` §5).
pub const SHARDS: u16 = 4096;

impl AccountId {
    /// The shard that orders this account's stream, 0 to 4095.
    pub fn shard(self) -> i16 {
        let b = self.0.as_bytes();
        // The tail of the id is random in every version we make; its last 12 bits are the shard.
        i16::from_be_bytes([b[14] & 0x0f, b[15]])
    }
}

impl TopupId {
    /// An id in the one form we write; any other is of nothing.
    pub fn parse(raw: &str) -> Option<Self> {
        Uuid::parse_str(raw).ok().filter(|id| id.to_string() == raw).map(TopupId)
    }
}

impl CallId {
    /// Below every call.
    pub const LOWEST: CallId = CallId(Uuid::nil());
    /// Above every call.
    pub const HIGHEST: CallId = CallId(Uuid::max());

    /// The lowest id of a call that began at an instant, in microseconds since 1970; as `ledger.uuid7_floor`.
    pub fn floor(at_us: i64) -> Self {
        let millis = u128::try_from(at_us.div_euclid(1_000)).unwrap_or(0);
        CallId(Uuid::from_u128((millis & 0xffff_ffff_ffff) << 80))
    }

    /// The call of a request id in the one spelling that clients see, `None` for any other text.
    pub fn of_request(id: &str) -> Option<Self> {
        let call = CallId(Uuid::try_parse(id.strip_prefix("req_")?).ok()?);
        (call.request_id() == id).then_some(call)
    }

    /// The request id that clients see: `req_` and 32 hex digits.
    pub fn request_id(self) -> String {
        format!("req_{}", self.0.simple())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floor_of_an_instant_is_below_its_calls_and_above_earlier_ones() {
        let floor = CallId::floor(1_700_000_000_123_456);
        assert_eq!(floor.0.to_string(), "018bcfe5-687b-0000-0000-000000000000");
        assert!(CallId::floor(1_700_000_000_122_999) < floor && floor < CallId::floor(1_700_000_000_124_000));
        assert_eq!(CallId::floor(-1), CallId::LOWEST);
    }

    #[test]
    fn a_request_id_leads_back_to_its_call_in_one_spelling_only() {
        let call = CallId(Uuid::from_u128(0x019a_b0c2_f1e4_7b0f_9d3a_5c7e_81f2_0b46));
        let id = call.request_id();
        assert_eq!(CallId::of_request(&id), Some(call));
        for foreign in ["", "req_", &id[4..], &id.to_uppercase(), &format!("req_{}", call.0), &format!("{id}0")] {
            assert_eq!(CallId::of_request(foreign), None, "{foreign}");
        }
    }
}
