//! The endpoints a test steers the sandbox by, under `/_sandbox/`; a provider has nothing like them.

use serde_json::{Value, json};

use crate::upstream::sandbox::connection::Shared;
use crate::upstream::sandbox::record::RecordedRequest;
use crate::upstream::sandbox::reply::Reply;
use crate::upstream::sandbox::scenario::SCENARIOS;

/// Answers one of the steering endpoints.
pub fn answer(shared: &Shared, method: &str, path: &str, query: Option<&str>, body: &[u8]) -> Reply {
    match (method, path) {
        ("GET", "/_sandbox/requests") => requests(shared, query),
        ("DELETE", "/_sandbox/requests") => {
            shared.log.forget();
            done()
        }
        ("GET", "/_sandbox/scenario") => {
            Reply::json(200, &json!({"scenarios": SCENARIOS.iter().map(|row| row.0).collect::<Vec<_>>()}))
        }
        ("PUT", "/_sandbox/scenario") => put_scenario(shared, body),
        ("DELETE", "/_sandbox/scenario") => {
            shared.standing.reset();
            done()
        }
        _ => Reply::refusal(404),
    }
}

fn put_scenario(shared: &Shared, body: &[u8]) -> Reply {
    let set = serde_json::from_slice(body).map_err(Into::into).and_then(|script: Value| shared.standing.set(script));
    match set {
        Ok(()) => done(),
        Err(error) => Reply::error(400, "invalid_request_error", &error.to_string()),
    }
}

/// The remembered requests, with `?since=N` only those numbered above N.
fn requests(shared: &Shared, query: Option<&str>) -> Reply {
    let since = query.and_then(|query| query.strip_prefix("since=")).and_then(|number| number.parse::<u64>().ok());
    let wanted = |request: &RecordedRequest| since.is_none_or(|since| request.number > since);
    let requests: Vec<_> = shared.log.requests().into_iter().filter(wanted).collect();
    Reply::json(
        200,
        &json!({
            "count": shared.log.counted(),
            "open_connections": shared.log.open_connections(),
            "now_ms": shared.log.now_ms(),
            "requests": requests,
        }),
    )
}

fn done() -> Reply {
    Reply::json(200, &json!({"ok": true}))
}
