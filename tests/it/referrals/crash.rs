//! `kill -9` around accrual and payment of commission: each consumption is in one line, each line is paid once.

use crate::referrals::scene::{code_of, lines, main_of};
use crate::support::app::until;
use crate::support::browser::Browser;
use crate::support::process::{Process, Scene};
use crate::support::site::TestKey;
use crate::support::stranger::{hold_movement, hold_watermark, until_a_commit_waits, until_gone, waiting};
use serde_json::json;
use sqlx::{Postgres, Transaction};

const COMMISSION: i16 = 3;
/// A round a second, and nothing is held back.
const SETTINGS: [(&str, &str); 2] =
    [("DEROUTER__REFERRAL__ACCRUE_EVERY_S", "1"), ("DEROUTER__REFERRAL__HOLD_BACK_DAYS", "0")];
const USD: i64 = 1_000_000_000;

/// A referrer with 10 dollars, and a key of its referee.
async fn pair(scene: &Scene, program: &Process) -> (String, TestKey) {
    let (_, referrer) = program.site.reseller_at(program.dashboard, "you@shop.com", "10").await;
    let mut browser = Browser::at(program.dashboard);
    browser.open(&format!("/login?ref={}", code_of(&scene.pool, "you@shop.com").await)).await;
    let made = browser.sign_in(&program.site, "friend@shop.com").await.json();
    let referee = made["account"].as_str().expect("an account").to_owned();
    let deposit = json!({ "amount": "100", "id": "paid" });
    program.site.operator(&format!("/op/accounts/{referee}/deposit"), &deposit).await;
    (referrer, program.site.wide_key(&referee).await)
}

/// Kills the program at what `stranger` holds up, in the three ways its commit may end, and starts it again.
async fn kill_at(hold: impl AsyncFn(&Scene) -> Transaction<'static, Postgres>) {
    for is_released_first in [true, false] {
        let scene = Scene::set().await;
        let program = scene.start_with(&SETTINGS).await;
        let (referrer, key) = pair(&scene, &program).await;
        let stranger = hold(&scene).await;
        let answered = program.site.play(&key, &json!({}), false).await;
        assert_eq!(answered.status, 200, "{}", answered.text());
        until_a_commit_waits(&scene.pool).await;
        let dead = waiting(&scene.pool).await;
        program.kill().await;
        let program = if is_released_first {
            stranger.rollback().await.expect("released");
            until_gone(&scene.pool, &dead).await;
            scene.start_with(&SETTINGS).await
        } else {
            let starting = scene.spawn_with(&SETTINGS).ready(&scene).await;
            stranger.rollback().await.expect("released");
            starting
        };
        let paid = async || {
            let lines = lines(&scene.pool).await;
            !lines.is_empty() && lines.iter().all(|(_, _, state)| state == "released")
        };
        until("the commission is paid", paid).await;
        let found = lines(&scene.pool).await;
        let consumed: i64 = sqlx::query_scalar("SELECT sum(consumed)::bigint FROM ledger.account")
            .fetch_one(&scene.pool)
            .await
            .expect("the accounts");
        let covered = consumed - consumed % 10_000;
        assert_eq!(found, [(covered, covered / 20, "released".to_owned())], "one line, 5 per cent");
        assert_eq!(main_of(&scene.pool, &referrer).await, 10 * USD + covered / 20);
        program.stop().await;
        scene.audit().await;
    }
}

#[actix_web::test]
async fn a08_killed_inside_an_accrual_the_line_is_made_once() {
    kill_at(async |scene| hold_watermark(&scene.pool).await).await;
}

#[actix_web::test]
async fn a08_killed_inside_a_payment_of_commission_it_is_paid_once() {
    kill_at(async |scene| hold_movement(&scene.pool, COMMISSION).await).await;
}
