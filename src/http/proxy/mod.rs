//! The model API that client programs call with a client key, exactly as if we were the provider.

pub mod blame;
pub mod body_in;
pub mod count_tokens;
pub mod expect;
pub mod messages;
pub mod models;
pub mod relay;
pub mod routes;
pub mod state;
