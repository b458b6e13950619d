//! Money in through the whole program, paid at the simulated provider (`faults.md` G).

mod crash;
mod facts;
mod notices;
mod orders;
mod till;
mod trouble;
