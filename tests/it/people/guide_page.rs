//! The guide with the reader's own figures, and the message for a client in the reseller's words.

use awc::http::Method;
use serde_json::json;

use crate::people::alerts::spend;
use crate::support::app::TestApp;
use crate::support::browser::Browser;
use crate::support::site::TestKey;

/// A key of $100 for $60 whose label would be markup.
async fn key_of(you: &mut Browser, account: &str) -> TestKey {
    let order = json!({ "label": "acme <b>{key}", "budget": "100", "cost": "60" });
    let made = you.pay(Method::POST, "/api/v1/keys", "k", &order).await.json();
    let text = |field: &str| made[field].as_str().expect("a text").to_owned();
    TestKey { account: account.to_owned(), id: text("id"), secret: text("key") }
}

#[actix_web::test]
async fn the_guide_speaks_of_an_example_and_then_of_the_readers_own_key() {
    let app = TestApp::start().await;
    let (mut you, account) = app.reseller("you@shop.com", "200").await;
    let page = you.open("/guide").await;
    page.says(&[
        "an example: $200 paid in",
        "Yours now: $200.00 , of which $200.00",
        "$34.20 × 40% = $13.68",
        "type $50, and $30.00 is debited; the client’s new total is $150.00.",
        "60 requests in any minute and 5 at the same time.",
    ]);
    let key = key_of(&mut you, &account).await;
    spend(&app, key.owned(), 20_520_000_000).await;
    app.key_of(&account, "10", "10", 60, 5).await;
    let page = you.open("/guide").await;
    page.says(&[
        "The figures below are your own, from acme <b>{key}",
        "Yours now: $130.00",
        "acme <b>{key} has spent $34.20 so far.",
        "$34.20 × 40% = $13.68",
        "type $50, and $30.00 is debited; the client’s new total is $150.00.",
        "($100.00 − $60.00) ÷ $100.00 = 40%",
    ]);
    assert!(page.text.contains("acme &#60;b&#62;"));
    app.close().await;
}

#[actix_web::test]
async fn a_client_message_has_the_resellers_words_and_the_keys_start() {
    let app = TestApp::start().await;
    let (mut you, account) = app.reseller("you@shop.com", "200").await;
    let key = key_of(&mut you, &account).await;
    let path = format!("/keys/{}/message", key.id);
    let masked = format!("{}…", &key.secret[..12]);
    let page = you.open(&path).await;
    page.says(&[&format!("Hi acme <b>{{key}}, Your API key: {masked} To track usage, visit: http://127.0.0.1")]);
    assert!(!page.text.contains(&key.secret));
    let settings = you.open("/settings").await;
    you.submit(&settings, "/settings/message", &[("template", "Dear {label}: {key}")]).await;
    you.open(&path).await.says(&[&format!("Dear acme <b>{{key}}: {masked}")]);
    let (mut other, _) = app.reseller("other@shop.com", "200").await;
    for foreign in [path.as_str(), "/keys/1/message", "/keys/00000000-0000-0000-0000-000000000000/message"] {
        assert_eq!(other.get(foreign).await.status, 404, "{foreign}");
    }
    you.pay(Method::DELETE, &format!("/api/v1/keys/{}", key.id), "d", &json!(null)).await;
    let gone = you.get(&path).await;
    assert_eq!((gone.status, gone.text.contains("deleted")), (409, true), "{}", gone.text);
    app.close().await;
}
