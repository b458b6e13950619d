//! Keys, lines and statement as their reseller reads them: both sides, exact decimal strings.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::actors::messages::KeyView;
use crate::domain::ids::KeyId;
use crate::domain::key::KeyStatus;
use crate::domain::money::{Cost, Price};
use crate::domain::ratio::Ratio;
use crate::store::views::keys::KeyRow;
use crate::store::views::lines::Line;
use crate::store::views::statement::Entry;

/// What stands in place of a margin where cost equals budget.
pub const NO_MARKUP: &str = "No markup (internal share)";

/// A key. `client` is what its client sees; the rest is the reseller's alone.
#[derive(Serialize)]
pub struct ShownKey {
    id: KeyId,
    label: String,
    hint: String,
    state: &'static str,
    budget: String,
    spent: String,
    remaining: String,
    cost: String,
    used_cost: String,
    returned_cost: String,
    profit: String,
    margin: String,
    margin_label: String,
    limits: Limits,
    created_at: DateTime<Utc>,
    /// Only where one key is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    now: Option<Now>,
}

#[derive(Serialize)]
struct Limits {
    rpm: i32,
    concurrency: i32,
}

#[derive(Serialize)]
struct Now {
    running: usize,
    held_cost: String,
    requests_left: i32,
}

/// One request.
#[derive(Serialize)]
pub struct ShownLine {
    id: String,
    key: KeyId,
    model: String,
    input_tokens: i64,
    output_tokens: i64,
    cache_read_tokens: i64,
    cache_write_tokens: i64,
    price: String,
    cost: String,
    profit: String,
    state: &'static str,
    started_at: DateTime<Utc>,
    ended_at: DateTime<Utc>,
}

/// One line of the statement.
#[derive(Serialize)]
pub struct ShownEntry {
    seq: i64,
    kind: &'static str,
    key: Option<KeyId>,
    change: String,
    cost: String,
    price: String,
    owed: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    at: DateTime<Utc>,
}

/// A cost to the nano-dollar.
pub fn cost(amount: Cost) -> String {
    amount.usd().exact()
}

/// A price to the nano-dollar.
pub fn price(amount: Price) -> String {
    amount.usd().exact()
}

/// Basis points as people read them: `5%`, `7.5%`.
pub fn rate(bp: u32) -> String {
    let text = format!("{}.{:02}", bp / 100, bp % 100);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

/// The margin in words: a share of the client price, or that there is none.
pub fn margin_label(ratio: Ratio) -> String {
    if ratio.is_internal_share() { NO_MARKUP.to_owned() } else { ratio.margin() }
}

/// The state of a key in one word.
pub fn state_of(row: &KeyRow) -> &'static str {
    match (row.status, row.paused) {
        (KeyStatus::Active, false) => "active",
        (KeyStatus::Active, true) => "paused",
        (KeyStatus::Closing, _) => "closing",
        (KeyStatus::Closed, _) => "closed",
    }
}

/// A key as committed.
pub fn key(row: KeyRow) -> ShownKey {
    ShownKey {
        id: row.key,
        state: state_of(&row),
        budget: price(row.budget),
        spent: price(row.spent),
        remaining: price(row.remaining()),
        cost: cost(row.funded),
        used_cost: cost(row.posted),
        returned_cost: cost(row.refunded),
        profit: cost(row.profit()),
        margin: row.ratio.margin(),
        margin_label: margin_label(row.ratio),
        limits: Limits { rpm: row.rpm, concurrency: row.concurrency },
        created_at: row.created,
        label: row.label,
        hint: row.hint,
        now: None,
    }
}

/// A key as its actor sees it.
pub fn live_key(row: KeyRow, live: &KeyView) -> ShownKey {
    let profit = Cost::from_nanos(live.spent.nanos()).saturating_sub(live.posted);
    let now = Now { running: live.running, held_cost: cost(live.held), requests_left: live.window_left };
    ShownKey {
        budget: price(live.budget),
        spent: price(live.spent),
        remaining: price(live.remaining),
        cost: cost(live.funded),
        used_cost: cost(live.posted),
        returned_cost: cost(live.refunded),
        profit: cost(profit),
        now: Some(now),
        ..key(row)
    }
}

/// A request.
pub fn line(line: Line) -> ShownLine {
    ShownLine {
        id: line.call.request_id(),
        key: line.key,
        model: line.model,
        input_tokens: line.input,
        output_tokens: line.output,
        cache_read_tokens: line.cache_read,
        cache_write_tokens: line.cache_write,
        profit: cost(Cost::from_nanos(line.price.nanos()).saturating_sub(line.cost)),
        price: price(line.price),
        cost: cost(line.cost),
        state: line.state.word(),
        started_at: line.started,
        ended_at: line.ended,
    }
}

/// A line of the statement.
pub fn entry(entry: Entry) -> ShownEntry {
    ShownEntry {
        seq: entry.seq,
        kind: entry.kind,
        key: entry.key,
        change: cost(entry.change),
        cost: cost(entry.cost),
        price: price(entry.price),
        owed: cost(entry.owed),
        reason: entry.reason,
        at: entry.at,
    }
}
