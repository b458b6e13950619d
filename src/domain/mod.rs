//! The rules, pure: no I/O, no clock, no randomness, no `async`, no float. Everything here can be tested alone.

pub mod account;
pub mod call;
pub mod ending;
pub mod gate;
pub mod ids;
pub mod key;
pub mod money;
pub mod op;
pub mod outcome;
pub mod ratio;
