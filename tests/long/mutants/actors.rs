//! Lanes and the life of a call with the simulation that judges them: a mutant costs one compilation of the actors.

extern crate self as derouter;

use ground::{clock, domain, store};

pub mod actors;

#[cfg(test)]
#[path = "../tests/it/simulate/mod.rs"]
mod simulate;
