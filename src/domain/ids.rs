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
    /// The request id that clients see: `req_` and 32 hex digits.
    pub fn request_id(self) -> String {
        format!("req_{}", self.0.simple())
    }
}
