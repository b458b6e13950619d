//! What a key can pay: growing holds, lowered limits, the clean end when nothing is left, and the last event's wait.

use crate::sandbox::raw::{Ended, Got, events_of};
use crate::support::app::TestApp;
use crate::support::calls::{bytes_of, scripted, soon};
use crate::support::site::TestKey;
use derouter::domain::outcome::{Flags, Outcome};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::Connection;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// A call of the cheap model: 1,000 nano-dollars an input token, 5,000 an output token.
fn call(max_tokens: u64, streamed: bool) -> Value {
    json!({
        "model": "claude-haiku-4-5",
        "max_tokens": max_tokens,
        "stream": streamed,
        "messages": [{ "role": "user", "content": "Good morning." }],
    })
}

#[actix_web::test]
async fn q01_five_long_streams_share_a_small_key() {
    let app = TestApp::start().await;
    let key = app.key("5", "5", 60, 5).await;
    let mut long = scripted(&json!({ "scenario": "stall_after_n" }), true);
    long["model"] = "claude-opus-4-6".into();
    long["max_tokens"] = 128_000.into();
    let mut clients = Vec::new();
    for number in 1..=5 {
        clients.push(app.open(&bytes_of(&key, "/v1/messages", "", &long.to_string())).await);
        app.provider_until("the stream runs", |all| all.len() == number).await;
        let view = app.view(&key).await;
        let amount = |name: &str| view[name].as_str().expect("an amount").parse::<f64>().expect("a number");
        assert!(amount("held") <= amount("funded"), "{view}");
        assert_eq!(view["running"], number);
    }
    drop(clients);
    assert_eq!(app.lines(&key).await.len(), 5);
    app.close().await;
}

#[actix_web::test]
async fn q02_refused_growth_is_a_well_formed_length_stop() {
    let app = TestApp::start().await;
    let half_a_json = json!({ "text": "y".repeat(120_000) });
    let scripts = [
        (json!({ "tokens": 30_000 }), "text_delta"),
        // One event that is far more than the key has left, within a tool's input. Slow enough for the refusal to come
        // before the end does: an answer that is complete by then is not cut.
        (json!({ "blocks": ["tool_use"], "input": half_a_json, "delay_ms": 250 }), "input_json_delta"),
    ];
    for (script, delta) in scripts {
        app.sandbox.set_scenario(script).expect("a script");
        let key = app.key("0.05", "0.05", 60, 5).await;
        let mut body = call(50_000, true);
        body["tools"] = json!([{ "name": "write", "input_schema": { "type": "object" } }]);
        let got = app.ask(&key, &body).await;
        assert_length_stop(&got, delta);
        let line = app.line(&key).await;
        assert_eq!(line.outcome, Outcome::Answered, "{line:?}");
        assert!(line.flags.has(Flags::CUT_BY_BUDGET), "{delta} {line:?}");
        assert!(line.cost > 40_000_000 && line.cost <= 50_000_000, "{delta} {line:?}");
        app.provider_until("the provider is let go", |all| {
            all.iter().all(|r| r.closed_ms.is_some() || r.answered_ms.is_some())
        })
        .await;
    }
    app.close().await;
}

fn assert_length_stop(got: &Got, delta: &str) {
    assert_eq!((got.status, got.ended), (200, Ended::Clean));
    let events = got.events();
    let kinds: Vec<&str> = events.iter().map(|e| e["type"].as_str().expect("a type")).collect();
    assert_eq!(kinds[..2], ["message_start", "content_block_start"]);
    assert_eq!(kinds[kinds.len() - 3..], ["content_block_stop", "message_delta", "message_stop"], "{delta}");
    let last_delta = &events[events.len() - 4];
    assert_eq!(last_delta["delta"]["type"], delta);
    let stop = &events[events.len() - 2];
    assert_eq!(stop["delta"]["stop_reason"], "max_tokens");
    assert!(stop["usage"]["output_tokens"].as_u64().expect("a count") > 0);
}

#[actix_web::test]
async fn q03_a_buffered_call_is_lowered_to_what_the_key_can_pay_and_nothing_else_changes() {
    let app = TestApp::start().await;
    let odd = "{ \"messages\" : [ {\"role\":\"user\",\"content\":\"caf\\u00e9 \u{1f600}\"} ],\n\t\"metadata\":{\"user_id\":\"u\"},\
               \"max_tokens\" : 50000 , \"model\":\"claude-haiku-4-5\",\"unknown\":[1e3,null] }";
    let absent = odd.replace("\"max_tokens\" : 50000 , ", "");
    let inserted = absent.replacen('{', "{\"max_tokens\":TOKENS,", 1);
    for (text, lowered) in [(odd.to_owned(), odd.replace("50000", "TOKENS")), (absent, inserted)] {
        let key = app.key("0.01", "0.01", 60, 5).await;
        let got = app.exchange(&bytes_of(&key, "/v1/messages", "", &text)).await;
        assert_eq!(got.status, 200, "{}", got.text());
        let request = app.sandbox.requests().pop().expect("a request");
        let tokens = request.max_tokens.expect("a limit");
        assert!((256..=2_000).contains(&tokens), "what a cent pays: {tokens}");
        let expected = lowered.replace("TOKENS", &tokens.to_string());
        assert_eq!(request.body_sha256, hex::encode(Sha256::digest(&expected)), "{expected}");
        // With enough on the key, not one byte changes.
        let rich = app.key("10", "10", 60, 5).await;
        assert_eq!(app.exchange(&bytes_of(&rich, "/v1/messages", "", &text)).await.status, 200);
        let request = app.sandbox.requests().pop().expect("a request");
        assert_eq!((request.body_sha256, request.body_bytes), (hex::encode(Sha256::digest(&text)), text.len()));
    }
    app.close().await;
}

#[actix_web::test]
async fn q04_what_does_not_fit_is_refused_with_the_amounts() {
    let app = TestApp::start().await;
    let mut thinking = call(20_000, false);
    thinking["thinking"] = json!({ "type": "enabled", "budget_tokens": 10_000 });
    for (budget, body) in [("0.001", call(50_000, false)), ("0.001", call(50_000, true)), ("0.02", thinking)] {
        let key = app.key(budget, budget, 60, 5).await;
        let got = app.ask(&key, &body).await;
        let error = &got.json()["error"];
        assert_eq!((got.status, &error["type"]), (402, &json!("billing_error")), "{body}");
        assert_eq!(error["details"]["error_code"], "budget_exhausted");
        assert_eq!(got.header("x-should-retry"), Some("false"));
        assert_eq!(got.header("anthropic-ratelimit-requests-remaining"), Some("60"), "a refusal takes no place");
        let words = error["message"].as_str().expect("words");
        assert!(words.contains(" left and this call needs at least $0."), "{words}");
        assert!(app.lines(&key).await.is_empty());
    }
    assert_eq!(app.sandbox.counted(), 0);
    app.close().await;
}

#[actix_web::test]
async fn l10_left_equal_to_needed_is_served_and_the_smallest_amount_less_is_not() {
    let app = TestApp::start().await;
    for streamed in [true, false] {
        let body = call(256, streamed);
        // In millionths of a dollar: a byte of input costs one, 256 tokens of output 1,280.
        let needed = body.to_string().len() + 1_280;
        for (micros, status) in [(needed, 200), (needed - 1, 402)] {
            let budget = format!("0.{micros:06}");
            let key = app.key(&budget, &budget, 60, 5).await;
            assert_eq!(app.ask(&key, &body).await.status, status, "{budget} streamed: {streamed}");
        }
    }
    app.close().await;
}

#[actix_web::test]
async fn p14_the_last_event_waits_until_the_settlement_is_durable() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    assert_eq!(app.ask(&key, &call(50, false)).await.status, 200);
    let settled = app.lines(&key).await.len();
    let mut foreign = sqlx::PgConnection::connect(app.database_url()).await.expect("a session of a stranger");
    let mut lock = foreign.begin().await.expect("a transaction");
    let account: uuid::Uuid = key.account.parse().expect("an id");
    sqlx::query("SELECT 1 FROM ledger.account WHERE account_id = $1 FOR UPDATE")
        .bind(account)
        .execute(&mut *lock)
        .await
        .expect("the row is locked");
    let mut client = app.open(&bytes_of(&key, "/v1/messages", "", &call(50, true).to_string())).await;
    let mut text = read_until(&mut client, "event: message_delta").await;
    assert!(!text.contains("message_stop"), "the end waits: {text}");
    text.push_str(&read_until(&mut client, "event: message_stop").await);
    // No commit was possible: what made it durable is the spool.
    assert_eq!(count(&app, &key).await, settled as i64);
    assert_eq!(app.directory.spool().waiting(), 1);
    lock.rollback().await.expect("unlocked");
    assert_eq!(app.lines(&key).await.len(), settled + 1);
    assert_eq!(events_of(&body_of(&text)).last().expect("an event")["type"], "message_stop");
    app.close().await;
}

async fn count(app: &TestApp, key: &TestKey) -> i64 {
    let key: uuid::Uuid = key.id.parse().expect("an id");
    let count = sqlx::query_scalar("SELECT count(*) FROM ledger.call WHERE key_id = $1").bind(key);
    count.fetch_one(&app.pool).await.expect("a count")
}

async fn read_until(client: &mut TcpStream, mark: &str) -> String {
    let mut text = String::new();
    while !text.contains(mark) || !text.ends_with("\n\r\n") {
        let mut step = vec![0; 65_536];
        let length = soon(mark, client.read(&mut step)).await.expect("the stream goes on");
        assert_ne!(length, 0, "the connection closed after {text}");
        text.push_str(&String::from_utf8_lossy(&step[..length]));
    }
    text
}

/// The lines of events among those of head and chunks.
fn body_of(text: &str) -> String {
    let is_event = |line: &&str| line.is_empty() || line.starts_with("event: ") || line.starts_with("data: ");
    text.replace("\r\n", "\n").lines().filter(is_event).collect::<Vec<_>>().join("\n")
}
