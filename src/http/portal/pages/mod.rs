//! The client's pages: client price alone, no word of the reseller.

pub mod frame;
pub mod routes;
pub mod session;
pub mod visit;
