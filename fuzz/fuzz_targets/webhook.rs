//! Signed notices of payment providers.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/it/fuzzed/webhook.rs"]
mod property;

fuzz_target!(|bytes: &[u8]| property::check(bytes));
