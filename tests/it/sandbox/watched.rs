//! The sandbox remembers what reached it and when each client left.

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::sandbox::raw::{CREDENTIAL, Ended, Got, body, call, open, post, read, read_events, request, sandbox};

#[tokio::test]
async fn a_request_is_remembered_with_headers_and_body_hash() {
    let sandbox = sandbox().await;
    let got = call(&sandbox, json!({"scenario": "ok"}), true).await;
    assert_eq!(got.ended, Ended::Clean);
    sandbox.until(|requests| requests.iter().any(|request| request.answered_ms.is_some())).await;
    let seen = sandbox.requests().remove(0);
    assert_eq!((seen.number, seen.status, seen.streamed, seen.max_tokens), (1, Some(200), Some(true), Some(500)));
    assert!(seen.headers.contains(&("x-api-key".to_owned(), CREDENTIAL.to_owned())));
    let text = body(&json!({"scenario": "ok"}), true).to_string();
    let hash = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&text));
    assert_eq!((seen.body_bytes, seen.body_sha256), (text.len(), hash));
}

#[tokio::test]
async fn a_client_that_leaves_is_seen_to_leave() {
    let sandbox = sandbox().await;
    let trusted = format!("x-api-key: {CREDENTIAL}\r\n");
    let scripts = [
        json!({"scenario": "no_head"}),
        json!({"scenario": "stall_after_n"}),
        json!({"scenario": "one_byte_per_s", "delay_ms": 60_000}),
        json!({"scenario": "long", "delay_ms": 60_000}),
        json!({"first_byte_ms": 60_000}),
        // Far more than socket buffers hold, to a client that does not read.
        json!({"scenario": "huge_line", "bytes": 100_000_000}),
    ];
    for (number, script) in (1..).zip(&scripts) {
        let text = body(script, true).to_string();
        let socket = open(&sandbox, &request("/v1/messages", &trusted, &text)).await;
        sandbox.until(|requests| requests.len() == number).await;
        drop(socket);
        sandbox.until_idle().await;
        let seen = &sandbox.requests()[number - 1];
        assert!(seen.closed_ms.is_some() && seen.answered_ms.is_none(), "{script}");
    }
}

#[tokio::test]
async fn a_stalled_stream_has_sent_what_came_before() {
    let sandbox = sandbox().await;
    let trusted = format!("x-api-key: {CREDENTIAL}\r\n");
    let text = body(&json!({"scenario": "stall_after_n", "after": 7}), true).to_string();
    let mut socket = open(&sandbox, &request("/v1/messages", &trusted, &text)).await;
    let seen = read_events(&mut socket, 7).await;
    assert_eq!(seen.matches("event: content_block_delta").count(), 4);
    assert_eq!(sandbox.requests()[0].closed_ms, None);
}

#[tokio::test]
async fn standing_scripts_are_played_in_turn_and_then_no_more() {
    let sandbox = sandbox().await;
    sandbox.set_scenario(json!([{"scenario": "529"}, {"scenario": "500"}])).expect("two scripts");
    let mut statuses = Vec::new();
    for _ in 0..3 {
        let plain = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
        statuses.push(post(&sandbox, "/v1/messages", &plain).await.status);
    }
    assert_eq!(statuses, [529, 500, 200]);
    assert!(sandbox.set_scenario(json!({"scenario": "no such"})).is_err());
}

#[tokio::test]
async fn the_steering_endpoints_do_what_the_handle_does() {
    let sandbox = sandbox().await;
    let mut socket = TcpStream::connect(sandbox.addr()).await.expect("the sandbox listens");
    let set = steer(&mut socket, "PUT", "/_sandbox/scenario", r#"{"scenario":"529"}"#).await;
    assert_eq!(set.status, 200);
    let plain = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
    assert_eq!(post(&sandbox, "/v1/messages", &plain).await.status, 529);
    assert_eq!(steer(&mut socket, "DELETE", "/_sandbox/scenario", "").await.status, 200);
    assert_eq!(post(&sandbox, "/v1/messages", &plain).await.status, 200);
    let seen = steer(&mut socket, "GET", "/_sandbox/requests?since=1", "").await.json();
    assert_eq!((&seen["count"], seen["requests"].as_array().map(Vec::len)), (&json!(2), Some(1)));
    assert_eq!(steer(&mut socket, "PUT", "/_sandbox/scenario", "nonsense").await.status, 400);
    assert_eq!(steer(&mut socket, "DELETE", "/_sandbox/requests", "").await.status, 200);
    assert_eq!(sandbox.requests().len(), 0);
}

#[tokio::test]
async fn stopping_cuts_every_connection() {
    let sandbox = sandbox().await;
    let trusted = format!("x-api-key: {CREDENTIAL}\r\n");
    let text = body(&json!({"scenario": "no_head"}), true).to_string();
    let mut socket = open(&sandbox, &request("/v1/messages", &trusted, &text)).await;
    sandbox.until(|requests| requests.len() == 1).await;
    let addr = sandbox.addr();
    sandbox.stop().await;
    assert_ne!(read(&mut socket).await.ended, Ended::Clean);
    assert!(TcpStream::connect(addr).await.is_err());
}

async fn steer(socket: &mut TcpStream, method: &str, path: &str, text: &str) -> Got {
    let length = text.len();
    let request = format!("{method} {path} HTTP/1.1\r\nhost: sandbox\r\ncontent-length: {length}\r\n\r\n{text}");
    socket.write_all(request.as_bytes()).await.expect("the sandbox listens");
    read(socket).await
}
