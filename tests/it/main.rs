//! The proofs, as one binary.

mod actix_facts;
mod calls;
mod core_model;
mod crash;
mod lane_refusals;
mod ledger_planted;
mod ledger_postgres;
mod ledger_refusals;
mod operator;
mod people;
mod postgres_away;
mod private_postgres;
mod program;
mod proxy;
mod races;
mod sandbox;
mod settings;
mod statements;
mod store_errors;
mod support;
mod tidy;
mod volatile;
mod wire_metering;
mod wire_pricing;
mod wire_properties;
mod wire_request;
