//! derouter: a prepaid platform for reselling LLM API credit, with exact money.
//!
//! Four sentences: domain decides, actors own, store remembers, http translates. · One thing: ask its actor; many
//! things: read the snapshots. · Postgres holds what must not be lost; Redis what may be. · Memory that may disagree
//! with the store is thrown away, never repaired.

#![deny(clippy::float_arithmetic)]

pub mod actors;
pub mod alerts;
pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod http;
pub mod identity;
pub mod mail;
pub mod payments;
pub mod referrals;
pub mod store;
pub mod telemetry;
pub mod upstream;
