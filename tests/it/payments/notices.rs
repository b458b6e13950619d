//! Notices: copies, forgeries, strangers, any order. A notice is a reason to look, never a reason to credit.

use crate::payments::till::{self, Payer};
use crate::support::app::TestApp;
use crate::support::clients;
use derouter::payments::sandbox::play::Play;
use derouter::payments::sandbox::provider::Sending;
use futures_util::future::join_all;
use serde_json::json;

const DOLLAR: i64 = 1_000_000_000;
const COPIES: usize = 1_000;

#[actix_web::test]
async fn g01_a_thousand_copies_of_a_notice_at_once_are_one_credit() {
    let app = TestApp::start().await;
    let mut payer = Payer::sign_in(&app).await;
    let order = payer.open("card").await;
    till::play(&app, &order, Play::Pay, Sending::Never);
    let client = clients::patient();
    let copies = (0..COPIES).map(|_| till::send(&app, &client, &order.payment, "evt_1", "checkout.session.completed"));
    let answers = join_all(copies).await;
    assert!(answers.iter().all(|status| *status == 200), "{answers:?}");
    till::followed(&app.pool, 1).await;
    let kept = till::notices(&app.pool).await;
    assert_eq!(kept, [("checkout.session.completed".to_owned(), Some("credited".to_owned()))]);
    assert_eq!(till::credits(&app.pool).await, [200 * DOLLAR]);
    app.close().await;
}

#[actix_web::test]
async fn g02_two_kinds_of_notice_and_the_return_page_together_are_one_credit() {
    let app = TestApp::start().await;
    let mut payer = Payer::sign_in(&app).await;
    let mut orders = Vec::new();
    for _ in 0..8 {
        orders.push(payer.open("crypto").await);
    }
    let client = clients::patient();
    for order in &orders {
        till::play(&app, order, Play::Pay, Sending::Never);
        let (mut one, mut two) = (payer.clone(), payer.clone());
        let (first, second) = (format!("evt_1_{}", order.id), format!("evt_2_{}", order.id));
        tokio::join!(
            till::send(&app, &client, &order.payment, &first, "checkout.session.async_payment_succeeded"),
            till::send(&app, &client, &order.payment, &second, "checkout.session.completed"),
            one.look(order),
            two.cancel(order),
        );
    }
    till::followed(&app.pool, 16).await;
    assert_eq!(till::credits(&app.pool).await, [200 * DOLLAR; 8]);
    for order in &orders {
        assert_eq!(payer.listed(order).await["state"], "credited");
    }
    app.close().await;
}

#[actix_web::test]
async fn notices_in_the_wrong_order_end_where_the_right_one_ends() {
    let app = TestApp::start().await;
    let mut payer = Payer::sign_in(&app).await;
    let order = payer.open("crypto").await;
    let client = clients::patient();
    // "Succeeded" comes first, while the provider itself still says that nobody has paid.
    till::send(&app, &client, &order.payment, "evt_3", "checkout.session.async_payment_succeeded").await;
    till::followed(&app.pool, 1).await;
    assert_eq!((payer.listed(&order).await["state"].as_str(), till::credits(&app.pool).await), (Some("open"), vec![]));
    till::play(&app, &order, Play::Send, Sending::Never);
    till::play(&app, &order, Play::Confirm, Sending::Never);
    till::send(&app, &client, &order.payment, "evt_2", "checkout.session.expired").await;
    till::send(&app, &client, &order.payment, "evt_1", "checkout.session.completed").await;
    till::followed(&app.pool, 3).await;
    assert_eq!(till::credits(&app.pool).await, [200 * DOLLAR]);
    assert_eq!(payer.listed(&order).await["state"], "credited");
    app.close().await;
}

#[actix_web::test]
async fn g08_a_payment_that_is_for_no_order_of_ours_is_taken_and_credits_nobody() {
    let app = TestApp::start().await;
    let client = clients::patient();
    assert_eq!(till::send(&app, &client, "pay_of_nobody", "evt_1", "checkout.session.completed").await, 200);
    app.until("it was looked for", async || {
        let outcome = "SELECT outcome FROM ledger.payment_event WHERE event_id = 'evt_1'";
        let outcome: Option<String> = sqlx::query_scalar(outcome).fetch_one(&app.pool).await.expect("kept");
        outcome.as_deref() == Some("unknown payment")
    })
    .await;
    // After ten minutes of that it is left to people.
    let age = "UPDATE ledger.payment_event SET tries = 7, next_try = now()";
    sqlx::query(age).execute(&app.pool).await.expect("aged");
    till::followed(&app.pool, 1).await;
    assert_eq!(till::notices(&app.pool).await[0].1.as_deref(), Some("unknown payment"));
    assert_eq!(till::credits(&app.pool).await, [0_i64; 0]);
    app.close().await;
}

#[actix_web::test]
async fn g04_a_notice_that_is_not_authentic_leaves_no_trace() {
    let app = TestApp::start().await;
    let mut payer = Payer::sign_in(&app).await;
    let order = payer.open("card").await;
    till::play(&app, &order, Play::Pay, Sending::Never);
    let body = till::body(&order.payment, "evt_1", "checkout.session.completed");
    let good = app.payments().sign(body.as_bytes());
    let restamped = format!("t=2{}", &good["t=".len() + 1..]);
    let bad: [(&str, Option<&str>, String); 6] = [
        ("no signature", None, body.clone()),
        ("nonsense", Some("nonsense"), body.clone()),
        ("another stamp", Some(&restamped), body.clone()),
        ("a changed body", Some(&good), body.replace("evt_1", "evt_2")),
        ("a body written anew", Some(&good), format!(" {body}")),
        ("signed nonsense", None, "{}".into()),
    ];
    let client = clients::patient();
    for (what, signature, body) in bad {
        let signed = app.payments().sign(body.as_bytes());
        let signature = if what == "signed nonsense" { Some(signed.as_str()) } else { signature };
        assert_eq!(till::send_raw(&app, &client, "sandbox", signature, body).await, 400, "{what}");
    }
    assert_eq!(till::send_raw(&app, &client, "nobody", Some(&good), body.clone()).await, 404, "no such provider");
    let large = "x".repeat(256 * 1024 + 1);
    assert_eq!(till::send_raw(&app, &client, "sandbox", Some(&good), large).await, 413);
    assert_eq!(till::notices(&app.pool).await, []);
    assert_eq!(payer.listed(&order).await["state"], "open");
    assert_eq!(till::send_raw(&app, &client, "sandbox", Some(&good), body).await, 200, "the good one counts");
    till::followed(&app.pool, 1).await;
    assert_eq!(till::credits(&app.pool).await, [200 * DOLLAR]);
    app.close().await;
}

#[actix_web::test]
async fn a_notice_that_concerns_no_payment_is_kept_and_done() {
    let app = TestApp::start().await;
    let body = json!({ "id": "evt_1", "type": "account.updated", "data": { "object": {} } }).to_string();
    let signature = app.payments().sign(body.as_bytes());
    let status = till::send_raw(&app, &clients::patient(), "sandbox", Some(&signature), body).await;
    assert_eq!(status, 200);
    till::followed(&app.pool, 1).await;
    assert_eq!(till::notices(&app.pool).await[0].1.as_deref(), Some("concerns no payment"));
    app.close().await;
}

#[actix_web::test]
async fn notices_done_long_ago_are_swept_away() {
    let app = TestApp::start_with(&[("DEROUTER__PAYMENTS__CHECK_AFTER_S", "1")]).await;
    let mut payer = Payer::sign_in(&app).await;
    for _ in 0..2 {
        let order = payer.open("card").await;
        till::play(&app, &order, Play::Pay, Sending::Once);
    }
    till::followed(&app.pool, 2).await;
    let age = "UPDATE ledger.payment_event SET received = received - interval '91 days' \
               WHERE event_id = (SELECT min(event_id) FROM ledger.payment_event)";
    sqlx::query(age).execute(&app.pool).await.expect("aged");
    app.until("the old one is gone", async || till::notices(&app.pool).await.len() == 1).await;
    assert_eq!(till::credits(&app.pool).await.len(), 2);
    app.close().await;
}
