//! Keys and lines in the field names and types of the reference product: amounts are JSON numbers, exact all the same.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::domain::ids::KeyId;
use crate::domain::money::{Cost, Price};
use crate::http::json::amount;
use crate::store::views::keys::KeyRow;
use crate::store::views::lines::Line;
use crate::store::views::portal::ClientLine;

/// A key. `key` is whole once, in the answer to its creation.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SubKey {
    id: KeyId,
    label: String,
    key_id: KeyId,
    key: String,
    budget_virtual: Box<RawValue>,
    spent_virtual: Box<RawValue>,
    remaining_virtual: Box<RawValue>,
    rpm_limit: i32,
    concurrent_limit: i32,
    display_multiplier: Box<RawValue>,
    paused: bool,
    created_at: String,
}

/// A request with both sides.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UsageLog {
    id: String,
    key_id: KeyId,
    model: String,
    input_tokens: i64,
    output_tokens: i64,
    cache_read_tokens: i64,
    cache_write_tokens: i64,
    cost: Box<RawValue>,
    cost_virtual: Box<RawValue>,
    state: &'static str,
    created_at: String,
}

/// A request in client price: what the client key itself may read.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SelfUsageLog {
    id: String,
    model: String,
    input_tokens: i64,
    output_tokens: i64,
    cache_read_tokens: i64,
    cache_write_tokens: i64,
    cost_virtual: Box<RawValue>,
    state: &'static str,
    created_at: String,
}

/// A key; `secret` only right after its creation.
pub fn sub_key(row: KeyRow, secret: Option<&str>) -> SubKey {
    SubKey {
        id: row.key,
        key_id: row.key,
        key: secret.map_or_else(|| format!("{}…", row.hint), str::to_owned),
        budget_virtual: price(row.budget),
        spent_virtual: price(row.spent),
        remaining_virtual: price(row.remaining()),
        rpm_limit: row.rpm,
        concurrent_limit: row.concurrency,
        display_multiplier: RawValue::from_string(row.ratio.multiplier()).expect("a decimal is JSON"),
        paused: row.paused,
        created_at: row.created.to_rfc3339(),
        label: row.label,
    }
}

/// A request for the Account Key.
pub fn usage_log(line: Line) -> UsageLog {
    UsageLog {
        id: line.call.request_id(),
        key_id: line.key,
        model: line.model,
        input_tokens: line.input,
        output_tokens: line.output,
        cache_read_tokens: line.cache_read,
        cache_write_tokens: line.cache_write,
        cost: cost(line.cost),
        cost_virtual: price(line.price),
        state: line.state.word(),
        created_at: line.ended.to_rfc3339(),
    }
}

/// A request for the client key.
pub fn self_usage_log(line: ClientLine) -> SelfUsageLog {
    SelfUsageLog {
        id: line.call.request_id(),
        model: line.model,
        input_tokens: line.input,
        output_tokens: line.output,
        cache_read_tokens: line.cache_read,
        cache_write_tokens: line.cache_write,
        cost_virtual: price(line.price),
        state: line.state.word(),
        created_at: line.at.to_rfc3339(),
    }
}

/// A price as a JSON number.
pub fn price(amount: Price) -> Box<RawValue> {
    amount::number(amount.usd())
}

fn cost(amount: Cost) -> Box<RawValue> {
    amount::number(amount.usd())
}
