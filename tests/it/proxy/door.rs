//! The API's door: how many come in at once, and that a call may be served by any thread.

use crate::sandbox::raw;
use crate::support::app::{TestApp, until};
use crate::support::calls::soon;
use crate::support::site::TestKey;
use serde_json::{Value, json};
use std::io::ErrorKind;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

fn plain() -> Value {
    json!({ "model": "claude-haiku-4-5", "max_tokens": 50, "messages": [{ "role": "user", "content": "hi" }] })
}

const ASK: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: api\r\n\r\n";

/// A connection whose sender is known: a request with its key was answered on it.
async fn known(app: &TestApp, key: &TestKey) -> TcpStream {
    let mut socket = app.open(&with_key(key)).await;
    assert_eq!(soon("an answer", raw::read(&mut socket)).await.status, 200);
    socket
}

fn with_key(key: &TestKey) -> Vec<u8> {
    format!("GET /v1/models HTTP/1.1\r\nhost: api\r\nx-api-key: {}\r\n\r\n", key.secret).into_bytes()
}

#[actix_web::test]
async fn a_connection_beyond_the_limit_waits_for_key_holders_and_is_served_when_one_leaves() {
    let limits = [("DEROUTER__LISTEN__MAX_CONNECTIONS", "2"), ("DEROUTER__LEDGER__ARBITERS", "1")];
    let app = TestApp::start_with(&limits).await;
    let key = app.key("100", "60", 60, 5).await;
    let (mut first, second) = (known(&app, &key).await, known(&app, &key).await);
    let mut third = app.open(ASK).await;
    // Turn after turn of one that is in, and none for the one that waits.
    for _ in 0..50 {
        first.write_all(ASK).await.expect("written");
        assert_eq!(soon("an answer", raw::read(&mut first)).await.status, 200);
    }
    let mut byte = [0];
    assert!(third.try_read(&mut byte).is_err(), "nothing came for the third");
    drop(second);
    assert_eq!(soon("the third is let in", raw::read(&mut third)).await.status, 200);
    drop((first, third));
    app.close().await;
}

#[actix_web::test]
async fn j07_idle_strangers_keep_no_key_holder_out_and_end_no_running_call() {
    let limits = [
        ("DEROUTER__LISTEN__MAX_CONNECTIONS", "8"),
        ("DEROUTER__LEDGER__ARBITERS", "1"),
        // Nobody leaves for want of time.
        ("DEROUTER__LISTEN__HEAD_TIMEOUT_S", "600"),
        ("DEROUTER__LISTEN__KEEP_ALIVE_S", "600"),
    ];
    let app = TestApp::start_with(&limits).await;
    let key = app.key("100", "60", 60, 5).await;
    let running = app.start_call(&key, &json!({ "scenario": "no_head" }), true).await;
    app.provider_until("the call runs", |all| all.len() == 1).await;
    let mut strangers = Vec::new();
    for number in 0..60 {
        // Some say nothing, some half a head, some ask for what needs no key.
        let said: [&[u8]; 3] = [b"", &ASK[..20], ASK];
        strangers.push(app.open(said[number % 3]).await);
    }
    let mut holder = known(&app, &key).await;
    until("the others gave way", async || strangers.iter().filter(|socket| is_open(socket)).count() <= 6).await;
    strangers.push(app.open(b"").await);
    holder.write_all(&with_key(&key)).await.expect("written");
    assert_eq!(soon("an answer", raw::read(&mut holder)).await.status, 200, "who is known stays");
    assert!(app.sandbox.requests()[0].closed_ms.is_none(), "the call runs on");
    drop((running, holder, strangers));
    app.close().await;
}

/// Reads what came; false once the other side closed it.
fn is_open(socket: &TcpStream) -> bool {
    let mut bytes = [0; 4_096];
    loop {
        match socket.try_read(&mut bytes) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(error) => return error.kind() == ErrorKind::WouldBlock,
        }
    }
}

#[actix_web::test]
async fn calls_are_exact_whichever_thread_accepts_them() {
    let app = TestApp::start_with(&[("DEROUTER__LEDGER__ARBITERS", "3")]).await;
    let keys =
        [app.key("100", "60", 60, 5).await, app.key("100", "60", 60, 5).await, app.key("100", "60", 60, 5).await];
    for key in keys.iter().cycle().take(36) {
        // A connection of its own each: the threads accept in turn.
        assert_eq!(app.ask(key, &plain()).await.status, 200);
    }
    for key in &keys {
        assert_eq!(app.lines(key).await.len(), 12);
    }
    app.close().await;
}
