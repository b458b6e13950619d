//! What pages read, held against what was written.

mod lines;
mod past;
mod usage;
mod usage_late;
