//! Commission is earned on paid consumption, waits, is paid once, and goes back with the money it was earned on.

use crate::referrals::scene::{FRIEND, Pair, USD, account, deposit, sign_up};
use crate::support::app::TestApp;
use derouter::actors::messages::Move;
use derouter::domain::money::Cost;
use derouter::domain::op::{Idem, Movement};
use futures_util::future::join_all;

/// A line as a test writes it: dollars.
fn line(covers: i64, amount: i64, state: &str) -> (i64, i64, String) {
    (covers * USD, amount * USD, state.to_owned())
}

#[actix_web::test]
async fn commission_waits_for_the_hold_back_and_then_is_in_the_balance() {
    let pair = Pair::meet().await;
    pair.spend(200 * USD).await;
    pair.round().await;
    assert_eq!(pair.lines().await, [line(200, 10, "pending")]);
    pair.round().await;
    assert_eq!(pair.lines().await.len(), 1, "nothing new is no line");
    pair.days_pass(6);
    pair.round().await;
    assert_eq!((pair.main().await, pair.states().await), (10 * USD, vec!["pending".to_owned()]));
    pair.days_pass(1);
    pair.round().await;
    pair.round().await;
    assert_eq!((pair.main().await, pair.states().await), (20 * USD, vec!["released".to_owned()]));
    pair.app.close().await;
}

#[actix_web::test]
async fn the_referrer_s_tiers_count_all_its_referees_together() {
    let pair = Pair::meet().await;
    let keeper = pair.keeper_with(&[("TIER_BOUNDS_USD", "0, 100, 200, 300, 400, 500")]);
    pair.spend(90 * USD).await;
    keeper.round().await.expect("a round");
    let (_, second) = sign_up(&pair.app, "you@shop.com", "second@shop.com").await;
    deposit(&pair.app, &second, "500").await;
    let key = pair.app.key_of(&second, "100", "100", 1_000, 50).await;
    crate::people::alerts::spend(&pair.app, key.owned(), 30 * USD).await;
    keeper.round().await.expect("a round");
    // 90 at 5 %, then 10 at 5 % and 20 at 10 %.
    let amounts: Vec<i64> = pair.lines().await.into_iter().map(|(_, amount, _)| amount).collect();
    assert_eq!(amounts, [USD * 9 / 2, USD * 5 / 2]);
    pair.app.close().await;
}

#[actix_web::test]
async fn the_margin_cuts_the_rates_and_a_margin_of_nothing_pays_nothing_later_either() {
    let pair = Pair::meet().await;
    pair.spend(100 * USD).await;
    pair.keeper_with(&[("PLATFORM_MARGIN_BP", "0")]).round().await.expect("a round");
    pair.spend(100 * USD).await;
    pair.keeper_with(&[("PLATFORM_MARGIN_BP", "300")]).round().await.expect("a round");
    pair.round().await;
    assert_eq!(pair.lines().await, [line(100, 0, "nil"), line(100, 3, "pending")]);
    pair.charge_back(900 * USD).await;
    pair.round().await;
    assert_eq!(pair.states().await, ["nil", "withheld"], "100 dollars of paid consumption are left");
    pair.charge_back(50 * USD).await;
    pair.round().await;
    assert_eq!(pair.lines().await[1..], [line(100, 3, "withheld"), (50 * USD, USD * 5 / 2, "pending".to_owned())]);
    assert_eq!(pair.states().await[0], "withheld", "a line of nothing is undone like any other");
    pair.app.close().await;
}

#[actix_web::test]
async fn a_gift_to_the_referee_earns_its_referrer_nothing() {
    let app = TestApp::start().await;
    app.reseller("you@shop.com", "10").await;
    let (referee, referee_id) = sign_up(&app, "you@shop.com", FRIEND).await;
    drop(referee);
    let gift = Movement::Correction { reason: "welcome".to_owned() };
    let message =
        Move { amount: Cost::from_nanos(50 * USD), movement: gift, idem: Idem::of("g".into(), &[]), by: None };
    let asked = app.directory.ask_account(account(&referee_id), message).await;
    asked.expect("the books").expect("the books").expect("no refusal");
    deposit(&app, &referee_id, "20").await;
    let key = app.key_of(&referee_id, "60", "60", 1_000, 50).await;
    crate::people::alerts::spend(&app, key.owned(), 60 * USD).await;
    let base: i64 = sqlx::query_scalar("SELECT consumed FROM ledger.account WHERE account_id = $1")
        .bind(account(&referee_id).0)
        .fetch_one(&app.pool)
        .await
        .expect("the account");
    assert_eq!(base, 60 * USD);
    let settings = derouter::config::load(&Default::default()).expect("settings");
    let store = derouter::store::referrals::ReferralStore::new(app.pool.clone());
    let (directory, clock) = (app.directory.clone(), derouter::clock::Clock::real());
    let keeper = derouter::referrals::keeper::Keeper::new(store, directory, clock, &settings.referral);
    keeper.expect("a keeper").round().await.expect("a round");
    assert_eq!(crate::referrals::scene::lines(&app.pool).await, [line(20, 1, "pending")]);
    app.close().await;
}

#[actix_web::test]
async fn a_chargeback_withholds_what_waits_and_takes_back_what_was_paid() {
    let pair = Pair::meet().await;
    pair.spend(200 * USD).await;
    pair.round().await;
    pair.days_pass(7);
    pair.round().await;
    pair.spend(100 * USD).await;
    pair.round().await;
    assert_eq!((pair.main().await, pair.states().await), (20 * USD, vec!["released".into(), "pending".into()]));
    pair.charge_back(650 * USD).await;
    pair.round().await;
    assert_eq!(pair.states().await, ["released", "pending"], "money that was not consumed earned nothing");
    pair.charge_back(100 * USD).await;
    pair.days_pass(30);
    pair.round().await;
    let whole = [line(200, 10, "released"), line(100, 5, "withheld"), (50 * USD, USD * 5 / 2, "pending".to_owned())];
    assert_eq!(pair.lines().await, whole, "what was undone too much is accrued again, and waits anew");
    pair.charge_back(250 * USD).await;
    pair.round().await;
    assert_eq!(pair.states().await, ["taken_back", "withheld", "withheld"]);
    assert_eq!(pair.main().await, 10 * USD);
    pair.round().await;
    assert_eq!(pair.main().await, 10 * USD, "it is taken back once");
    pair.app.close().await;
}

#[actix_web::test]
async fn commission_that_is_spent_is_owed_when_it_is_taken_back() {
    let pair = Pair::meet().await;
    pair.spend(200 * USD).await;
    pair.round().await;
    pair.days_pass(7);
    pair.round().await;
    pair.app.key_of(&pair.referrer_id, "18", "18", 60, 5).await;
    pair.charge_back(1_000 * USD).await;
    pair.round().await;
    let (main, owed): (i64, i64) = sqlx::query_as("SELECT main, receivable FROM ledger.account WHERE account_id = $1")
        .bind(account(&pair.referrer_id).0)
        .fetch_one(&pair.app.pool)
        .await
        .expect("the account");
    assert_eq!((main, owed), (0, 8 * USD));
    pair.app.close().await;
}

#[actix_web::test]
async fn any_number_of_workers_at_once_makes_each_line_and_pays_it_once() {
    let pair = Pair::meet().await;
    for _ in 0..3 {
        pair.spend(20 * USD).await;
        let keepers: Vec<_> = (0..4).map(|_| pair.keeper_with(&[])).collect();
        for round in join_all(keepers.iter().map(|keeper| keeper.round())).await {
            round.expect("the store answers");
        }
    }
    pair.round().await;
    let lines = pair.lines().await;
    assert_eq!(lines.iter().map(|(covers, _, _)| covers).sum::<i64>(), 60 * USD);
    assert_eq!(lines.iter().map(|(_, amount, _)| amount).sum::<i64>(), 3 * USD);
    pair.days_pass(7);
    let keepers: Vec<_> = (0..4).map(|_| pair.keeper_with(&[])).collect();
    join_all(keepers.iter().map(|keeper| keeper.round())).await;
    pair.round().await;
    assert_eq!(pair.main().await, 13 * USD);
    assert!(pair.states().await.iter().all(|state| state == "released"));
    pair.app.close().await;
}
