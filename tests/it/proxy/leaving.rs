//! The client leaves: whenever it does, the provider is let go within a second and exactly one line says so.

use crate::sandbox::raw::{self, Ended};
use crate::support::app::TestApp;
use crate::support::calls::{Line, bytes_of, scripted, soon};
use derouter::domain::outcome::{Flags, Outcome};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// How long after its client a provider's connection may live.
const LETS_GO_MS: u64 = 1_000;

/// Drops the client, and checks that the provider's newest request ends within a second.
async fn leave(app: &TestApp, client: TcpStream) {
    let left_ms = app.sandbox.now_ms();
    drop(client);
    let_go(app, left_ms).await;
}

async fn let_go(app: &TestApp, left_ms: u64) {
    app.provider_until("the provider is let go", |all| all.iter().all(|r| r.closed_ms.is_some())).await;
    let closed_ms = app.sandbox.requests().iter().filter_map(|r| r.closed_ms).max().expect("a request");
    assert!(closed_ms.saturating_sub(left_ms) <= LETS_GO_MS, "let go after {} ms", closed_ms - left_ms);
}

async fn reaches_provider(app: &TestApp, count: usize) {
    app.provider_until("the request arrives", |all| all.len() == count).await;
}

fn assert_cancelled(line: &Line) {
    assert_eq!((line.outcome, line.flags), (Outcome::CancelledBeforeStart, Flags::NONE), "{line:?}");
    assert_eq!((line.cost, line.price), (0, 0), "{line:?}");
    assert!(line.absorbed > 0, "the input may have been used: {line:?}");
}

fn assert_client_gone(line: &Line) {
    assert_eq!(line.outcome, Outcome::Answered, "{line:?}");
    assert!(line.flags.has(Flags::CLIENT_GONE), "{line:?}");
    assert_eq!(line.cost, line.input * 1_000 + line.output * 5_000, "{line:?}");
    assert!(line.cost > 0 && line.absorbed == 0, "{line:?}");
}

#[actix_web::test]
async fn f01_a_client_that_leaves_while_uploading_was_never_there() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    let whole = bytes_of(&key, "/v1/messages", "", &scripted(&json!({}), true).to_string());
    drop(app.open(&whole[..whole.len() - 10]).await);
    let got = app.play(&key, &json!({}), false).await;
    assert_eq!(got.header("anthropic-ratelimit-requests-remaining"), Some("59"));
    assert_eq!((app.sandbox.counted(), app.lines(&key).await.len()), (1, 1));
    app.close().await;
}

#[actix_web::test]
async fn f02_f09_before_the_head_nothing_is_billed_and_the_input_is_absorbed() {
    let app = TestApp::start().await;
    let account = app.account("1000").await;
    let rows = [
        (json!({ "scenario": "no_head" }), true),
        (json!({ "scenario": "no_head" }), false),
        (json!({ "first_byte_ms": 60_000 }), false),
        // The head is there, half of the body is not.
        (json!({ "scenario": "stall_after_n" }), false),
    ];
    for (number, (script, streamed)) in (1..).zip(rows) {
        let key = app.wide_key(&account).await;
        let client = app.start_call(&key, &script, streamed).await;
        reaches_provider(&app, number).await;
        leave(&app, client).await;
        assert_cancelled(&app.line(&key).await);
    }
    app.close().await;
}

#[actix_web::test]
async fn f03_mid_stream_what_came_is_billed() {
    let app = TestApp::start().await;
    let account = app.account("1000").await;
    // After the start event alone, and after some content.
    for events in [1, 5] {
        let key = app.wide_key(&account).await;
        let stall = json!({ "scenario": "stall_after_n", "after": events });
        let mut client = app.start_call(&key, &stall, true).await;
        read_events(&mut client, events).await;
        leave(&app, client).await;
        assert_client_gone(&app.line(&key).await);
    }
    app.close().await;
}

#[actix_web::test]
async fn f04_after_the_last_event_it_is_an_ordinary_call() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    let mut client = app.start_call(&key, &json!({}), true).await;
    assert_eq!(soon("an answer", raw::read(&mut client)).await.ended, Ended::Clean);
    drop(client);
    let line = app.line(&key).await;
    assert_eq!((line.outcome, line.flags), (Outcome::Answered, Flags::NONE));
    app.close().await;
}

#[actix_web::test]
async fn f05_a_client_that_closes_its_side_counts_as_gone() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    let mut client = app.start_call(&key, &json!({ "scenario": "stall_after_n" }), true).await;
    read_events(&mut client, 5).await;
    let left_ms = app.sandbox.now_ms();
    client.shutdown().await.expect("its side closes");
    let_go(&app, left_ms).await;
    assert_client_gone(&app.line(&key).await);
    app.close().await;
}

#[actix_web::test]
async fn f06_a_client_that_stops_reading_is_given_up() {
    let app = TestApp::start_with(&[("DEROUTER__LIMITS__STALL_S", "1")]).await;
    let key = app.key("100", "60", 60, 5).await;
    // More than the kernel keeps for both sides.
    let script = json!({ "text": "x".repeat(12_000_000), "chunks": 1_500 });
    app.sandbox.set_scenario(script).expect("a script");
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(8_192).expect("a small buffer");
    let mut client = socket.connect(app.api).await.expect("the API listens");
    client.write_all(&bytes_of(&key, "/v1/messages", "", &plain(true).to_string())).await.expect("taken");
    app.provider_until("the provider is let go", |all| all.iter().any(|r| r.closed_ms.is_some())).await;
    assert_client_gone(&app.line(&key).await);
    drop(client);
    app.close().await;
}

#[actix_web::test]
async fn f07_a_client_that_hangs_up_again_and_again_is_slowed() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    for number in 1..=20 {
        let client = app.start_call(&key, &json!({ "scenario": "no_head" }), true).await;
        reaches_provider(&app, number).await;
        drop(client);
        soon("it settles", app.settled()).await;
    }
    let running = app.start_call(&key, &json!({ "scenario": "no_head" }), true).await;
    reaches_provider(&app, 21).await;
    let second = app.play(&key, &json!({}), true).await;
    assert_eq!((second.status, second.json()["error"]["details"]["error_code"].as_str()), (429, Some("concurrency")));
    leave(&app, running).await;
    let lines = app.lines(&key).await;
    assert_eq!(lines.len(), 21);
    lines.iter().for_each(assert_cancelled);
    app.close().await;
}

#[actix_web::test]
async fn f07_no_storm_of_leavers_runs_more_calls_than_the_key_may() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    for _ in 0..50 {
        drop(app.start_call(&key, &json!({ "scenario": "no_head" }), true).await);
    }
    // The sixth of this key proves that everything before it was worked off.
    soon("the storm is over", async { while app.play(&key, &json!({}), false).await.status == 429 {} }).await;
    app.provider_until("all are let go but ours", |all| {
        all.iter().all(|r| r.closed_ms.is_some() || r.answered_ms.is_some())
    })
    .await;
    let requests = app.sandbox.requests();
    for at in requests.iter().map(|r| r.arrived_ms) {
        let ends = |r: &&derouter::upstream::sandbox::record::RecordedRequest| {
            r.arrived_ms <= at && r.answered_ms.or(r.closed_ms).is_some_and(|end| end > at)
        };
        assert!(requests.iter().filter(ends).count() <= 5, "at {at}");
    }
    let lines = app.lines(&key).await;
    assert!(lines.len() >= requests.len(), "each request has its line");
    app.close().await;
}

#[actix_web::test]
async fn f10_pipelined_requests_are_each_admitted_by_the_limits() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 10, 5).await;
    let one = bytes_of(&key, "/v1/messages", "", &plain(false).to_string());
    let mut client = app.open(&one.repeat(16)).await;
    let mut text = String::new();
    while text.matches("HTTP/1.1 ").count() < 16 {
        text.push_str(&read_some(&mut client).await);
    }
    assert_eq!((text.matches("HTTP/1.1 200").count(), text.matches("HTTP/1.1 429").count()), (10, 6), "{text}");
    let first_refusal = text.find("HTTP/1.1 429").expect("a refusal");
    assert!(text.rfind("HTTP/1.1 200").expect("an answer") < first_refusal, "answers come in the order of requests");
    assert_eq!((app.lines(&key).await.len(), app.sandbox.counted()), (10, 10));
    app.close().await;
}

#[actix_web::test]
async fn f08_a_repeated_request_is_a_new_call() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    let twice = bytes_of(&key, "/v1/messages", "idempotency-key: same\r\n", &plain(false).to_string());
    for _ in 0..2 {
        assert_eq!(app.exchange(&twice).await.status, 200);
    }
    assert_eq!((app.lines(&key).await.len(), app.sandbox.counted()), (2, 2));
    app.close().await;
}

fn plain(streamed: bool) -> Value {
    json!({
        "model": "claude-haiku-4-5", "max_tokens": 50, "stream": streamed, "messages": [{ "role": "user", "content": "hi" }],
    })
}

/// Reads at least so many events.
async fn read_events(client: &mut TcpStream, count: usize) {
    let mut text = String::new();
    while text.matches("event: ").count() < count || !text.ends_with('\n') {
        text.push_str(&read_some(client).await);
    }
}

async fn read_some(client: &mut TcpStream) -> String {
    let mut step = vec![0; 65_536];
    let length = soon("more of an answer", client.read(&mut step)).await.expect("the stream goes on");
    assert_ne!(length, 0, "the connection closed");
    String::from_utf8_lossy(&step[..length]).into_owned()
}
