//! Keys and requests as a client reads them: client price alone.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::actors::client_view::ClientKeyView;
use crate::domain::ids::KeyId;
use crate::domain::money::Price;
use crate::store::views::portal::{ClientKeyRow, ClientLine};

/// A key in a list.
#[derive(Serialize)]
pub struct ShownKey {
    id: KeyId,
    name: Option<String>,
    hint: String,
    state: &'static str,
    budget: String,
    spent: String,
    remaining: String,
    limits: Limits,
    bound_at: DateTime<Utc>,
    /// Only where one key is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    now: Option<Now>,
}

#[derive(Serialize)]
struct Limits {
    rpm: i32,
    concurrency: i32,
}

/// What runs at this moment.
#[derive(Serialize)]
struct Now {
    running: usize,
    in_flight: String,
    requests_left: i32,
}

/// One request.
#[derive(Serialize)]
pub struct ShownLine {
    id: String,
    model: String,
    input_tokens: i64,
    output_tokens: i64,
    cache_read_tokens: i64,
    cache_write_tokens: i64,
    price: String,
    state: &'static str,
    at: DateTime<Utc>,
}

/// An amount to the nano-dollar.
pub fn exact(price: Price) -> String {
    price.usd().exact()
}

/// A key as committed.
pub fn key(row: ClientKeyRow) -> ShownKey {
    ShownKey {
        id: row.key,
        budget: exact(row.budget),
        spent: exact(row.spent),
        remaining: exact(row.remaining()),
        name: row.name,
        hint: row.hint,
        state: row.state,
        limits: Limits { rpm: row.rpm, concurrency: row.concurrency },
        bound_at: row.bound,
        now: None,
    }
}

/// A key as its actor sees it: the same numbers that would refuse its next call.
pub fn live_key(row: ClientKeyRow, live: &ClientKeyView) -> ShownKey {
    let state = if row.state == "active" && live.paused { "paused" } else { row.state };
    let now = Now { running: live.running, in_flight: exact(live.in_flight), requests_left: live.window_left };
    ShownKey {
        state,
        budget: exact(live.budget),
        spent: exact(live.spent),
        remaining: exact(live.remaining),
        now: Some(now),
        ..key(row)
    }
}

/// A request.
pub fn line(line: ClientLine) -> ShownLine {
    ShownLine {
        id: line.call.request_id(),
        model: line.model,
        input_tokens: line.input,
        output_tokens: line.output,
        cache_read_tokens: line.cache_read,
        cache_write_tokens: line.cache_write,
        price: exact(line.price),
        state: line.state.word(),
        at: line.at,
    }
}
