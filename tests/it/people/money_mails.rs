//! Mails about money: each credit has one receipt, each trouble is told once, each referrer's month once.

use std::sync::Arc;

use chrono::{DateTime, Months, Utc};
use derouter::alerts::balance_mail::Dashboard;
use derouter::alerts::money_round::MoneyNews;
use derouter::clock::Clock;
use derouter::store::money_news::MoneyNewsStore;
use futures_util::future::join_all;
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use crate::payments::till::{self, Payer, YOU};
use crate::support::app::{TestApp, until};
use crate::support::process::Scene;

/// Somebody who looks, beside the program's own round.
fn looker(pool: &PgPool, clock: Clock) -> MoneyNews {
    let dashboard = Dashboard { brand: "derouter".into(), origin: "https://dash.example".into() };
    MoneyNews { store: MoneyNewsStore::new(pool.clone()), dashboard, clock, bell: Arc::default() }
}

/// Three who look at the same moment.
async fn look(pool: &PgPool) {
    let lookers = [Clock::real(), Clock::real(), Clock::real()].map(|clock| looker(pool, clock));
    for looked in join_all(lookers.iter().map(MoneyNews::look)).await {
        looked.expect("the store answers");
    }
}

/// Subjects and texts of the mails that are no codes, oldest first.
async fn news(pool: &PgPool) -> Vec<(String, String)> {
    let query = "SELECT subject, text_body FROM web.mail WHERE challenge_hash IS NULL ORDER BY mail_id";
    sqlx::query_as(query).fetch_all(pool).await.expect("mails")
}

async fn subjects(pool: &PgPool) -> Vec<String> {
    news(pool).await.into_iter().map(|(subject, _)| subject).collect()
}

#[actix_web::test]
async fn each_credit_has_one_receipt_whoever_looks_and_however_often() {
    let app = TestApp::start().await;
    let mut payer = Payer::sign_in(&app).await;
    for method in ["card", "crypto"] {
        let order = payer.open(method).await;
        till::press(app.console, &order.payment, "pay").await;
        until("it is credited", async || till::state(&app.pool, &order).await == "credited").await;
        look(&app.pool).await;
        look(&app.pool).await;
        let (_, text) = news(&app.pool).await.pop().expect("a receipt");
        let paid_by = if method == "card" { "Paid by: Card" } else { "Paid by: Crypto" };
        for said in ["Amount: $200.00", paid_by, "Credited on: 20", &format!("/billing/{}", order.id)] {
            assert!(text.contains(said), "{said}: {text}");
        }
    }
    // Without a person there is nobody to write to, and the round does not come back to it.
    app.account("50").await;
    look(&app.pool).await;
    assert_eq!(subjects(&app.pool).await, vec!["derouter: receipt for $200.00"; 2]);
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM ledger.topup WHERE receipted_at IS NULL")
        .fetch_one(&app.pool)
        .await
        .expect("a count");
    assert_eq!(left, 0);
    app.close().await;
}

#[actix_web::test]
async fn killed_between_a_credit_and_its_receipt_the_next_start_sends_it_once() {
    let scene = Scene::set().await;
    let program = scene.start().await;
    let mut payer = Payer::sign_in_at(program.dashboard, program.site.console, YOU).await;
    let order = payer.open("card").await;
    // Mails cannot be written, credits can.
    let mut stranger = scene.pool.begin().await.expect("a session");
    sqlx::query("LOCK TABLE web.mail").execute(&mut *stranger).await.expect("locked");
    till::press(program.site.console, &order.payment, "pay").await;
    until("it is credited", async || till::state(&scene.pool, &order).await == "credited").await;
    program.kill().await;
    stranger.rollback().await.expect("released");
    assert_eq!(news(&scene.pool).await, []);
    let program = scene.start().await;
    until("the receipt is there", async || !news(&scene.pool).await.is_empty()).await;
    look(&scene.pool).await;
    assert_eq!(subjects(&scene.pool).await, ["derouter: receipt for $200.00"]);
    program.stop().await;
    scene.audit().await;
}

#[actix_web::test]
async fn money_that_does_not_fit_is_told_once_and_again_if_more_comes() {
    let app = TestApp::start().await;
    let mut payer = Payer::sign_in(&app).await;
    let order = payer.open("crypto").await;
    till::press(app.console, &order.payment, "pay_half").await;
    until("it is parked", async || till::state(&app.pool, &order).await == "parked").await;
    look(&app.pool).await;
    look(&app.pool).await;
    let told = news(&app.pool).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].1.contains("$100.00 came for your top-up of $200.00."), "{}", told[0].1);
    let more = sqlx::query("UPDATE ledger.topup SET received = 150000000000 WHERE state = 'parked'");
    more.execute(&app.pool).await.expect("more came");
    look(&app.pool).await;
    assert_eq!(subjects(&app.pool).await, vec!["derouter: a payment of yours needs a look"; 2]);
    app.close().await;
}

#[actix_web::test]
async fn a_freeze_is_told_once_and_an_old_one_never() {
    let app = TestApp::start().await;
    let (_, account) = app.reseller(YOU, "200").await;
    let freeze = async |frozen: bool, id: &str| {
        let order = json!({ "reason": "a look", "frozen": frozen, "id": id });
        app.operator(&format!("/op/accounts/{account}/freeze"), &order).await;
    };
    freeze(true, "old").await;
    freeze(false, "end").await;
    sqlx::query("UPDATE web.news_since SET at = clock_timestamp()").execute(&app.pool).await.expect("an upgrade");
    sqlx::query("DELETE FROM web.mail").execute(&app.pool).await.expect("none");
    freeze(true, "new").await;
    look(&app.pool).await;
    look(&app.pool).await;
    let told = news(&app.pool).await;
    let frozen: Vec<_> = told.iter().filter(|(subject, _)| subject.ends_with("your account is frozen")).collect();
    assert_eq!(frozen.len(), 1, "{told:?}");
    app.close().await;
}

#[actix_web::test]
async fn a_referrer_reads_once_what_a_month_brought() {
    let app = TestApp::start().await;
    let (_, referrer) = app.reseller(YOU, "1").await;
    let referee = app.empty_account().await;
    let id = |text: &str| text.parse::<Uuid>().expect("an id");
    let bind = sqlx::query("INSERT INTO ledger.referral (referee_id, referrer_id, watermark) VALUES ($1, $2, 300)");
    bind.bind(referee.0).bind(id(&referrer)).execute(&app.pool).await.expect("bound");
    let earn = "INSERT INTO ledger.commission (commission_id, referrer_id, referee_id, base_from, base_to, tier_from, tier_to, \
                margin_bp, amount, state, accrued_at, due_at) VALUES (gen_random_uuid(), $1, $2, $3, $3 + 150000000000, $3, \
                $3 + 150000000000, 5000, $4, $5, now(), now() + interval '90 days')";
    for (from, amount, state) in [(0_i64, 7_500_000_000_i64, "pending"), (150_000_000_000, 1_000_000_000, "withheld")] {
        let line = sqlx::query(earn).bind(id(&referrer)).bind(referee.0).bind(from).bind(amount).bind(state);
        line.execute(&app.pool).await.expect("a line");
    }
    let now: DateTime<Utc> = sqlx::query_scalar("SELECT now()").fetch_one(&app.pool).await.expect("a moment");
    let next = now.checked_add_months(Months::new(1)).expect("a month");
    looker(&app.pool, Clock::manual(now.timestamp_micros())).look().await.expect("too early");
    for _ in 0..2 {
        looker(&app.pool, Clock::manual(next.timestamp_micros())).look().await.expect("the store answers");
    }
    let told = news(&app.pool).await;
    let statements: Vec<_> = told.iter().filter(|(subject, _)| subject.contains("your commission in")).collect();
    assert_eq!(statements.len(), 1, "{told:?}");
    for said in ["Earned: $8.50", "Paid into your balance: $0.00", "Pending: $7.50"] {
        assert!(statements[0].1.contains(said), "{said}: {}", statements[0].1);
    }
    // What was planted are no lines of the books.
    sqlx::query("DELETE FROM ledger.commission").execute(&app.pool).await.expect("gone");
    sqlx::query("DELETE FROM ledger.referral").execute(&app.pool).await.expect("gone");
    app.close().await;
}
