//! Files of the spool, whole and damaged.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/it/fuzzed/spool.rs"]
mod property;

fuzz_target!(|bytes: &[u8]| property::check(bytes));
