//! Spoiled answers: each breaks exactly where and how it says.

use derouter::upstream::sandbox::reply::Reply;
use serde_json::{Value, json};

use crate::sandbox::raw::{Ended, Got, call, events_of, sandbox};

/// Fault, how its stream ends, events that came whole, and the last one's type.
const STREAMED: [(&str, Ended, usize, &str); 11] = [
    ("close_before_content", Ended::Cut, 0, ""),
    ("error_before_content", Ended::Clean, 2, "error"),
    ("error_after_n", Ended::Clean, 6, "error"),
    ("reset_after_n", Ended::Reset, 5, "content_block_delta"),
    ("cut_mid_event", Ended::Clean, 5, "content_block_delta"),
    ("no_terminal", Ended::Clean, 9, "message_delta"),
    ("two_terminals", Ended::Clean, 11, "message_stop"),
    ("tail_after_terminal", Ended::Clean, 12, "message_delta"),
    ("bad_json_data", Ended::Clean, 11, "message_stop"),
    ("wrong_content_length", Ended::Cut, 10, "message_stop"),
    ("trailers", Ended::Clean, 10, "message_stop"),
];

/// Fault, how its buffered answer ends, and whether the body is the whole message.
const BUFFERED: [(&str, Ended, bool); 12] = [
    ("close_before_content", Ended::Cut, false),
    ("error_before_content", Ended::Clean, false),
    ("error_after_n", Ended::Clean, false),
    ("reset_after_n", Ended::Reset, false),
    ("cut_mid_event", Ended::Clean, false),
    ("no_terminal", Ended::Clean, false),
    ("two_terminals", Ended::Clean, false),
    ("tail_after_terminal", Ended::Clean, false),
    ("bad_json_data", Ended::Clean, false),
    ("wrong_content_length", Ended::Cut, true),
    ("odd_framing", Ended::Clean, true),
    ("trailers", Ended::Clean, true),
];

fn is_message(got: &Got) -> bool {
    serde_json::from_slice::<Value>(&got.body).is_ok_and(|answer| answer["type"] == "message")
}

/// The events that came whole.
fn whole_events(got: &Got) -> Vec<Value> {
    let text = String::from_utf8_lossy(&got.body).into_owned();
    let whole = text.rfind("\n\n").map_or("", |end| &text[..end]);
    events_of(whole)
}

#[tokio::test]
async fn a_broken_stream_breaks_where_it_says() {
    let sandbox = sandbox().await;
    for (name, ended, count, last) in STREAMED {
        let got = call(&sandbox, json!({"scenario": name}), true).await;
        let events = whole_events(&got);
        assert_eq!((got.status, got.ended, events.len()), (200, ended, count), "{name}: {}", got.text());
        assert_eq!(events.last().map_or("", |event| event["type"].as_str().unwrap_or("")), last, "{name}");
    }
}

#[tokio::test]
async fn a_broken_buffered_answer_breaks_where_it_says() {
    let sandbox = sandbox().await;
    for (name, ended, whole) in BUFFERED {
        let got = call(&sandbox, json!({"scenario": name}), false).await;
        assert_eq!((got.status, got.ended, is_message(&got)), (200, ended, whole), "{name}: {}", got.text());
    }
}

#[tokio::test]
async fn the_place_and_the_end_of_a_fault_can_be_chosen() {
    let sandbox = sandbox().await;
    let ends = [("clean", Ended::Clean), ("close", Ended::Cut), ("reset", Ended::Reset)];
    for after in [0, 1, 3, 9] {
        for (end, ended) in ends {
            let got = call(&sandbox, json!({"scenario": "no_terminal", "after": after, "end": end}), true).await;
            assert_eq!((whole_events(&got).len(), got.ended), (after, ended), "{after} {end}");
        }
    }
}

#[tokio::test]
async fn a_cut_event_is_half_there() {
    let sandbox = sandbox().await;
    let good = call(&sandbox, json!({"scenario": "ok"}), true).await.text();
    let cut = call(&sandbox, json!({"scenario": "cut_mid_event"}), true).await.text();
    // The bodies differ by the id, which follows the request; from the first delta on they are the same.
    let from_delta = |text: &str| text[text.find("event: content_block_delta").expect("a delta")..].to_owned();
    assert!(from_delta(&good).starts_with(&from_delta(&cut)));
    assert!(!cut.ends_with("\n\n"));
}

#[tokio::test]
async fn an_odd_stream_means_the_same_as_an_ordinary_one() {
    let sandbox = sandbox().await;
    // Fixed, because plausible usage goes by the size of the request, script included.
    let usage = json!({"message_delta": {"output_tokens": 1}});
    let good = call(&sandbox, json!({"scenario": "ok", "usage": usage}), true).await;
    let odd = call(&sandbox, json!({"scenario": "odd_framing", "usage": usage}), true).await;
    assert!(odd.text().starts_with('\u{feff}') && odd.text().contains("\r\n"));
    assert_eq!(good.events()[1..], odd.events()[1..]);
    assert_eq!(odd.events()[0]["type"], "message_start");
}

#[tokio::test]
async fn pieces_of_one_byte_make_the_same_bytes() {
    let sandbox = sandbox().await;
    for streamed in [true, false] {
        let script = json!({"scenario": "one_byte_per_s", "delay_ms": 0});
        let got = call(&sandbox, script, streamed).await;
        let message = if streamed { got.events()[0]["message"].clone() } else { got.json() };
        assert_eq!(message["type"], "message");
    }
}

#[tokio::test]
async fn a_huge_line_is_as_long_as_asked() {
    let sandbox = sandbox().await;
    let script = json!({"scenario": "huge_line", "bytes": 3_000_000});
    let streamed = call(&sandbox, script.clone(), true).await;
    let longest = streamed.events().iter().filter_map(|event| event["delta"]["text"].as_str().map(str::len)).max();
    assert_eq!(longest, Some(3_000_000));
    let buffered = call(&sandbox, script, false).await;
    assert!(buffered.body.len() > 3_000_000 && is_message(&buffered));
}

#[tokio::test]
async fn gzip_comes_although_nobody_asked() {
    let sandbox = sandbox().await;
    for streamed in [true, false] {
        let got = call(&sandbox, json!({"scenario": "gzip_anyway"}), streamed).await;
        assert_eq!(got.header("content-encoding"), Some("gzip"));
        assert_eq!(got.body[..3], [0x1f, 0x8b, 8]);
    }
}

#[tokio::test]
async fn headers_flood_and_leak_as_named() {
    let sandbox = sandbox().await;
    let flood = call(&sandbox, json!({"scenario": "header_flood"}), true).await;
    assert!(flood.head.len() > 1_000_000, "{}", flood.head.len());
    let leaky = call(&sandbox, json!({"scenario": "leaky_headers"}), true).await;
    for name in ["set-cookie", "anthropic-ratelimit-requests-limit", "cf-ray", "via", "server", "x-hop"] {
        assert!(leaky.header(name).is_some(), "{name}");
    }
    assert_eq!(leaky.header("anthropic-organization-id"), Some("org_sandbox_0001"));
}

#[test]
fn an_unknown_status_is_an_internal_error() {
    assert_eq!(Reply::refusal(599).status, 599);
}
