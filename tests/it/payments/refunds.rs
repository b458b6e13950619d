//! Refunds that an operator starts: through the provider, once, within what is left and unspent.

use crate::payments::till::{self, Opened};
use crate::support::app::TestApp;
use derouter::payments::sandbox::play::Play;
use derouter::payments::sandbox::provider::Sending;
use futures_util::future::join_all;
use serde_json::{Value, json};
use sqlx::PgPool;

const DOLLAR: i64 = 1_000_000_000;

fn path(order: &Opened) -> String {
    format!("/op/topups/{}/refund", order.id)
}

async fn refund(app: &TestApp, order: &Opened, body: &Value) -> (u16, Value) {
    app.operator_says(&path(order), body).await
}

/// Cost and owed part of every reversal, in nano-dollars.
async fn reversals(pool: &PgPool) -> Vec<(i64, i64)> {
    let rows = sqlx::query_as("SELECT cost, owed FROM ledger.journal WHERE kind = 2 ORDER BY seq");
    rows.fetch_all(pool).await.expect("the journal")
}

fn given_back(app: &TestApp, order: &Opened) -> usize {
    app.payments().show(&order.payment).expect("known").refunds.len()
}

async fn intents(pool: &PgPool) -> Vec<String> {
    let rows = sqlx::query_scalar("SELECT state FROM ledger.refund_intent ORDER BY created_at");
    rows.fetch_all(pool).await.expect("the intents")
}

fn words(answer: &Value) -> &str {
    answer["error"]["message"].as_str().expect("words")
}

#[actix_web::test]
async fn a_part_then_the_rest_leave_through_the_provider_and_then_nothing_is_left() {
    let app = TestApp::start().await;
    let (mut payer, order) = till::paid(&app).await;
    let (status, part) = refund(&app, &order, &json!({ "amount": "50", "reason": "too much" })).await;
    assert_eq!((status, &part["state"], &part["amount"]), (200, &json!("done"), &json!("50")), "{part}");
    // Its own notice finds it taken.
    till::followed(&app.pool, 2).await;
    assert_eq!((payer.balance().await.as_str(), reversals(&app.pool).await), ("150", vec![(50 * DOLLAR, 0)]));
    assert!(payer.browser.get("/billing").await.text.contains("−$50.00 refunded in part"));
    let (status, rest) = refund(&app, &order, &json!({ "reason": "they leave" })).await;
    assert_eq!((status, &rest["state"], &rest["amount"]), (200, &json!("done"), &json!("150")), "{rest}");
    till::followed(&app.pool, 3).await;
    assert_eq!((payer.balance().await.as_str(), till::state(&app.pool, &order).await.as_str()), ("0", "refunded"));
    let (status, none) = refund(&app, &order, &json!({ "reason": "once more" })).await;
    assert_eq!((status, words(&none)), (422, "all of this top-up went back already, or is on its way"));
    assert_eq!((given_back(&app, &order), reversals(&app.pool).await.len()), (2, 2));
    let account = part["account"].as_str().expect("an id");
    let list = app.operator(&format!("/op/topups?account={account}"), &Value::Null).await;
    assert_eq!(list["topups"][0]["taken_back"], "200");
    let states: Vec<&Value> = list["refunds"].as_array().expect("a list").iter().map(|r| &r["state"]).collect();
    assert_eq!(states, [&json!("done"); 2]);
    app.close().await;
}

#[actix_web::test]
async fn the_audit_log_says_who_asked_for_a_refund_and_why() {
    let app = TestApp::start().await;
    let (mut payer, order) = till::paid(&app).await;
    assert_eq!(refund(&app, &order, &json!({ "amount": "50", "reason": "too much" })).await.0, 200);
    let acts = payer.browser.get("/api/v1/audit").await.json();
    let mut acts = acts["acts"].as_array().expect("acts").iter();
    let act = acts.find(|act| act["action"] == "topup_refunded").expect("the act").clone();
    assert_eq!((&act["detail"]["amount"], &act["detail"]["reason"]), (&json!("50"), &json!("too much")), "{act}");
    let kind: String = sqlx::query_scalar("SELECT actor_kind FROM web.audit WHERE action = 'topup_refunded'")
        .fetch_one(&app.pool)
        .await
        .expect("one row");
    assert_eq!(kind, "operator");
    app.close().await;
}

#[actix_web::test]
async fn the_same_command_however_often_at_once_and_later_is_one_refund() {
    let app = TestApp::start().await;
    let (mut payer, order) = till::paid(&app).await;
    let body = json!({ "amount": "50", "reason": "too much" });
    let answers = join_all((0..20).map(|_| refund(&app, &order, &body))).await;
    assert!(answers.iter().all(|(status, _)| *status == 200), "{answers:?}");
    let (_, late) = refund(&app, &order, &body).await;
    assert_eq!((&late["state"], &late["repeated"]), (&json!("done"), &json!(true)));
    assert_eq!((given_back(&app, &order), payer.balance().await.as_str()), (1, "150"));
    // Other words, or an id of its own, are another refund; a used id is no other one's.
    let own = json!({ "amount": "50", "reason": "too much", "id": "second" });
    assert_eq!(refund(&app, &order, &own).await.1["state"], "done");
    let other = json!({ "amount": "60", "reason": "too much", "id": "second" });
    let (status, told) = refund(&app, &order, &other).await;
    assert!(status == 422 && words(&told).contains("give another --id"), "{told}");
    assert_eq!((given_back(&app, &order), payer.balance().await.as_str()), (2, "100"));
    app.close().await;
}

#[actix_web::test]
async fn what_cannot_be_given_back_is_refused_in_words_that_say_what_can_be_done() {
    let app = TestApp::start().await;
    let (mut payer, order) = till::paid(&app).await;
    let (open, coins) = (payer.open("card").await, payer.open("crypto").await);
    till::play(&app, &coins, Play::Pay, Sending::Once);
    till::followed(&app.pool, 2).await;
    app.account("5").await;
    let by_hand: uuid::Uuid = sqlx::query_scalar("SELECT topup_id FROM ledger.topup WHERE provider = 'operator'")
        .fetch_one(&app.pool)
        .await
        .expect("one");
    let at = |id: &str| format!("/op/topups/{id}/refund");
    let absent = uuid::Uuid::now_v7().to_string();
    let (all, amount) = (json!({ "reason": "r" }), |a: &str| json!({ "reason": "r", "amount": a }));
    let rows = [
        (at(&absent), all.clone(), 404, "there is no such top-up"),
        (at("nonsense"), all.clone(), 404, "there is no such top-up"),
        (at(&open.id), all.clone(), 422, "this top-up is not credited, it is open"),
        (at(&coins.id), all.clone(), 422, "mark the invoice as invalid there"),
        (at(&by_hand.to_string()), all.clone(), 422, "paid outside the providers"),
        (at(&order.id), amount("0"), 422, "more than 0"),
        (at(&order.id), amount("0.001"), 422, "whole cents"),
        (at(&order.id), amount("200.01"), 422, "only 200 USD of this top-up can still be given back"),
        (at(&order.id), amount("-5"), 422, ""),
        (at(&order.id), json!({ "reason": " " }), 422, "give a reason"),
        (at(&order.id), json!({ "reason": "r", "approved_by": "\0" }), 422, ""),
        (at(&order.id), json!({ "reason": "r", "id": "" }), 422, "give an id"),
        (at(&order.id), json!({ "reason": "r", "more": 1 }), 422, ""),
    ];
    for (path, body, wanted, told) in rows {
        let (status, answer) = app.operator_says(&path, &body).await;
        assert!(status == wanted && words(&answer).contains(told), "{path} {body}: {status} {answer}");
    }
    till::play(&app, &order, Play::Dispute, Sending::Once);
    till::followed(&app.pool, 3).await;
    let (status, answer) = refund(&app, &order, &all).await;
    assert!(status == 422 && words(&answer).contains("wait until the dispute ends"), "{answer}");
    assert_eq!((intents(&app.pool).await, reversals(&app.pool).await), (vec![], vec![]));
    app.close().await;
}

#[actix_web::test]
async fn more_than_is_unspent_needs_a_second_person_and_the_rest_is_owed() {
    let app = TestApp::start().await;
    let (mut payer, order) = till::paid(&app).await;
    let account = payer.browser.get("/api/v1/balance").await.json()["account"].as_str().expect("an id").to_owned();
    app.key_of(&account, "200", "150", 60, 5).await;
    let body = json!({ "amount": "100", "reason": "fraud" });
    let (status, told) = refund(&app, &order, &body).await;
    assert!(status == 422 && words(&told).contains("only 50 USD of the main balance is unspent"), "{told}");
    assert_eq!((given_back(&app, &order), intents(&app.pool).await), (0, vec![]));
    let forced = json!({ "amount": "100", "reason": "fraud", "approved_by": "Ann" });
    let (status, done) = refund(&app, &order, &forced).await;
    assert_eq!((status, &done["state"], &done["approved_by"]), (200, &json!("done"), &json!("Ann")), "{done}");
    assert_eq!(reversals(&app.pool).await, [(100 * DOLLAR, 50 * DOLLAR)]);
    let view = payer.browser.get("/api/v1/balance").await.json();
    assert_eq!((&view["balance"], &view["receivable"], &view["frozen"]), (&json!("0"), &json!("50"), &json!(true)));
    app.close().await;
}

#[actix_web::test]
async fn asked_for_while_the_provider_is_down_it_is_given_back_once_by_itself() {
    let app = TestApp::start_with(&[("DEROUTER__PAYMENTS__CHECK_AFTER_S", "1")]).await;
    let (mut payer, order) = till::paid(&app).await;
    app.payments().set_down(true);
    let body = json!({ "amount": "50", "reason": "too much" });
    let (status, waits) = refund(&app, &order, &body).await;
    assert_eq!((status, &waits["state"]), (200, &json!("asked")), "{waits}");
    let told = waits["told"].as_str().expect("words");
    assert!(told.contains("cannot be reached") && told.contains("asked again by itself"), "{told}");
    let (_, rest) = refund(&app, &order, &json!({ "amount": "160", "reason": "another" })).await;
    assert!(words(&rest).contains("only 150 USD"), "what is promised is not promised again: {rest}");
    app.payments().set_down(false);
    app.until("it is given back", async || intents(&app.pool).await == ["done"]).await;
    assert_eq!((given_back(&app, &order), payer.balance().await.as_str()), (1, "150"));
    assert_eq!(refund(&app, &order, &body).await.1["repeated"], true);
    assert_eq!(given_back(&app, &order), 1);
    app.close().await;
}

#[actix_web::test]
async fn what_is_spent_before_the_provider_was_asked_is_not_given_back() {
    let app = TestApp::start().await;
    let (mut payer, order) = till::paid(&app).await;
    let account = payer.browser.get("/api/v1/balance").await.json()["account"].as_str().expect("an id").to_owned();
    app.payments().set_down(true);
    let body = json!({ "amount": "100", "reason": "too much" });
    assert_eq!(refund(&app, &order, &body).await.1["state"], "asked");
    app.key_of(&account, "200", "150", 60, 5).await;
    app.payments().set_down(false);
    let (status, told) = refund(&app, &order, &body).await;
    assert!(status == 422 && words(&told).starts_with("nothing was given back: only 50 USD"), "{told}");
    assert_eq!((given_back(&app, &order), intents(&app.pool).await), (0, vec!["refused".to_owned()]));
    // The same words are a new try then, within what is there.
    assert_eq!(refund(&app, &order, &json!({ "amount": "50", "reason": "too much" })).await.1["state"], "done");
    assert_eq!(reversals(&app.pool).await, [(50 * DOLLAR, 0)]);
    app.close().await;
}

#[actix_web::test]
async fn a_refund_that_does_not_reach_the_payer_is_on_the_balance_again_and_may_be_asked_for_anew() {
    let app = TestApp::start().await;
    let (mut payer, order) = till::paid(&app).await;
    let body = json!({ "amount": "50", "reason": "too much" });
    assert_eq!(refund(&app, &order, &body).await.1["state"], "done");
    till::followed(&app.pool, 2).await;
    till::play(&app, &order, Play::FailRefund, Sending::Once);
    till::followed(&app.pool, 3).await;
    assert_eq!((payer.balance().await.as_str(), intents(&app.pool).await), ("200", vec!["failed".to_owned()]));
    let (_, again) = refund(&app, &order, &body).await;
    assert_eq!((&again["state"], &again["repeated"]), (&json!("done"), &Value::Null));
    assert_eq!((given_back(&app, &order), payer.balance().await.as_str()), (2, "150"));
    app.close().await;
}
