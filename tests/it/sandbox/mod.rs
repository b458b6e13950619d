//! The simulated provider keeps its promises, read byte by byte from bare sockets.

mod broken;
mod good;
pub mod raw;
mod refused;
mod watched;
