//! The rules, pure: no I/O, no clock, no randomness, no `async`, no float. Everything here can be tested alone.

pub mod ids;
pub mod money;
pub mod outcome;
pub mod ratio;
