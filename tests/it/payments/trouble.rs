//! Postgres away, the provider away, answers lost: money waits and comes in once.

use crate::payments::fake_stripe::{self, FakeStripe, StripeBooks};
use crate::payments::till::{self, Payer};
use crate::support::app::{self, TestApp};
use crate::support::clients;
use crate::support::own_cluster::{OwnCluster, Stop};
use crate::support::stranger;
use derouter::payments::sandbox::play::Play;
use derouter::payments::sandbox::provider::Sending;
use serde_json::json;

const DOLLAR: i64 = 1_000_000_000;

#[actix_web::test]
async fn g09_paid_while_postgres_is_away_it_is_credited_once_afterwards() {
    let cluster = OwnCluster::start().await;
    let changes = [("DATABASE_URL", cluster.url.as_str()), ("DEROUTER__DATABASE__CONNECT_TIMEOUT_S", "1")];
    let app = TestApp::start_with(&changes).await;
    let mut payer = Payer::sign_in(&app).await;
    let order = payer.open("card").await;
    cluster.stop(Stop::Fast).await;
    // The sandbox sends its own notice again and again; this one is a copy beside it.
    till::press(app.console, &order.payment, "pay").await;
    let client = clients::patient();
    let status = till::send(&app, &client, &order.payment, "evt_1", "checkout.session.completed").await;
    assert_eq!(status, 503, "the provider shall send it again");
    cluster.start_again().await;
    let pool = cluster.pool();
    app.until("the notice is taken", async || {
        till::send(&app, &client, &order.payment, "evt_1", "checkout.session.completed").await == 200
    })
    .await;
    app.until("it is credited", async || till::credits(&pool).await == [200 * DOLLAR]).await;
    till::followed(&pool, 2).await;
    assert_eq!(till::credits(&pool).await, [200 * DOLLAR]);
    app.close().await;
    app::audit(&pool).await;
    pool.close().await;
}

#[actix_web::test]
async fn g15_paid_while_the_provider_does_not_answer_it_waits_and_is_credited_once() {
    let app = TestApp::start().await;
    let mut payer = Payer::sign_in(&app).await;
    let order = payer.open("card").await;
    app.payments().set_down(true);
    till::play(&app, &order, Play::Pay, Sending::Once);
    app.until("the notice waits", async || till::notices(&app.pool).await.len() == 1).await;
    assert_eq!(payer.look(&order).await["state"], "open", "shown as it was");
    let path = format!("/api/v1/top-ups/{}/cancel", order.id);
    assert_eq!(payer.browser.post(&path, &json!({})).await.error(), "provider_away");
    let refused = payer.ask("50", "card", "another").await;
    assert_eq!((refused.status, refused.error().as_str()), (503, "provider_away"));
    assert_eq!(till::credits(&app.pool).await, [0_i64; 0]);
    app.payments().set_down(false);
    app.until("it is credited", async || till::credits(&app.pool).await == [200 * DOLLAR]).await;
    till::followed(&app.pool, 1).await;
    assert_eq!(payer.ask("50", "card", "another").await.status, 201, "the same attempt goes on");
    assert_eq!(till::credits(&app.pool).await.len(), 1);
    app.close().await;
}

#[actix_web::test]
async fn a_checkout_whose_answer_was_lost_is_found_again_by_its_repeat() {
    let app = TestApp::start().await;
    let mut payer = Payer::sign_in(&app).await;
    let first = till::opened(&payer.ask("200", "card", "once").await);
    let lose = "UPDATE ledger.topup SET state = 'created', provider_payment = NULL, checkout_url = NULL";
    sqlx::query(lose).execute(&app.pool).await.expect("lost");
    let again = till::opened(&payer.ask("200", "card", "once").await);
    assert_eq!((again.id, again.url), (first.id, first.url));
    app.close().await;
}

#[actix_web::test]
async fn an_order_that_no_provider_answered_for_is_given_up() {
    let app = TestApp::start_with(&[("DEROUTER__PAYMENTS__CHECK_AFTER_S", "1")]).await;
    let mut payer = Payer::sign_in(&app).await;
    app.payments().set_down(true);
    assert_eq!(payer.ask("200", "card", "once").await.status, 503);
    let state = "SELECT state FROM ledger.topup";
    app.until("it is given up", async || {
        let state: String = sqlx::query_scalar(state).fetch_one(&app.pool).await.expect("a row");
        state == "failed"
    })
    .await;
    app.payments().set_down(false);
    let late = payer.ask("200", "card", "once").await.json();
    assert_eq!((&late["state"], late["checkout_url"].is_null()), (&json!("failed"), true));
    app.close().await;
}

#[actix_web::test]
async fn a_notice_that_was_not_delivered_before_a_stop_is_delivered_after_the_next_start() {
    let app = TestApp::start().await;
    let mut payer = Payer::sign_in(&app).await;
    let order = payer.open("card").await;
    // Followed by nobody, as the table of notices is held by a stranger.
    let mut stranger = app.pool.begin().await.expect("a session");
    sqlx::query("LOCK TABLE ledger.payment_event").execute(&mut *stranger).await.expect("locked");
    till::play(&app, &order, Play::Pay, Sending::Twice);
    let (payment, sandbox) = (order.payment.clone(), app.payments().clone());
    app.until("the courier waits", async || !stranger::waiting(&app.pool).await.is_empty()).await;
    assert_eq!(sandbox.show(&payment).expect("kept").unsent.len(), 2);
    let stopping = app.stop_only();
    stranger.rollback().await.expect("released");
    let (database, data) = stopping.await;
    let app = TestApp::start_on(database, data, &[]).await;
    app.until("it is credited", async || till::credits(&app.pool).await == [200 * DOLLAR]).await;
    app.until("both are delivered", async || app.payments().show(&payment).expect("kept").unsent.is_empty()).await;
    till::followed(&app.pool, 1).await;
    app.close().await;
}

#[actix_web::test]
async fn an_operator_credits_what_came_or_ends_the_order() {
    let app = TestApp::start().await;
    let mut payer = Payer::sign_in(&app).await;
    let (kept, ended, open) = (payer.open("crypto").await, payer.open("crypto").await, payer.open("card").await);
    for order in [&kept, &ended] {
        till::play(&app, order, Play::PayHalf, Sending::Once);
    }
    till::followed(&app.pool, 2).await;
    let parked = app.operator("/op/topups", &serde_json::Value::Null).await;
    let listed = parked["topups"].as_array().expect("a list");
    assert_eq!((listed.len(), &listed[0]["received"], &listed[0]["reason"]), (2, &json!("100"), &json!("partial")));
    let at = |order: &till::Opened, act: &str| format!("/op/topups/{}/{act}", order.id);
    for _ in 0..2 {
        let credited = app.operator(&at(&kept, "credit"), &json!({})).await;
        assert_eq!((&credited["state"], &credited["credited"]), (&json!("credited"), &json!("100")));
        let closed = app.operator(&at(&ended, "close"), &json!({ "reason": "sent back" })).await;
        assert_eq!((&closed["state"], &closed["closed_by"]), (&json!("failed"), &json!("operator: sent back")));
    }
    for (path, status) in [(at(&open, "credit"), 422), (at(&open, "close"), 422), (at(&ended, "credit"), 422)] {
        assert_eq!(app.operator_says(&path, &json!({ "reason": "x" })).await.0, status, "{path}");
    }
    let absent = format!("/op/topups/{}/credit", uuid::Uuid::now_v7());
    assert_eq!(app.operator_says(&absent, &json!({})).await.0, 404);
    // What an operator ended stays ended, whatever the provider says later.
    till::announce(&app, &ended, "evt_late", "checkout.session.completed").await;
    till::followed(&app.pool, 3).await;
    assert_eq!(till::state(&app.pool, &ended).await, "failed");
    assert_eq!(payer.balance().await, "100");
    app.close().await;
}

#[actix_web::test]
async fn a_notice_of_a_provider_that_is_switched_off_is_asked_for_again_and_credits_once_it_is_on() {
    let (stripe, app) = (FakeStripe::start(StripeBooks::default()), TestApp::start().await);
    let notice = fake_stripe::event("evt_1", "checkout.session.completed", &json!({ "id": "cs_test_1" }));
    assert_eq!(fake_stripe::notify(&app, &notice).await, 503, "a refusal for good would lose it");
    assert_eq!(till::notify(&app, "btcpay", ("btcpay-sig", "sha256=00"), "{}".into()).await, 503);
    for unknown in ["nobody", "operator", "test"] {
        assert_eq!(till::notify(&app, unknown, ("x-sig", "0"), "{}".into()).await, 404, "{unknown}");
    }
    assert_eq!(till::notices(&app.pool).await, [], "nothing unproved is kept");
    let (database, data) = app.stop_only().await;
    let app = TestApp::start_on(database, data, &fake_stripe::settings(&stripe)).await;
    let mut payer = Payer::sign_in(&app).await;
    let order = payer.open("card").await;
    let paid = json!({ "status": "complete", "payment_status": "paid",
                       "payment_intent": { "id": "pi_1", "status": "succeeded" } });
    stripe.books(|books| books.alter(&order.payment, &paid));
    let (database, data) = app.stop_only().await;
    let app = TestApp::start_on(database, data, &[]).await;
    fake_stripe_is_off(&app, &order).await;
    let (database, data) = app.stop_only().await;
    let app = TestApp::start_on(database, data, &fake_stripe::settings(&stripe)).await;
    fake_stripe::tell(&app, &order.payment, "evt_2", "checkout.session.completed").await;
    till::followed(&app.pool, 1).await;
    assert_eq!(till::credits(&app.pool).await, [200 * DOLLAR]);
    app.close().await;
    stripe.stop().await;
}

async fn fake_stripe_is_off(app: &TestApp, order: &till::Opened) {
    let object = json!({ "id": order.payment, "object": "checkout.session" });
    let notice = fake_stripe::event("evt_2", "checkout.session.completed", &object);
    assert_eq!(fake_stripe::notify(app, &notice).await, 503);
    assert_eq!(till::credits(&app.pool).await, [0_i64; 0]);
}
