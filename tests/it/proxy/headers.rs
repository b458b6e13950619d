//! Which headers cross, both ways, and the credentials that never do.

use crate::support::app::TestApp;
use crate::support::calls::{bytes_of, scripted};
use crate::support::site::TestKey;
use derouter::domain::secret::ClientSecret;
use derouter::upstream::sandbox::record::RecordedRequest;
use serde_json::json;

/// Sent by a client: name, value, whether the provider sees it.
const SENT: &[(&str, &str, bool)] = &[
    ("accept", "application/json", true),
    ("user-agent", "claude-cli/2.1.330", true),
    ("anthropic-beta", "context-1m-2025-08-07,unknown-2030-01-01", true),
    ("anthropic-dangerous-direct-browser-access", "true", true),
    ("x-app", "cli", true),
    ("x-stainless-lang", "js", true),
    ("x-claude-code-session-id", "7", true),
    ("cookie", "a=b", false),
    ("x-forwarded-for", "1.2.3.4", false),
    ("x-forwarded-proto", "https", false),
    ("forwarded", "for=1.2.3.4", false),
    ("x-real-ip", "1.2.3.4", false),
    ("baggage", "a=b", false),
    ("tracestate", "a=b", false),
    ("anthropic-workspace-id", "wrkspc_1", false),
    ("anthropic-user-profile-id", "1", false),
    ("openai-organization", "org-1", false),
    ("openai-project", "proj_1", false),
    ("idempotency-key", "1", false),
    ("origin", "https://evil.example", false),
    ("referer", "https://evil.example/", false),
    ("te", "trailers", false),
    ("connection", "x-app2, x-api-key, authorization", false),
    ("x-app2", "1", false),
    ("proxy-authorization", "Basic Zm9v", false),
    ("x-anything", "1", false),
];

/// Said by a provider and never heard by a client.
const STRIPPED: &[&str] = &[
    "x-hop",
    "keep-alive",
    "via",
    "server",
    "set-cookie",
    "cf-ray",
    "cf-cache-status",
    "anthropic-workspace-id",
    "anthropic-organization-id",
    "anthropic-ratelimit-tokens-limit",
    "anthropic-ratelimit-tokens-reset",
    "x-ratelimit-limit-requests",
    "openai-organization",
    "openai-project",
    "openai-processing-ms",
    "alt-svc",
    "x-envoy-upstream-service-time",
    "content-encoding",
];

fn seen<'a>(request: &'a RecordedRequest, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

fn last(app: &TestApp) -> RecordedRequest {
    app.sandbox.requests().pop().expect("a request")
}

#[actix_web::test]
async fn j02_only_the_allow_list_reaches_the_provider() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    let theirs = "00-11111111111111111111111111111111-2222222222222222-01";
    let mut headers = format!("traceparent: {theirs}\r\n");
    headers.extend(SENT.iter().map(|(name, value, _)| format!("{name}: {value}\r\n")));
    let body = scripted(&json!({}), false).to_string();
    let got = app.exchange(&bytes_of(&key, "/v1/messages?beta=true", &headers, &body)).await;
    assert_eq!(got.status, 200, "{}", got.text());
    let request = last(&app);
    for (name, value, crosses) in SENT {
        assert_eq!(seen(&request, name), crosses.then_some(*value), "{name}");
    }
    assert_eq!((request.path.as_str(), request.query.as_deref()), ("/v1/messages", Some("beta=true")));
    assert_eq!(seen(&request, "accept-encoding"), Some("identity"));
    let trace = seen(&request, "traceparent").expect("a trace of our own");
    assert!(trace.len() == theirs.len() && trace.starts_with("00-") && !trace.contains("1111111111"), "{trace}");
    assert_eq!(seen(&request, "host"), Some(app.sandbox.addr().to_string().as_str()));
    assert!(request.headers.iter().all(|(_, value)| !value.contains(&key.secret)), "the key stays here");
    let names: Vec<_> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
    let known = [
        "host",
        "accept-encoding",
        "content-length",
        "content-type",
        "anthropic-version",
        "x-api-key",
        "date",
        "traceparent",
    ];
    let crossing = |name: &&&str| SENT.iter().any(|(sent, _, crosses)| sent == *name && *crosses);
    assert!(names.iter().all(|name| known.contains(name) || crossing(&name)), "{names:?}");
    app.close().await;
}

#[actix_web::test]
async fn e22_only_the_allow_list_reaches_the_client() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    for (streamed, script) in [
        (true, json!({ "scenario": "leaky_headers" })),
        (false, json!({ "scenario": "leaky_headers" })),
        (false, json!({ "scenario": "leaky_headers", "status": 400 })),
    ] {
        let got = app.play(&key, &script, streamed).await;
        for name in STRIPPED {
            assert_eq!(got.header(name), None, "{name} in {}", got.head);
        }
        assert_eq!(got.header("anthropic-ratelimit-requests-limit"), Some("60"), "ours, not the provider's");
        assert!(got.header("request-id").is_some_and(|id| id.len() == 36 && id.starts_with("req_")));
        assert_eq!(got.header("request-id"), got.header("x-request-id"));
        assert_eq!(got.header("cache-control"), Some("no-store"));
        assert_eq!(got.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(got.header("strict-transport-security"), Some("max-age=31536000; includeSubDomains"), "ours");
        assert_eq!(got.header("x-accel-buffering"), streamed.then_some("no"));
        assert_eq!(got.header("x-credit-cost").is_some(), !streamed && got.status == 200);
        assert!(!got.text().contains("org_sandbox") && !got.head.contains("sandbox"), "{}", got.head);
    }
    app.close().await;
}

#[actix_web::test]
async fn a_header_that_a_tool_left_empty_does_not_lock_its_user_out() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    let rows = [
        ("x-api-key: \r\nauthorization: Bearer KEY\r\n", 200),
        ("authorization: Bearer KEY\r\nx-api-key:\r\n", 200),
        ("x-api-key: KEY\r\nauthorization: Bearer \r\n", 200),
        ("x-api-key: KEY\r\nauthorization:\r\n", 200),
        ("x-api-key: KEY\r\nauthorization: Basic KEY\r\n", 401),
        ("x-api-key: \u{e9}\r\nauthorization: Bearer KEY\r\n", 401),
        ("x-api-key: KEY\r\nx-api-key: \r\n", 401),
        ("x-api-key: \r\nauthorization: Bearer \r\n", 401),
    ];
    for (credential, wanted) in rows {
        let got = app.exchange(&with_credential(&key, credential, "2023-06-01")).await;
        assert_eq!(got.status, wanted, "{credential:?}: {}", got.text());
    }
    app.close().await;
}

#[actix_web::test]
async fn both_credential_styles_are_taken_and_the_provider_gets_its_own() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    let styles = [
        ("x-api-key: KEY\r\n", "2023-06-01", "x-api-key"),
        ("authorization: Bearer KEY\r\n", "2023-06-01", "x-api-key"),
        ("authorization: bearer  KEY\r\n", "2026-10-21", "authorization"),
        ("x-api-key: KEY\r\nauthorization: Bearer KEY\r\n", "2026-10-21", "authorization"),
    ];
    for (credential, version, theirs) in styles {
        let got = app.exchange(&with_credential(&key, credential, version)).await;
        assert_eq!(got.status, 200, "{credential}: {}", got.text());
        let request = last(&app);
        let other = if theirs == "x-api-key" { "authorization" } else { "x-api-key" };
        assert!(seen(&request, theirs).is_some() && seen(&request, other).is_none(), "{credential}");
        assert_eq!(seen(&request, "anthropic-version"), Some(version));
    }
    app.close().await;
}

#[actix_web::test]
async fn a_credential_that_is_none_is_refused_before_anything_else() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    let other = app.key("100", "60", 60, 5).await.secret;
    let wrong = format!("sk-ant-{}", "0".repeat(64));
    let styles = [
        String::new(),
        "x-api-key: \r\n".into(),
        format!("x-api-key: {wrong}\r\n"),
        format!("x-api-key: {}\r\n", &key.secret[..70]),
        format!("x-api-key: {} \t.\r\n", key.secret),
        "authorization: Basic KEY\r\n".into(),
        "authorization: KEY\r\n".into(),
        "cookie: x-api-key=KEY; session=KEY\r\n".into(),
        "x-api-key: ' OR '1'='1\r\n".into(),
        "authorization: Bearer ' OR 1=1; DROP TABLE ledger.call; --\r\n".into(),
        format!("x-api-key: KEY\r\nauthorization: Bearer {other}\r\n"),
        format!("x-api-key: KEY\r\nx-api-key: {other}\r\n"),
    ];
    for credential in styles {
        let got = app.exchange(&with_credential(&key, &credential, "2023-06-01")).await;
        let body = got.json();
        assert_eq!(got.status, 401, "{credential}");
        assert_eq!(body["error"]["type"], "authentication_error", "{credential}");
        assert_eq!(body["error"]["details"]["error_code"], "invalid_key", "{credential}");
        assert_eq!(got.header("x-should-retry"), Some("false"), "{credential}");
    }
    assert_eq!(app.sandbox.counted(), 0);
    assert!(app.lines(&key).await.is_empty());
    app.close().await;
}

#[actix_web::test]
async fn an_account_key_cannot_call_models() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    let text = format!("sk-ant-{}", "a1".repeat(32));
    let digest = app.credentials.digest(&ClientSecret::parse(&text).expect("a secret"));
    sqlx::query(
        "INSERT INTO ledger.key_secret (secret_hash, account_id, pepper_version, hint) VALUES ($1, $2, 1, 'a1a1')",
    )
    .bind(digest.as_slice())
    .bind(key.account.parse::<uuid::Uuid>().expect("an id"))
    .execute(&app.pool)
    .await
    .expect("an Account Key");
    let account_key = TestKey { secret: text, ..key };
    for path in ["/v1/messages", "/v1/messages/count_tokens"] {
        let got = app.exchange(&bytes_of(&account_key, path, "", &scripted(&json!({}), false).to_string())).await;
        let error = &got.json()["error"];
        assert_eq!((got.status, &error["type"]), (403, &json!("permission_error")), "{path}");
        assert_eq!(
            (&error["details"]["error_code"], got.header("x-should-retry")),
            (&json!("wrong_key_kind"), Some("false"))
        );
    }
    assert_eq!(app.sandbox.counted(), 0);
    app.close().await;
}

fn with_credential(key: &TestKey, credential: &str, version: &str) -> Vec<u8> {
    let credential = credential.replace("KEY", &key.secret);
    let body = scripted(&json!({}), false).to_string();
    let length = body.len();
    format!(
        "POST /v1/messages HTTP/1.1\r\nhost: api\r\n{credential}anthropic-version: {version}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}
