//! What the provider refuses: relayed where it is the client's matter, replaced where it is ours; never billed.

use crate::sandbox::raw::Got;
use crate::support::app::TestApp;
use crate::support::site::TestKey;
use derouter::domain::outcome::{Flags, Outcome};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

/// A refusal of the provider, and what becomes of it.
struct Row {
    script: Value,
    status: u16,
    kind: &'static str,
    /// Part of the message.
    says: &'static str,
    retry_after: Option<&'static str>,
    /// Requests the provider saw.
    tries: usize,
}

fn row(script: Value, status: u16, kind: &'static str, says: &'static str, tries: usize) -> Row {
    Row { script, status, kind, says, retry_after: None, tries }
}

/// Plays each row, streamed and buffered, with a key of its own; nothing may be billed.
async fn play(app: &TestApp, rows: &[Row]) {
    let account = app.account("1000000").await;
    for (row, streamed) in rows.iter().flat_map(|row| [(row, true), (row, false)]) {
        let key = app.wide_key(&account).await;
        let before = app.sandbox.counted();
        let got = app.play(&key, &row.script, streamed).await;
        let what = format!("{} streamed: {streamed}: {} {}", row.script, got.head, got.text());
        check(&what, row, &got);
        assert_eq!((app.sandbox.counted() - before) as usize, row.tries, "{what}");
        let line = app.line(&key).await;
        assert_eq!((line.outcome, line.flags), (Outcome::UpstreamFailed, Flags::NONE), "{what}");
        assert_eq!((line.cost, line.price, line.absorbed), (0, 0, 0), "{what}");
        app.parked.store(0, Ordering::Relaxed);
    }
}

fn check(what: &str, row: &Row, got: &Got) {
    assert_eq!(got.status, row.status, "{what}");
    let body = got.json();
    assert_eq!((&body["type"], &body["error"]["type"]), (&json!("error"), &json!(row.kind)), "{what}");
    assert!(body["error"]["message"].as_str().expect("a message").contains(row.says), "{what}");
    assert_eq!(body["request_id"].as_str(), got.header("request-id"), "{what}");
    assert_eq!(got.header("retry-after"), row.retry_after, "{what}");
    assert!(got.header("anthropic-ratelimit-requests-limit").is_some() || got.status >= 500, "{what}");
    for leak in ["org_sandbox", "req_sandbox", "organization"] {
        assert!(!got.text().contains(leak) && !got.head.contains(leak), "{leak} leaks: {what}");
    }
}

#[actix_web::test]
async fn e01_what_the_client_did_wrong_is_told_in_the_providers_words() {
    let app = TestApp::start().await;
    let bad = "invalid_request_error";
    play(
        &app,
        &[
            row(json!({ "scenario": "status_400" }), 400, bad, "at least one message is required", 1),
            row(json!({ "scenario": "prompt_too_long" }), 400, bad, "prompt is too long: 1000123 tokens", 1),
            row(json!({ "scenario": "404" }), 404, "not_found_error", "model: no such model", 1),
            row(json!({ "scenario": "413" }), 413, "request_too_large", "maximum size", 1),
            row(json!({ "scenario": "422" }), 422, bad, "temperature: must be at most 1", 1),
            // Nothing readable: our own words under the same status.
            row(json!({ "status": 400, "body": "<html>" }), 400, bad, "refused this request as malformed", 1),
            row(json!({ "scenario": "echo_credential" }), 400, bad, "refused this request as malformed", 1),
        ],
    )
    .await;
    app.close().await;
}

#[actix_web::test]
async fn e02_trouble_with_our_account_is_ours_and_parks_it() {
    let app = TestApp::start().await;
    let ours = |scenario: &str| row(json!({ "scenario": scenario }), 502, "api_error", "could not be reached", 1);
    let rows = ["401", "402", "403", "credit_low", "organization_on_hold"].map(ours);
    play(&app, &rows).await;
    let key = app.key("100", "60", 60, 5).await;
    assert_eq!(app.play(&key, &json!({ "scenario": "401" }), false).await.status, 502);
    let before = app.sandbox.counted();
    let parked = app.play(&key, &json!({}), false).await;
    assert_eq!((parked.status, parked.header("retry-after")), (529, Some("5")));
    assert_eq!(app.sandbox.counted(), before, "a parked account is left alone");
    app.close().await;
}

#[actix_web::test]
async fn e02_a_client_that_gets_its_own_text_quoted_parks_nobody() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    let low = "Your credit balance is too low to access the Anthropic API.";
    let quoted = |status: u16, message: String| json!({ "status": status, "error": { "type": "invalid_request_error", "message": message } });
    for (script, status) in [
        (quoted(400, format!("tools.0.name: {low}")), 400),
        (quoted(400, format!("{low}: Extra inputs are not permitted")), 502),
        (json!({ "scenario": "403" }), 502),
    ] {
        assert_eq!(app.play(&key, &script, false).await.status, status, "{script}");
        assert_eq!(app.parked.load(Ordering::Relaxed), 0, "{script}");
    }
    assert_eq!(app.ask(&key, &plain()).await.status, 200);
    app.close().await;
}

#[actix_web::test]
async fn e03_a_busy_or_broken_provider_is_tried_again_at_most_twice() {
    let app = TestApp::start().await;
    let busy = |script: Value, tries, retry_after| Row {
        retry_after: Some(retry_after),
        ..row(script, 529, "overloaded_error", "busy", tries)
    };
    play(
        &app,
        &[
            busy(json!({ "scenario": "429_retry_after", "headers": { "retry-after": "7" } }), 1, "7"),
            busy(json!({ "scenario": "529" }), 3, "5"),
            row(json!({ "scenario": "500" }), 502, "api_error", "could not be reached", 3),
            row(json!({ "scenario": "502" }), 502, "api_error", "could not be reached", 3),
            Row {
                retry_after: Some("5"),
                ..row(json!({ "scenario": "503" }), 503, "api_error", "Nothing was charged", 3)
            },
        ],
    )
    .await;
    app.close().await;
}

#[actix_web::test]
async fn e03_one_retry_that_is_answered_is_one_call() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    app.sandbox.set_scenario(json!([{ "scenario": "529" }, { "scenario": "500" }])).expect("two scripts");
    let got = app.ask(&key, &plain()).await;
    assert_eq!((got.status, app.sandbox.counted()), (200, 3));
    assert_eq!(app.line(&key).await.outcome, Outcome::Answered);
    assert_eq!(remaining(&app, &key).await, Some("58".to_owned()), "the retries took no place of the window");
    app.close().await;
}

#[actix_web::test]
async fn e07_a_provider_that_hangs_up_before_the_head_is_502() {
    let app = TestApp::start().await;
    for streamed in [true, false] {
        let key = app.key("100", "60", 60, 5).await;
        let got = app.play(&key, &json!({ "scenario": "close_before_head" }), streamed).await;
        assert_eq!(
            (got.status, got.json()["error"]["details"]["error_code"].as_str()),
            (502, Some("upstream_unavailable"))
        );
        let line = app.line(&key).await;
        assert_eq!((line.outcome, line.cost, line.absorbed), (Outcome::NoAnswer, 0, 0));
    }
    app.close().await;
}

#[actix_web::test]
async fn e07_a_provider_that_is_down_is_502_and_nothing_is_absorbed() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    app.sandbox.fail();
    let got = app.ask(&key, &plain()).await;
    assert_eq!(
        (got.status, got.json()["error"]["details"]["error_code"].as_str()),
        (502, Some("upstream_unavailable"))
    );
    let line = app.line(&key).await;
    assert_eq!((line.outcome, line.cost, line.absorbed), (Outcome::NoAnswer, 0, 0));
    app.close().await;
}

#[actix_web::test]
async fn e20_a_redirect_is_not_followed() {
    let app = TestApp::start().await;
    let gone = |status: u16| json!({ "scenario": "redirect", "status": status });
    let rows = [301, 302, 307, 308].map(|status| row(gone(status), 502, "api_error", "could not be reached", 1));
    play(&app, &rows).await;
    app.close().await;
}

#[actix_web::test]
async fn e22_a_flood_of_headers_is_no_answer() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    let got = app.play(&key, &json!({ "scenario": "header_flood" }), false).await;
    assert_eq!(got.status, 502, "{}", got.head);
    assert_eq!(app.line(&key).await.cost, 0);
    app.close().await;
}

#[actix_web::test]
async fn e27_a_refusal_before_the_body_was_read_does_not_hang() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    app.sandbox.set_scenario(json!({ "scenario": "413_early" })).expect("a script");
    let mut large = plain();
    large["messages"][0]["content"] = "x".repeat(4_000_000).into();
    let got = app.ask(&key, &large).await;
    assert!(matches!(got.status, 413 | 502), "{}", got.head);
    assert_eq!(app.line(&key).await.cost, 0);
    app.close().await;
}

fn plain() -> Value {
    json!({ "model": "claude-haiku-4-5", "max_tokens": 50, "messages": [{ "role": "user", "content": "hi" }] })
}

/// Admissions left in the key's window, as the next answer says.
async fn remaining(app: &TestApp, key: &TestKey) -> Option<String> {
    let got = app.ask(key, &plain()).await;
    got.header("anthropic-ratelimit-requests-remaining").map(str::to_owned)
}
