//! What a provider says about the money against what our row says: credited as it says, or parked for a person.

use crate::payments::till::{self, Payer};
use crate::support::app::TestApp;
use derouter::domain::ids::TopupId;
use derouter::payments::sandbox::payment::SandboxPayment;
use derouter::payments::sandbox::play::Play;
use derouter::payments::sandbox::provider::Sending;
use serde_json::{Value, json};

const DOLLAR: i64 = 1_000_000_000;

#[actix_web::test]
async fn g07_under_over_and_late_payments_are_credited_as_they_came_or_parked() {
    let app = TestApp::start().await;
    let mut payer = Payer::sign_in(&app).await;
    let parked = |reason: &'static str, received: &'static str| ("parked", json!(reason), json!(received), Value::Null);
    let credited = |amount: &'static str| ("credited", Value::Null, Value::Null, json!(amount));
    let rows = [
        ("card", vec![Play::PayHalf], parked("differs", "100")),
        ("card", vec![Play::PayDouble], parked("differs", "400")),
        ("crypto", vec![Play::PayHalf], parked("partial", "100")),
        ("crypto", vec![Play::PayDouble], credited("400")),
        ("crypto", vec![Play::Expire, Play::PayLate], credited("200")),
        ("crypto", vec![Play::Expire, Play::PayTooLate], parked("too_late", "200")),
        ("card", vec![Play::Fail], ("failed", Value::Null, Value::Null, Value::Null)),
        ("crypto", vec![Play::Send, Play::Fail], ("failed", Value::Null, Value::Null, Value::Null)),
        ("card", vec![Play::Expire], ("expired", Value::Null, Value::Null, Value::Null)),
    ];
    let mut sent = 0;
    for (method, plays, (state, reason, received, amount)) in rows {
        let order = payer.open(method).await;
        for wish in &plays {
            till::play(&app, &order, *wish, Sending::Once);
            sent += 1;
            till::followed(&app.pool, sent).await;
        }
        let shown = payer.listed(&order).await;
        let got = (shown["state"].as_str(), &shown["reason"], &shown["received"], &shown["credited"]);
        assert_eq!(got, (Some(state), &reason, &received, &amount), "{method} {plays:?}");
    }
    assert_eq!(
        (till::credits(&app.pool).await, payer.balance().await.as_str()),
        (vec![400 * DOLLAR, 200 * DOLLAR], "600")
    );
    app.close().await;
}

#[actix_web::test]
async fn a_second_payment_for_a_credited_order_is_shown_and_not_credited() {
    let app = TestApp::start().await;
    let mut payer = Payer::sign_in(&app).await;
    let order = payer.open("crypto").await;
    till::play(&app, &order, Play::Pay, Sending::Once);
    till::followed(&app.pool, 1).await;
    till::play(&app, &order, Play::PayAgain, Sending::Twice);
    till::followed(&app.pool, 2).await;
    let shown = payer.listed(&order).await;
    assert_eq!((&shown["credited"], &shown["received"]), (&json!("200"), &json!("400")));
    assert_eq!(payer.balance().await, "200");
    app.close().await;
}

/// What a provider with a fault might say, and what becomes of it.
type Fault = (&'static str, fn(&mut SandboxPayment), &'static str);

#[actix_web::test]
async fn g07_g12_g13_what_is_no_us_dollar_of_this_installation_is_parked() {
    let app = TestApp::start().await;
    let mut payer = Payer::sign_in(&app).await;
    let faults: [Fault; 8] = [
        ("one dollar", |p| p.received = "1.00".into(), "differs"),
        ("euros", |p| p.currency = "eur".into(), "currency"),
        ("nothing", |p| p.received = "0".into(), "unreadable"),
        ("less than nothing", |p| p.received = "-200".into(), "unreadable"),
        ("too much to be true", |p| p.received = "1e30".into(), "unreadable"),
        ("more digits than a balance has", |p| p.received = "1234567890123".into(), "unreadable"),
        ("finer than a nano-dollar", |p| p.received = "200.00000000000000000001".into(), "unreadable"),
        ("real money in a test installation", |p| p.live = true, "wrong_mode"),
    ];
    for (n, (what, fault, reason)) in faults.into_iter().enumerate() {
        let order = payer.open("card").await;
        app.payments().alter(&order.payment, |_| {}).expect("remembered");
        till::play(&app, &order, Play::Pay, Sending::Never);
        app.payments().alter(&order.payment, fault).expect("remembered");
        assert_eq!(payer.look(&order).await["state"], "parked", "{what}");
        assert_eq!(payer.listed(&order).await["reason"], reason, "{what}");
        // A notice of the same again changes nothing and is done.
        till::announce(&app, &order, &format!("evt_{n}"), "checkout.session.completed").await;
        till::followed(&app.pool, n + 1).await;
    }
    assert_eq!((till::credits(&app.pool).await, payer.balance().await.as_str()), (vec![], "0"));
    app.close().await;
}

#[actix_web::test]
async fn g14_a_payment_that_names_anothers_order_is_credited_to_ours() {
    let app = TestApp::start().await;
    let (mut payer, mut other) = (Payer::sign_in(&app).await, Payer::sign_in_as(&app, "other@shop.com").await);
    let (ours, theirs) = (payer.open("card").await, other.open("card").await);
    let named = TopupId(theirs.id.parse().expect("an id"));
    app.payments().alter(&ours.payment, |p| p.topup = named).expect("remembered");
    till::play(&app, &ours, Play::Pay, Sending::Once);
    till::followed(&app.pool, 1).await;
    assert_eq!((payer.balance().await.as_str(), other.balance().await.as_str()), ("200", "0"));
    assert_eq!(other.listed(&theirs).await["state"], "open");
    app.close().await;
}
