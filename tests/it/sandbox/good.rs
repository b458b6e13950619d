//! Good answers: well-formed, equal for equal input, with the usage that was asked for.

use derouter::upstream::sandbox::scenario::SCENARIOS;
use derouter::upstream::sandbox::script::Script;
use serde_json::{Value, json};

use crate::sandbox::raw::{Ended, body, call, post, sandbox};

/// Scenarios whose answers are whole and well-formed.
const WHOLE: [&str; 20] = [
    "ok",
    "long",
    "thinking",
    "tool_use",
    "cached",
    "fast",
    "geo_us",
    "web_search",
    "compaction",
    "advisor",
    "other_model",
    "tier_edge",
    "no_usage",
    "usage_in_delta_only",
    "usage_repeated",
    "usage_shrinks",
    "usage_garbage",
    "over_hold",
    "usage_only_in_incomplete",
    "leaky_headers",
];

#[test]
fn every_named_scenario_can_be_played() {
    for (name, _) in SCENARIOS {
        Script::parse(json!({"scenario": name})).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[tokio::test]
async fn a_good_stream_tells_one_message_from_start_to_stop() {
    let sandbox = sandbox().await;
    for name in WHOLE {
        let got = call(&sandbox, json!({"scenario": name, "delay_ms": 0}), true).await;
        assert_eq!((got.status, got.ended), (200, Ended::Clean), "{name}");
        assert_eq!(got.header("content-type"), Some("text/event-stream; charset=utf-8"), "{name}");
        let kinds = got.kinds();
        assert_eq!(kinds.first().map(String::as_str), Some("message_start"), "{name}");
        assert_eq!(kinds.last().map(String::as_str), Some("message_stop"), "{name}");
        let count = |kind: &str| kinds.iter().filter(|known| *known == kind).count();
        assert_eq!(count("content_block_start"), count("content_block_stop"), "{name}");
        assert!(count("message_delta") >= 1 && count("ping") == 1, "{name}");
    }
}

#[tokio::test]
async fn a_good_buffered_answer_is_one_message() {
    let sandbox = sandbox().await;
    for name in WHOLE {
        let got = call(&sandbox, json!({"scenario": name, "delay_ms": 0}), false).await;
        assert_eq!((got.status, got.ended), (200, Ended::Clean), "{name}");
        let message = got.json();
        assert_eq!(message["type"], "message", "{name}");
        assert!(message["content"].as_array().is_some_and(|blocks| !blocks.is_empty()), "{name}");
    }
}

#[tokio::test]
async fn equal_input_gets_an_equal_answer_and_a_seed_changes_it() {
    let sandbox = sandbox().await;
    for streamed in [true, false] {
        let ok = || json!({"scenario": "long", "delay_ms": 0});
        let (first, second) = (call(&sandbox, ok(), streamed).await, call(&sandbox, ok(), streamed).await);
        assert_eq!(first.body, second.body);
        let seeded = call(&sandbox, json!({"scenario": "long", "delay_ms": 0, "seed": 7}), streamed).await;
        assert_ne!(first.body, seeded.body);
    }
}

#[tokio::test]
async fn streamed_and_buffered_say_the_same() {
    let sandbox = sandbox().await;
    let script = json!({"text": "Grüße, 世界 🎉 \"quoted\"\n", "chunks": 9});
    let whole = call(&sandbox, script.clone(), false).await.json();
    let deltas = call(&sandbox, script, true).await.events();
    let text: String = deltas.iter().filter_map(|event| event["delta"]["text"].as_str()).collect();
    assert_eq!(whole["content"][0]["text"], text);
    assert_eq!(deltas.iter().filter(|event| event["type"] == "content_block_delta").count(), 9);
}

#[tokio::test]
async fn the_answer_echoes_what_was_said_without_the_script() {
    let sandbox = sandbox().await;
    let message = call(&sandbox, json!({"scenario": "ok"}), false).await.json();
    assert_eq!(message["content"][0]["text"], "The sandbox heard you say: Good morning.");
    assert_eq!(message["model"], "claude-sonnet-5-5");
    assert_eq!(message["stop_reason"], "end_turn");
}

#[tokio::test]
async fn scripted_usage_is_reported_where_a_provider_reports_it() {
    let sandbox = sandbox().await;
    let golden = json!({"input_tokens": 1000, "cache_read_input_tokens": 30011, "cache_creation_input_tokens": 9016});
    let whole = call(&sandbox, json!({"scenario": "cached"}), false).await.json();
    let events = call(&sandbox, json!({"scenario": "cached"}), true).await.events();
    let start = &events[0]["message"]["usage"];
    let delta = &events[events.len() - 2]["usage"];
    for (name, value) in golden.as_object().expect("an object") {
        assert_eq!([&whole["usage"][name], &start[name], &delta[name]], [value; 3], "{name}");
    }
    assert_eq!(start["cache_creation"], json!({"ephemeral_5m_input_tokens": 4007, "ephemeral_1h_input_tokens": 5009}));
    assert_eq!([&start["output_tokens"], &delta["output_tokens"]], [&json!(1), &json!(2003)]);
    assert_eq!(whole["usage"]["output_tokens"], 2003);
}

#[tokio::test]
async fn odd_usage_comes_as_scripted() {
    let sandbox = sandbox().await;
    let none = call(&sandbox, json!({"scenario": "no_usage"}), true).await.events();
    assert!(none.iter().all(|event| event.get("usage").is_none() && event["message"].get("usage").is_none()));
    let repeated = call(&sandbox, json!({"scenario": "usage_repeated"}), true).await.events();
    let outputs = |events: &[Value]| -> Vec<Value> {
        let deltas = events.iter().filter(|event| event["type"] == "message_delta");
        deltas.map(|event| event["usage"]["output_tokens"].clone()).collect()
    };
    assert_eq!(outputs(&repeated), [345, 345, 345]);
    let shrinking = call(&sandbox, json!({"scenario": "usage_shrinks"}), true).await.events();
    assert_eq!(outputs(&shrinking), [900, 5]);
    let garbage = call(&sandbox, json!({"scenario": "usage_garbage"}), true).await.events();
    assert_eq!(outputs(&garbage), [json!(1e30), json!(9223372036854775808_u64), json!("NaN"), json!(345), json!(-1)]);
}

#[tokio::test]
async fn a_long_answer_stops_at_the_limit_that_was_asked_for() {
    let sandbox = sandbox().await;
    let events = call(&sandbox, json!({"tokens": 900}), true).await.events();
    assert_eq!(events.iter().filter(|event| event["type"] == "content_block_delta").count(), 500);
    let delta = &events[events.len() - 2];
    assert_eq!(delta["delta"]["stop_reason"], "max_tokens");
    assert_eq!(delta["usage"]["output_tokens"], 500);
}

#[tokio::test]
async fn a_tool_is_called_once_and_its_result_ends_the_round() {
    let sandbox = sandbox().await;
    sandbox.set_scenario(json!({"scenario": "tool_use"})).expect("a scenario");
    let mut request = body(&json!({"scenario": "tool_use"}), false);
    request["messages"] = json!([{"role": "user", "content": "What is the weather?"}]);
    let called = post(&sandbox, "/v1/messages", &request).await.json();
    assert_eq!(called["stop_reason"], "tool_use");
    assert_eq!(called["content"][1]["name"], "weather");
    let result = json!({"type": "tool_result", "tool_use_id": called["content"][1]["id"], "content": "sunny"});
    request["messages"] = json!([{"role": "user", "content": [result]}]);
    assert_eq!(post(&sandbox, "/v1/messages", &request).await.json()["stop_reason"], "end_turn");
}

#[tokio::test]
async fn tokens_are_counted_by_the_size_of_the_body() {
    let sandbox = sandbox().await;
    let request = body(&json!({"scenario": "ok"}), false);
    let counted = post(&sandbox, "/v1/messages/count_tokens", &request).await.json();
    assert_eq!(counted, json!({"input_tokens": request.to_string().len().div_ceil(4)}));
}
