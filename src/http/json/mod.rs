//! JSON of sign-in, portal and management: strict in, exact out, one shape of error.

pub mod amount;
pub mod answer;
pub mod body;
pub mod error;
pub mod query;
pub mod routing;
