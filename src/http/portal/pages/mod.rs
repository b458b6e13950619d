//! The client's pages: client price alone, no word of the reseller.

pub mod account;
pub mod alerts;
pub mod bind;
pub mod export;
pub mod figures;
pub mod frame;
pub mod home;
pub mod key;
pub mod lines;
pub mod live;
pub mod naming;
pub mod notices;
pub mod period;
pub mod quick_start;
pub mod routes;
pub mod session;
pub mod usage;
pub mod visit;
