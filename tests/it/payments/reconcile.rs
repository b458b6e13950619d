//! The comparison of a provider's list with our orders finds each kind of difference that was planted, and settles what
//! a look can settle.

use crate::payments::till::{self, Payer};
use crate::support::app::TestApp;
use crate::support::process::Scene;
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

/// Every kept comparison, oldest first.
async fn kept(pool: &sqlx::PgPool) -> Vec<Value> {
    let rows = sqlx::query_scalar("SELECT differences FROM ledger.reconciliation ORDER BY at");
    rows.fetch_all(pool).await.expect("the results")
}

#[actix_web::test]
async fn the_rounds_compare_once_a_day_and_settle_what_no_notice_told() {
    let app = TestApp::start_with(&[("DEROUTER__PAYMENTS__CHECK_AFTER_S", "1")]).await;
    let mut payer = Payer::sign_in(&app).await;
    app.until("the first round compares", async || kept(&app.pool).await == [json!([])]).await;
    let order = payer.open("card").await;
    till::play(&app, &order, Play::Pay, Sending::Once);
    till::followed(&app.pool, 1).await;
    // A credited order is not looked at by the rounds: the comparison alone finds what was given back of it.
    till::play(&app, &order, Play::RefundPart, Sending::Never);
    let waiting = payer.open("crypto").await;
    let looked = "SELECT looked_at > created_at + interval '1 second' FROM ledger.topup WHERE provider_payment = $1";
    app.until("another round was made", async || {
        let is_looked_at = sqlx::query_scalar::<_, bool>(looked).bind(&waiting.payment).fetch_one(&app.pool).await;
        is_looked_at.expect("our order")
    })
    .await;
    assert_eq!((kept(&app.pool).await.len(), payer.balance().await.as_str()), (1, "200"), "a day has not passed");
    let age = "UPDATE ledger.reconciliation SET at = at - interval '24 hours 1 second'";
    sqlx::query(age).execute(&app.pool).await.expect("aged");
    app.until("the next day is compared", async || kept(&app.pool).await.len() == 2).await;
    let found = &kept(&app.pool).await[1][0];
    assert_eq!((&found["kind"], &found["settled"]), (&json!("not_taken_back"), &json!(true)), "{found}");
    assert_eq!(payer.balance().await, "100");
    app.close().await;
}

#[actix_web::test]
async fn the_command_ends_with_1_where_differences_remain_and_with_0_when_clean() {
    let scene = Scene::set().await;
    let program = scene.start().await;
    let (_payer, order) = till::paid_at(&program, &scene.pool).await;
    let (code, text) = scene.says(&program, &["reconcile"]).await;
    assert_eq!((code, text.lines().last()), (Some(0), Some("0 differences remain")), "{text}");
    let rename = "UPDATE ledger.topup SET provider_payment = 'pay_elsewhere'";
    sqlx::query(rename).execute(&scene.pool).await.expect("planted");
    let (code, text) = scene.says(&program, &["reconcile", "--days", "1"]).await;
    assert_eq!((code, text.lines().last()), (Some(1), Some("2 differences remain")), "{text}");
    assert!(text.contains("REMAINS  unknown_there") && text.contains("REMAINS  no_order"), "{text}");
    // A refund by command says what became of it, too.
    let back = "UPDATE ledger.topup SET provider_payment = $1";
    sqlx::query(back).bind(&order.payment).execute(&scene.pool).await.expect("mended");
    let asked = ["topup", "refund", &order.id, "--amount", "50", "--reason", "too much"];
    let (code, text) = scene.says(&program, &asked).await;
    assert!(code == Some(0) && text.contains("given back and taken off the balance"), "{text}");
    let (code, text) = scene.says(&program, &["topup", "list", "--account", till::YOU]).await;
    assert!(code == Some(0) && text.contains("refunded_part") && text.contains("refund of"), "{text}");
    let forced = ["topup", "refund", &order.id, "--reason", "r", "--force"];
    assert_eq!(scene.says(&program, &forced).await.0, Some(2), "a second person is asked for");
    program.stop().await;
    scene.audit().await;
}
