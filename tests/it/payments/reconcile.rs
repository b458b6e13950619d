//! The comparison of a provider's list with our orders finds each kind of difference that was planted, and settles what
//! a look can settle.

use crate::payments::till::{self, Payer};
use crate::support::app::TestApp;
use derouter::domain::reconcile::DifferenceKind;
use derouter::payments::sandbox::play::Play;
use derouter::payments::sandbox::provider::Sending;
use serde_json::{Value, json};

async fn compared(app: &TestApp) -> (Vec<(String, bool)>, Value) {
    let answer = app.operator("/op/reconcile", &json!({})).await;
    let rows = answer["differences"].as_array().expect("a list").clone();
    let row = |r: &Value| (r["kind"].as_str().expect("a word").to_owned(), r["settled"] == true);
    (rows.iter().map(row).collect(), answer)
}

fn found(kind: DifferenceKind, is_settled: bool) -> (String, bool) {
    (kind.word().to_owned(), is_settled)
}

#[actix_web::test]
async fn each_planted_difference_between_a_provider_and_our_books_is_found() {
    let app = TestApp::start().await;
    let mut payer = Payer::sign_in(&app).await;
    let order = payer.open("card").await;
    till::play(&app, &order, Play::Pay, Sending::Never);
    assert_eq!(compared(&app).await.0, [found(DifferenceKind::NotCredited, true)], "a look has credited it");
    assert_eq!(payer.balance().await, "200");
    let (rows, answer) = compared(&app).await;
    assert_eq!((rows, &answer["remaining"]), (vec![], &json!(0)), "and it is clean then");
    let gross = &answer["gross"][0];
    assert_eq!(
        (&gross["provider"], &gross["orders"], &gross["credited"]),
        (&json!("sandbox"), &json!(1), &json!("200"))
    );

    till::play(&app, &order, Play::RefundPart, Sending::Never);
    assert_eq!(compared(&app).await.0, [found(DifferenceKind::NotTakenBack, true)]);
    assert_eq!(payer.balance().await, "100");

    app.payments().alter(&order.payment, |p| p.received = "150".into()).expect("remembered");
    let (rows, answer) = compared(&app).await;
    assert_eq!((rows, &answer["remaining"]), (vec![found(DifferenceKind::Amount, false)], &json!(1)));
    app.payments().alter(&order.payment, |p| p.received = "200".into()).expect("remembered");

    app.payments().alter(&order.payment, |p| p.refunds.push(p.refunds[0].clone())).expect("remembered");
    app.payments().alter(&order.payment, |p| p.refunds[1].id = "re_more".into()).expect("remembered");
    app.payments().alter(&order.payment, |p| p.refunds[1].amount = "150".into()).expect("remembered");
    assert_eq!(compared(&app).await.0, [found(DifferenceKind::Doubtful, false)]);
    app.payments().alter(&order.payment, |p| p.refunds.truncate(1)).expect("remembered");

    let rename = "UPDATE ledger.topup SET provider_payment = 'pay_elsewhere'";
    sqlx::query(rename).execute(&app.pool).await.expect("planted");
    let rows = compared(&app).await.0;
    let wanted = [found(DifferenceKind::UnknownThere, false), found(DifferenceKind::NoOrder, false)];
    assert_eq!(rows, wanted, "credited here and unknown there, paid there and no order here");
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM ledger.reconciliation WHERE run_id IS NOT NULL")
        .fetch_one(&app.pool)
        .await
        .expect("the rows");
    assert!(kept >= 6, "clean results are kept too: {kept}");
    app.payments().set_down(true);
    let (status, refused) = app.operator_says("/op/reconcile", &json!({ "days": 4 })).await;
    assert_eq!(status, 422, "{refused}");
    assert_eq!(app.operator_says("/op/reconcile", &json!({ "days": 91 })).await.0, 422);
    app.close().await;
}
