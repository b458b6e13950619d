//! Money in through the whole program, paid at the simulated provider (`faults.md` G).

mod back;
mod back_model;
mod crash;
mod facts;
mod notices;
mod orders;
mod reconcile;
pub mod till;
mod trouble;
