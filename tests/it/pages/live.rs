//! News between the reading of a page and the opening of its stream: the page hears of it, once, on both sites.

use awc::http::Method;
use derouter::payments::sandbox::play::Play;
use derouter::payments::sandbox::provider::Sending;
use serde_json::json;

use crate::payments::till::{self, Payer};
use crate::support::app::TestApp;
use crate::support::browser::{Answer, Browser};

/// Where a page's figures are.
fn live(page: &Answer) -> String {
    assert_eq!(page.status, 200, "{}", page.text);
    let (_, rest) = page.text.split_once("data-live=\"").expect("a page with figures");
    rest.split_once('"').expect("an end").0.replace("&#38;", "&")
}

/// Whether the page is told to load itself again: to those who ask now and then, and by the first message of the stream.
async fn told(browser: &mut Browser, url: &str) -> bool {
    let polled = browser.get(url).await.json();
    let streamed = browser.first_message(url).await;
    assert_eq!(polled, streamed, "{url}");
    polled["reload"] == true
}

async fn reseller_with_key(app: &TestApp) -> (Browser, String, String) {
    let (mut reseller, _) = app.reseller("you@shop.com", "200").await;
    let order = json!({ "label": "acme", "budget": "100", "cost": "60" });
    let made = reseller.pay(Method::POST, "/api/v1/keys", "k", &order).await.json();
    let text = |field: &str| made[field].as_str().expect("a text").to_owned();
    let (id, secret) = (text("id"), text("key"));
    (reseller, id, secret)
}

#[actix_web::test]
async fn news_of_an_order_before_the_stream_opens_is_not_lost() {
    let app = TestApp::start().await;
    let mut payer = Payer::sign_in(&app).await;
    let order = payer.open("card").await;
    let receipt = format!("/billing/{}", order.id);
    for (at, play) in [Play::Pay, Play::RefundPart, Play::Dispute, Play::Win].into_iter().enumerate() {
        let url = live(&payer.browser.get("/billing").await);
        let url_of_receipt = (play == Play::Pay).then_some(live(&payer.browser.get(&receipt).await));
        till::play(&app, &order, play, Sending::Once);
        till::followed(&app.pool, at + 1).await;
        for url in [Some(url), url_of_receipt].into_iter().flatten() {
            assert!(told(&mut payer.browser, &url).await, "{play:?}");
        }
        let again = live(&payer.browser.get("/billing").await);
        assert!(!told(&mut payer.browser, &again).await, "{play:?}: what was read anew is not read again");
    }
    app.close().await;
}

#[actix_web::test]
async fn a_page_whose_own_look_found_the_news_is_not_loaded_twice() {
    let app = TestApp::start().await;
    let mut payer = Payer::sign_in(&app).await;
    let order = payer.open("card").await;
    till::play(&app, &order, Play::Pay, Sending::Never);
    let back = payer.browser.get(&format!("/billing?topup={}", order.id)).await;
    assert!(back.text.contains("$200.00 is on your balance."), "{}", back.text);
    assert!(!told(&mut payer.browser, &live(&back)).await);
    app.close().await;
}

#[actix_web::test]
async fn every_page_of_a_reseller_hears_of_a_key_that_came_in_between() {
    let app = TestApp::start().await;
    let (mut reseller, id, _) = reseller_with_key(&app).await;
    let pages = ["/api", "/api?q=acme&seen=0000000000000000", "/usage", "/billing", "/guide", &format!("/keys/{id}")];
    let mut urls = Vec::new();
    for path in pages {
        let url = live(&reseller.get(path).await);
        assert!(!told(&mut reseller, &url).await, "{path}: nothing happened");
        urls.push(url);
    }
    let order = json!({ "label": "later", "budget": "10", "cost": "6" });
    assert_eq!(reseller.pay(Method::POST, "/api/v1/keys", "k2", &order).await.status, 201);
    for (path, url) in pages.iter().zip(&urls) {
        assert!(told(&mut reseller, url).await, "{path}");
        let again = live(&reseller.get(path).await);
        assert!(!told(&mut reseller, &again).await, "{path}");
    }
    let foreign = app.reseller("other@shop.com", "5").await.0.clone().get(&urls[0]).await;
    assert_eq!(foreign.json()["reload"], true, "a mark of another account is an old one");
    for odd in ["/live?page=api", "/live?page=api&seen=", "/live?page=api&seen=zz"] {
        assert!(!told(&mut reseller, odd).await, "{odd}: without a mark nothing is said of one");
    }
    app.close().await;
}

#[actix_web::test]
async fn a_client_s_pages_hear_what_its_provider_did_in_between() {
    let app = TestApp::start().await;
    let (mut reseller, id, secret) = reseller_with_key(&app).await;
    let mut client = app.client("one@acme.com", &secret).await;
    let other = app.key("50", "30", 60, 5).await;
    for path in [format!("/keys/{id}"), "/keys".to_owned()] {
        for act in ["pause", "resume"] {
            let url = live(&client.get(&path).await);
            assert!(!told(&mut client, &url).await, "{path}: nothing happened");
            reseller.post(&format!("/api/v1/keys/{id}/{act}"), &json!({})).await;
            assert!(told(&mut client, &url).await, "{path}: {act}");
        }
    }
    let before = live(&client.get("/keys").await);
    let bound = client.post("/api/v1/portal/bind", &json!({ "key": other.secret })).await;
    assert!(bound.status < 300, "{}", bound.text);
    assert!(told(&mut client, &before).await, "a key of another provider came");
    let after = live(&client.get("/keys").await);
    assert!(!told(&mut client, &after).await);
    app.close().await;
}

#[actix_web::test]
async fn a_page_of_the_program_s_last_run_goes_on_until_there_is_news() {
    let app = TestApp::start().await;
    let (mut reseller, ..) = reseller_with_key(&app).await;
    let url = live(&reseller.get("/api").await);
    let (cookies, csrf) = (reseller.cookies.clone(), reseller.csrf.clone());
    let (database, data) = app.stop_only().await;
    let app = TestApp::start_on(database, data, &[]).await;
    let mut reseller = Browser::at(app.dashboard);
    (reseller.cookies, reseller.csrf) = (cookies, csrf);
    assert!(!told(&mut reseller, &url).await, "a restart alone is no news");
    let order = json!({ "label": "globex", "budget": "50", "cost": "30" });
    assert_eq!(reseller.pay(Method::POST, "/api/v1/keys", "later", &order).await.status, 201);
    assert!(told(&mut reseller, &url).await, "a key came before the page looked again");
    app.close().await;
}
