//! The page, its table and what it never says: a referee's whole address.

use crate::referrals::scene::{FRIEND, Pair, USD, YOU, code_of, sign_up};
use crate::support::app::TestApp;
use chrono::TimeDelta;

/// A part of the referee's address that no mask leaves.
const CANARY: &str = "riend.of.yours";

#[actix_web::test]
async fn a_reseller_without_referees_is_led_to_its_link() {
    let app = TestApp::start().await;
    let (mut reseller, _) = app.reseller(YOU, "10").await;
    let link = format!("http://{}/login?ref={}", app.dashboard, code_of(&app.pool, YOU).await);
    let page = reseller.open("/referrals").await;
    page.says(&["Nobody came by your link yet", "Go to your link", "5%", "$1,000.00 more to 10%", "From $100,000"]);
    assert!(page.text.contains(&format!("value=\"{link}\" readonly")), "{}", page.text);
    let heads = "Time (UTC),Referee,Referred consumption (USD),Commission (USD),State,Due (UTC)\r\n";
    assert_eq!(reseller.get("/referrals.csv").await.text, heads);
    app.close().await;
}

#[actix_web::test]
async fn the_page_follows_a_line_from_consumption_to_balance_and_back() {
    let mut pair = Pair::meet().await;
    pair.referrer.open("/referrals").await.says(&[
        "1 reseller",
        "f…@corner-shop.example",
        "None yet. What your referees",
    ]);
    pair.spend(200 * USD).await;
    pair.round().await;
    let page = pair.referrer.open("/referrals").await;
    let due = (pair.clock.now_utc() + TimeDelta::days(7)).format("%-d %b").to_string();
    page.says(&["Referred consumption $200.00", "Pending $10.00"]);
    page.says(&[&format!("The first of it on {due}"), &format!("Pending until {due}")]);
    page.says(&["$800.00 more to 10%", "Paid to your balance $0.00"]);
    pair.days_pass(7);
    pair.round().await;
    pair.referrer.open("/referrals").await.says(&["Pending $0.00", "Paid to your balance $10.00"]);
    pair.referrer.open("/billing").await.says(&["Referral commission"]);
    pair.charge_back(1_000 * USD).await;
    pair.round().await;
    let page = pair.referrer.open("/referrals").await;
    page.says(&["Paid to your balance $0.00", "Taken back with its payment", "Referred consumption $0.00"]);
    let table = pair.referrer.get("/referrals.csv").await;
    assert_eq!(table.text.lines().count(), 2);
    assert!(table.text.contains(",f…@corner-shop.example,200.000000000,10.000000000,taken_back,"), "{}", table.text);
    pair.app.close().await;
}

#[actix_web::test]
async fn a_referee_s_whole_address_is_nowhere_in_what_its_referrer_gets() {
    let mut pair = Pair::meet().await;
    pair.spend(200 * USD).await;
    pair.round().await;
    let journal = "/api/v1/journal";
    for path in ["/referrals", "/referrals.csv", "/billing", "/billing.csv", "/billing/statement", journal] {
        let said = pair.referrer.get(path).await.everything();
        assert!(!said.contains(CANARY) && !said.contains(FRIEND), "{path}: {said}");
    }
    let seen = pair.referee.open("/referrals").await.everything();
    assert!(!seen.contains(YOU) && seen.contains("Nobody came by your link yet"), "a referee sees its own link alone");
    pair.app.close().await;
}

#[actix_web::test]
async fn long_lists_go_on_page_by_page_and_foreign_places_begin_anew() {
    let mut pair = Pair::meet().await;
    for nth in 0..26 {
        sign_up(&pair.app, YOU, &format!("n{nth}@shop{nth}.example")).await;
        pair.spend(USD).await;
        pair.round().await;
    }
    pair.spend(USD).await;
    pair.round().await;
    let first = pair.referrer.open("/referrals").await;
    assert_eq!(first.text.matches("rel=\"next\"").count(), 2, "both lists go on");
    for (name, rows) in [("referees", "n25@".to_owned()), ("cursor", "Pending until".to_owned())] {
        let from = first.text.find(&format!("/referrals?{name}=")).expect("a link to the rest");
        let href = first.text[from..].split('"').next().expect("a link").to_owned();
        let second = pair.referrer.open(&href).await;
        second.says(&["Newest", "27 resellers"]);
        assert_eq!(second.text.matches("rel=\"next\"").count(), 1, "{name}: two pages hold them all");
        assert!(name == "cursor" || !second.text.contains(&rows), "{name}");
        let foreign = pair.referee.open(&href).await;
        foreign.says(&["Nobody came by your link yet"]);
    }
    assert_eq!(pair.referrer.get("/referrals.csv").await.text.lines().count(), 28);
    pair.app.close().await;
}
