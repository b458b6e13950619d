//! The proofs, as one binary.

mod core_model;
mod sandbox;
mod wire_metering;
mod wire_pricing;
mod wire_properties;
mod wire_request;
