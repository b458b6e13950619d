//! Who did what, from where: what every act of a person leaves behind (`identity.md` §8). Never a secret.

use std::net::IpAddr;

use uuid::Uuid;

use crate::domain::ids::{AccountId, KeyId, UserId};

/// User agents are cut after this many characters.
pub const USER_AGENT_CHARS: usize = 200;

/// Who acted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Actor {
    /// Nobody signed in.
    Nobody,
    Reseller(AccountId),
    PortalUser(UserId),
    AccountKey(AccountId),
    /// Whoever holds the operator token.
    Operator,
    ClientKey(KeyId),
}

impl Actor {
    /// The stored word.
    pub fn kind(self) -> &'static str {
        match self {
            Actor::Nobody => "nobody",
            Actor::Reseller(_) => "reseller",
            Actor::PortalUser(_) => "portal_user",
            Actor::AccountKey(_) => "account_key",
            Actor::Operator => "operator",
            Actor::ClientKey(_) => "client_key",
        }
    }

    /// The stored id; an Account Key acts as its account.
    pub fn id(self) -> Option<Uuid> {
        match self {
            Actor::Nobody | Actor::Operator => None,
            Actor::Reseller(account) | Actor::AccountKey(account) => Some(account.0),
            Actor::PortalUser(user) => Some(user.0),
            Actor::ClientKey(key) => Some(key.0),
        }
    }
}

/// One request of one actor.
#[derive(Clone, Debug)]
pub struct Trail {
    pub actor: Actor,
    pub request: Uuid,
    pub ip: IpAddr,
    /// At most 200 characters, none of them a control character.
    pub user_agent: String,
}

impl Trail {
    /// The same request once it is known who acts.
    pub fn by(&self, actor: Actor) -> Trail {
        Trail { actor, ..self.clone() }
    }
}

/// What was done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    SignedIn,
    SignInFailed,
    SignInThrottled,
    SignedOut,
    SteppedUp,
    SessionRevoked,
    SessionsRevoked,
    KeyCreated,
    KeyToppedUp,
    KeyChanged,
    KeyPaused,
    KeyResumed,
    KeyRotated,
    KeyDeleted,
    AccountKeyMade,
    TopupStarted,
    TopupCancelled,
    TopupRefunded,
    AccountKeyFirstUsed,
    KeyBound,
    KeyUnbound,
    BindFailed,
    PreferencesSaved,
    CodeRedeemed,
    CodeRefused,
    KeyAlertsSaved,
}

impl Action {
    /// The stored word.
    pub fn word(self) -> &'static str {
        match self {
            Action::SignedIn => "signed_in",
            Action::SignInFailed => "sign_in_failed",
            Action::SignInThrottled => "sign_in_throttled",
            Action::SignedOut => "signed_out",
            Action::SteppedUp => "stepped_up",
            Action::SessionRevoked => "session_revoked",
            Action::SessionsRevoked => "sessions_revoked",
            Action::KeyCreated => "key_created",
            Action::KeyToppedUp => "key_topped_up",
            Action::KeyChanged => "key_changed",
            Action::KeyPaused => "key_paused",
            Action::KeyResumed => "key_resumed",
            Action::KeyRotated => "key_rotated",
            Action::KeyDeleted => "key_deleted",
            Action::AccountKeyMade => "account_key_made",
            Action::TopupStarted => "topup_started",
            Action::TopupCancelled => "topup_cancelled",
            Action::TopupRefunded => "topup_refunded",
            Action::AccountKeyFirstUsed => "account_key_first_used",
            Action::KeyBound => "key_bound",
            Action::KeyUnbound => "key_unbound",
            Action::BindFailed => "bind_failed",
            Action::CodeRedeemed => "code_redeemed",
            Action::CodeRefused => "code_refused",
            Action::PreferencesSaved => "preferences_saved",
            Action::KeyAlertsSaved => "key_alerts_saved",
        }
    }
}

/// The part of the network that counts as one caller: a /24 of IPv4, a /64 of IPv6.
pub fn network_of(ip: IpAddr) -> String {
    match ip.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_share_a_network_and_a_mapped_address_is_its_ipv4_self() {
        let rows = [
            ("203.0.113.7", "203.0.113.0/24"),
            ("::ffff:203.0.113.9", "203.0.113.0/24"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ];
        for (ip, network) in rows {
            assert_eq!(network_of(ip.parse().expect("an address")), network);
        }
    }
}
