//! What is remembered: the only place that speaks SQL or Redis, or keeps files.

pub mod columns;
pub mod credentials;
pub mod error;
pub mod journal;
pub mod rows;
pub mod upkeep;
