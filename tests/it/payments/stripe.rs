//! Cards through Stripe, against its interface on loopback, driven through the real desk.

use crate::payments::fake_stripe::{self, FakeStripe, StripeBooks};
use crate::payments::till::{self, Opened, Payer};
use crate::support::app::TestApp;
use chrono::DateTime;
use derouter::clock::Clock;
use derouter::domain::ids::IntentId;
use derouter::domain::money::Cost;
use derouter::domain::payment::{DisputeState, RefundState};
use derouter::payments::error::ProviderError;
use derouter::payments::signature;
use derouter::payments::stripe::provider::{Stripe, StripeAccount};
use futures_util::future::join_all;
use secrecy::SecretString;
use serde_json::{Value, json};
use uuid::Uuid;

const DOLLAR: i64 = 1_000_000_000;
const PAID: &str = "checkout.session.completed";

fn fake() -> FakeStripe {
    FakeStripe::start(StripeBooks::default())
}

/// Our client alone, for what no page leads to.
fn client(stripe: &FakeStripe) -> Stripe {
    Stripe::new(StripeAccount {
        base_url: stripe.url.clone(),
        checkout_origin: "https://checkout.stripe.com".into(),
        key: SecretString::from(fake_stripe::KEY),
        notice_secrets: vec![SecretString::from(fake_stripe::SECRET)],
        live: false,
        brand: "Shop".into(),
    })
}

fn paid() -> Value {
    json!({ "status": "complete", "payment_status": "paid", "payment_intent": { "id": "pi_1", "status": "succeeded" } })
}

/// A reseller whose checkout is paid at Stripe, and no notice of it yet.
async fn paid_at_stripe() -> (FakeStripe, TestApp, Payer, Opened) {
    let stripe = fake();
    let app = fake_stripe::app(&stripe).await;
    let mut payer = Payer::sign_in(&app).await;
    let order = payer.open("card").await;
    stripe.books(|books| books.alter(&order.payment, &paid()));
    (stripe, app, payer, order)
}

#[actix_web::test]
async fn each_end_of_a_checkout_is_the_orders_and_only_paid_is_money() {
    let stripe = fake();
    let app = fake_stripe::app(&stripe).await;
    let mut payer = Payer::sign_in(&app).await;
    let intent = |status: &str| json!({ "id": "pi_1", "status": status });
    let bank =
        |status: &str| json!({ "status": "complete", "payment_status": "unpaid", "payment_intent": intent(status) });
    let paid_but = |name: &str, value: Value| {
        let mut changes = paid();
        changes[name] = value;
        changes
    };
    let rows = [
        (vec![paid()], PAID, "credited"),
        (vec![bank("processing")], PAID, "processing"),
        (vec![bank("processing"), paid()], "checkout.session.async_payment_succeeded", "credited"),
        (vec![bank("requires_payment_method")], "checkout.session.async_payment_failed", "failed"),
        (vec![json!({ "status": "expired" })], "checkout.session.expired", "expired"),
        (vec![json!({ "status": "a_new_one", "payment_status": "a_new_one" })], PAID, "open"),
        (vec![paid_but("livemode", json!(true))], PAID, "parked"),
        (vec![paid_but("currency", json!("eur"))], PAID, "parked"),
        (vec![paid_but("amount_total", json!(1))], PAID, "parked"),
        (vec![paid_but("amount_total", Value::Null)], PAID, "parked"),
    ];
    let mut sent = 0;
    for (ends, kind, state) in rows {
        let order = payer.open("card").await;
        for end in ends {
            stripe.books(|books| books.alter(&order.payment, &end));
            sent += 1;
            fake_stripe::tell(&app, &order.payment, &format!("evt_{sent}"), kind).await;
            till::followed(&app.pool, sent).await;
        }
        assert_eq!(till::state(&app.pool, &order).await, state, "{kind}");
    }
    assert_eq!(till::credits(&app.pool).await, [200 * DOLLAR; 2]);
    app.close().await;
    stripe.stop().await;
}

#[actix_web::test]
async fn many_copies_and_two_kinds_of_notice_at_once_are_one_credit() {
    let (stripe, app, mut payer, order) = paid_at_stripe().await;
    let kinds = ["checkout.session.completed", "checkout.session.async_payment_succeeded"];
    let copies = (0..100).map(|n| {
        let (app, payment) = (&app, &order.payment);
        async move { fake_stripe::tell(app, payment, ["evt_a", "evt_b"][n % 2], kinds[n % 2]).await }
    });
    join_all(copies).await;
    till::followed(&app.pool, 2).await;
    assert_eq!(till::notices(&app.pool).await.len(), 2);
    assert_eq!((till::credits(&app.pool).await, payer.balance().await.as_str()), (vec![200 * DOLLAR], "200"));
    app.close().await;
    stripe.stop().await;
}

#[actix_web::test]
async fn a_lost_answer_is_asked_for_again_with_the_same_words_and_is_the_same_checkout() {
    let stripe = fake();
    let app = fake_stripe::app(&stripe).await;
    let mut payer = Payer::sign_in(&app).await;
    for (status, body) in [(500, "{}"), (200, "<html>"), (409, "{}"), (503, ""), (200, r#"{"id":5}"#)] {
        stripe.answer_instead(status, body);
        let refused = payer.ask("200", "card", "attempt").await;
        assert_eq!((refused.status, refused.error().as_str()), (503, "provider_away"), "{status} {body}");
    }
    let opened = payer.ask("200", "card", "attempt").await;
    assert_eq!(opened.status, 201, "{}", opened.text);
    let calls = stripe.seen("POST", "/v1/checkout/sessions");
    assert_eq!((calls.len(), stripe.books(|books| books.sessions.len())), (6, 1));
    assert!(calls.iter().all(|call| call.body == calls[0].body), "{calls:?}");
    assert!(calls.iter().all(|call| call.headers["idempotency-key"] == calls[0].headers["idempotency-key"]));
    let id = opened.json()["id"].as_str().expect("an id").to_owned();
    assert_eq!(calls[0].headers["idempotency-key"], format!("topup-{id}"));
    assert_eq!(calls[0].headers["stripe-version"], "2026-10-28.endive");
    // A refusal is certain: the order is over and says so.
    stripe.answer_instead(400, r#"{"error":{"type":"invalid_request_error"}}"#);
    assert!(payer.ask("200", "card", "another").await.status >= 400);
    let states = payer.browser.get("/api/v1/top-ups").await.json();
    assert_eq!(states["top_ups"][0]["state"], "failed");
    app.close().await;
    stripe.stop().await;
}

#[actix_web::test]
async fn garbage_from_the_provider_leaves_an_order_as_it_was_and_it_is_credited_later() {
    let (stripe, app, mut payer, order) = paid_at_stripe().await;
    let huge = format!("\"{}\"", "x".repeat(3 * 1024 * 1024));
    for (status, body) in [(200, "not json"), (200, "[]"), (500, "{}"), (302, ""), (401, "{}"), (200, huge.as_str())] {
        stripe.answer_instead(status, body);
        assert_eq!(payer.look(&order).await["state"], "open", "{status} {body:.20}");
    }
    assert_eq!(payer.look(&order).await["state"], "credited");
    assert_eq!(till::credits(&app.pool).await, [200 * DOLLAR]);
    app.close().await;
    stripe.stop().await;
}

#[actix_web::test]
async fn g04_g05_notices_that_are_forged_stale_or_written_anew_are_refused() {
    let (stripe, app, _, order) = paid_at_stripe().await;
    let object = json!({ "id": order.payment, "object": "checkout.session" });
    let body = fake_stripe::event("evt_1", PAID, &object).to_string();
    let signed = |secret: &str, age_s: i64| {
        let now_s = Clock::real().wall_us() / 1_000_000;
        signature::sign(&SecretString::from(secret), body.as_bytes(), now_s - age_s)
    };
    let (good, old) = (signed(fake_stripe::SECRET, 0), signed(fake_stripe::SECRET, 301));
    // Some seconds more: the clock runs while it is sent.
    let (ahead, wrong) = (signed(fake_stripe::SECRET, -330), signed("whsec_other", 0));
    let long = format!("{good},v1={}", "a".repeat(10_000));
    let rows = [
        ("one byte changed", good.as_str(), body.replace("evt_1", "evt_2")),
        ("written anew", &good, body.replace(':', ": ")),
        ("wrong secret", &wrong, body.clone()),
        ("301 s old", &old, body.clone()),
        ("ahead", &ahead, body.clone()),
        ("missing", "", body.clone()),
        ("garbage", "garbage", body.clone()),
        ("10 kB", &long, body.clone()),
    ];
    for (what, signature, body) in rows {
        let status = till::notify(&app, "stripe", ("stripe-signature", signature), body).await;
        assert!((400..500).contains(&status), "{what}: {status}");
    }
    assert_eq!((till::notices(&app.pool).await, till::credits(&app.pool).await), (vec![], vec![]));
    let rotated = signed("whsec_new", 0);
    assert_eq!(till::notify(&app, "stripe", ("stripe-signature", &rotated), body.clone()).await, 200);
    till::followed(&app.pool, 1).await;
    assert_eq!(till::credits(&app.pool).await, [200 * DOLLAR]);
    app.close().await;
    stripe.stop().await;
}

#[actix_web::test]
async fn g13_notices_of_the_other_mode_another_account_or_no_order_credit_nothing_and_are_taken() {
    let (stripe, app, _, order) = paid_at_stripe().await;
    let object = json!({ "id": order.payment, "object": "checkout.session" });
    let mut live = fake_stripe::event("evt_live", PAID, &object);
    live["livemode"] = json!(true);
    let mut connected = fake_stripe::event("evt_connected", PAID, &object);
    connected["account"] = json!("acct_other");
    let payout = fake_stripe::event("evt_payout", "payout.paid", &json!({ "id": "po_1", "object": "payout" }));
    let charge = json!({ "id": "ch_9", "object": "charge", "payment_intent": "pi_of_another_shop" });
    let foreign = fake_stripe::event("evt_foreign", "charge.refunded", &charge);
    let odd = json!({ "object": "a_new_one" });
    for event in [&live, &connected, &payout, &foreign, &odd] {
        assert_eq!(fake_stripe::notify(&app, event).await, 200, "{event}");
    }
    till::followed(&app.pool, 5).await;
    let all = till::notices(&app.pool).await;
    assert!(all.iter().all(|(_, end)| end.as_deref() == Some("concerns no payment")), "{all:?}");
    assert_eq!((till::state(&app.pool, &order).await.as_str(), till::credits(&app.pool).await), ("open", vec![]));
    app.close().await;
    stripe.stop().await;
}

#[actix_web::test]
async fn a_notice_of_a_charge_leads_to_the_order_whose_payment_it_is() {
    let (stripe, app, mut payer, order) = paid_at_stripe().await;
    let charge = json!({ "id": "ch_1", "object": "charge", "payment_intent": "pi_1" });
    assert_eq!(fake_stripe::notify(&app, &fake_stripe::event("evt_1", "charge.succeeded", &charge)).await, 200);
    till::followed(&app.pool, 1).await;
    assert_eq!(
        (payer.listed(&order).await["state"].as_str(), payer.balance().await.as_str()),
        (Some("credited"), "200")
    );
    app.close().await;
    stripe.stop().await;
}

#[actix_web::test]
async fn calling_an_order_off_ends_its_checkout_unless_it_was_paid() {
    let stripe = fake();
    let app = fake_stripe::app(&stripe).await;
    let mut payer = Payer::sign_in(&app).await;
    let (left, bought) = (payer.open("card").await, payer.open("card").await);
    stripe.books(|books| books.alter(&bought.payment, &paid()));
    assert_eq!(payer.cancel(&left).await["state"], "cancelled");
    assert_eq!(payer.cancel(&bought).await["state"], "credited");
    assert_eq!(stripe.seen("POST", "/expire").len(), 2);
    app.close().await;
    stripe.stop().await;
}

#[actix_web::test]
async fn refunds_and_disputes_come_with_the_fact_and_with_the_list() {
    let stripe = fake();
    let app = fake_stripe::app(&stripe).await;
    let mut payer = Payer::sign_in(&app).await;
    let (order, other, third) = (payer.open("card").await, payer.open("card").await, payer.open("card").await);
    let provider = client(&stripe);
    let intent = |n| IntentId(Uuid::from_u128(n));
    let give = |cents: i64| Cost::from_nanos(cents * DOLLAR / 100);
    let early = provider.refund(&order.payment, intent(1), give(500)).await.expect_err("nothing was paid");
    assert!(matches!(early, ProviderError::Refused(_)));
    stripe.books(|books| books.alter(&order.payment, &paid()));
    for _ in 0..2 {
        provider.refund(&order.payment, intent(1), give(500)).await.expect("given back");
    }
    let parts = provider.refund(&order.payment, intent(2), Cost::from_nanos(1)).await.expect_err("parts of a cent");
    assert!(matches!(parts, ProviderError::Refused(_)));
    let call = &stripe.seen("POST", "/v1/refunds")[0];
    assert_eq!(call.headers["idempotency-key"], format!("refund-{}", intent(1)));
    stripe.books(|books| {
        for n in 2..=4 {
            books.refunds.push(json!({ "id": format!("re_{n}"), "amount": 100, "currency": "usd", "status": "pending",
                                       "payment_intent": "pi_1" }));
        }
        books.disputes.push(json!({ "id": "du_1", "object": "dispute", "amount": 20_000, "currency": "usd",
            "status": "needs_response", "payment_intent": "pi_1", "balance_transactions": [{ "amount": -20_000 }] }));
    });
    let fact = provider.fetch(&order.payment).await.expect("an answer").expect("known");
    assert_eq!(
        (fact.refunds.len(), fact.refunds[0].state),
        (4, RefundState::Succeeded),
        "two pages, one refund twice asked"
    );
    assert_eq!((fact.refunds[0].intent, fact.refunds[1].intent), (Some(intent(1)), None));
    assert_eq!((fact.disputes[0].state, fact.disputes[0].is_withdrawn), (DisputeState::Open, true));
    let all = provider.list(DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH).await.expect("a list");
    assert_eq!(
        all.iter().map(|f| f.payment.as_str()).collect::<Vec<_>>(),
        [&order, &other, &third].map(|o| o.payment.as_str())
    );
    assert_eq!(all[0], fact);
    assert_eq!(provider.fetch("cs_of_another_account").await.expect("an answer"), None);
    assert_eq!(provider.fetch("../v1/balance").await.expect("an answer"), None);
    app.close().await;
    stripe.stop().await;
}

#[actix_web::test]
async fn pages_let_forms_lead_to_the_checkout_of_the_provider() {
    let stripe = fake();
    let app = fake_stripe::app(&stripe).await;
    let mut payer = Payer::sign_in(&app).await;
    let page = payer.browser.get("/billing").await;
    let policy = page.header("content-security-policy").expect("a policy").to_owned();
    assert!(policy.contains("form-action 'self' https://checkout.stripe.com"), "{policy}");
    app.close().await;
    stripe.stop().await;
}
