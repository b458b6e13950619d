//! What is written on the socket: broken heads, odd spellings, slow and oversized requests.

use crate::sandbox::raw::{self, Got};
use crate::support::app::TestApp;
use crate::support::calls::{bytes_of, scripted, soon};
use crate::support::site::TestKey;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn plain() -> Value {
    json!({ "model": "claude-haiku-4-5", "max_tokens": 50, "messages": [{ "role": "user", "content": "hi" }] })
}

/// A request whose head is written by hand; `KEY` and `BODY` are filled in.
fn by_hand(key: &TestKey, head: &str) -> Vec<u8> {
    let body = plain().to_string();
    let head = head.replace("KEY", &key.secret).replace("LENGTH", &body.len().to_string());
    format!("{head}\r\n\r\n{body}").into_bytes()
}

/// Sends bytes; the status, and whether the connection was closed after it.
async fn status_and_close(app: &TestApp, bytes: &[u8]) -> (u16, bool) {
    let mut socket = app.open(bytes).await;
    let got = soon("an answer", raw::read(&mut socket)).await;
    let mut rest = Vec::new();
    let closed = tokio::time::timeout(Duration::from_secs(3), socket.read_to_end(&mut rest)).await.is_ok();
    (got.status, closed)
}

#[actix_web::test]
async fn j01_ambiguous_framing_is_refused_and_the_connection_closed() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    let start = "POST /v1/messages HTTP/1.1\r\nhost: api\r\nx-api-key: KEY\r\ncontent-type: application/json";
    let heads = [
        "content-length: LENGTH\r\ntransfer-encoding: chunked",
        "content-length: LENGTH\r\ncontent-length: 5",
        "content-length: 5, 6",
        "content-length: +LENGTH",
        "content-length: -1",
        "content-length: 0x10",
        "transfer-encoding: xchunked",
        "transfer-encoding: chunked, identity",
        "content-length : LENGTH",
        "content-length: LENGTH\r\nx-a: b\r\n c: folded",
        "content-length: LENGTH\r\nx-a: nul\0byte",
        "content-length: LENGTH\r\nx a: space in name",
        "content-length: LENGTH\r\nanthropic-beta: a\rb",
    ];
    for head in heads {
        let (status, closed) = status_and_close(&app, &by_hand(&key, &format!("{start}\r\n{head}"))).await;
        assert_eq!((status, closed), (400, true), "{head:?}");
    }
    assert_eq!((app.sandbox.counted(), app.lines(&key).await.len()), (0, 0));
    app.close().await;
}

#[actix_web::test]
async fn j04_a_head_that_never_ends_is_given_up() {
    let app = TestApp::start_with(&[("DEROUTER__LISTEN__HEAD_TIMEOUT_S", "1")]).await;
    let mut socket = app.open(b"POST /v1/messages HTTP/1.1\r\nhost: api\r\nx-api-").await;
    let mut text = String::new();
    soon("the connection closes", socket.read_to_string(&mut text)).await.expect("text");
    assert!(text.is_empty() || text.starts_with("HTTP/1.1 408"), "{text}");
    app.close().await;
}

/// A request of which only the first bytes come, and what it is told.
async fn slow(app: &TestApp, path: &str, headers: &str) -> Got {
    let head = format!("POST {path} HTTP/1.1\r\nhost: api\r\ncontent-type: application/json\r\n{headers}");
    let mut socket = app.open(format!("{head}content-length: 9000\r\n\r\n{{").as_bytes()).await;
    let got = soon("an answer", raw::read(&mut socket)).await;
    assert_eq!(socket.read(&mut [0]).await.unwrap_or(0), 0, "the connection ends, since the rest may still come");
    got
}

#[actix_web::test]
async fn j04_a_body_that_comes_too_slowly_is_given_up_before_anything_is_held() {
    let app = TestApp::start_with(&[("DEROUTER__LIMITS__BODY_GRACE_S", "1")]).await;
    let key = app.key("100", "60", 60, 5).await;
    let credential = format!("x-api-key: {}\r\n", key.secret);
    for path in ["/v1/messages", "/v1/messages/count_tokens"] {
        let got = slow(&app, path, &credential).await;
        assert_eq!((got.status, code(&got)), (408, "slow_body".to_owned()), "{path}");
        assert_eq!((&got.json()["type"], &got.json()["error"]["type"]), (&json!("error"), &json!("timeout_error")));
    }
    let (mut reseller, _) = app.reseller("you@shop.com", "200").await;
    let program = app.program_of(&mut reseller).await;
    let credential = format!("authorization: {}\r\nidempotency-key: a\r\n", program.sent[0].1);
    let got = slow(&app, "/api/v1/keys", &credential).await;
    assert_eq!((got.status, &got.json()["error"]["type"]), (408, &json!("slow_body")));
    let view = app.view(&key).await;
    assert_eq!((&view["held"], &view["running"]), (&json!("0"), &json!(0)));
    assert_eq!((app.sandbox.counted(), app.lines(&key).await.len()), (0, 0));
    app.close().await;
}

#[actix_web::test]
async fn j05_an_oversized_or_compressed_body_is_refused_before_it_is_read() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    // The length alone decides: no byte of the body was sent.
    let head = format!(
        "POST /v1/messages HTTP/1.1\r\nhost: api\r\nx-api-key: {}\r\ncontent-length: {}\r\n\r\n",
        key.secret,
        (32 << 20) + 1
    );
    assert_eq!(app.exchange(head.as_bytes()).await.status, 413);
    let chunked = chunked(&key, 33, 1 << 20);
    assert_eq!(app.exchange(&chunked).await.status, 413);
    for headers in ["content-encoding: gzip\r\n", "content-encoding: br\r\n", "content-encoding: identity, gzip\r\n"] {
        let got = app.exchange(&bytes_of(&key, "/v1/messages", headers, &plain().to_string())).await;
        assert_eq!((got.status, code(&got)), (415, "request_body_encoding_unsupported".to_owned()), "{headers}");
    }
    let identity = bytes_of(&key, "/v1/messages", "content-encoding: identity\r\n", &plain().to_string());
    assert_eq!(app.exchange(&identity).await.status, 200);
    assert_eq!(app.sandbox.counted(), 1);
    app.close().await;
}

#[actix_web::test]
async fn a_chunked_body_reaches_the_provider_whole() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    let body = plain().to_string();
    let (first, second) = body.split_at(20);
    let bytes = format!(
        "POST /v1/messages HTTP/1.1\r\nhost: api\r\nx-api-key: {}\r\ntransfer-encoding: chunked\r\n\r\n\
         {:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n",
        key.secret,
        first.len(),
        second.len()
    );
    assert_eq!(app.exchange(bytes.as_bytes()).await.status, 200);
    assert_eq!(app.sandbox.requests()[0].body_bytes, body.len());
    app.close().await;
}

#[actix_web::test]
async fn j06_too_many_headers_and_a_huge_head_are_refused() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    let many: String = (0..120).map(|number| format!("x-{number}: 1\r\n")).collect();
    let huge = format!("x-huge: {}\r\n", "h".repeat(200_000));
    for headers in [many, huge] {
        let (status, closed) =
            status_and_close(&app, &bytes_of(&key, "/v1/messages", &headers, &plain().to_string())).await;
        assert!(matches!(status, 400 | 431) && closed, "{status} closed: {closed}");
    }
    assert_eq!(app.sandbox.counted(), 0);
    app.close().await;
}

#[actix_web::test]
async fn j09_no_spelling_of_a_path_goes_around_the_key() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    let paths = [
        "//v1/messages",
        "/v1//messages",
        "/v1/messages/",
        "/V1/messages",
        "/v1/%2e%2e/v1/messages",
        "/v1/../v1/messages",
        "/v1%2Fmessages",
        "/v1/messages;x",
        "/v1/messages%00",
        "/v1/messages%3Fbeta=true",
        "/v1/complete",
        "/op/accounts",
        "/metrics",
        "/_sandbox/requests",
    ];
    for path in paths {
        for key in [key.secret.as_str(), "none"] {
            let got = app.exchange(&call(key, "POST", path)).await;
            assert_eq!(got.status, 404, "{path}");
            assert_eq!(got.json()["type"], "error", "{path}");
        }
    }
    for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "FROB"] {
        let got = app.exchange(&call(&key.secret, method, "/v1/messages")).await;
        assert_eq!((got.status, code(&got)), (405, "method_not_allowed".to_owned()), "{method}");
        assert_eq!(got.header("allow"), Some("POST"), "{method}");
    }
    assert_eq!(app.sandbox.counted(), 0);
    // The same resource in another spelling has the same guard, and goes out in ours.
    assert_eq!(app.exchange(&call("none", "POST", "/v1/%6dessages")).await.status, 401);
    let got = app.exchange(&call(&key.secret, "POST", "/v1/%6dessages?a=1&a=2")).await;
    assert_eq!(got.status, 200, "{}", got.text());
    let request = app.sandbox.requests().pop().expect("a request");
    assert_eq!((request.path.as_str(), request.query.as_deref()), ("/v1/messages", Some("a=1&a=2")));
    app.close().await;
}

#[actix_web::test]
async fn j10_line_breaks_in_a_value_never_reach_a_header() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    for model in ["a\r\nx-api-key: other", "a\nb", "\u{1b}[31mred", "'; DROP TABLE ledger.call; --", "../../etc"] {
        let mut body = plain();
        body["model"] = model.into();
        let got = app.ask(&key, &body).await;
        assert_eq!((got.status, code(&got)), (404, "model_not_found".to_owned()), "{model:?}");
        let words = got.json()["error"]["message"].as_str().expect("words").to_owned();
        assert!(!words.contains(['\r', '\n', '\u{1b}']), "{words:?}");
    }
    assert_eq!(app.sandbox.counted(), 0);
    app.close().await;
}

#[actix_web::test]
async fn j11_a_client_that_waits_for_100_continue_is_answered() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    let (body, unknown) = (plain().to_string(), format!("sk-ant-{}", "0".repeat(48)));
    let cases = [(key.secret.as_str(), "200"), (unknown.as_str(), "401"), ("none", "401")];
    for (secret, status) in cases {
        let head = format!(
            "POST /v1/messages HTTP/1.1\r\nhost: api\r\nx-api-key: {secret}\r\nexpect: 100-continue\r\n\
             connection: close\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let mut socket = app.open(head.as_bytes()).await;
        let mut first = vec![0; 64];
        let length = soon("a word", socket.read(&mut first)).await.expect("an answer");
        let mut text = String::from_utf8_lossy(&first[..length]).into_owned();
        let _ = socket.write_all(body.as_bytes()).await;
        soon("the end", socket.read_to_string(&mut text)).await.expect("text");
        assert!(text.contains(&format!("HTTP/1.1 {status} ")), "{text}");
    }
    app.close().await;
}

#[actix_web::test]
async fn j11_a_body_that_would_be_refused_is_not_asked_for() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    let credential = format!("x-api-key: {}\r\n", key.secret);
    let large = (33 * 1024 * 1024).to_string();
    let cases = [("x-api-key: none\r\n", "10", 401), ("", "10", 401), (credential.as_str(), large.as_str(), 413)];
    for (credential, length, status) in cases {
        let head = format!(
            "POST /v1/messages HTTP/1.1\r\nhost: api\r\n{credential}expect: 100-continue\r\n\
             content-length: {length}\r\n\r\n"
        );
        // The first word is the refusal, not "100 Continue".
        let (first, closed) = status_and_close(&app, head.as_bytes()).await;
        assert_eq!((first, closed), (status, true), "{credential}{length}");
    }
    app.close().await;
}

/// Sends a request to a listener; the answer, and whether the connection was closed after it.
async fn told(at: SocketAddr, head: &str) -> (Got, bool) {
    let mut socket = TcpStream::connect(at).await.expect("it listens");
    socket.write_all(format!("{head}\r\n\r\n").as_bytes()).await.expect("the request is taken");
    let got = soon("an answer", raw::read(&mut socket)).await;
    let closed = tokio::time::timeout(Duration::from_secs(3), socket.read(&mut [0])).await.is_ok();
    (got, closed)
}

#[actix_web::test]
async fn j12_a_request_that_does_not_name_its_host_is_refused_at_every_listener() {
    let app = TestApp::start().await;
    let listeners = [
        (app.api, "/v1/models", 401),
        (app.api, "/healthz", 200),
        (app.api, "/balance", 401),
        (app.dashboard, "/api/v1/balance", 401),
        (app.portal, "/api/v1/portal/keys", 401),
        (app.console, "/op/prices", 401),
    ];
    for (at, path, status) in listeners {
        for host in ["", "\r\nhost: a\r\nhost: a", "\r\nhost: a\r\nHOST: b"] {
            let (got, closed) = told(at, &format!("GET {path} HTTP/1.1{host}")).await;
            assert_eq!((got.status, closed), (400, true), "{path} {host:?}");
        }
        for host in ["", "a b", "u@a", "a, b", "a:b"] {
            let (got, closed) = told(at, &format!("GET {path} HTTP/1.1\r\nhost: {host}")).await;
            assert_eq!((got.status, closed), (400, true), "{path} {host:?}");
            let words = got.json()["error"]["message"].as_str().expect("words").to_owned();
            assert!(words.contains("Host header"), "{words}");
        }
        for host in ["HTTP/1.1\r\nhost: any.example:8082", "HTTP/1.0\r\nhost: a", "HTTP/1.0"] {
            let (got, _) = told(at, &format!("GET {path} {host}\r\nconnection: close")).await;
            assert_eq!(got.status, status, "{path} {host:?}");
        }
    }
    app.close().await;
}

#[actix_web::test]
async fn j12_a_call_without_its_host_reaches_nobody() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    let start =
        "POST /v1/messages HTTP/1.1\r\nx-api-key: KEY\r\ncontent-type: application/json\r\ncontent-length: LENGTH";
    for more in ["", "\r\nhost: a\r\nhost: a", "\r\nhost: a b", "\r\nhost: a b\r\nexpect: 100-continue"] {
        let told = status_and_close(&app, &by_hand(&key, &format!("{start}{more}"))).await;
        assert_eq!(told, (400, true), "{more:?}");
    }
    assert_eq!((app.sandbox.counted(), app.lines(&key).await.len()), (0, 0));
    app.close().await;
}

#[actix_web::test]
async fn j13_a_switch_that_nobody_makes_is_answered_as_if_it_was_not_asked_for() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    for upgrade in ["connection: upgrade\r\nupgrade: h2c\r\n", "upgrade: TLS/1.0\r\n", "connection: upgrade\r\n"] {
        let body = scripted(&json!({}), false).to_string();
        let got = app.exchange(&bytes_of(&key, "/v1/messages", upgrade, &body)).await;
        assert_eq!(got.status, 200, "{upgrade}");
    }
    app.close().await;
}

fn code(got: &Got) -> String {
    got.json()["error"]["details"]["error_code"].as_str().expect("a code").to_owned()
}

fn call(key: &str, method: &str, path: &str) -> Vec<u8> {
    let body = plain().to_string();
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nhost: api\r\nx-api-key: {key}\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

fn chunked(key: &TestKey, count: usize, size: usize) -> Vec<u8> {
    let head = format!(
        "POST /v1/messages HTTP/1.1\r\nhost: api\r\nx-api-key: {}\r\ntransfer-encoding: chunked\r\n\r\n",
        key.secret
    );
    let chunk = [format!("{size:x}\r\n").as_bytes(), &vec![b' '; size], b"\r\n"].concat();
    [head.as_bytes(), &chunk.repeat(count), b"0\r\n\r\n"].concat()
}
