//! The clients' site, by JSON: their keys and requests in client price. Nothing here imports the other side.

pub mod binding;
pub mod keys;
pub mod pages;
pub mod routes;
pub mod show;
pub mod state;
