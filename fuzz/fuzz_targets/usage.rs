//! Buffered answers of a provider.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/it/fuzzed/usage.rs"]
mod property;

fuzz_target!(|bytes: &[u8]| property::check(bytes));
