//! What a key's page says when its calls stop: nothing of why its provider did so.

use awc::http::Method;
use serde_json::json;

use crate::people::alerts::spend;
use crate::support::app::TestApp;
use crate::support::site::TestKey;
use crate::support::wishes::USD;

/// A key of a signed-in reseller, who can pause and delete it.
async fn sold(app: &TestApp) -> (crate::support::browser::Browser, TestKey) {
    let (mut reseller, account) = app.reseller("you@shop.com", "200").await;
    let order = json!({ "label": "acme", "budget": "100", "cost": "60" });
    let made = reseller.pay(Method::POST, "/api/v1/keys", "k", &order).await.json();
    let text = |field: &str| made[field].as_str().expect("a text").to_owned();
    (reseller, TestKey { account, id: text("id"), secret: text("key") })
}

#[actix_web::test]
async fn a_page_says_how_the_key_stands_through_its_whole_life() {
    let app = TestApp::start().await;
    let (mut reseller, key) = sold(&app).await;
    let mut client = app.client("one@acme.com", &key.secret).await;
    let path = format!("/keys/{}", key.id);
    let mut expect = async |words: &[&str]| {
        let page = client.page(&path).await;
        for word in words {
            assert!(page.contains(word), "{word} in {page}");
        }
    };
    expect(&["<span>Active</span>", ">$100.00</span>"]).await;
    spend(&app, key.owned(), 51 * USD).await;
    expect(&["<span>15% left</span>", "Running low.", ">$15.00</span>", "width=\"85%\""]).await;
    reseller.post(&format!("/api/v1/keys/{}/pause", key.id), &json!({})).await;
    expect(&["<span>Paused</span>", "Paused. Ask your provider.", "class=\"bar idle\""]).await;
    reseller.post(&format!("/api/v1/keys/{}/resume", key.id), &json!({})).await;
    spend(&app, key.owned(), 9 * USD).await;
    expect(&["<span>Used up</span>", "Used up. Ask your provider for a top-up.", ">$0.00</span>"]).await;
    reseller.pay(Method::DELETE, &format!("/api/v1/keys/{}", key.id), "d", &json!(null)).await;
    expect(&["<span>Closed</span>", "Closed: it takes no more requests."]).await;
    app.close().await;
}

#[actix_web::test]
async fn a_frozen_account_looks_like_a_pause_to_its_clients() {
    let app = TestApp::start().await;
    let (_reseller, key) = sold(&app).await;
    let mut client = app.client("one@acme.com", &key.secret).await;
    app.operator(
        &format!("/op/accounts/{}/freeze", key.account),
        &json!({ "reason": "disputed", "id": "f", "frozen": true }),
    )
    .await;
    let page = client.page(&format!("/keys/{}", key.id)).await;
    assert!(page.contains("Paused. Ask your provider.") && !page.to_lowercase().contains("frozen"), "{page}");
    assert!(!page.contains("disputed"));
    app.close().await;
}

#[actix_web::test]
async fn what_a_running_call_may_use_is_shown_as_in_flight() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    let mut client = app.client("one@acme.com", &key.secret).await;
    let call = app.start_call(&key, &json!({ "scenario": "stall_after_n" }), true).await;
    app.until("a call runs", async || app.directory.open_calls().count() == 1).await;
    let page = client.page(&format!("/keys/{}", key.id)).await;
    let live = |id: &str| {
        let (_, rest) = page.split_once(&format!("data-live=\"key.{}.{id}\"", key.id)).expect("a live figure");
        rest.split_once('>').and_then(|(_, text)| text.split_once('<')).expect("a text").0.to_owned()
    };
    assert_eq!((live("running").as_str(), live("minute").as_str()), ("1", "1"));
    assert_ne!(live("flight"), "$0.00");
    drop(call);
    app.settled().await;
    app.close().await;
}
