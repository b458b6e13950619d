//! Refunds and disputes through the whole program: what the provider takes back leaves the balance, an open dispute or a
//! debt freezes the account, and both ends lift it (`faults.md` G3, G10, G11).

use crate::payments::till::{self, Opened, Payer};
use crate::sandbox::raw;
use crate::support::app::{TestApp, until};
use crate::support::calls::soon;
use crate::support::clients;
use crate::support::process::Scene;
use crate::support::site::TestKey;
use crate::support::stranger;
use awc::http::Method;
use derouter::payments::sandbox::play::Play;
use derouter::payments::sandbox::provider::Sending;
use futures_util::future::join_all;
use serde_json::json;
use sqlx::PgPool;

const DOLLAR: i64 = 1_000_000_000;

/// Presses buttons, each with its notice, and waits until each was followed.
async fn plays(app: &TestApp, order: &Opened, wishes: &[Play]) {
    for wish in wishes {
        let before = till::notices(&app.pool).await.len();
        till::play(app, order, *wish, Sending::Once);
        till::followed(&app.pool, before + 1).await;
    }
}

/// Kind, cost and owed part of every take-back in the journal.
async fn taken(pool: &PgPool) -> Vec<(i16, i64, i64)> {
    let rows = "SELECT kind, cost, owed FROM ledger.journal WHERE kind IN (2, 12, 13, 14) ORDER BY seq";
    sqlx::query_as(rows).fetch_all(pool).await.expect("the journal")
}

async fn key(app: &TestApp, payer: &mut Payer, cost: &str) -> TestKey {
    let account = payer.browser.get("/api/v1/balance").await.json()["account"].as_str().expect("an id").to_owned();
    app.key_of(&account, "200", cost, 60, 5).await
}

async fn standing(payer: &mut Payer) -> (String, String, bool) {
    let view = payer.browser.get("/api/v1/balance").await.json();
    let text = |field: &str| view[field].as_str().expect("an amount").to_owned();
    (text("balance"), text("receivable"), view["frozen"] == true)
}

fn stands(balance: &str, receivable: &str, frozen: bool) -> (String, String, bool) {
    (balance.to_owned(), receivable.to_owned(), frozen)
}

#[actix_web::test]
async fn g03_a_refund_that_came_before_its_payment_was_seen_is_taken_after_the_credit() {
    let app = TestApp::start().await;
    let mut payer = Payer::sign_in(&app).await;
    let order = payer.open("card").await;
    till::play(&app, &order, Play::Pay, Sending::Never);
    till::play(&app, &order, Play::Refund, Sending::Once);
    till::followed(&app.pool, 1).await;
    assert_eq!(till::credits(&app.pool).await, [200 * DOLLAR]);
    assert_eq!(taken(&app.pool).await, [(2, 200 * DOLLAR, 0)]);
    let shown = payer.listed(&order).await;
    assert_eq!(
        (&shown["state"], &shown["credited"], &shown["taken_back"]),
        (&json!("refunded"), &json!("200"), &json!("200"))
    );
    assert_eq!(standing(&mut payer).await, stands("0", "0", false));
    app.close().await;
}

#[actix_web::test]
async fn g03_a_partial_then_a_full_refund_and_one_that_fails_are_each_taken_once() {
    let app = TestApp::start().await;
    let (mut payer, order) = till::paid(&app).await;
    plays(&app, &order, &[Play::RefundPart]).await;
    assert_eq!(
        (payer.balance().await.as_str(), till::state(&app.pool, &order).await.as_str()),
        ("100", "refunded_part")
    );
    plays(&app, &order, &[Play::Refund]).await;
    assert_eq!((payer.balance().await.as_str(), till::state(&app.pool, &order).await.as_str()), ("0", "refunded"));
    plays(&app, &order, &[Play::FailRefund]).await;
    assert_eq!(
        (payer.balance().await.as_str(), till::state(&app.pool, &order).await.as_str()),
        ("100", "refunded_part")
    );
    let page = payer.browser.get("/billing").await;
    assert!(page.text.contains("−$100.00 refunded in part"), "the line says so");
    let receipt = payer.browser.get(&format!("/billing/{}", order.id)).await;
    assert!(receipt.text.contains("−$100.00 refunded in part"), "the receipt says so");
    app.close().await;
}

#[actix_web::test]
async fn g11_a_dispute_freezes_the_account_and_its_end_in_our_favour_thaws_it() {
    let app = TestApp::start().await;
    let (mut payer, order) = till::paid(&app).await;
    let key = key(&app, &mut payer, "50").await;
    plays(&app, &order, &[Play::Dispute]).await;
    assert_eq!(standing(&mut payer).await, stands("150", "0", true));
    let refused = app.play(&key, &json!({}), false).await;
    assert_eq!(refused.status, 403, "{}", refused.text());
    let told = refused.text();
    assert!(told.contains("This API key is paused. Ask your provider."), "{told}");
    assert!(!told.contains("disput") && !told.contains("frozen while"), "clients are told nothing of it: {told}");
    let order_of_key = json!({ "label": "new", "budget": "10", "cost": "5" });
    let cut = payer.browser.pay(Method::POST, "/api/v1/keys", "cut", &order_of_key).await;
    assert_eq!(cut.status, 403);
    assert!(cut.text.contains("Your account is frozen while a payment is disputed or owed"), "{}", cut.text);
    for path in ["/api", "/billing", "/usage", "/settings"] {
        let page = payer.browser.get(path).await;
        assert!(page.text.contains("Your account is frozen."), "the banner is on {path}");
        assert!(!page.text.contains("dispute:"), "an operation id is nothing to read: {path}");
    }
    assert!(payer.browser.get("/billing").await.text.contains("A payment is disputed by the payer’s bank"));
    plays(&app, &order, &[Play::Withdraw]).await;
    assert_eq!(standing(&mut payer).await, stands("0", "50", true));
    plays(&app, &order, &[Play::Win]).await;
    assert_eq!(standing(&mut payer).await, stands("150", "0", false));
    assert_eq!(till::state(&app.pool, &order).await, "credited");
    assert_eq!(app.play(&key, &json!({}), false).await.status, 200);
    app.settled().await;
    let kinds: Vec<i16> = taken(&app.pool).await.iter().map(|t| t.0).collect();
    assert_eq!(kinds, [12, 2, 14, 13]);
    app.close().await;
}

#[actix_web::test]
async fn g10_a_lost_dispute_over_spent_money_is_owed_until_deposits_and_deletions_repay_it() {
    let app = TestApp::start().await;
    let (mut payer, order) = till::paid(&app).await;
    let (key, spare) = (key(&app, &mut payer, "100").await, key(&app, &mut payer, "50").await);
    plays(&app, &order, &[Play::Dispute, Play::Withdraw, Play::Lose]).await;
    assert_eq!(standing(&mut payer).await, stands("0", "150", true));
    assert_eq!(taken(&app.pool).await, [(12, 0, 0), (2, 200 * DOLLAR, 150 * DOLLAR), (13, 0, 0)]);
    assert_eq!(till::state(&app.pool, &order).await, "lost");
    // A deleted key's money repays first; then a deposit does the rest, and the freeze lifts by itself.
    let path = format!("/api/v1/keys/{}", spare.id);
    assert!(payer.browser.pay(Method::DELETE, &path, "d", &serde_json::Value::Null).await.status < 300);
    until("what it held repaid", async || standing(&mut payer.clone()).await == stands("0", "100", true)).await;
    let second = payer.open("card").await;
    till::play(&app, &second, Play::Pay, Sending::Once);
    until("it is credited", async || till::state(&app.pool, &second).await == "credited").await;
    assert_eq!(standing(&mut payer).await, stands("100", "0", false));
    assert_eq!(app.play(&key, &json!({}), false).await.status, 200);
    app.close().await;
}

#[actix_web::test]
async fn g03_a_hundred_notices_of_a_refund_at_once_take_it_once() {
    let app = TestApp::start().await;
    let (mut payer, order) = till::paid(&app).await;
    till::play(&app, &order, Play::RefundPart, Sending::Never);
    let client = clients::patient();
    let names: Vec<String> = (0..100).map(|n| format!("evt_{n}")).collect();
    let copies = names.iter().map(|name| till::send(&app, &client, &order.payment, name, "charge.refunded"));
    let answers = join_all(copies).await;
    assert!(answers.iter().all(|status| *status == 200), "{answers:?}");
    till::followed(&app.pool, 101).await;
    assert_eq!(taken(&app.pool).await, [(2, 100 * DOLLAR, 0)]);
    assert_eq!(payer.balance().await, "100");
    app.close().await;
}

#[actix_web::test]
async fn what_is_no_us_dollar_or_more_than_was_credited_is_not_taken_by_itself() {
    let app = TestApp::start().await;
    let (mut payer, order) = till::paid(&app).await;
    plays(&app, &order, &[Play::RefundPart]).await;
    app.payments().alter(&order.payment, |p| p.refunds[0].amount = "201".into()).expect("remembered");
    till::play(&app, &order, Play::PayAgain, Sending::Never);
    till::play(&app, &order, Play::Refund, Sending::Never);
    app.payments().alter(&order.payment, |p| p.refunds[1].amount = "101".into()).expect("remembered");
    for n in 0..2 {
        till::announce(&app, &order, &format!("evt_{n}"), "charge.refunded").await;
        till::followed(&app.pool, 3 + n).await;
    }
    assert_eq!(payer.balance().await, "100");
    let alarms: Vec<String> =
        sqlx::query_scalar("SELECT why FROM ledger.take_back_alarm").fetch_all(&app.pool).await.expect("rows");
    assert_eq!(alarms, ["beyond"]);
    app.close().await;
}

#[actix_web::test]
async fn a_crypto_payment_found_invalid_after_its_credit_is_taken_back() {
    let app = TestApp::start().await;
    let mut payer = Payer::sign_in(&app).await;
    let order = payer.open("crypto").await;
    plays(&app, &order, &[Play::Pay, Play::Invalidate]).await;
    assert_eq!((payer.balance().await.as_str(), till::state(&app.pool, &order).await.as_str()), ("0", "lost"));
    app.close().await;
}

#[actix_web::test]
async fn g03_killed_while_a_refund_is_booked_it_is_taken_once() {
    for is_released_first in [true, false] {
        let scene = Scene::set().await;
        let program = scene.start().await;
        let (_payer, order) = till::paid_at(&program, &scene.pool).await;
        let account: uuid::Uuid =
            sqlx::query_scalar("SELECT account_id FROM web.reseller").fetch_one(&scene.pool).await.expect("one");
        let stranger = stranger::lock_account(&scene.pool, &account.to_string()).await;
        till::press(program.site.console, &order.payment, "refund_part").await;
        until("the reversal waits", async || !stranger::waiting(&scene.pool).await.is_empty()).await;
        program.kill().await;
        let program = scene.start_around(stranger, is_released_first).await;
        till::followed(&scene.pool, 2).await;
        assert_eq!(taken(&scene.pool).await, [(2, 100 * DOLLAR, 0)]);
        assert_eq!(till::state(&scene.pool, &order).await, "refunded_part");
        program.stop().await;
        scene.audit().await;
    }
}

#[actix_web::test]
async fn a_crypto_payment_found_invalid_and_paid_after_all_is_credited_again_and_once_more_is_an_alarm() {
    let app = TestApp::start().await;
    let mut payer = Payer::sign_in(&app).await;
    let order = payer.open("crypto").await;
    plays(&app, &order, &[Play::Pay, Play::Invalidate, Play::Revalidate]).await;
    assert_eq!((payer.balance().await.as_str(), till::state(&app.pool, &order).await.as_str()), ("200", "credited"));
    assert_eq!(taken(&app.pool).await, [(2, 200 * DOLLAR, 0), (14, 200 * DOLLAR, 0)]);
    plays(&app, &order, &[Play::Invalidate]).await;
    assert_eq!((payer.balance().await.as_str(), taken(&app.pool).await.len()), ("200", 2));
    let alarms: Vec<String> =
        sqlx::query_scalar("SELECT why FROM ledger.take_back_alarm").fetch_all(&app.pool).await.expect("rows");
    assert_eq!(alarms, ["again"]);
    app.close().await;
}

#[actix_web::test]
async fn a_crypto_payment_found_invalid_and_paid_in_part_afterwards_is_a_persons_matter() {
    let app = TestApp::start().await;
    let mut payer = Payer::sign_in(&app).await;
    let order = payer.open("crypto").await;
    plays(&app, &order, &[Play::Pay, Play::Invalidate]).await;
    app.payments().alter(&order.payment, |p| p.received = "120".into()).expect("remembered");
    plays(&app, &order, &[Play::Revalidate]).await;
    assert_eq!((payer.balance().await.as_str(), till::state(&app.pool, &order).await.as_str()), ("0", "lost"));
    let alarms: Vec<String> =
        sqlx::query_scalar("SELECT why FROM ledger.take_back_alarm").fetch_all(&app.pool).await.expect("rows");
    assert_eq!(alarms, ["unfit"]);
    let compared = app.operator("/op/reconcile", &json!({})).await;
    assert_eq!(compared["differences"][0]["kind"], "doubtful", "the daily comparison names it: {compared}");
    app.close().await;
}

/// How long a call runs at the provider: longer than a freeze takes.
const RUNS_MS: u64 = 5_000;

#[actix_web::test]
async fn g11_a_call_that_runs_while_its_account_is_frozen_finishes_and_is_billed_and_the_next_is_refused() {
    let app = TestApp::start().await;
    let (mut payer, order) = till::paid(&app).await;
    let key = key(&app, &mut payer, "50").await;
    let mut running = app.start_call(&key, &json!({ "first_byte_ms": RUNS_MS }), false).await;
    app.provider_until("it runs", |all| all.len() == 1).await;
    plays(&app, &order, &[Play::Dispute]).await;
    assert!(app.sandbox.requests()[0].closed_ms.is_none(), "it still runs");
    let refused = app.play(&key, &json!({}), false).await;
    assert_eq!(refused.status, 403);
    assert!(refused.text().contains("This API key is paused. Ask your provider."), "{}", refused.text());
    let finished = soon("the running call ends", raw::read(&mut running)).await;
    assert_eq!(finished.status, 200, "{}", finished.text());
    let line = app.line(&key).await;
    assert!(line.cost > 0 && line.absorbed == 0, "{line:?}");
    let more = json!({ "amount": "10" });
    let path = format!("/api/v1/keys/{}/top-up", key.id);
    let funded = payer.browser.pay(Method::POST, &path, "fund", &more).await;
    assert_eq!(funded.status, 403, "{}", funded.text);
    assert!(funded.text.contains("Your account is frozen while a payment is disputed or owed"), "{}", funded.text);
    plays(&app, &order, &[Play::Win]).await;
    assert_eq!(app.play(&key, &json!({}), false).await.status, 200);
    app.settled().await;
    app.close().await;
}

#[actix_web::test]
async fn an_operator_lifts_their_own_freeze_and_never_a_disputes() {
    let app = TestApp::start().await;
    let (mut payer, order) = till::paid(&app).await;
    let account = payer.browser.get("/api/v1/balance").await.json()["account"].as_str().expect("an id").to_owned();
    let path = format!("/op/accounts/{account}/freeze");
    let set = |frozen: bool, id: &str| json!({ "frozen": frozen, "reason": "abuse", "id": id });
    plays(&app, &order, &[Play::Dispute]).await;
    let (status, told) = app.operator_says(&path, &set(false, "a")).await;
    let words = told["error"]["message"].as_str().expect("words");
    assert!(status == 422 && words.contains("it thaws by itself when the payer's bank has decided"), "{told}");
    assert_eq!(app.operator(&path, &set(true, "b")).await["frozen"], true);
    assert_eq!(
        app.operator(&path, &set(false, "c")).await["frozen"],
        true,
        "their own is lifted, the dispute's is not"
    );
    assert_eq!(app.operator_says(&path, &set(false, "d")).await.0, 422);
    plays(&app, &order, &[Play::Win]).await;
    assert_eq!(standing(&mut payer).await, stands("200", "0", false));
    app.close().await;
}
