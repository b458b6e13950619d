//! The rules, pure: no I/O, no clock, no randomness, no `async`, no float. Everything here can be tested alone.

pub mod account;
pub mod admission;
pub mod answer;
pub mod call;
pub mod content;
pub mod counts;
pub mod ending;
pub mod gate;
pub mod ids;
pub mod key;
pub mod login_code;
pub mod money;
pub mod op;
pub mod outcome;
pub mod plain_run;
pub mod price_row;
pub mod pricing;
pub mod quote;
pub mod ratio;
pub mod request;
pub mod request_error;
pub mod scan;
pub mod secret;
pub mod sse;
pub mod usage;
