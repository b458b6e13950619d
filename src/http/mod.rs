//! What crosses the wire: routes by host, principals out of requests, answers in the caller's dialect.

pub mod error;
pub mod health;
pub mod limits;
pub mod operator;
pub mod principal;
pub mod proxy;
