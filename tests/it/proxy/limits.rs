//! A key's limits, the free endpoints, the price headers, and bodies of every size.

use crate::support::app::TestApp;
use crate::support::calls::{bytes_of, call_id, scripted, soon};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;

fn plain() -> Value {
    json!({ "model": "claude-haiku-4-5", "max_tokens": 50, "messages": [{ "role": "user", "content": "hi" }] })
}

fn get(key: &str, target: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nhost: api\r\nauthorization: Bearer {key}\r\n\r\n").into_bytes()
}

#[actix_web::test]
async fn l05_the_61st_call_of_a_minute_is_refused_and_takes_nothing() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    for left in (0..60).rev() {
        let got = app.ask(&key, &plain()).await;
        assert_eq!(got.status, 200, "{left}: {}", got.text());
        assert_eq!(got.header("anthropic-ratelimit-requests-limit"), Some("60"));
        assert_eq!(got.header("anthropic-ratelimit-requests-remaining"), Some(left.to_string().as_str()));
        let reset = got.header("anthropic-ratelimit-requests-reset").expect("a time");
        assert!(chrono::DateTime::parse_from_rfc3339(reset).is_ok(), "{reset}");
    }
    for streamed in [false, true] {
        let got = app.play(&key, &json!({}), streamed).await;
        let error = &got.json()["error"];
        assert_eq!((got.status, &error["type"]), (429, &json!("rate_limit_error")));
        assert_eq!(error["details"]["error_code"], "rpm");
        let wait: u64 = got.header("retry-after").expect("a wait").parse().expect("whole seconds");
        assert!((1..=60).contains(&wait), "{wait}");
        assert_eq!(got.header("anthropic-ratelimit-requests-remaining"), Some("0"));
        assert_eq!(got.header("x-should-retry"), None, "it may be tried again");
    }
    assert_eq!((app.sandbox.counted(), app.lines(&key).await.len()), (60, 60));
    app.close().await;
}

#[actix_web::test]
async fn l05_the_sixth_call_at_once_is_refused_until_one_ends() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    let mut running = Vec::new();
    for number in 1..=5 {
        running.push(app.start_call(&key, &json!({ "scenario": "stall_after_n" }), true).await);
        app.provider_until("it runs", |all| all.len() == number).await;
    }
    let sixth = app.ask(&key, &plain()).await;
    assert_eq!((sixth.status, sixth.header("retry-after")), (429, Some("1")));
    assert_eq!(sixth.json()["error"]["details"]["error_code"], "concurrency");
    assert_eq!(sixth.header("anthropic-ratelimit-requests-remaining"), Some("55"));
    assert!(sixth.header("anthropic-ratelimit-requests-reset").is_some());
    assert_eq!(app.sandbox.counted(), 5);
    running.pop();
    let freed = soon("a slot is free", async {
        loop {
            let got = app.ask(&key, &plain()).await;
            if got.status == 200 {
                return got;
            }
        }
    });
    assert_eq!(freed.await.header("anthropic-ratelimit-requests-remaining"), Some("54"), "refusals take no place");
    drop(running);
    app.close().await;
}

#[actix_web::test]
async fn unknown_keys_have_a_budget_that_does_not_touch_known_ones() {
    let app = TestApp::start_with(&[("DEROUTER__IDENTITY__UNKNOWN_KEYS_PER_MINUTE", "3")]).await;
    let (known, late) = (app.key("100", "60", 60, 5).await, app.key("100", "60", 60, 5).await);
    assert_eq!(app.ask(&known, &plain()).await.status, 200);
    let unknown = |n: u32| get(&format!("sk-ant-{n:064x}"), "/v1/models");
    for (n, status) in [(1, 401), (2, 401), (3, 401), (4, 429), (1, 429)] {
        let got = app.exchange(&unknown(n)).await;
        assert_eq!(got.status, status, "{n}: {}", got.text());
        if status == 429 {
            assert_eq!(got.header("retry-after"), Some("60"));
            assert_eq!(got.json()["error"]["type"], "rate_limit_error");
        }
    }
    assert_eq!(app.ask(&known, &plain()).await.status, 200, "its owner is in the cache");
    assert_eq!(app.ask(&late, &plain()).await.status, 429, "nothing is looked up for this network now");
    app.close().await;
}

#[actix_web::test]
async fn counting_tokens_is_free_limited_and_refused_to_an_empty_key() {
    let app = TestApp::start().await;
    let key = app.key("0.004", "0.004", 60, 5).await;
    let count = bytes_of(&key, "/v1/messages/count_tokens", "", &plain().to_string());
    let got = app.exchange(&count).await;
    assert_eq!(got.status, 200, "{}", got.text());
    assert!(got.json()["input_tokens"].as_u64().expect("a count") > 0);
    assert_eq!(got.header("anthropic-ratelimit-requests-remaining"), Some("59"));
    assert!(app.lines(&key).await.is_empty());
    assert_eq!(app.sandbox.requests()[0].path, "/v1/messages/count_tokens");
    // A count whose answer breaks off is no count.
    let half = json!({ "scenario": "reset_after_n" });
    app.sandbox.set_scenario(half).expect("a script");
    assert_eq!(app.exchange(&count).await.status, 502);
    app.sandbox.set_scenario(json!({ "usage": { "output_tokens": 1_000_000 } })).expect("a script");
    assert_eq!(app.ask(&key, &plain()).await.status, 200);
    assert_eq!(app.exchange(&count).await.status, 402);
    app.close().await;
}

#[actix_web::test]
async fn who_looks_at_the_head_of_the_models_alone_gets_that_of_the_list() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await.secret;
    for path in ["/v1/models?limit=2", "/v1/models/claude-haiku-4-5"] {
        let whole = app.exchange(&get(&key, path)).await;
        let asked = format!("HEAD {path} HTTP/1.1\r\nhost: a\r\nx-api-key: {key}\r\nconnection: close\r\n\r\n");
        let mut head = String::new();
        app.open(asked.as_bytes()).await.read_to_string(&mut head).await.expect("an answer");
        assert!(head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"), "{head}");
        assert!(head.contains(&format!("content-length: {}\r\n", whole.text().len())), "{head}");
    }
    let mut refused = String::new();
    let asked = "HEAD /v1/models HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    app.open(asked.as_bytes()).await.read_to_string(&mut refused).await.expect("an answer");
    assert!(refused.starts_with("HTTP/1.1 401"), "{refused}");
    app.close().await;
}

#[actix_web::test]
async fn models_are_ours_paged_and_without_prices() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await.secret;
    let all = app.exchange(&get(&key, "/v1/models?limit=1000")).await;
    assert_eq!(all.status, 200, "{}", all.text());
    let list = all.json();
    let ids: Vec<&str> =
        list["data"].as_array().expect("a list").iter().map(|m| m["id"].as_str().expect("id")).collect();
    assert!(ids.contains(&"claude-haiku-4-5") && list["has_more"] == false);
    for word in ["usd", "price", "cost", "rate", "multiplier"] {
        assert!(!all.text().contains(word), "{word}");
    }
    let mut paged = Vec::new();
    let mut target = "/v1/models?limit=3".to_owned();
    loop {
        let page = app.exchange(&get(&key, &target)).await.json();
        paged.extend(page["data"].as_array().expect("a list").iter().map(|m| m["id"].as_str().expect("id").to_owned()));
        if page["has_more"] == false {
            break;
        }
        target = format!("/v1/models?limit=3&after_id={}", page["last_id"].as_str().expect("id"));
    }
    assert_eq!(paged, ids);
    assert_eq!(app.exchange(&get(&key, "/v1/models/claude-haiku-4-5")).await.json()["id"], "claude-haiku-4-5");
    for (target, status) in [
        ("/v1/models/no-such", 404),
        ("/v1/models?limit=0", 400),
        ("/v1/models?limit=1000000000", 400),
        ("/v1/models?limit=abc", 400),
        ("/v1/models?limit=1&limit=2", 400),
    ] {
        let got = app.exchange(&get(&key, target)).await;
        assert_eq!((got.status, &got.json()["type"]), (status, &json!("error")), "{target}");
    }
    assert_eq!(app.exchange(&get("sk-ant-none", "/v1/models")).await.status, 401);
    assert_eq!(app.sandbox.counted(), 0);
    app.close().await;
}

#[actix_web::test]
async fn p20_a_call_is_priced_by_the_model_that_answered() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    let mut body = scripted(&json!({ "model": "claude-haiku-4-5" }), true);
    body["model"] = "claude-opus-4-6".into();
    assert_eq!(app.ask(&key, &body).await.status, 200);
    let line = app.line(&key).await;
    assert_eq!((line.model.as_str(), line.cost), ("claude-haiku-4-5", line.input * 1_000 + line.output * 5_000));
    app.close().await;
}

#[actix_web::test]
async fn p23_the_price_shown_is_the_price_of_the_line() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    let got = app.ask(&key, &plain()).await;
    let shown = got.header("x-credit-cost").expect("a price").to_owned();
    let left = got.header("x-credit-remaining").expect("the rest").to_owned();
    let line = app.line(&key).await;
    let (view, id) = (app.view(&key).await, call_id(&got).0);
    let stored: i64 = sqlx::query_scalar("SELECT price FROM ledger.call WHERE call_id = $1")
        .bind(id)
        .fetch_one(&app.pool)
        .await
        .expect("the line under the request id");
    assert_eq!(stored, line.price);
    let nanos = |text: &str| {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        format!("{whole}{part:0<9}").parse::<i64>().expect("an amount")
    };
    assert_eq!((nanos(&shown), nanos(&shown) + nanos(&left)), (line.price, 100_000_000_000));
    assert_eq!((&view["spent"], &view["remaining"]), (&json!(shown), &json!(left)));
    app.close().await;
}

#[actix_web::test]
async fn p17_bodies_pass_up_to_the_limit_and_no_further() {
    let app = TestApp::start().await;
    let key = app.key("1000", "1000", 60, 5).await;
    for (bytes, status) in [(300_000, 200), (5_000_000, 200), (33 << 20, 413)] {
        let mut body = plain();
        body["messages"][0]["content"] = "x".repeat(bytes).into();
        let got = app.ask(&key, &body).await;
        assert_eq!(got.status, status, "{bytes}: {}", got.text());
        if status == 200 {
            assert!(app.sandbox.requests().last().expect("a request").body_bytes > bytes);
        } else {
            assert_eq!(got.json()["error"]["type"], "request_too_large");
        }
    }
    assert_eq!(app.sandbox.counted(), 2);
    app.close().await;
}

#[actix_web::test]
async fn p18_a_first_byte_after_five_seconds_is_waited_for() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    let got = app.play(&key, &json!({ "first_byte_ms": 5_500 }), true).await;
    assert_eq!(got.status, 200, "{}", got.text());
    app.close().await;
}
