//! From the Top Up form to the balance: what is asked, paid, called off, and done twice.

use crate::payments::till::{self, Payer, YOU};
use crate::support::app::TestApp;
use crate::support::browser::Browser;
use derouter::payments::sandbox::play::Play;
use derouter::payments::sandbox::provider::Sending;
use serde_json::{Value, json};

const DOLLAR: i64 = 1_000_000_000;

#[actix_web::test]
async fn a_payment_by_card_or_crypto_is_credited_when_the_provider_says_so() {
    let app = TestApp::start().await;
    let mut payer = Payer::sign_in(&app).await;
    let card = payer.open("card").await;
    assert!(card.url.starts_with(&format!("http://{}/_dev/checkout/pay_", app.console)), "{}", card.url);
    let home = till::press(app.console, &card.payment, "pay").await;
    assert_eq!(home, format!("http://{}/billing?topup={}", app.dashboard, card.id));
    till::followed(&app.pool, 1).await;
    let shown = payer.listed(&card).await;
    assert_eq!((&shown["state"], &shown["credited"]), (&json!("credited"), &json!("200")));
    assert!(shown["credited_at"].is_string() && shown["checkout_url"].is_null(), "{shown}");
    let crypto = payer.open("crypto").await;
    till::press(app.console, &crypto.payment, "send").await;
    till::followed(&app.pool, 2).await;
    assert_eq!(payer.listed(&crypto).await["state"], "processing");
    assert_eq!(payer.balance().await, "200", "nothing is credited before it is certain");
    till::press(app.console, &crypto.payment, "confirm").await;
    till::followed(&app.pool, 3).await;
    assert_eq!(payer.listed(&crypto).await["state"], "credited");
    assert_eq!((payer.balance().await.as_str(), till::credits(&app.pool).await.len()), ("400", 2));
    app.close().await;
}

#[actix_web::test]
async fn the_return_page_finds_a_payment_whose_notice_never_came() {
    let app = TestApp::start().await;
    let mut payer = Payer::sign_in(&app).await;
    let order = payer.open("card").await;
    till::play(&app, &order, Play::Pay, Sending::Never);
    assert_eq!(payer.look(&order).await["state"], "credited");
    assert_eq!((payer.balance().await.as_str(), till::notices(&app.pool).await.len()), ("200", 0));
    app.close().await;
}

#[actix_web::test]
async fn an_order_without_news_is_looked_at_again() {
    let app = TestApp::start_with(&[("DEROUTER__PAYMENTS__CHECK_AFTER_S", "1")]).await;
    let mut payer = Payer::sign_in(&app).await;
    let (paid, left) = (payer.open("crypto").await, payer.open("card").await);
    till::play(&app, &paid, Play::Send, Sending::Never);
    app.until("it is processing", async || till::state(&app.pool, &paid).await == "processing").await;
    till::play(&app, &paid, Play::Confirm, Sending::Never);
    app.until("it is credited", async || till::state(&app.pool, &paid).await == "credited").await;
    assert_eq!(till::state(&app.pool, &left).await, "open");
    app.close().await;
}

#[actix_web::test]
async fn a_checkout_that_nobody_pays_expires() {
    let changes = [("DEROUTER__PAYMENTS__CHECKOUT_TTL_S", "1"), ("DEROUTER__PAYMENTS__CHECK_AFTER_S", "1")];
    let app = TestApp::start_with(&changes).await;
    let mut payer = Payer::sign_in(&app).await;
    let order = payer.open("card").await;
    app.until("it expires", async || till::state(&app.pool, &order).await == "expired").await;
    assert_eq!(payer.cancel(&order).await["state"], "expired", "what is over cannot be called off");
    app.close().await;
}

#[actix_web::test]
async fn a_form_sent_many_times_is_one_order_and_one_checkout() {
    let app = TestApp::start().await;
    let payer = Payer::sign_in(&app).await;
    let repeats = (0..30).map(|_| {
        let mut payer = payer.clone();
        async move { payer.ask("200", "card", "once").await }
    });
    let answers = futures_util::future::join_all(repeats).await;
    let first = till::opened(&answers[0]);
    for answer in &answers {
        let again = till::opened(answer);
        assert_eq!((answer.status, again.id, again.url), (201, first.id.clone(), first.url.clone()));
    }
    let mut payer = payer;
    for (amount, method) in [("201", "card"), ("200", "crypto")] {
        let other = payer.ask(amount, method, "once").await;
        assert_eq!((other.status, other.error().as_str()), (422, "idempotency_key_reused"));
    }
    till::play(&app, &first, Play::Pay, Sending::Once);
    till::followed(&app.pool, 1).await;
    let late = payer.ask("200", "card", "once").await.json();
    assert_eq!((&late["state"], &late["checkout_url"]), (&json!("credited"), &Value::Null), "nothing to pay again");
    assert_eq!(till::credits(&app.pool).await, [200 * DOLLAR]);
    app.close().await;
}

#[actix_web::test]
async fn an_order_is_called_off_unless_it_was_paid_meanwhile() {
    let app = TestApp::start().await;
    let mut payer = Payer::sign_in(&app).await;
    let order = payer.open("card").await;
    assert_eq!(payer.cancel(&order).await["state"], "cancelled");
    till::followed(&app.pool, 1).await;
    assert_eq!(payer.listed(&order).await["state"], "cancelled", "the provider's notice of it changes nothing");
    assert_eq!(payer.cancel(&order).await["state"], "cancelled");
    let (paid, sent) = (payer.open("card").await, payer.open("crypto").await);
    till::play(&app, &paid, Play::Pay, Sending::Never);
    till::play(&app, &sent, Play::Send, Sending::Never);
    assert_eq!(payer.cancel(&paid).await["state"], "credited");
    assert_eq!(payer.cancel(&sent).await["state"], "processing");
    till::play(&app, &sent, Play::Confirm, Sending::Once);
    till::followed(&app.pool, 2).await;
    assert_eq!(till::credits(&app.pool).await, [200 * DOLLAR; 2]);
    let trail = payer.browser.get("/api/v1/audit").await.json();
    let acts = trail["acts"].as_array().expect("acts").iter().map(|a| a["action"].as_str().expect("a word"));
    let acts: Vec<&str> = acts.filter(|a| a.starts_with("topup")).collect();
    assert_eq!(acts, ["topup_started", "topup_started", "topup_cancelled", "topup_started"]);
    app.close().await;
}

#[actix_web::test]
async fn late_crypto_is_credited_though_the_order_was_called_off() {
    let app = TestApp::start().await;
    let mut payer = Payer::sign_in(&app).await;
    let order = payer.open("crypto").await;
    assert_eq!(payer.cancel(&order).await["state"], "cancelled");
    till::play(&app, &order, Play::PayLate, Sending::Once);
    app.until("it is credited", async || till::state(&app.pool, &order).await == "credited").await;
    till::followed(&app.pool, 2).await;
    assert_eq!(payer.balance().await, "200");
    app.close().await;
}

#[actix_web::test]
async fn amounts_and_methods_that_are_not_taken_say_what_is() {
    let app = TestApp::start_with(&[("DEROUTER__PAYMENTS__CRYPTO", "none")]).await;
    let mut payer = Payer::sign_in(&app).await;
    for (amount, method, field) in [
        ("4.99", "card", "amount"),
        ("10000.01", "card", "amount"),
        ("20.001", "card", "amount"),
        ("1e3", "card", "amount"),
        ("200", "crypto", "method"),
        ("200", "cash", "method"),
    ] {
        let answer = payer.ask(amount, method, "x").await;
        assert_eq!((answer.status, answer.field().as_str()), (422, field), "{amount} {method}: {}", answer.text);
    }
    let list = payer.browser.get("/api/v1/top-ups").await.json();
    assert_eq!((&list["methods"], &list["min"], &list["max"]), (&json!(["card"]), &json!("5"), &json!("10000")));
    assert_eq!(list["top_ups"], json!([]), "nothing was written down");
    for amount in ["5", "10000", "34.20"] {
        assert_eq!(payer.ask(amount, "card", amount).await.status, 201, "{amount}");
    }
    app.close().await;
}

#[actix_web::test]
async fn a_large_amount_needs_a_fresh_code() {
    let app = TestApp::start().await;
    let mut payer = Payer::sign_in(&app).await;
    let age = "UPDATE web.session SET proved_at = proved_at - interval '11 minutes'";
    sqlx::query(age).execute(&app.pool).await.expect("aged");
    assert_eq!(payer.ask("1000", "card", "a").await.status, 201);
    assert_eq!(payer.ask("1000.01", "card", "b").await.error(), "step_up_required");
    app.close().await;
}

#[actix_web::test]
async fn a_program_gone_wild_opens_no_more_than_twenty_checkouts() {
    let app = TestApp::start().await;
    let mut payer = Payer::sign_in(&app).await;
    let mut last = None;
    for n in 0..20 {
        last = Some(till::opened(&payer.ask("5", "card", &n.to_string()).await));
    }
    assert_eq!(payer.ask("5", "card", "more").await.error(), "too_many_top_ups");
    payer.cancel(&last.expect("twenty")).await;
    assert_eq!(payer.ask("5", "card", "more").await.status, 201);
    app.close().await;
}

#[actix_web::test]
async fn i01_a_foreign_order_looks_like_an_absent_one() {
    let app = TestApp::start().await;
    let mut payer = Payer::sign_in(&app).await;
    let order = payer.open("card").await;
    let mut other = Browser::at(app.dashboard);
    other.sign_in(&app, &format!("not-{YOU}")).await;
    let absent = uuid::Uuid::now_v7().to_string();
    for id in [&order.id, &absent, &order.id.to_uppercase(), "1"] {
        let looked = other.get(&format!("/api/v1/top-ups/{id}")).await;
        let cancelled = other.post(&format!("/api/v1/top-ups/{id}/cancel"), &json!({})).await;
        assert_eq!((looked.status, cancelled.status), (404, 404), "{id}");
        assert_eq!(looked.text, other.get("/api/v1/top-ups/2").await.text);
    }
    assert_eq!(other.get("/api/v1/top-ups").await.json()["top_ups"], json!([]));
    assert_eq!(payer.listed(&order).await["state"], "open");
    app.close().await;
}
