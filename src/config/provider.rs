//! The settings of each payment provider that takes real money; what they need is in `paying`.

use serde::Deserialize;

/// Whether a provider moves real money.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    Live,
    Test,
}

/// The account at Stripe; its key and the secrets of its notices are in `Secrets`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StripeSettings {
    pub base_url: String,
    pub checkout_url: String,
    pub mode: Mode,
}

/// The store of a BTCPay Server; its key and the secrets of its notices are in `Secrets`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BtcpaySettings {
    pub base_url: String,
    /// Empty: as `base_url`.
    pub checkout_url: String,
    pub store_id: String,
    pub mode: Mode,
}
