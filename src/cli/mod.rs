//! The commands of the operator: each speaks to the server that runs on this data folder, or looks for itself.

pub mod args;
pub mod check;
pub mod console;
pub mod doctor;
pub mod run;
pub mod welcome;
