//! The operator's own interface, JSON on its own listener: what `derouter account …` and `derouter price …` speak to.

pub mod accounts;
pub mod answer;
pub mod codes;
pub mod keys;
pub mod operation;
pub mod prices;
pub mod refunds;
pub mod routes;
pub mod state;
pub mod topups;
