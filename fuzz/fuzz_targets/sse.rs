//! Event streams in any pieces.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/it/fuzzed/sse.rs"]
mod property;

fuzz_target!(|bytes: &[u8]| property::check(bytes));
