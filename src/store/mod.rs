//! What is remembered: the only place that speaks SQL or Redis, or keeps files.

pub mod accounts;
pub mod checker;
pub mod columns;
pub mod credentials;
pub mod data_folder;
pub mod error;
pub mod journal;
pub mod ledger;
pub mod ownership;
pub mod payments;
pub mod pool;
pub mod postgres_binaries;
pub mod prices;
pub mod private_postgres;
pub mod rows;
pub mod socket_folder;
pub mod spool;
pub mod spool_record;
pub mod unprivileged;
pub mod upkeep;
