//! Refusals, and the rules by which the sandbox lets a request in.

use serde_json::json;
use tokio::io::AsyncWriteExt;

use crate::sandbox::raw::{CREDENTIAL, body, call, open, post, read, request, sandbox};

/// Scenario, status, error type, and words its message holds.
const REFUSALS: [(&str, u16, &str, &str); 16] = [
    ("status_400", 400, "invalid_request_error", "at least one message"),
    ("prompt_too_long", 400, "invalid_request_error", "prompt is too long: 1000123 tokens > 1000000 maximum"),
    ("401", 401, "authentication_error", "invalid x-api-key"),
    ("402", 402, "billing_error", "credit"),
    ("403", 403, "permission_error", "permission"),
    ("404", 404, "not_found_error", "model"),
    ("413", 413, "request_too_large", "maximum size"),
    ("422", 422, "invalid_request_error", "temperature"),
    ("429_retry_after", 429, "rate_limit_error", "rate limit"),
    ("500", 500, "api_error", "Internal server error"),
    ("status_500", 500, "api_error", "Internal server error"),
    ("503", 503, "api_error", "Service unavailable"),
    ("529", 529, "overloaded_error", "Overloaded"),
    ("credit_low", 400, "invalid_request_error", "Your credit balance is too low"),
    ("organization_on_hold", 403, "permission_error", "organization_on_hold"),
    ("echo_credential", 400, "invalid_request_error", "x-api-key: sandbox-credential of organization org_sandbox_0001"),
];

#[tokio::test]
async fn every_refusal_has_the_providers_envelope() {
    let sandbox = sandbox().await;
    for (name, status, kind, words) in REFUSALS {
        for streamed in [true, false] {
            let got = call(&sandbox, json!({"scenario": name}), streamed).await;
            assert_eq!(got.status, status, "{name}");
            let answer = got.json();
            assert_eq!((&answer["type"], &answer["error"]["type"]), (&json!("error"), &json!(kind)), "{name}");
            assert!(answer["error"]["message"].as_str().is_some_and(|text| text.contains(words)), "{name}: {answer}");
        }
    }
}

#[tokio::test]
async fn answers_that_are_no_messages_come_as_named() {
    let sandbox = sandbox().await;
    let got = call(&sandbox, json!({"scenario": "429_retry_after"}), true).await;
    assert_eq!(got.header("retry-after"), Some("2"));
    let got = call(&sandbox, json!({"scenario": "redirect"}), true).await;
    assert_eq!((got.status, got.header("location")), (307, Some("/v1/messages?redirected=1")));
    let got = call(&sandbox, json!({"scenario": "html_200"}), true).await;
    assert_eq!((got.status, got.header("content-type")), (200, Some("text/html")));
    let got = call(&sandbox, json!({"scenario": "empty_200"}), true).await;
    assert_eq!((got.status, got.body.len()), (200, 0));
    let got = call(&sandbox, json!({"status": 418, "body": {"tea": true}, "headers": {"x-pot": "1"}}), true).await;
    assert_eq!((got.status, got.json(), got.header("x-pot")), (418, json!({"tea": true}), Some("1")));
}

#[tokio::test]
async fn only_the_configured_credential_is_let_in() {
    let sandbox = sandbox().await;
    let text = body(&json!({"scenario": "ok"}), false).to_string();
    let headers = [
        (format!("X-Api-Key: {CREDENTIAL}\r\n"), 200),
        (format!("Authorization: Bearer {CREDENTIAL}\r\n"), 200),
        ("x-api-key: wrong\r\n".to_owned(), 401),
        ("authorization: Bearer wrong\r\n".to_owned(), 401),
        (String::new(), 401),
    ];
    for (header, status) in headers {
        let mut socket = open(&sandbox, &request("/v1/messages", &header, &text)).await;
        assert_eq!(read(&mut socket).await.status, status, "{header}");
    }
}

#[tokio::test]
async fn what_is_no_request_for_a_message_is_refused() {
    let sandbox = sandbox().await;
    assert_eq!(post(&sandbox, "/v1/messages", &json!({"model": "m"})).await.status, 400);
    assert_eq!(post(&sandbox, "/v1/messages", &json!({"model": "m", "messages": []})).await.status, 400);
    assert_eq!(post(&sandbox, "/v1/files", &json!({})).await.status, 404);
    let typo = call(&sandbox, json!({"scenario": "ok", "dleay_ms": 5}), false).await;
    assert_eq!(typo.status, 400);
    assert!(typo.text().contains("dleay_ms"), "{}", typo.text());
    assert_eq!(call(&sandbox, json!({"scenario": "nonsense"}), false).await.status, 400);
    let mut socket = open(&sandbox, b"nonsense\r\n\r\n").await;
    assert_eq!(read(&mut socket).await.status, 400);
}

#[tokio::test]
async fn an_early_refusal_comes_before_the_body_was_sent() {
    let sandbox = sandbox().await;
    sandbox.set_scenario(json!({"scenario": "413_early"})).expect("a scenario");
    let head = b"POST /v1/messages HTTP/1.1\r\nhost: sandbox\r\ncontent-length: 9000000\r\n\r\n";
    let mut socket = open(&sandbox, head).await;
    assert_eq!(read(&mut socket).await.status, 413);
    // It goes on reading, so that a client still busy sending is not reset before it has read the refusal.
    socket.write_all(&[b'x'; 100_000]).await.expect("the sandbox lingers");
}

#[tokio::test]
async fn one_connection_serves_pipelined_requests_in_order() {
    let sandbox = sandbox().await;
    let trusted = format!("x-api-key: {CREDENTIAL}\r\n");
    let of = |status: u16| request("/v1/messages", &trusted, &body(&json!({"status": status}), false).to_string());
    let mut socket = open(&sandbox, &of(400)).await;
    assert_eq!(read(&mut socket).await.status, 400);
    socket.write_all(&of(529)).await.expect("the connection is kept");
    assert_eq!(read(&mut socket).await.status, 529);
    assert_eq!(sandbox.requests().iter().map(|seen| seen.connection).collect::<Vec<_>>(), [1, 1]);
}
