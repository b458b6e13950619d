//! `kill -9` of the real program while money comes in: what was paid is credited once (`faults.md` A9).

use crate::payments::till::{self, Opened, Payer};
use crate::support::app::until;
use crate::support::clients;
use crate::support::process::{Process, Scene};
use crate::support::stranger;
use futures_util::future::join_all;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use sqlx::PgPool;
use std::net::SocketAddr;
use uuid::Uuid;

const DOLLAR: i64 = 1_000_000_000;
/// Kills that `./test` makes; the long run sets `DEROUTER_CRASH_ROUNDS`.
const ROUNDS: u64 = 2;
const AT_ONCE: usize = 12;

async fn payer(program: &Process) -> Payer {
    Payer::sign_in_at(program.dashboard, program.site.console, till::YOU).await
}

async fn account(pool: &PgPool) -> Uuid {
    sqlx::query_scalar("SELECT account_id FROM web.reseller").fetch_one(pool).await.expect("one reseller")
}

#[actix_web::test]
async fn a09_killed_between_a_notice_and_its_credit_it_is_credited_once() {
    for is_released_first in [true, false] {
        let scene = Scene::set().await;
        let program = scene.start().await;
        let order = payer(&program).await.open("card").await;
        let stranger = stranger::lock_account(&scene.pool, &account(&scene.pool).await.to_string()).await;
        till::press(program.site.console, &order.payment, "pay").await;
        until("the credit waits for its commit", async || !stranger::waiting(&scene.pool).await.is_empty()).await;
        let kept = till::notices(&scene.pool).await;
        assert_eq!((kept.len(), &kept[0].1), (1, &None), "kept, and not done");
        program.kill().await;
        let program = scene.start_around(stranger, is_released_first).await;
        till::followed(&scene.pool, 1).await;
        assert_eq!(till::credits(&scene.pool).await, [200 * DOLLAR]);
        program.stop().await;
        scene.audit().await;
    }
}

#[actix_web::test]
async fn a09_killed_before_its_notice_is_kept_it_is_credited_once() {
    let scene = Scene::set().await;
    let program = scene.start().await;
    let order = payer(&program).await.open("crypto").await;
    let mut stranger = scene.pool.begin().await.expect("a session");
    sqlx::query("LOCK TABLE ledger.payment_event").execute(&mut *stranger).await.expect("locked");
    till::press(program.site.console, &order.payment, "pay").await;
    until("the notice waits to be kept", async || !stranger::waiting(&scene.pool).await.is_empty()).await;
    program.kill().await;
    stranger.rollback().await.expect("released");
    let program = scene.start().await;
    until("it is credited", async || till::credits(&scene.pool).await == [200 * DOLLAR]).await;
    till::followed(&scene.pool, 1).await;
    assert_eq!(till::credits(&scene.pool).await, [200 * DOLLAR]);
    program.stop().await;
    scene.audit().await;
}

#[actix_web::test]
async fn a09_killed_at_any_moment_while_many_pay_each_is_credited_once() {
    let rounds: u64 = std::env::var("DEROUTER_CRASH_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(ROUNDS);
    let seed = std::env::var("DEROUTER_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or_else(rand::random);
    println!("seed {seed}, {rounds} rounds");
    let mut rng = SmallRng::seed_from_u64(seed);
    let scene = Scene::set().await;
    let mut program = scene.start().await;
    let mut paid: Vec<Opened> = Vec::new();
    for _ in 0..rounds {
        let mut payer = payer(&program).await;
        let mut orders = Vec::new();
        for _ in 0..AT_ONCE {
            orders.push(payer.open("crypto").await);
        }
        let (console, before) = (program.site.console, till::credits(&scene.pool).await.len());
        let credited = before + rng.random_range(0..AT_ONCE);
        let presses = join_all(orders.iter().map(|order| press(console, order)));
        let (pressed, ()) = tokio::join!(presses, async {
            until("the moment", async || till::credits(&scene.pool).await.len() >= credited).await;
            program.kill().await;
        });
        paid.extend(orders.into_iter().zip(pressed).filter(|(_, pressed)| *pressed).map(|(order, _)| order));
        program = scene.start().await;
        for order in &paid {
            until("what was paid is credited", async || till::state(&scene.pool, order).await == "credited").await;
        }
        pay_the_rest(&program, &scene.pool).await;
    }
    until("every notice is followed", async || till::notices(&scene.pool).await.iter().all(|n| n.1.is_some())).await;
    let credits = till::credits(&scene.pool).await;
    assert_eq!(credits, vec![200 * DOLLAR; usize::try_from(rounds).expect("few") * AT_ONCE]);
    program.stop().await;
    scene.audit().await;
}

/// True if the checkout took the payment: it is to be credited whatever happens to us.
async fn press(console: SocketAddr, order: &Opened) -> bool {
    let client = clients::browsing();
    let url = format!("http://{console}/_dev/checkout/{}", order.payment);
    client.post(url).send_form(&[("do", "pay")]).await.is_ok_and(|answer| answer.status() == 303)
}

/// The orders that the kill kept from being paid are paid now, so that the next round begins with none.
async fn pay_the_rest(program: &Process, pool: &PgPool) {
    let open = "SELECT provider_payment FROM ledger.topup WHERE state <> 'credited' AND provider_payment IS NOT NULL";
    let open: Vec<String> = sqlx::query_scalar(open).fetch_all(pool).await.expect("the rows");
    for payment in open {
        let order = Opened { id: String::new(), url: String::new(), payment: payment.clone() };
        // Refused where the kill came between the payment and its answer.
        press(program.site.console, &order).await;
        until("it is credited", async || {
            let state = "SELECT state FROM ledger.topup WHERE provider_payment = $1";
            let state: String = sqlx::query_scalar(state).bind(&payment).fetch_one(pool).await.expect("a row");
            state == "credited"
        })
        .await;
    }
}
