//! The proofs, as one binary.

mod actix_facts;
mod calls;
mod core_model;
mod crash;
mod lane_refusals;
mod ledger_planted;
mod ledger_postgres;
mod ledger_refusals;
mod postgres_away;
mod private_postgres;
mod proxy;
mod races;
mod sandbox;
mod support;
mod wire_metering;
mod wire_pricing;
mod wire_properties;
mod wire_request;
