//! The management API: a reseller's keys, balance and statement, by dashboard session or by Account Key.

pub mod account;
pub mod caller;
pub mod keys;
pub mod lines;
pub mod money;
pub mod openapi;
pub mod operation;
pub mod preview;
pub mod redemptions;
pub mod reference;
pub mod reference_self;
pub mod reference_show;
pub mod referrals;
pub mod routes;
pub mod show;
pub mod state;
pub mod topups;
