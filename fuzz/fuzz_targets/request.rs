//! Bodies of model calls, and the one splice.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/it/fuzzed/request.rs"]
mod property;

fuzz_target!(|bytes: &[u8]| property::check(bytes));
