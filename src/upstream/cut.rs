//! What we say ourselves in a stream: a clean length stop when a key can pay no more, and an error that no client can
//! mistake for an end.

use crate::domain::ids::CallId;
use crate::domain::usage::Meter;
use bytes::Bytes;
use serde_json::json;

/// Closes the open block and says why the message stops: everything of a length stop but its terminal event.
pub fn length_stop(meter: &Meter) -> Bytes {
    let mut text = String::new();
    if let Some(index) = meter.open_block() {
        text.push_str(&event("content_block_stop", &json!({ "type": "content_block_stop", "index": index })));
    }
    let usage = meter.reading().usage;
    let delta = json!({
        "type": "message_delta",
        "delta": { "stop_reason": "max_tokens", "stop_sequence": null },
        "usage": { "output_tokens": usage.output },
    });
    text.push_str(&event("message_delta", &delta));
    text.into()
}

/// The terminal event.
pub fn terminal() -> Bytes {
    event("message_stop", &json!({ "type": "message_stop" })).into()
}

/// An error event: no client mistakes a stream that ends with it for a whole answer.
pub fn error_event(kind: &str, message: &str, request: CallId) -> Bytes {
    let error = json!({ "type": kind, "message": message });
    event("error", &json!({ "type": "error", "error": error, "request_id": request.request_id() })).into()
}

fn event(name: &str, data: &serde_json::Value) -> String {
    format!("event: {name}\ndata: {data}\n\n")
}
