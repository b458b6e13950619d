//! Amounts as text and as JSON numbers.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/it/fuzzed/amount.rs"]
mod property;

fuzz_target!(|bytes: &[u8]| property::check(bytes));
