//! What the other side pays never reaches a client: canary amounts, searched for in every byte (`faults.md` I3, I4).

use awc::http::Method;
use serde_json::json;

use crate::people::alerts::{looker, spend};
use crate::support::app::TestApp;
use crate::support::browser::{Answer, Browser};
use crate::support::clients;
use crate::support::site::TestKey;
use crate::support::wishes::USD;

const RESELLER: &str = "canary-reseller@shop.com";
/// 4,242 of 7,331: neither the cost nor a digit string of the ratio may be seen.
const CANARIES: [&str; 9] =
    ["4242", "3089", "42.1", "1.728", "canary-reseller", "canary-label", "margin", "profit", "ratio"];

async fn canary_key(app: &TestApp) -> (Browser, String, String) {
    let (mut reseller, _) = app.reseller(RESELLER, "10000").await;
    let order = json!({ "label": "canary-label", "budget": "7331", "cost": "4242" });
    let made = reseller.pay(Method::POST, "/api/v1/keys", "k", &order).await.json();
    let text = |field: &str| made[field].as_str().expect("a text").to_owned();
    (reseller, text("id"), text("key"))
}

fn clean(answers: &[Answer], mails: &str) {
    for text in answers.iter().map(Answer::everything).chain([mails.to_owned()]) {
        let lower = without_ids(&text.to_lowercase());
        for canary in CANARIES {
            assert!(!lower.contains(canary), "{canary} in {text}");
        }
        let words = lower.split(|c: char| !c.is_ascii_alphabetic());
        assert!(!words.into_iter().any(|w| w == "cost"), "cost in {text}");
    }
}

/// The text less ids, which are random and hold any four digits now and then: runs of 32 and more hex digits and dashes.
fn without_ids(text: &str) -> String {
    let runs = text.split_inclusive(|c: char| !c.is_ascii_hexdigit() && c != '-');
    let is_id = |run: &&str| run.chars().filter(char::is_ascii_hexdigit).count() >= 32;
    runs.filter(|run| !is_id(run)).collect()
}

async fn make_calls(app: &TestApp, secret: &str) {
    let body =
        json!({ "model": "claude-opus-4-8", "max_tokens": 50, "messages": [{ "role": "user", "content": "hi" }] });
    for _ in 0..3 {
        let url = format!("http://{}/v1/messages", app.api);
        let request = clients::plain().post(url).insert_header(("x-api-key", secret));
        assert_eq!(request.send_json(&body).await.expect("an answer").status(), 200);
    }
    app.settled().await;
}

#[actix_web::test]
async fn i03_no_portal_byte_carries_cost_ratio_margin_or_reseller() {
    let app = TestApp::start().await;
    let (mut reseller, id, secret) = canary_key(&app).await;
    make_calls(&app, &secret).await;
    let mut client = app.client("one@acme.com", &secret).await;
    let key = format!("/api/v1/portal/keys/{id}");
    let mut answers = Vec::new();
    for path in [
        "/api/v1/me",
        "/api/v1/sessions",
        "/api/v1/portal/keys",
        &key,
        &format!("{key}/usage"),
        "/api/v1/portal/keys/1",
        "/nothing",
    ] {
        answers.push(client.get(path).await);
    }
    answers.push(client.post("/api/v1/portal/bind", &json!({ "key": "x" })).await);
    reseller.pay(Method::DELETE, &format!("/api/v1/keys/{id}"), "d", &json!(null)).await;
    answers.push(client.get(&key).await);
    answers.push(client.post("/api/v1/portal/bind", &json!({ "key": secret })).await);
    clean(&answers, &json!(app.mails_to("one@acme.com").await).to_string());
    app.close().await;
}

#[actix_web::test]
async fn i04_a_client_key_reads_its_own_price_and_nothing_else() {
    let app = TestApp::start().await;
    let (_reseller, _id, secret) = canary_key(&app).await;
    make_calls(&app, &secret).await;
    let mut key = Browser::with_key(app.api, &secret);
    let balance = key.get("/sub-key/balance").await;
    assert_eq!((balance.status, &balance.json()["budgetVirtual"]), (200, &json!(7331)));
    let logs = key.get("/sub-key/usage-logs").await;
    assert_eq!(logs.json()["usageLogs"].as_array().map(Vec::len), Some(3));
    let mut answers = vec![balance, logs, key.get("/v1/models").await];
    for path in [
        "/balance",
        "/sub-keys",
        "/usage-logs",
        "/api/v1/keys",
        "/api/v1/balance",
        "/api/v1/journal",
        "/api/v1/usage",
        "/api/v1/audit",
    ] {
        let answer = key.get(path).await;
        assert_eq!((answer.status, answer.error().as_str()), (403, "wrong_key_kind"), "{path}");
        answers.push(answer);
    }
    clean(&answers, "");
    app.close().await;
}

#[actix_web::test]
async fn i03_no_alert_mail_carries_cost_ratio_margin_or_reseller() {
    let app = TestApp::start().await;
    let (mut reseller, id, secret) = canary_key(&app).await;
    let account = reseller.get("/api/v1/me").await.json()["account"].as_str().expect("an id").to_owned();
    let key = TestKey { account, id, secret };
    app.client("one@acme.com", &key.secret).await;
    for cost in [4_000 * USD, 4_242 * USD] {
        spend(&app, key.owned(), cost).await;
        looker(&app).look().await.expect("the store answers");
    }
    let mails = app.mails_to("one@acme.com").await;
    let subjects: Vec<_> = mails.iter().map(|m| m["subject"].as_str().expect("a subject")).collect();
    assert!(subjects[0].ends_with("is used up") && subjects[1].ends_with("is used"), "{subjects:?}");
    assert!(mails[0]["text"].as_str().expect("a text").contains("$7,331.00"), "{mails:?}");
    clean(&[], &json!(mails).to_string());
    app.close().await;
}
