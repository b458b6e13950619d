//! The meter: whatever an answer reports, its counts stay within bounds, and the same answer in another spelling is read
//! the same.

use std::sync::Arc;

use derouter::domain::usage::{BadBody, Meter, Reading, Usage};
use serde_json::Value;

/// The first number that is no count.
const COUNT_LIMIT: u64 = 1 << 31;

pub fn check(bytes: &[u8]) {
    let Ok(reading) = read(bytes) else { return };
    bounded(&reading.usage, bytes.len());
    for part in &reading.iterations {
        bounded(&part.usage, bytes.len());
    }
    let labels = [&reading.speed, &reading.geo, &reading.tier, &reading.upstream_id];
    assert!(labels.into_iter().flatten().all(|label| (1..=128).contains(&label.len())));
    let value: Value = serde_json::from_slice(bytes).expect("what the meter takes for JSON is JSON");
    assert!(value.is_object(), "an answer is an object");
    if let Some(again) = respelt(bytes, &value) {
        same(&reading, &again);
    }
}

fn read(bytes: &[u8]) -> Result<Reading, BadBody> {
    Meter::read_buffered(bytes, Arc::from("m")).map(|meter| meter.reading())
}

/// Reported numbers have a bound; an estimate comes from bytes that were really there.
fn bounded(usage: &Usage, bytes: usize) {
    let reported = [usage.input, usage.cache_read, usage.cache_write_1h, usage.web_searches];
    assert!(reported.into_iter().all(|count| count < COUNT_LIMIT), "{usage:?}");
    assert!(usage.cache_write_5m < 2 * COUNT_LIMIT, "{usage:?}");
    assert!(usage.output < COUNT_LIMIT.max(bytes as u64 + 1), "{usage:?}");
}

/// The answer with other white space and another order of fields. `None` where a field is there twice or a name is
/// escaped: a respelling loses that.
fn respelt(bytes: &[u8], value: &Value) -> Option<Reading> {
    let plain = !bytes.contains(&b'\\') && names(value) == colons(bytes);
    plain.then(|| read(serde_json::to_string_pretty(value).expect("it was JSON").as_bytes()).expect("still an answer"))
}

fn names(value: &Value) -> usize {
    match value {
        Value::Object(fields) => fields.len() + fields.values().map(names).sum::<usize>(),
        Value::Array(items) => items.iter().map(names).sum(),
        _ => 0,
    }
}

/// Colons outside of texts, of JSON without escapes.
fn colons(bytes: &[u8]) -> usize {
    bytes.split(|b| *b == b'"').step_by(2).flatten().filter(|b| **b == b':').count()
}

/// Estimates count characters as they are spelt, so they alone may differ.
fn same(one: &Reading, other: &Reading) {
    assert_eq!((one.estimated, one.missing, one.odd), (other.estimated, other.missing, other.odd));
    assert_eq!((&one.served_model, &one.speed, &one.geo), (&other.served_model, &other.speed, &other.geo));
    assert_eq!((&one.tier, &one.upstream_id, &one.iterations), (&other.tier, &other.upstream_id, &other.iterations));
    let output = if one.estimated { one.usage.output } else { other.usage.output };
    assert_eq!(one.usage, Usage { output, ..other.usage });
}
