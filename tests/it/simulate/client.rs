//! A client's program: calls one key again and again.

use crate::simulate::calls::{self, Wish};
use crate::simulate::world::World;
use derouter::actors::directory::Directory;
use derouter::actors::messages::{Delivery, KeyRef};
use derouter::domain::price_row::Day;
use derouter::domain::pricing::PriceBook;
use derouter::domain::quote::Quote;
use derouter::domain::request::ModelRequest;
use rand::Rng;
use std::sync::LazyLock;

const PRICES: &str = include_str!("../../../config/prices.toml");

static BOOK: LazyLock<PriceBook> =
    LazyLock::new(|| PriceBook::from_toml(PRICES, Day::parse("2026-11-24").expect("a day")).expect("the price book"));

/// Calls until the world has no calls left to make.
pub async fn run(world: World, programs: Vec<Directory>, number: u64) {
    while let Some((key, at)) = next(&world, programs.len(), number) {
        let wish = wish(&world, key);
        calls::make(&world, &programs[at], wish).await;
        let longest = if world.lock().rng.random_ratio(1, 10) { 5_000_000 } else { 100_000 };
        world.pass(0..=longest).await;
    }
}

/// The key of the next call, and which of the programs it goes to.
fn next(world: &World, programs: usize, number: u64) -> Option<(KeyRef, usize)> {
    let mut inner = world.lock();
    inner.calls_left = inner.calls_left.checked_sub(1)?;
    let keys: Vec<KeyRef> = inner.keys.clone();
    let key = *keys.get(usize::try_from(number).expect("few") % keys.len().max(1))?;
    // Now and then somebody else's: keys share programs.
    let key = if inner.rng.random_ratio(1, 8) { keys[inner.rng.random_range(0..keys.len())] } else { key };
    let at = inner.rng.random_range(0..programs);
    Some((key, at))
}

fn wish(world: &World, key: KeyRef) -> Wish {
    let mut inner = world.lock();
    let streams = inner.rng.random_ratio(2, 3);
    let max_tokens = inner.rng.random_range(1..=20_000);
    let quote = quote(inner.rng.random_range(1..=200_000), streams, max_tokens);
    Wish { key, quote, delivery: if streams { Delivery::Streamed } else { Delivery::Buffered } }
}

/// The quote of a call to a cheap model with this many bytes of text.
pub fn quote(text_bytes: u64, stream: bool, max_tokens: u64) -> Quote {
    let request = ModelRequest {
        model: "claude-haiku-4-5".to_owned(),
        stream,
        max_tokens: Some((max_tokens, 0..0)),
        text_bytes,
        ..ModelRequest::default()
    };
    BOOK.quote(&request).expect("a priced model")
}
