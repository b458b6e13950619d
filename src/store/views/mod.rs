//! Reads for pages and management calls: many rows at once, from the snapshots. One thing is asked of its actor.

pub mod account_key;
pub mod audit;
pub mod client_usage;
pub mod keys;
pub mod line_state;
pub mod lines;
pub mod outbox;
pub mod portal;
pub mod portal_look;
pub mod scope;
pub mod statement;
