//! Refunds through Stripe's interface on loopback: lost answers, notices before answers, forgotten keys, crashes. Whatever
//! happens in between, one refund is there and one reversal here.

use crate::payments::fake_server::Fate;
use crate::payments::fake_stripe::{self, FakeStripe, StripeBooks};
use crate::payments::till::{self, Opened, Payer};
use crate::support::app::{TestApp, until};
use crate::support::process::Scene;
use serde_json::{Value, json};
use sqlx::PgPool;
use std::sync::Arc;
use tokio::sync::Notify;

const DOLLAR: i64 = 1_000_000_000;
const REFUNDS: &str = "/v1/refunds";

fn fake() -> FakeStripe {
    FakeStripe::start(StripeBooks::default())
}

fn pay(stripe: &FakeStripe, order: &Opened) {
    let paid = json!({ "status": "complete", "payment_status": "paid",
                       "payment_intent": { "id": "pi_1", "status": "succeeded" } });
    stripe.books(|books| books.alter(&order.payment, &paid));
}

/// A reseller whose 200 dollars are credited.
async fn credited() -> (FakeStripe, TestApp, Payer, Opened) {
    let stripe = fake();
    let app = fake_stripe::app(&stripe).await;
    let mut payer = Payer::sign_in(&app).await;
    let order = payer.open("card").await;
    pay(&stripe, &order);
    assert_eq!(payer.look(&order).await["state"], "credited");
    (stripe, app, payer, order)
}

fn path(order: &Opened) -> String {
    format!("/op/topups/{}/refund", order.id)
}

fn fifty() -> Value {
    json!({ "amount": "50", "reason": "too much" })
}

fn refunds(stripe: &FakeStripe) -> usize {
    stripe.books(|books| books.refunds.len())
}

async fn reversals(pool: &PgPool) -> Vec<i64> {
    sqlx::query_scalar("SELECT cost FROM ledger.journal WHERE kind = 2 ORDER BY seq")
        .fetch_all(pool)
        .await
        .expect("rows")
}

async fn state(pool: &PgPool) -> Option<String> {
    sqlx::query_scalar("SELECT state FROM ledger.refund_intent").fetch_optional(pool).await.expect("at most one")
}

/// Tells of a refund of the only payment.
async fn announce(app: &TestApp, id: &str, kind: &str) {
    let refund = json!({ "id": "re_1", "object": "refund", "payment_intent": "pi_1" });
    assert_eq!(fake_stripe::notify(app, &fake_stripe::event(id, kind, &refund)).await, 200);
}

#[actix_web::test]
async fn a_refund_is_asked_for_in_cents_under_the_key_of_its_intent() {
    let (stripe, app, mut payer, order) = credited().await;
    let done = app.operator(&path(&order), &fifty()).await;
    assert_eq!((&done["state"], payer.balance().await.as_str()), (&json!("done"), "150"));
    let calls = stripe.seen("POST", REFUNDS);
    let intent = done["refund"].as_str().expect("an id");
    assert_eq!((calls.len(), calls[0].headers["idempotency-key"].as_str()), (1, format!("refund-{intent}").as_str()));
    assert_eq!(calls[0].body, format!("payment_intent=pi_1&amount=5000&metadata%5Bintent%5D={intent}"));
    // Its notices, in any number, find it taken.
    for n in 0..3 {
        announce(&app, &format!("evt_{n}"), ["refund.created", "charge.refunded", "refund.updated"][n]).await;
    }
    till::followed(&app.pool, 3).await;
    assert_eq!((refunds(&stripe), reversals(&app.pool).await), (1, vec![50 * DOLLAR]));
    app.close().await;
    stripe.stop().await;
}

#[actix_web::test]
async fn a_refund_the_provider_refuses_gives_nothing_back_and_may_be_asked_for_anew() {
    let (stripe, app, mut payer, order) = credited().await;
    let no = r#"{"error":{"type":"invalid_request_error","code":"charge_disputed"}}"#;
    stripe.meets("POST", REFUNDS, Fate::Refused(400, no.into()));
    let (status, told) = app.operator_says(&path(&order), &fifty()).await;
    let words = told["error"]["message"].as_str().expect("words");
    assert!(status == 422 && words.contains("nothing was given back") && words.contains("charge_disputed"), "{told}");
    assert_eq!((state(&app.pool).await.as_deref(), payer.balance().await.as_str()), (Some("refused"), "200"));
    assert_eq!(app.operator(&path(&order), &fifty()).await["state"], "done");
    assert_eq!((refunds(&stripe), payer.balance().await.as_str()), (1, "150"));
    app.close().await;
    stripe.stop().await;
}

#[actix_web::test]
async fn a_lost_answer_costs_no_second_refund_even_after_the_provider_forgot_its_key() {
    for forgets in [false, true] {
        let (stripe, app, mut payer, order) = credited().await;
        stripe.meets("POST", REFUNDS, Fate::Garbled(502, "<html>".into()));
        let first = app.operator(&path(&order), &fifty()).await;
        // The look behind it finds the refund in the list, whose answer was lost.
        assert_eq!((&first["state"], refunds(&stripe)), (&json!("done"), 1), "{first}");
        if forgets {
            stripe.books(StripeBooks::forget_keys);
        }
        let again = app.operator(&path(&order), &fifty()).await;
        assert_eq!((&again["state"], &again["repeated"]), (&json!("done"), &json!(true)));
        assert_eq!((refunds(&stripe), payer.balance().await.as_str()), (1, "150"));
        assert_eq!(reversals(&app.pool).await, [50 * DOLLAR]);
        app.close().await;
        stripe.stop().await;
    }
}

#[actix_web::test]
async fn a_notice_that_is_faster_than_the_answer_takes_the_refund_once() {
    let (stripe, app, mut payer, order) = credited().await;
    let released = Arc::new(Notify::new());
    stripe.meets("POST", REFUNDS, Fate::HeldAfter(released.clone()));
    let (path, body) = (path(&order), fifty());
    let command = app.operator(&path, &body);
    let (done, ()) = tokio::join!(command, async {
        until("it is given back there", async || refunds(&stripe) == 1).await;
        announce(&app, "evt_1", "charge.refunded").await;
        till::followed(&app.pool, 1).await;
        assert_eq!(state(&app.pool).await.as_deref(), Some("done"));
        released.notify_one();
    });
    assert_eq!((&done["state"], payer.balance().await.as_str()), (&json!("done"), "150"));
    assert_eq!((refunds(&stripe), reversals(&app.pool).await), (1, vec![50 * DOLLAR]));
    app.close().await;
    stripe.stop().await;
}

#[actix_web::test]
async fn a_refund_that_takes_its_time_leaves_the_balance_when_it_is_done() {
    let (stripe, app, mut payer, order) = credited().await;
    stripe.books(|books| books.refunds_are = Some("pending"));
    let accepted = app.operator(&path(&order), &fifty()).await;
    assert_eq!((&accepted["state"], payer.balance().await.as_str()), (&json!("accepted"), "200"), "{accepted}");
    let (_, more) = app.operator_says(&path(&order), &json!({ "amount": "151", "reason": "more" })).await;
    assert!(more["error"]["message"].as_str().expect("words").contains("only 150 USD"), "{more}");
    stripe.books(|books| books.refunds[0]["status"] = json!("succeeded"));
    announce(&app, "evt_1", "refund.updated").await;
    till::followed(&app.pool, 1).await;
    assert_eq!((state(&app.pool).await.as_deref(), payer.balance().await.as_str()), (Some("done"), "150"));
    stripe.books(|books| books.refunds[0]["status"] = json!("failed"));
    announce(&app, "evt_2", "refund.failed").await;
    till::followed(&app.pool, 2).await;
    assert_eq!((state(&app.pool).await.as_deref(), payer.balance().await.as_str()), (Some("failed"), "200"));
    app.close().await;
    stripe.stop().await;
}

/// Kills the program while it asks for a refund, before or after the provider's work; the next start ends it.
async fn killed_while_it_asks(fate: Fate, done_there: usize) {
    let (scene, stripe) = (Scene::set().await, fake());
    let changes = fake_stripe::settings(&stripe);
    let program = scene.start_with(&changes).await;
    let mut payer = Payer::sign_in_at(program.dashboard, program.site.console, till::YOU).await;
    let order = payer.open("card").await;
    pay(&stripe, &order);
    assert_eq!(payer.look(&order).await["state"], "credited");
    stripe.meets("POST", REFUNDS, fate);
    let socket = program.site.send_operator(&path(&order), &fifty()).await;
    until("the provider is asked", async || stripe.seen("POST", REFUNDS).len() == 1).await;
    until("its work is where it shall be", async || refunds(&stripe) == done_there).await;
    assert_eq!((state(&scene.pool).await.as_deref(), reversals(&scene.pool).await), (Some("asked"), vec![]));
    program.kill().await;
    drop(socket);
    let program = scene.start_with(&changes).await;
    until("the refund ends", async || state(&scene.pool).await.as_deref() == Some("done")).await;
    assert_eq!((refunds(&stripe), reversals(&scene.pool).await), (1, vec![50 * DOLLAR]));
    assert_eq!(program.site.operator(&path(&order), &fifty()).await["repeated"], true);
    assert_eq!((refunds(&stripe), till::state(&scene.pool, &order).await.as_str()), (1, "refunded_part"));
    program.stop().await;
    scene.audit().await;
    stripe.stop().await;
}

#[actix_web::test]
async fn killed_between_the_intent_and_the_provider_the_money_goes_back_once() {
    killed_while_it_asks(Fate::HeldBefore(Arc::new(Notify::new())), 0).await;
}

#[actix_web::test]
async fn killed_after_the_provider_gave_back_and_before_its_notice_it_is_taken_once() {
    killed_while_it_asks(Fate::HeldAfter(Arc::new(Notify::new())), 1).await;
}
