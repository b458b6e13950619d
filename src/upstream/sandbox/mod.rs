//! The simulated provider: an own HTTP/1.1 listener that speaks the provider's wire formats (`wire.md` §14).
//!
//! Written on the bare socket, because a provider that breaks its framing, cuts a connection or trickles bytes is
//! what it is for. It answers any model name, equal input gets an equal answer, and nothing in it knows of money.
//!
//! A request's way: `connection` reads it, `ask` understands it, `script` says how it shall go, `answer` composes the
//! message, `reply` decides head and framing, `play` sends it, `record` remembers it.

pub mod answer;
pub mod ask;
pub mod block;
pub mod connection;
pub mod control;
pub mod event;
pub mod fault;
pub mod gzip;
pub mod head;
pub mod play;
pub mod record;
pub mod reply;
pub mod scenario;
pub mod script;
pub mod server;
pub mod usage;
pub mod wire;
