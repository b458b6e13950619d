//! Cards through Stripe Checkout: requests with few fields, of which the official SDKs make the same; answers of which
//! only what is named here is read.

pub mod answer;
pub mod event;
pub mod order;
pub mod provider;
