//! Crypto through a BTCPay Server, against its interface on loopback, driven through the real desk.

use crate::payments::fake_btcpay::{self, BtcpayBooks, FakeBtcpay};
use crate::payments::till::{self, Payer};
use chrono::DateTime;
use derouter::clock::Clock;
use derouter::domain::ids::IntentId;
use derouter::domain::money::Cost;
use derouter::domain::payment::PaymentState;
use derouter::payments::btcpay::provider::{Btcpay, BtcpayStore};
use derouter::payments::error::ProviderError;
use derouter::payments::provider::Provider;
use futures_util::future::join_all;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

const DOLLAR: i64 = 1_000_000_000;

fn fake() -> FakeBtcpay {
    FakeBtcpay::start(BtcpayBooks::default())
}

#[actix_web::test]
async fn each_pair_of_states_of_an_invoice_ends_as_the_table_says() {
    let btcpay = fake();
    let app = fake_btcpay::app(&btcpay).await;
    let mut payer = Payer::sign_in(&app).await;
    let now_s = Clock::real().wall_us() / 1_000_000;
    let (within, beyond) = (now_s + 7_200, now_s + 30 * 3_600);
    let rows = [
        ("Settled", "None", "200.00", 0, "credited", Value::Null, json!("200")),
        ("Settled", "PaidOver", "400.5000000000001", 0, "credited", Value::Null, json!("400.5")),
        ("Settled", "PaidLate", "200.00", within, "credited", Value::Null, json!("200")),
        ("Settled", "PaidLate", "200.00", beyond, "parked", json!("too_late"), Value::Null),
        ("Settled", "Marked", "0", 0, "parked", json!("marked"), Value::Null),
        ("Settled", "a_new_one", "200.00", 0, "parked", json!("marked"), Value::Null),
        ("Processing", "None", "200.00", 0, "processing", Value::Null, Value::Null),
        ("Expired", "PaidPartial", "120.00", 0, "parked", json!("partial"), Value::Null),
        ("Expired", "PaidLate", "200.00", 0, "processing", Value::Null, Value::Null),
        ("Expired", "None", "0", 0, "expired", Value::Null, Value::Null),
        ("Invalid", "None", "0", 0, "failed", Value::Null, Value::Null),
        ("a_new_one", "a_new_one", "200.00", 0, "open", Value::Null, Value::Null),
    ];
    for (n, (status, more, paid, received_s, state, reason, credited)) in rows.into_iter().enumerate() {
        let order = payer.open("crypto").await;
        btcpay.books(|books| {
            books.received_s = received_s;
            books.set(&order.payment, status, more, paid);
        });
        let id = format!("delivery_{n}");
        let event = fake_btcpay::event(&order.payment, &id, &id, "InvoiceSettled");
        assert_eq!(fake_btcpay::notify(&app, &event).await, 200);
        till::followed(&app.pool, n + 1).await;
        let shown = payer.listed(&order).await;
        let got = (shown["state"].as_str(), &shown["reason"], &shown["credited"]);
        assert_eq!(got, (Some(state), &reason, &credited), "{status} {more}");
    }
    let credits = till::credits(&app.pool).await;
    assert_eq!(credits, [200 * DOLLAR, 400 * DOLLAR + DOLLAR / 2, 200 * DOLLAR]);
    app.close().await;
    fake_btcpay::close(btcpay).await;
}

#[actix_web::test]
async fn an_invoice_whose_answer_was_lost_is_found_and_not_made_again() {
    let btcpay = fake();
    let app = fake_btcpay::app(&btcpay).await;
    let mut payer = Payer::sign_in(&app).await;
    // The look for an earlier one answers, the opening does not.
    for (status, body) in [(200, "[]"), (500, "{}"), (200, "not json")] {
        btcpay.answer_instead(status, body);
    }
    for _ in 0..2 {
        assert_eq!(payer.ask("200", "crypto", "attempt").await.error(), "provider_away");
    }
    let opened = payer.ask("200", "crypto", "attempt").await;
    assert_eq!((opened.status, btcpay.books(|books| books.invoices.len())), (201, 1), "{}", opened.text);
    let sent: Value = serde_json::from_str(&btcpay.seen("POST", "/invoices")[0].body).expect("json");
    assert_eq!((&sent["amount"], &sent["metadata"]["orderId"]), (&json!("200.00"), &opened.json()["id"]));
    app.close().await;
    fake_btcpay::close(btcpay).await;
}

#[actix_web::test]
async fn replays_redeliveries_and_two_kinds_of_notice_at_once_are_one_credit() {
    let btcpay = fake();
    let app = fake_btcpay::app(&btcpay).await;
    let mut payer = Payer::sign_in(&app).await;
    let order = payer.open("crypto").await;
    btcpay.books(|books| books.set(&order.payment, "Settled", "None", "200.00"));
    let copies =
        (0..100).map(|n| {
            let (app, payment) = (&app, &order.payment);
            let (original, kind) = [("d_1", "InvoiceSettled"), ("d_2", "InvoicePaymentSettled")][n % 2];
            async move {
                fake_btcpay::notify(app, &fake_btcpay::event(payment, &format!("d_again_{n}"), original, kind)).await
            }
        });
    let refused: Vec<u16> = join_all(copies).await.into_iter().filter(|status| *status != 200).collect();
    assert!(refused.is_empty(), "{refused:?}");
    till::followed(&app.pool, 2).await;
    assert_eq!(till::notices(&app.pool).await.len(), 2);
    assert_eq!((till::credits(&app.pool).await, payer.balance().await.as_str()), (vec![200 * DOLLAR], "200"));
    app.close().await;
    fake_btcpay::close(btcpay).await;
}

#[actix_web::test]
async fn g04_forged_notices_are_refused_and_those_of_another_store_credit_nothing() {
    let btcpay = fake();
    let app = fake_btcpay::app(&btcpay).await;
    let mut payer = Payer::sign_in(&app).await;
    let order = payer.open("crypto").await;
    btcpay.books(|books| books.set(&order.payment, "Settled", "None", "200.00"));
    let mut foreign = fake_btcpay::event(&order.payment, "d_1", "d_1", "InvoiceSettled");
    foreign["storeId"] = json!("another");
    for signature in ["", "sha256=", "garbage", &format!("sha256={}", "0".repeat(64))] {
        let status = till::notify(&app, "btcpay", ("btcpay-sig", signature), foreign.to_string()).await;
        assert_eq!(status, 400, "{signature}");
    }
    assert_eq!(till::notices(&app.pool).await, []);
    assert_eq!(fake_btcpay::notify(&app, &foreign).await, 200);
    assert_eq!(fake_btcpay::notify(&app, &json!(["a new shape"])).await, 200, "an authentic notice is never lost");
    till::followed(&app.pool, 2).await;
    assert_eq!((till::state(&app.pool, &order).await.as_str(), till::credits(&app.pool).await), ("open", vec![]));
    // An answer about another store's invoice is none about ours.
    btcpay.books(|books| books.invoices[0]["storeId"] = json!("another"));
    assert_eq!(payer.look(&order).await["state"], "open");
    btcpay.books(|books| books.invoices[0]["storeId"] = json!(fake_btcpay::STORE));
    assert_eq!(payer.look(&order).await["state"], "credited");
    app.close().await;
    fake_btcpay::close(btcpay).await;
}

#[actix_web::test]
async fn an_order_called_off_takes_no_money_and_one_that_money_came_for_goes_on() {
    let btcpay = fake();
    let app = fake_btcpay::app(&btcpay).await;
    let mut payer = Payer::sign_in(&app).await;
    let (left, seen) = (payer.open("crypto").await, payer.open("crypto").await);
    btcpay.books(|books| books.set(&seen.payment, "Processing", "None", "200.00"));
    assert_eq!(payer.cancel(&left).await["state"], "cancelled");
    assert_eq!(payer.cancel(&seen).await["state"], "processing");
    assert_eq!(btcpay.seen("POST", "/status").len(), 1);
    let policy = payer.browser.get("/billing").await.header("content-security-policy").expect("a policy").to_owned();
    assert!(policy.contains(&btcpay.url), "{policy}");
    app.close().await;
    fake_btcpay::close(btcpay).await;
}

#[actix_web::test]
async fn the_list_has_every_invoice_and_crypto_is_given_back_by_no_program() {
    let btcpay = fake();
    let invoice = |n: usize| {
        let late = n == 7;
        json!({ "id": format!("inv_{n}"), "storeId": fake_btcpay::STORE, "amount": "5.00", "paidAmount": "5.00", "currency": "USD",
                "status": "Settled", "additionalStatus": if late { "PaidLate" } else { "None" }, "expirationTime": 9 })
    };
    btcpay.books(|books| {
        books.received_s = 11;
        books.invoices = (0..230).map(invoice).collect();
    });
    let provider = Provider::Btcpay(Btcpay::new(BtcpayStore {
        base_url: btcpay.url.clone(),
        checkout_origin: btcpay.url.clone(),
        store: fake_btcpay::STORE.into(),
        key: SecretString::from("the-key"),
        notice_secrets: Vec::new(),
        live: false,
        lives: Duration::from_secs(3_600),
    }));
    let all = provider.list(DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH).await.expect("a list");
    let ids: Vec<String> = all.iter().map(|fact| fact.payment.clone()).collect();
    assert_eq!(ids, (0..230).map(|n| format!("inv_{n}")).collect::<Vec<_>>());
    assert_eq!(all[7].state, PaymentState::Late { paid_us: 11_000_000 });
    btcpay.answer_instead(500, "{}");
    let half = provider.list(DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH).await.expect_err("no part of a list");
    assert!(matches!(half, ProviderError::Unreachable(_)));
    let back = provider.refund("inv_1", IntentId(Uuid::nil()), Cost::from_nanos(DOLLAR)).await.expect_err("by hand");
    assert!(matches!(back, ProviderError::Refused(_)));
    fake_btcpay::close(btcpay).await;
}

#[actix_web::test]
async fn an_invoice_found_invalid_after_its_credit_is_credited_again_when_it_settles_and_not_when_a_person_marked_it() {
    for (more, balance, alarms) in [("None", "200", 0), ("Marked", "0", 1)] {
        let btcpay = fake();
        let app = fake_btcpay::app(&btcpay).await;
        let mut payer = Payer::sign_in(&app).await;
        let order = payer.open("crypto").await;
        let states = [("Settled", "None"), ("Invalid", "None"), ("Settled", more)];
        for (n, (status, additional)) in states.into_iter().enumerate() {
            btcpay.books(|books| books.set(&order.payment, status, additional, "200.00"));
            let id = format!("delivery_{n}");
            let event = fake_btcpay::event(&order.payment, &id, &id, "InvoiceSettled");
            assert_eq!(fake_btcpay::notify(&app, &event).await, 200);
            till::followed(&app.pool, n + 1).await;
            let wanted = [("200", "credited"), ("0", "lost")].get(n).copied();
            let (now, state) = (payer.balance().await, till::state(&app.pool, &order).await);
            assert!(wanted.is_none_or(|w| w == (now.as_str(), state.as_str())), "{status}: {now} {state}");
        }
        let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM ledger.take_back_alarm WHERE why = 'unfit'")
            .fetch_one(&app.pool)
            .await
            .expect("a count");
        assert_eq!((payer.balance().await.as_str(), kept), (balance, alarms), "{more}");
        app.close().await;
        fake_btcpay::close(btcpay).await;
    }
}
