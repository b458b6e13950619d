//! The proxy over HTTP: the whole program, its ledger, and a provider that misbehaves. Named after `faults.md`; `p` is a
//! pitfall of `wire.md` §13.

mod budget;
mod door;
mod endings;
mod headers;
mod inputs;
mod leaving;
mod limits;
mod listeners;
mod refusals;
mod sockets;
