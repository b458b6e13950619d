//! The rules and what judges them, as one crate: a mutant costs one compilation.

extern crate self as derouter;

pub mod domain;

#[cfg(test)]
#[path = "../tests/it/core_admission.rs"]
mod core_admission;
#[cfg(test)]
#[path = "../tests/it/core_books.rs"]
mod core_books;
#[cfg(test)]
#[path = "../tests/it/core_corners.rs"]
mod core_corners;
#[cfg(test)]
#[path = "../tests/it/core_gifts.rs"]
mod core_gifts;
#[cfg(test)]
#[path = "../tests/it/core_model.rs"]
mod core_model;
#[cfg(test)]
#[path = "../tests/it/core_words.rs"]
mod core_words;
#[cfg(test)]
#[path = "../tests/it/wire_metering.rs"]
mod wire_metering;
#[cfg(test)]
#[path = "../tests/it/wire_pricing.rs"]
mod wire_pricing;
#[cfg(test)]
#[path = "../tests/it/wire_properties.rs"]
mod wire_properties;
#[cfg(test)]
#[path = "../tests/it/wire_request.rs"]
mod wire_request;
