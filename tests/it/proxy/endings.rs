//! The truth table: each way a call ends, what its client gets, and the one line it leaves.

use crate::sandbox::raw::{Ended, Got};
use crate::support::app::TestApp;
use crate::support::calls::Line;
use derouter::domain::outcome::{Flags, Outcome};
use serde_json::{Value, json};

/// What a client gets of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Seen {
    /// The whole answer, ended as HTTP and the provider end it.
    Whole,
    /// A 200 with an error event, and no clean end.
    Broken,
    /// An error of this status and code before any head.
    Refused(u16, &'static str),
}

/// What it leaves in the books.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Left {
    /// Billed by what the line counts, with exactly these flags.
    Billed(Flags),
    /// Unbilled; whether the platform bears something.
    Void(Outcome, bool),
}

struct Row {
    case: &'static str,
    script: Value,
    streamed: bool,
    seen: Seen,
    left: Left,
}

const STREAMED: bool = true;
const BUFFERED: bool = false;
const BAD_GATEWAY: Seen = Seen::Refused(502, "upstream_unavailable");
/// What came was counted by us: the upstream never said.
const PARTIAL: Left = Left::Billed(Flags(Flags::PARTIAL.0 | Flags::ESTIMATED.0));
const FAILED: Left = Left::Void(Outcome::UpstreamFailed, false);
/// A 200 whose body is no answer: the provider may bill its input, which we bear.
const UNREADABLE: Left = Left::Void(Outcome::UpstreamFailed, true);
const FULL: Left = Left::Billed(Flags::NONE);

fn row(case: &'static str, script: Value, streamed: bool, seen: Seen, left: Left) -> Row {
    Row { case, script, streamed, seen, left }
}

fn named(case: &'static str, scenario: &str, streamed: bool, seen: Seen, left: Left) -> Row {
    row(case, json!({ "scenario": scenario }), streamed, seen, left)
}

/// Plays each row with a key of its own.
async fn play(app: &TestApp, rows: &[Row]) {
    let account = app.account("1000000").await;
    for row in rows {
        let key = app.wide_key(&account).await;
        let got = app.play(&key, &row.script, row.streamed).await;
        let what = format!("{} {} streamed: {}", row.case, row.script, row.streamed);
        check_seen(&what, row, &got);
        check_left(&what, row.left, &app.line(&key).await);
    }
}

fn check_seen(what: &str, row: &Row, got: &Got) {
    match row.seen {
        Seen::Refused(status, code) => {
            assert_eq!(got.status, status, "{what}");
            assert_eq!(got.json()["error"]["details"]["error_code"], code, "{what}");
        }
        Seen::Whole => {
            assert_eq!((got.status, got.ended), (200, Ended::Clean), "{what}");
            let text = got.text();
            let ends = text.trim_end().ends_with("{\"type\":\"message_stop\"}");
            assert!(!row.streamed || (ends && text.matches("message_stop\"").count() == 1), "{what}: {text}");
        }
        Seen::Broken => {
            assert_eq!(got.status, 200, "{what}");
            assert_ne!(got.ended, Ended::Clean, "{what}");
            let last = got.events().pop().expect("an event");
            assert_eq!(last["type"], "error", "{what}: {}", got.text());
            assert!(last["error"]["message"].is_string() && last["request_id"].is_string(), "{what}: {last}");
        }
    }
}

/// The model of these calls costs 1,000 nano-dollars an input token and 5,000 an output token.
fn check_left(what: &str, left: Left, line: &Line) {
    match left {
        Left::Billed(flags) => {
            assert_eq!((line.outcome, line.flags), (Outcome::Answered, flags), "{what}: {line:?}");
            let cost = line.input * 1_000 + line.output * 5_000 + line.cache_read * 100;
            assert_eq!((line.cost, line.absorbed), (cost, 0), "{what}: {line:?}");
            assert!(line.cost > 0, "{what}: {line:?}");
            assert_eq!(line.price, line.cost * 100 / 60, "{what}: {line:?}");
        }
        Left::Void(outcome, absorbs) => {
            assert_eq!((line.outcome, line.flags), (outcome, Flags::NONE), "{what}: {line:?}");
            assert_eq!((line.cost, line.price, line.absorbed > 0), (0, 0, absorbs), "{what}: {line:?}");
        }
    }
}

#[actix_web::test]
async fn e04_e05_e06_a_broken_answer_is_billed_only_where_content_came() {
    let app = TestApp::start().await;
    let absorbed = Left::Void(Outcome::UpstreamFailed, true);
    play(
        &app,
        &[
            named("e04", "close_before_content", STREAMED, Seen::Broken, FAILED),
            named("e04", "close_before_content", BUFFERED, BAD_GATEWAY, UNREADABLE),
            named("e04", "error_before_content", STREAMED, Seen::Broken, absorbed),
            named("e04", "error_before_content", BUFFERED, BAD_GATEWAY, UNREADABLE),
            named("e05", "error_after_n", STREAMED, Seen::Broken, PARTIAL),
            named("e05", "error_after_n", BUFFERED, BAD_GATEWAY, UNREADABLE),
            named("e06", "reset_after_n", STREAMED, Seen::Broken, PARTIAL),
            named("e06", "reset_after_n", BUFFERED, BAD_GATEWAY, UNREADABLE),
            named("e11", "cut_mid_event", STREAMED, Seen::Broken, PARTIAL),
            named("e11", "cut_mid_event", BUFFERED, BAD_GATEWAY, UNREADABLE),
            named("e11", "no_terminal", STREAMED, Seen::Broken, Left::Billed(Flags::PARTIAL)),
            named("e11", "no_terminal", BUFFERED, BAD_GATEWAY, UNREADABLE),
        ],
    )
    .await;
    app.close().await;
}

#[actix_web::test]
async fn e08_e09_an_upstream_that_falls_silent_is_given_up() {
    let limits = [("DEROUTER__UPSTREAM__HEAD_TIMEOUT_S", "1"), ("DEROUTER__UPSTREAM__IDLE_TIMEOUT_S", "1")];
    let app = TestApp::start_with(&limits).await;
    let no_answer = Left::Void(Outcome::NoAnswer, false);
    play(
        &app,
        &[
            named("e08", "no_head", STREAMED, Seen::Refused(504, "upstream_timeout"), no_answer),
            named("e08", "no_head", BUFFERED, Seen::Refused(504, "upstream_timeout"), no_answer),
            named("e09", "stall_after_n", STREAMED, Seen::Broken, PARTIAL),
            named("e09", "stall_after_n", BUFFERED, BAD_GATEWAY, UNREADABLE),
        ],
    )
    .await;
    app.provider_until("every connection closed", |all| all.iter().all(|r| r.closed_ms.is_some())).await;
    app.close().await;
}

#[actix_web::test]
async fn e10_a_trickle_without_end_is_cut_at_the_total_limit() {
    let app = TestApp::start_with(&[("DEROUTER__UPSTREAM__TOTAL_TIMEOUT_S", "1")]).await;
    let rows = [
        row("e10", json!({ "chunk_bytes": 1, "delay_ms": 10 }), BUFFERED, BAD_GATEWAY, UNREADABLE),
        row("e10", json!({ "tokens": 400, "delay_ms": 10 }), STREAMED, Seen::Broken, PARTIAL),
    ];
    play(&app, &rows).await;
    app.close().await;
}

#[actix_web::test]
async fn e12_e13_counts_are_the_largest_valid_ones_and_never_negative() {
    let app = TestApp::start().await;
    let account = app.account("1000000").await;
    let rows = [
        ("usage_in_delta_only", 1_200, 300, 345),
        ("usage_repeated", 1_200, 0, 345),
        ("usage_shrinks", 1_200, 0, 900),
        ("usage_garbage", 1_200, 0, 345),
        ("usage_only_in_incomplete", 1_200, 0, 345),
    ];
    for (scenario, input, cache_read, output) in rows {
        let key = app.wide_key(&account).await;
        let got = app.play(&key, &json!({ "scenario": scenario }), STREAMED).await;
        assert_eq!((got.status, got.ended), (200, Ended::Clean), "{scenario}");
        let line = app.line(&key).await;
        assert_eq!((line.input, line.cache_read, line.output), (input, cache_read, output), "{scenario}");
        assert_eq!(line.outcome, Outcome::Answered, "{scenario}");
    }
    app.close().await;
}

#[actix_web::test]
async fn e12_an_answer_without_usage_is_estimated_from_what_was_forwarded() {
    let app = TestApp::start().await;
    let estimated = Left::Billed(Flags::ESTIMATED);
    let rows = [STREAMED, BUFFERED].map(|streamed| named("e12", "no_usage", streamed, Seen::Whole, estimated));
    play(&app, &rows).await;
    app.close().await;
}

#[actix_web::test]
async fn e14_e17_e24_odd_but_readable_streams_pass_unchanged() {
    let app = TestApp::start().await;
    let account = app.account("1000000").await;
    let rows = ["bad_json_data", "odd_framing", "two_terminals", "tail_after_terminal", "trailers"];
    for scenario in rows {
        let key = app.wide_key(&account).await;
        let got = app.play(&key, &json!({ "scenario": scenario }), STREAMED).await;
        assert_eq!((got.status, got.ended), (200, Ended::Clean), "{scenario}");
        let kinds = got.kinds();
        assert_eq!(kinds.last().map(String::as_str), Some("message_stop"), "{scenario}: {kinds:?}");
        assert_eq!(kinds.iter().filter(|kind| *kind == "message_stop").count(), 1, "{scenario}");
        let line = app.line(&key).await;
        assert_eq!(line.outcome, Outcome::Answered, "{scenario}");
        assert!(line.output < 500, "what follows the end is not billed: {scenario} {line:?}");
    }
    app.close().await;
}

#[actix_web::test]
async fn e15_e18_e19_e25_e26_a_200_that_is_no_answer_is_never_billed() {
    let app = TestApp::start().await;
    let short = json!({ "fault": "wrong_content_length", "length_off": -10 });
    let empty = json!({ "status": 204, "body": "" });
    play(
        &app,
        &[
            named("e15", "bad_json_data", BUFFERED, BAD_GATEWAY, UNREADABLE),
            named("e15", "two_terminals", BUFFERED, BAD_GATEWAY, UNREADABLE),
            named("e18", "gzip_anyway", STREAMED, BAD_GATEWAY, UNREADABLE),
            named("e18", "gzip_anyway", BUFFERED, BAD_GATEWAY, UNREADABLE),
            named("e19", "wrong_content_length", BUFFERED, BAD_GATEWAY, UNREADABLE),
            row("e19", short, BUFFERED, BAD_GATEWAY, UNREADABLE),
            named("e25", "html_200", STREAMED, BAD_GATEWAY, UNREADABLE),
            named("e25", "html_200", BUFFERED, BAD_GATEWAY, UNREADABLE),
            named("e26", "empty_200", STREAMED, BAD_GATEWAY, UNREADABLE),
            named("e26", "empty_200", BUFFERED, BAD_GATEWAY, UNREADABLE),
            row("e26", empty.clone(), STREAMED, BAD_GATEWAY, UNREADABLE),
            row("e26", empty, BUFFERED, BAD_GATEWAY, UNREADABLE),
        ],
    )
    .await;
    app.close().await;
}

#[actix_web::test]
async fn e16_an_endless_event_and_an_endless_body_are_cut() {
    let app = TestApp::start_with(&[("DEROUTER__LIMITS__ANSWER_BYTES", "1000000")]).await;
    let line = json!({ "fault": "huge_line", "bytes": 2_000_000 });
    let rows = [
        row("e16", line.clone(), STREAMED, Seen::Broken, PARTIAL),
        row("e16", line, BUFFERED, BAD_GATEWAY, UNREADABLE),
    ];
    play(&app, &rows).await;
    app.provider_until("every connection closed", |all| all.iter().all(|r| r.closed_ms.is_some())).await;
    app.close().await;
}

#[actix_web::test]
async fn e23_what_a_key_cannot_pay_is_absorbed() {
    let app = TestApp::start().await;
    for streamed in [STREAMED, BUFFERED] {
        // The answer reports far more than was asked for: 5 dollars, on a key with 1.
        let key = app.key("1", "1", 60, 5).await;
        let got = app.play(&key, &json!({ "scenario": "over_hold" }), streamed).await;
        assert_eq!((got.status, got.ended), (200, Ended::Clean));
        let line = app.line(&key).await;
        assert_eq!((line.outcome, line.flags), (Outcome::Answered, Flags::CAPPED), "{line:?}");
        assert_eq!(line.cost, 1_000_000_000, "all the key had: {line:?}");
        assert_eq!(line.cost + line.absorbed, line.input * 1_000 + line.output * 5_000, "{line:?}");
        assert_eq!(app.play(&key, &json!({}), streamed).await.status, 402);
    }
    app.close().await;
}

#[actix_web::test]
async fn an_ordinary_answer_of_each_kind_is_billed_whole() {
    let app = TestApp::start().await;
    let mut rows = Vec::new();
    for scenario in ["ok", "thinking", "tool_use"] {
        rows.extend([STREAMED, BUFFERED].map(|streamed| named("row 1", scenario, streamed, Seen::Whole, FULL)));
    }
    play(&app, &rows).await;
    app.close().await;
}
