//! Reads for pages and management calls: many rows at once, from the snapshots. One thing is asked of its actor.

pub mod account_key;
pub mod account_totals;
pub mod audit;
pub mod client_usage;
pub mod key_list;
pub mod keys;
pub mod lines;
pub mod movements;
pub mod outbox;
pub mod portal;
pub mod portal_look;
pub mod referrals;
pub mod scope;
pub mod snapshot;
pub mod statement;
pub mod usage;
pub mod usage_account;
pub mod usage_key;
pub mod usage_line_search;
pub mod usage_lines;
pub mod usage_open;
pub mod usage_rank;
