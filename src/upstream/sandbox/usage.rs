//! The usage an answer reports, per place: message start, message deltas, buffered body.
//!
//! A script's `usage` is either fields laid over the plausible ones, or, when it names a place (`message_start`,
//! `message_delta`, `buffered`), that place's usage as it stands: any JSON, `false` for none at all, and for
//! `message_delta` an array for several deltas.

use serde_json::{Map, Value, json};

use crate::upstream::sandbox::ask::Ask;

/// Fields a `message_delta` reports; the rest is said once, in `message_start`.
const DELTA_FIELDS: [&str; 7] = [
    "input_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
    "cache_creation",
    "output_tokens",
    "server_tool_use",
    "iterations",
];

/// What a good answer says of itself before a word was written.
const AT_START: u64 = 1;

/// Each place's usage as JSON text; `None` leaves the field out.
pub struct UsageReport {
    pub start: Option<String>,
    pub deltas: Vec<Option<String>>,
    pub whole: Option<String>,
}

/// Composes the report of an answer with `output_tokens`.
pub fn report(ask: &Ask, output_tokens: u64, scripted: Option<&Value>) -> UsageReport {
    let Some(scripted) = scripted else { return plain(ask, output_tokens) };
    match scripted {
        Value::Object(places) if names_a_place(places) => by_place(ask, output_tokens, places),
        Value::Object(fields) => laid_over(ask, output_tokens, fields),
        verbatim => {
            let text = field(verbatim);
            UsageReport { start: text.clone(), deltas: vec![text.clone()], whole: text }
        }
    }
}

/// The same as [`laid_over`] with nothing to lay, written without a JSON tree: it is on the path of every benchmark.
fn plain(ask: &Ask, output_tokens: u64) -> UsageReport {
    let input = ask.input_tokens();
    let extra = asked_for(ask).iter().map(|(name, value)| format!(",\"{name}\":{}", json!(value))).collect::<String>();
    let full = |output: u64| {
        format!(
            "{{\"input_tokens\":{input},\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\
             \"cache_creation\":{{\"ephemeral_5m_input_tokens\":0,\"ephemeral_1h_input_tokens\":0}},\
             \"output_tokens\":{output},\"service_tier\":\"standard\"{extra}}}"
        )
    };
    let delta = format!(
        "{{\"input_tokens\":{input},\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\
         \"output_tokens\":{output_tokens}}}"
    );
    UsageReport { start: Some(full(AT_START)), deltas: vec![Some(delta)], whole: Some(full(output_tokens)) }
}

fn laid_over(ask: &Ask, output_tokens: u64, fields: &Map<String, Value>) -> UsageReport {
    let mut whole = plausible(ask, output_tokens);
    whole.extend(fields.clone());
    let mut start = whole.clone();
    start.insert("output_tokens".into(), AT_START.into());
    // A search or a compaction is counted when it has happened.
    start.remove("server_tool_use");
    start.remove("iterations");
    let in_delta = |name: &str| DELTA_FIELDS.contains(&name) && (name != "cache_creation" || fields.contains_key(name));
    let delta: Map<_, _> = whole.iter().filter(|(name, _)| in_delta(name)).map(owned).collect();
    let text = |map| Some(Value::Object(map).to_string());
    UsageReport { start: text(start), deltas: vec![text(delta)], whole: text(whole) }
}

fn by_place(ask: &Ask, output_tokens: u64, places: &Map<String, Value>) -> UsageReport {
    let usual = plain(ask, output_tokens);
    let start = places.get("message_start").map_or(usual.start, field);
    let deltas = match places.get("message_delta") {
        None => usual.deltas,
        Some(Value::Array(several)) => several.iter().map(field).collect(),
        Some(one) => vec![field(one)],
    };
    let whole = places.get("buffered").map_or_else(|| joined(places), field);
    UsageReport { start, deltas, whole }
}

/// What a client that takes each later field would hold at the end: the buffered form of a scripted stream.
fn joined(places: &Map<String, Value>) -> Option<String> {
    let deltas = match places.get("message_delta") {
        Some(Value::Array(several)) => several.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    let mut fields = Map::new();
    for place in places.get("message_start").into_iter().chain(deltas) {
        fields.extend(place.as_object().cloned().unwrap_or_default());
    }
    (!fields.is_empty()).then(|| Value::Object(fields).to_string())
}

fn plausible(ask: &Ask, output_tokens: u64) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("input_tokens".into(), ask.input_tokens().into());
    fields.insert("cache_creation_input_tokens".into(), 0.into());
    fields.insert("cache_read_input_tokens".into(), 0.into());
    fields.insert("cache_creation".into(), json!({"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0}));
    fields.insert("output_tokens".into(), output_tokens.into());
    fields.insert("service_tier".into(), "standard".into());
    fields.extend(asked_for(ask).into_iter().map(|(name, value)| (name.to_owned(), value.into())));
    fields
}

/// What the request asked for and a provider would confirm.
fn asked_for(ask: &Ask) -> Vec<(&'static str, &str)> {
    let named = [("speed", ask.speed.as_deref()), ("inference_geo", ask.inference_geo.as_deref())];
    named.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn names_a_place(usage: &Map<String, Value>) -> bool {
    ["message_start", "message_delta", "buffered"].iter().any(|place| usage.contains_key(*place))
}

fn field(value: &Value) -> Option<String> {
    (*value != Value::Bool(false)).then(|| value.to_string())
}

fn owned((name, value): (&String, &Value)) -> (String, Value) {
    (name.clone(), value.clone())
}
