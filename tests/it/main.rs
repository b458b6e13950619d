//! The proofs, as one binary.

mod core_model;
mod sandbox;
