//! The reader of request bodies: what it takes is JSON that every other reader understands alike, and the one change we
//! make leaves every other byte as it came.

use derouter::domain::request::{ModelRequest, parse, with_max_tokens};
use serde_json::Value;

/// What tool definitions add to a prompt beyond their own bytes.
const TOOL_PREAMBLE: u64 = 1_000;

/// The first eight bytes are a limit to splice in; the rest is the body.
pub fn check(bytes: &[u8]) {
    let Some((tokens, body)) = bytes.split_first_chunk::<8>() else { return };
    let Ok(request) = parse(body) else { return };
    let value: Value = serde_json::from_slice(body).expect("what is taken is JSON");
    agrees(&request, &value);
    assert!(request.text_bytes <= body.len() as u64 + TOOL_PREAMBLE, "no text beyond the body");
    spliced(body, &request, u64::from_le_bytes(*tokens));
}

fn agrees(request: &ModelRequest, value: &Value) {
    assert_eq!(value["model"], request.model.as_str());
    assert_eq!(value.get("stream").and_then(Value::as_bool).unwrap_or(false), request.stream);
    assert_eq!(value.get("max_tokens").and_then(Value::as_u64), request.max_tokens.as_ref().map(|limit| limit.0));
    assert_eq!(value["thinking"]["budget_tokens"].as_u64(), request.thinking_budget);
    assert_eq!(value["speed"] == "fast", request.speed_fast);
    assert_eq!(value["inference_geo"].as_str(), request.geo.as_deref());
    assert_eq!(value["service_tier"].as_str(), request.service_tier.as_deref());
}

/// The body out is the body in, but for the digits of one number or one field put in front.
fn spliced(body: &[u8], request: &ModelRequest, tokens: u64) {
    let out = with_max_tokens(body, request, tokens);
    let again = parse(&out).expect("still a body");
    let (limit, range) = again.max_tokens.clone().expect("it has a limit now");
    assert_eq!((limit, &out[range.clone()]), (tokens, tokens.to_string().as_bytes()));
    match &request.max_tokens {
        Some((_, old)) => {
            assert_eq!((&out[..range.start], &out[range.end..]), (&body[..old.start], &body[old.end..]));
        }
        None => {
            let field = format!("\"max_tokens\":{tokens},");
            let (head, rest) = body.split_at(request.insert_at);
            assert_eq!(out, [head, field.as_bytes(), rest].concat());
        }
    }
    // Lengths aside, the same request is read.
    let lengths = |of: &ModelRequest| ModelRequest { max_tokens: None, text_bytes: 0, ..of.clone() };
    assert_eq!(lengths(&again), lengths(request));
    assert_eq!(with_max_tokens(&out, &again, tokens), out, "twice is once");
}
