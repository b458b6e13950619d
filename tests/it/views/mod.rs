//! What pages read, held against what was written.

mod billing;
mod lines;
mod past;
mod usage;
mod usage_late;
