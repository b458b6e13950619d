//! Bodies that lie, reach too far or are no JSON: refused before any hold, and never sent on.

use crate::support::app::TestApp;
use crate::support::calls::bytes_of;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const START: &str = r#"{"model":"claude-haiku-4-5","max_tokens":50,"messages":[{"role":"user","content":"hi"}]"#;

/// A body that is good but for `more`.
fn with(more: &str) -> String {
    format!("{START},{more}}}")
}

/// Sends each body; each must be refused so, leave nothing and hold nothing.
async fn refused(rows: &[(String, u16, &str)]) {
    let app = TestApp::start().await;
    let key = app.key("1000", "1000", 1_000, 5).await;
    for (body, status, code) in rows {
        for path in ["/v1/messages", "/v1/messages/count_tokens"] {
            let got = app.exchange(&bytes_of(&key, path, "", body)).await;
            let shown: String = body.chars().take(200).collect();
            assert_eq!(got.status, *status, "{path} {shown}: {}", got.text());
            let error = &got.json()["error"];
            assert_eq!(error["details"]["error_code"], *code, "{path} {shown}");
            assert!(error["message"].as_str().expect("words").len() < 600, "{error}");
        }
    }
    assert_eq!((app.sandbox.counted(), app.lines(&key).await.len()), (0, 0));
    assert_eq!(app.view(&key).await["held"], "0");
    app.close().await;
}

#[actix_web::test]
async fn k10_a_body_that_two_readers_could_read_differently_is_refused() {
    let bad = |text: String| (text, 400, "bad_request");
    refused(&[
        bad(with(r#""model":"claude-opus-4-6""#)),
        bad(with(r#""mod\u0065l":"claude-opus-4-6""#)),
        bad(with(r#""max_tokens":100000"#)),
        bad(with(r#""stream":true,"stream":false"#)),
        bad(with(&format!(r#""x":{}{}"#, "[".repeat(10_000), "]".repeat(10_000)))),
        bad(format!("{}trailing", with(r#""x":1"#))),
        bad(format!("{}{{}}", with(r#""x":1"#))),
        bad(with(r#""x":"\ud800""#)),
        bad(with(r#""x":NaN"#)),
        bad(with(r#""x":1,"#)),
        bad(START.to_owned()),
        bad(String::new()),
        bad("null".to_owned()),
        bad("[]".to_owned()),
        bad(START.replace("50", "-1") + "}"),
        bad(START.replace("50", "1e3") + "}"),
        bad(START.replace("50", "18446744073709551616") + "}"),
        bad(START.replace("50", "\"50\"") + "}"),
        bad(START.replace("\"claude-haiku-4-5\"", "null") + "}"),
        bad(START.replace("claude-haiku-4-5", &"m".repeat(1_000_000)) + "}"),
    ])
    .await;
}

#[actix_web::test]
async fn k11_k13_k14_what_has_no_price_or_crosses_tenants_is_refused_before_any_hold() {
    let field = |more: &str| (with(more), 400, "unsupported_field");
    let image = r#"{"type":"image","source":{"type":"file","file_id":"file_1"}}"#;
    refused(&[
        (START.replace("claude-haiku-4-5", "gpt-no-such") + "}", 404, "model_not_found"),
        (START.replace("claude-haiku-4-5", "CLAUDE-HAIKU-4-5") + "}", 404, "model_not_found"),
        field(r#""tools":[{"type":"code_execution_20250522","name":"code_execution"}]"#),
        field(r#""service_tier":"priority""#),
        field(r#""speed":"fast""#),
        field(r#""inference_geo":"us""#),
        field(r#""container":"container_1""#),
        field(r#""billing_policy":"x""#),
        field(r#""thread":"t""#),
        field(r#""previous_message_id":"m""#),
        field(r#""background":true"#),
        field(r#""n":2"#),
        field(r#""max_output_tokens":8000"#),
        field(r#""max_completion_tokens":8000"#),
        (START.replace("\"hi\"", &format!("[{image}]")) + "}", 400, "unsupported_field"),
    ])
    .await;
}

#[actix_web::test]
async fn k11_a_denied_beta_is_refused_by_name() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    let beta = "anthropic-beta: a-2026-01-01, message-threads-2026-08-12\r\n";
    let loud = "anthropic-beta: MESSAGE-Threads-2026-08-12\r\n".to_owned();
    for beta in [beta.to_owned(), format!("anthropic-beta: b-2026-01-01\r\n{beta}"), loud] {
        let got = app.exchange(&bytes_of(&key, "/v1/messages", &beta, &with(r#""x":1"#))).await;
        let error = &got.json()["error"];
        assert_eq!((got.status, &error["details"]["error_code"]), (400, &json!("unsupported_field")));
        let words = error["message"].as_str().expect("words").to_lowercase();
        assert!(words.contains("message-threads-2026-08-12"), "{words}");
    }
    assert_eq!(app.sandbox.counted(), 0);
    app.close().await;
}

#[actix_web::test]
async fn k10_k14_what_is_not_ours_to_judge_goes_out_byte_for_byte() {
    let app = TestApp::start().await;
    let key = app.key("1000", "1000", 1_000, 5).await;
    let image =
        r#"[{"type":"image","source":{"type":"url","url":"https://example.com/a.png"}},{"type":"text","text":"?"}]"#;
    let bodies = [
        with(r#""metadata":{"user_id":"u"},"safeguards":[],"unknown":{"model":"x","max_tokens":1}"#),
        format!(" \r\n\t{}\n\n", with(r#""temperature" : 0.10e+1 , "text":"\u00e9\ud83d\ude00""#)),
        with("\"sql\":\"'; DROP TABLE ledger.call; --\",\"html\":\"<script>{{7*7}}</script>\""),
        START.replace("\"hi\"", image) + "}",
        with(r#""cache_control":{"type":"ephemeral","ttl":"1h"}"#),
        with(r#""service_tier":"standard_only""#),
    ];
    for body in bodies {
        let got = app.exchange(&bytes_of(&key, "/v1/messages", "", &body)).await;
        assert_eq!(got.status, 200, "{body}: {}", got.text());
        let request = app.sandbox.requests().pop().expect("a request");
        assert_eq!(request.body_sha256, hex::encode(Sha256::digest(&body)), "{body}");
    }
    app.close().await;
}

#[actix_web::test]
async fn k16_a_body_of_another_type_is_refused() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    for (kind, status) in [
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/jsonp", 415),
        ("Application/JSON; charset=utf-8", 200),
    ] {
        let body = with(r#""x":1"#);
        let bytes = format!(
            "POST /v1/messages HTTP/1.1\r\nhost: api\r\nx-api-key: {}\r\ncontent-type: {kind}\r\n\
             content-length: {}\r\n\r\n{body}",
            key.secret,
            body.len()
        );
        let got = app.exchange(bytes.as_bytes()).await;
        assert_eq!(got.status, status, "{kind}: {}", got.text());
        let parsed: Value = got.json();
        assert!(status == 200 || parsed["error"]["details"]["error_code"] == "request_body_encoding_unsupported");
    }
    app.close().await;
}
