//! The provider's side of a call: the client that sends it, the body that meters the answer, and a simulated provider.

pub mod answer;
pub mod body;
pub mod client;
pub mod cut;
pub mod headers;
pub mod sandbox;
pub mod settle;
