//! What a reseller does to keys without moving money: rename, pause, rotate; and the Account Key.

use awc::http::Method;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::browser::Browser;
use crate::support::site::TestKey;

fn call() -> Value {
    json!({ "model": "claude-haiku-4-5", "max_tokens": 20, "messages": [{ "role": "user", "content": "hi" }] })
}

async fn with_key(app: &TestApp) -> (Browser, TestKey) {
    let (mut reseller, account) = app.reseller("you@shop.com", "200").await;
    let order = json!({ "label": "acme", "budget": "100", "cost": "60" });
    let made = reseller.pay(Method::POST, "/api/v1/keys", "k", &order).await.json();
    let text = |field: &str| made[field].as_str().expect("a text").to_owned();
    (reseller, TestKey { account, id: text("id"), secret: text("key") })
}

#[actix_web::test]
async fn pausing_stops_the_next_call_and_resuming_lets_it_through() {
    let app = TestApp::start().await;
    let (mut reseller, key) = with_key(&app).await;
    assert_eq!(app.call(&key, &call()).await.status(), 200);
    for (path, state, status) in [("pause", "paused", 403), ("resume", "active", 200)] {
        let answer = reseller.post(&format!("/api/v1/keys/{}/{path}", key.id), &json!({})).await;
        assert_eq!(answer.json()["state"], state);
        assert_eq!(app.call(&key, &call()).await.status(), status);
    }
    app.settled().await;
    app.close().await;
}

#[actix_web::test]
async fn a_rotated_secret_is_dead_at_once_and_its_successor_has_the_same_budget() {
    let app = TestApp::start().await;
    let (mut reseller, mut key) = with_key(&app).await;
    assert_eq!(app.call(&key, &call()).await.status(), 200);
    let rotate = format!("/api/v1/keys/{}/rotate", key.id);
    let new = reseller.post(&rotate, &json!({})).await.json()["key"].as_str().expect("a secret").to_owned();
    assert_eq!(app.call(&key, &call()).await.status(), 401);
    key.secret = new;
    assert_eq!(app.call(&key, &call()).await.status(), 200);
    let newer = reseller.post(&rotate, &json!({ "grace_s": 3600 })).await.json()["key"].clone();
    assert_eq!(app.call(&key, &call()).await.status(), 200, "the old one lives on");
    key.secret = newer.as_str().expect("a secret").to_owned();
    assert_eq!(app.call(&key, &call()).await.status(), 200);
    assert_eq!(reseller.post(&rotate, &json!({ "grace_s": 86401 })).await.field(), "grace_s");
    app.settled().await;
    assert_eq!(app.view(&key).await["budget"], "100");
    app.close().await;
}

#[actix_web::test]
async fn an_account_key_manages_and_calls_no_model() {
    let app = TestApp::start().await;
    let (mut reseller, key) = with_key(&app).await;
    let mut program = app.program_of(&mut reseller).await;
    assert_eq!(program.get("/api/v1/keys").await.json()["keys"][0]["id"], key.id.as_str());
    let secret = program.sent[0].1.trim_start_matches("Bearer ").to_owned();
    let as_client = TestKey { account: String::new(), id: String::new(), secret };
    assert_eq!(app.call(&as_client, &call()).await.status(), 403);
    let made = program.post("/api/v1/account-key", &json!({})).await;
    assert_eq!(program.get("/api/v1/keys").await.status, 401, "the old one is dead");
    let mut next = Browser::with_key(app.api, made.json()["account_key"].as_str().expect("a key"));
    assert_eq!(next.get("/api/v1/account-key").await.json()["hint"], made.json()["hint"]);
    app.close().await;
}

#[actix_web::test]
async fn k04_labels_are_normal_text_and_two_accounts_may_use_the_same() {
    let app = TestApp::start().await;
    let (mut reseller, key) = with_key(&app).await;
    let path = format!("/api/v1/keys/{}", key.id);
    let patch = |label: &str| Some(json!({ "label": label }).to_string());
    let family = "👨\u{200d}👩\u{200d}👧\u{200d}👦".repeat(64);
    for good in ["e\u{301}", "'; DROP TABLE ledger.client_key; --", "<script>", "=cmd()", family.as_str()] {
        let answer = reseller.send(Method::PATCH, &path, &[], patch(good)).await;
        assert_eq!(answer.status, 200, "{good}: {}", answer.text);
    }
    for bad in ["", "  ", "a\u{202e}b", "a\nb", "a\0b", &"x".repeat(65)] {
        let answer = reseller.send(Method::PATCH, &path, &[], patch(bad)).await;
        assert_eq!((answer.status, answer.field().as_str()), (422, "label"), "{bad:?}");
    }
    app.close().await;
}

#[actix_web::test]
async fn keys_are_listed_newest_first_page_by_page() {
    let app = TestApp::start().await;
    let (mut reseller, _) = app.reseller("you@shop.com", "200").await;
    for n in 0..5 {
        let order = json!({ "label": format!("k{n}"), "budget": 1, "cost": 1 });
        assert_eq!(reseller.pay(Method::POST, "/api/v1/keys", &format!("k{n}"), &order).await.status, 201);
    }
    let (mut cursor, mut seen) = (String::new(), Vec::new());
    loop {
        let page = reseller.get(&format!("/api/v1/keys?limit=2{cursor}")).await.json();
        seen.extend(page["keys"].as_array().expect("keys").iter().map(|k| k["label"].clone()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(json!(seen), json!(["k4", "k3", "k2", "k1", "k0"]));
    let (mut other, _) = app.reseller("other@shop.com", "1").await;
    let stolen = reseller.get("/api/v1/keys?limit=2").await.json()["next_cursor"].clone();
    let path = format!("/api/v1/keys?cursor={}", stolen.as_str().expect("a cursor"));
    assert_eq!(other.get(&path).await.field(), "cursor");
    app.close().await;
}
