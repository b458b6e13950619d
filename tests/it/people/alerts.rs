//! Alerts by mail: a key's budget runs out, a reseller's balance is low. Each crossing is told once, whoever looks.

use std::sync::Arc;

use derouter::actors::messages::KeyRef;
use derouter::alerts::balance_mail::Dashboard;
use derouter::alerts::key_mail::Portal;
use derouter::alerts::round::Alerts;
use derouter::domain::budget_alert::Wants;
use derouter::domain::ids::{AccountId, UserId};
use derouter::domain::money::Cost;
use derouter::domain::preference::{Change, LowAlert};
use derouter::domain::trail::{Actor, Trail};
use derouter::store::balance_marks::BalanceMarkStore;
use derouter::store::bindings::BindingStore;
use derouter::store::key_marks::KeyMarkStore;
use derouter::store::preferences::PreferenceStore;
use derouter::store::views::scope::Scope;
use futures_util::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::app::TestApp;
use crate::support::wishes::{self, USD};

const ACME: &str = "one@acme.com";
const YOU: &str = "you@shop.com";

/// Somebody who looks, beside the program's own round.
pub fn looker(app: &TestApp) -> Alerts {
    let pool = || app.pool.clone();
    let portal = Portal { brand: "API Portal".into(), origin: "https://portal.example".into() };
    let dashboard = Dashboard { brand: "derouter".into(), origin: "https://dash.example".into() };
    let marks = (KeyMarkStore::new(pool()), BalanceMarkStore::new(pool()));
    Alerts::new(app.directory.clone(), marks, (portal, dashboard), Arc::default())
}

/// Three who look at the same moment.
async fn look(app: &TestApp) {
    let mut lookers = [looker(app), looker(app), looker(app)];
    for looked in join_all(lookers.iter_mut().map(Alerts::look)).await {
        looked.expect("the store answers");
    }
}

/// A call that costs the reseller so much, settled.
pub async fn spend(app: &TestApp, key: KeyRef, nanos: i64) {
    let call = wishes::live_call(&app.directory, key, wishes::quote(1)).await;
    wishes::settle(call, Cost::from_nanos(nanos)).await.expect("an end");
    app.settled().await;
}

/// Subjects of the alerts to an address, oldest first.
async fn alerts_to(app: &TestApp, email: &str) -> Vec<String> {
    let mails = app.mails_to(email).await;
    let subjects = mails.iter().rev().map(|m| m["subject"].as_str().expect("a subject").to_owned());
    subjects.filter(|s| !s.ends_with(" code") && !s.contains(": receipt for ")).collect()
}

async fn newest_text(app: &TestApp, email: &str) -> String {
    let mails = app.mails_to(email).await;
    let mut news = mails.iter().filter(|m| !m["subject"].as_str().is_some_and(|s| s.contains(": receipt for ")));
    news.next().expect("a mail")["text"].as_str().expect("a text").to_owned()
}

#[actix_web::test]
async fn a_client_hears_once_of_eighty_per_cent_and_once_of_the_end() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    app.client(ACME, &key.secret).await;
    spend(&app, key.owned(), 47 * USD).await;
    look(&app).await;
    assert_eq!(alerts_to(&app, ACME).await, Vec::<String>::new(), "78% are no news");
    spend(&app, key.owned(), USD).await;
    look(&app).await;
    let masked = format!("{}…", &key.secret[..12]);
    let low = format!("API Portal: 80% of {masked} is used");
    assert_eq!(alerts_to(&app, ACME).await, [low.as_str()]);
    let text = newest_text(&app, ACME).await;
    assert!(text.contains("has used $80.00 of its budget of $100.00. $20.00 is left."), "{text}");
    spend(&app, key.owned(), 5 * USD).await;
    look(&app).await;
    spend(&app, key.owned(), 7 * USD).await;
    look(&app).await;
    look(&app).await;
    assert_eq!(alerts_to(&app, ACME).await, [low, format!("API Portal: {masked} is used up")]);
    app.close().await;
}

#[actix_web::test]
async fn a_top_up_below_the_level_lets_it_be_told_again() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    app.client(ACME, &key.secret).await;
    let fund = async |usd: i64| {
        wishes::fund(&app.directory, key.owned(), usd * USD).await.expect("an answer").expect("funded");
    };
    let told = async |times: usize, why: &str| {
        look(&app).await;
        assert_eq!(alerts_to(&app, ACME).await.len(), times, "{why}");
    };
    spend(&app, key.owned(), 48 * USD).await;
    told(1, "80 of 100").await;
    fund(50).await;
    told(1, "80 of 150").await;
    spend(&app, key.owned(), 24 * USD).await;
    told(2, "120 of 150").await;
    fund(50).await;
    spend(&app, key.owned(), 24 * USD).await;
    told(3, "160 of 200, and nobody looked in between").await;
    spend(&app, key.owned(), 18 * USD).await;
    told(3, "190 of 200").await;
    fund(1).await;
    told(3, "190 of 201 is above the level still").await;
    app.close().await;
}

#[actix_web::test]
async fn a_jump_to_the_end_is_one_mail_and_each_client_has_its_own_switch() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    let users = [("both@acme.com", true, true), ("low@acme.com", true, false), ("none@acme.com", false, false)];
    for (email, at_80, at_100) in users {
        let user = app.client(email, &key.secret).await.get("/api/v1/me").await.json()["user"].clone();
        let user = UserId(user.as_str().and_then(|id| id.parse().ok()).expect("an id"));
        let bound = Scope::new(app.pool.clone()).bound_key(user, &key.id).await.expect("asked").expect("bound");
        let store = BindingStore::new(app.pool.clone());
        let wants = Wants { at_80, at_100 };
        let changes = !at_80 || !at_100;
        assert_eq!(store.save_alerts(&bound, wants, &trail(Actor::PortalUser(user))).await.expect("saved"), changes);
        assert!(!store.save_alerts(&bound, wants, &trail(Actor::PortalUser(user))).await.expect("sent again"));
        assert_eq!(store.alerts(&bound).await.expect("asked").expect("bound").wants, wants);
    }
    spend(&app, key.owned(), 60 * USD).await;
    look(&app).await;
    let both = alerts_to(&app, "both@acme.com").await;
    assert!(both.len() == 1 && both[0].ends_with("is used up"), "{both:?}");
    let low = alerts_to(&app, "low@acme.com").await;
    assert!(low.len() == 1 && low[0].ends_with("is used"), "{low:?}");
    assert_eq!(alerts_to(&app, "none@acme.com").await, Vec::<String>::new());
    let sent: Vec<(bool, bool)> = sqlx::query_as(
        "SELECT sent_80_at IS NOT NULL, sent_100_at IS NOT NULL FROM web.binding JOIN web.portal_user USING (user_id) ORDER BY address",
    )
    .fetch_all(&app.pool)
    .await
    .expect("three");
    assert_eq!(sent, [(false, true), (true, false), (false, false)]);
    app.close().await;
}

#[actix_web::test]
async fn a_key_that_was_missed_is_found_by_the_walk_through_all_keys() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    app.client(ACME, &key.secret).await;
    spend(&app, key.owned(), 48 * USD).await;
    app.directory.discard(key.owned().account);
    look(&app).await;
    assert_eq!(alerts_to(&app, ACME).await.len(), 1);
    app.close().await;
}

#[actix_web::test]
async fn a_crossing_whose_mail_was_not_queued_is_still_to_be_told() {
    let app = TestApp::start().await;
    let (_reseller, account) = app.reseller(YOU, "200").await;
    let key = app.key_of(&account, "100", "60", 60, 5).await;
    app.client(ACME, &key.secret).await;
    look(&app).await;
    let fail = "CREATE FUNCTION web.no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$";
    let trigger = "CREATE TRIGGER no BEFORE INSERT ON web.mail FOR EACH ROW EXECUTE FUNCTION web.no()";
    for statement in [fail, trigger] {
        sqlx::query(statement).execute(&app.pool).await.expect("done");
    }
    spend(&app, key.owned(), 48 * USD).await;
    app.key_of(&account, "130", "130", 60, 5).await;
    look(&app).await;
    sqlx::query("DROP TRIGGER no ON web.mail").execute(&app.pool).await.expect("done");
    look(&app).await;
    assert_eq!((alerts_to(&app, ACME).await.len(), alerts_to(&app, YOU).await.len()), (1, 1));
    app.close().await;
}

#[actix_web::test]
async fn a_reseller_hears_once_of_each_fall_and_at_most_daily_while_it_goes_on() {
    let app = TestApp::start().await;
    let (_reseller, account) = app.reseller(YOU, "200").await;
    let told = async |times: usize, why: &str| {
        look(&app).await;
        assert_eq!(alerts_to(&app, YOU).await.len(), times, "{why}");
    };
    let cut = async |usd: &str| {
        app.key_of(&account, usd, usd, 60, 5).await;
    };
    told(0, "$200").await;
    cut("180").await;
    told(0, "$20 is not below $20").await;
    cut("5").await;
    told(1, "$15").await;
    assert_eq!(alerts_to(&app, YOU).await, ["derouter: $15.00 available"]);
    assert!(newest_text(&app, YOU).await.contains("fallen below $20.00. It is $15.00 now."));
    cut("5").await;
    told(1, "$10, the same day").await;
    let yesterday = "UPDATE web.balance_mark SET told_at = told_at - interval '25 hours'";
    sqlx::query(yesterday).execute(&app.pool).await.expect("done");
    told(2, "$10, a day later and lower").await;
    sqlx::query(yesterday).execute(&app.pool).await.expect("done");
    told(2, "$10 still").await;
    deposit(&app, &account, "90").await;
    told(2, "$100").await;
    cut("95").await;
    told(3, "$5").await;
    app.close().await;
}

#[actix_web::test]
async fn a_reseller_who_switched_the_alert_off_or_chose_another_amount_is_left_alone() {
    let app = TestApp::start().await;
    let (_reseller, account) = app.reseller(YOU, "200").await;
    look(&app).await;
    let id = AccountId(account.parse::<Uuid>().expect("an id"));
    let store = PreferenceStore::new(app.pool.clone());
    let save = async |on, usd: i64| {
        let low = LowAlert { on, below: Cost::from_nanos(usd * USD) };
        assert!(store.save(id, Change::LowAlert(low), &trail(Actor::Reseller(id))).await.expect("saved"));
        look(&app).await;
    };
    save(false, 20).await;
    app.key_of(&account, "190", "190", 60, 5).await;
    look(&app).await;
    save(true, 500).await;
    assert_eq!(alerts_to(&app, YOU).await, Vec::<String>::new(), "whoever chooses an amount knows the balance");
    deposit(&app, &account, "600").await;
    look(&app).await;
    app.key_of(&account, "200", "200", 60, 5).await;
    look(&app).await;
    assert_eq!(alerts_to(&app, YOU).await, ["derouter: $410.00 available"]);
    app.close().await;
}

async fn deposit(app: &TestApp, account: &str, amount: &str) {
    let body: Value = json!({ "amount": amount, "id": Uuid::new_v4() });
    app.operator(&format!("/op/accounts/{account}/deposit"), &body).await;
}

fn trail(actor: Actor) -> Trail {
    Trail { actor, request: Uuid::now_v7(), ip: [127, 0, 0, 1].into(), user_agent: "test".into() }
}
