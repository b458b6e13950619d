//! Who owns what: one actor an account, one a client key, one lane that numbers and writes what they decide.

pub mod account;
pub mod call;
pub mod client_key;
pub mod client_view;
pub mod directory;
pub mod draining;
pub mod entry;
pub mod facade;
pub mod held_notes;
pub mod housekeeper;
pub mod lane;
pub mod lane_batch;
pub mod mailer;
pub mod messages;
pub mod new_key;
pub mod older_boots;
pub mod onlookers;
pub mod open_calls;
pub mod quarantine;
pub mod settlement;
pub mod usage_keeper;
