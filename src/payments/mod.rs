//! Money in: what a payment provider is to us, the orders we make of one, and the desk that credits each of them once.
//!
//! One rule for every provider: a notice is a reason to look, never a reason to credit. What is credited is what the
//! provider's own interface says when asked, checked against our row (`docs/payments.md`).

pub mod btcpay;
pub mod by_hand;
pub mod desk;
pub mod error;
pub mod interface;
pub mod look;
pub mod notice;
pub mod provider;
pub mod providers;
pub mod reading;
pub mod reconcile;
pub mod redemption;
pub mod refund;
pub mod sandbox;
pub mod signature;
pub mod stripe;
pub mod take_back;
pub mod turns;
pub mod worker;
