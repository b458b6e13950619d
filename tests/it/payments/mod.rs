//! Money in through the whole program, paid at the simulated provider (`faults.md` G).

mod codes;
mod crash;
mod facts;
mod notices;
mod orders;
pub mod till;
mod trouble;
