//! Money in through the whole program, paid at the simulated provider (`faults.md` G).

mod back;
mod back_model;
mod btcpay;
mod codes;
mod crash;
mod facts;
mod fake_btcpay;
mod fake_server;
mod fake_stripe;
mod greenfield;
mod notices;
mod orders;
mod reconcile;
mod refunds;
mod refunds_stripe;
mod stripe;
pub mod till;
mod trouble;
