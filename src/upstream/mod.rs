//! The provider's side of a call: the client that sends it, the body that meters the answer, and a simulated provider.

pub mod sandbox;
