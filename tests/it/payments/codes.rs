//! Redemption codes: one account, one credit, whoever tries, whatever dies in between.

use crate::support::app::{TestApp, until};
use crate::support::browser::Browser;
use crate::support::process::Scene;
use crate::support::site::Site;
use crate::support::stranger;
use chrono::{DateTime, TimeDelta, Utc};
use derouter::domain::ids::AccountId;
use derouter::domain::redemption_code::RedemptionCode;
use derouter::store::redemptions::RedemptionStore;
use futures_util::future::join_all;
use serde_json::{Value, json};
use sqlx::PgPool;

const YOU: &str = "you@shop.com";
const OTHER: &str = "other@shop.com";
const CORRECTION: i16 = 5;

/// Mints one code of 25 US dollars; its text and its id.
async fn mint(site: &Site, more: Value) -> (String, String) {
    let mut order = json!({ "amount": "25" });
    order.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
    let minted = site.operator("/op/codes", &order).await;
    let text = |field: &str| minted["codes"][0][field].as_str().expect("a text").to_owned();
    (text("code"), text("id"))
}

async fn redeem(browser: &mut Browser, code: &str) -> (u16, String) {
    let answer = browser.post("/api/v1/redemptions", &json!({ "code": code })).await;
    (answer.status, answer.text)
}

/// Amounts that codes brought, in the journal.
async fn credits(pool: &PgPool) -> Vec<i64> {
    let query = "SELECT cost FROM ledger.journal WHERE kind = 5 AND idem LIKE 'code:%'";
    sqlx::query_scalar(query).fetch_all(pool).await.expect("the journal")
}

async fn state(site: &Site, id: &str) -> String {
    let listed = site.operator("/op/codes", &Value::Null).await;
    let code = listed["codes"].as_array().expect("a list").iter().find(|c| c["id"] == id).expect("it").clone();
    code["state"].as_str().expect("a state").to_owned()
}

#[actix_web::test]
async fn a_hundred_redemptions_by_two_accounts_at_once_are_one_credit() {
    let app = TestApp::start().await;
    let (you, _) = app.reseller(YOU, "1").await;
    let (other, _) = app.reseller(OTHER, "1").await;
    let (code, id) = mint(&app, json!({})).await;
    let tries = (0..100).map(|at| {
        let (mut browser, code) = (if at % 2 == 0 { you.clone() } else { other.clone() }, code.clone());
        async move { (at % 2, redeem(&mut browser, &code).await.0) }
    });
    let answers = join_all(tries).await;
    let winners: Vec<usize> = answers.iter().filter(|(_, status)| *status == 200).map(|(who, _)| *who).collect();
    assert!(!winners.is_empty() && winners.iter().all(|who| *who == winners[0]), "{answers:?}");
    assert!(answers.iter().all(|(_, status)| matches!(status, 200 | 422 | 429)), "{answers:?}");
    assert_eq!((credits(&app.pool).await, state(&app, &id).await.as_str()), (vec![25_000_000_000], "redeemed"));
    app.close().await;
}

#[actix_web::test]
async fn a_code_is_claimed_by_one_account_for_ever_and_a_claim_without_credit_is_finished() {
    let app = TestApp::start().await;
    let accounts = [app.empty_account().await, app.empty_account().await];
    let (code, _) = mint(&app, json!({})).await;
    let digest = RedemptionCode::parse(&code).expect("a code").digest();
    let store = RedemptionStore::new(app.pool.clone());
    let now: DateTime<Utc> = sqlx::query_scalar("SELECT now()").fetch_one(&app.pool).await.expect("a moment");
    let claims = join_all((0..100).map(|at| store.claim(&digest, accounts[at % 2], now))).await;
    let owners: Vec<AccountId> = claims.into_iter().filter_map(|c| c.expect("an answer")).map(|c| c.account).collect();
    assert_eq!(owners.len(), 50, "every claim of the first account, none of the other's");
    assert!(owners.iter().all(|owner| *owner == owners[0]));
    until("the round credits it", async || !credits(&app.pool).await.is_empty()).await;
    until("and marks it", async || store.unpaid(10).await.expect("an answer").is_empty()).await;
    assert_eq!(credits(&app.pool).await, [25_000_000_000]);
    app.close().await;
}

#[actix_web::test]
async fn killed_between_a_claim_and_its_credit_the_next_start_credits_it_once() {
    for is_written in [true, false] {
        let scene = Scene::set().await;
        let program = scene.start().await;
        let (mut reseller, account) = program.site.reseller_at(program.dashboard, YOU, "1").await;
        let (code, id) = mint(&program.site, json!({})).await;
        let stranger = stranger::hold_movement(&scene.pool, CORRECTION).await;
        let typed = code.clone();
        let asking = actix_web::rt::spawn(async move { redeem(&mut reseller, &typed).await });
        stranger::until_a_commit_waits(&scene.pool).await;
        assert_eq!(state(&program.site, &id).await, "redeemed", "the claim comes first");
        let dead = stranger::waiting(&scene.pool).await;
        program.kill().await;
        assert!(asking.await.is_err(), "the dead program answers nobody");
        if is_written {
            stranger.rollback().await.expect("released");
            stranger::until_gone(&scene.pool, &dead).await;
        } else {
            // Its lock time-out ends the dead program's commit.
            stranger::until_gone(&scene.pool, &dead).await;
            stranger.rollback().await.expect("released");
        }
        let program = scene.start().await;
        until("it is credited", async || credits(&scene.pool).await == [25_000_000_000]).await;
        let unpaid = "SELECT count(*) FROM ledger.redemption_code WHERE credited_at IS NULL";
        until("and marked", async || {
            sqlx::query_scalar::<_, i64>(unpaid).fetch_one(&scene.pool).await.expect("a count") == 0
        })
        .await;
        assert_eq!(credits(&scene.pool).await.len(), 1);
        let view = program.site.operator(&format!("/op/accounts/{account}"), &Value::Null).await;
        assert_eq!(view["balance"], "26.0000");
        program.stop().await;
        scene.audit().await;
    }
}

#[actix_web::test]
async fn every_code_that_is_not_to_be_had_is_refused_in_the_same_words() {
    let app = TestApp::start().await;
    let (mut you, _) = app.reseller(YOU, "1").await;
    let (mut other, _) = app.reseller(OTHER, "1").await;
    let (used, used_id) = mint(&app, json!({})).await;
    let (expired, expired_id) = mint(&app, json!({ "expires": "2100-01-01" })).await;
    let (revoked, revoked_id) = mint(&app, json!({ "note": "a gift" })).await;
    assert_eq!(redeem(&mut other, &used).await.0, 200);
    let age = sqlx::query("UPDATE ledger.redemption_code SET expires_at = $1 WHERE code_id::text = $2");
    let now: DateTime<Utc> = sqlx::query_scalar("SELECT now()").fetch_one(&app.pool).await.expect("a moment");
    age.bind(now - TimeDelta::seconds(1)).bind(&expired_id).execute(&app.pool).await.expect("aged");
    let revoke = |id: &str| format!("/op/codes/{id}/revoke");
    for _ in 0..2 {
        assert_eq!(app.operator(&revoke(&revoked_id), &json!({})).await["state"], "revoked");
    }
    let absent = RedemptionCode::from_bytes([7; 25]).reveal();
    let refusals = [used, expired, revoked, absent];
    let mut said = Vec::new();
    for code in &refusals {
        said.push(redeem(&mut you, code).await);
    }
    assert!(said.iter().all(|answer| *answer == said[0] && answer.0 == 422), "{said:?}");
    assert!(said[0].1.contains("mistyped, used, expired or withdrawn"), "{}", said[0].1);
    assert_eq!(redeem(&mut you, "no code").await.0, 422);
    assert_eq!(app.operator_says(&revoke(&used_id), &json!({})).await.0, 422, "what is redeemed is not revoked");
    assert_eq!(app.operator_says(&revoke(&absent_id()), &json!({})).await.0, 404);
    assert_eq!((state(&app, &expired_id).await.as_str(), credits(&app.pool).await.len()), ("expired", 1));
    app.close().await;
}

fn absent_id() -> String {
    uuid::Uuid::nil().to_string()
}

#[actix_web::test]
async fn ten_wrong_codes_an_hour_are_enough_for_an_account_and_a_network() {
    let app = TestApp::start().await;
    let (mut you, _) = app.reseller(YOU, "1").await;
    let (mut other, _) = app.reseller(OTHER, "1").await;
    let (code, _) = mint(&app, json!({})).await;
    for at in 0..10 {
        let wrong = RedemptionCode::from_bytes([at; 25]).reveal();
        assert_eq!(redeem(&mut you, &wrong).await.0, 422);
    }
    assert_eq!(redeem(&mut you, &code).await.0, 429, "even the right one");
    assert_eq!(redeem(&mut other, &code).await.0, 429, "of the same network");
    let hour = "UPDATE web.throttle SET hits = ARRAY(SELECT h - interval '1 hour' FROM unnest(hits) h)";
    sqlx::query(hour).execute(&app.pool).await.expect("an hour passes");
    assert_eq!(redeem(&mut you, &code).await.0, 200);
    assert_eq!(credits(&app.pool).await.len(), 1);
    app.close().await;
}

#[actix_web::test]
async fn a_person_redeems_on_the_top_up_page_and_reads_it_under_billing() {
    let app = TestApp::start().await;
    let (mut reseller, _) = app.reseller(YOU, "1").await;
    let (code, id) = mint(&app, json!({})).await;
    let page = reseller.open("/top-up").await;
    page.says(&["Redeem a code"]);
    let token = page.value("csrf");
    let form = |code: &str| {
        form_urlencoded::Serializer::new(String::new()).append_pair("csrf", &token).append_pair("code", code).finish()
    };
    let wrong = reseller.post_form("/redeem", form("12345")).await;
    assert_eq!((wrong.status, wrong.value("code").as_str()), (422, "12345"));
    wrong.says(&["Nothing was redeemed.", "A code has 25 letters and digits"]);
    let sloppy = code.to_lowercase().replace('-', " ");
    for _ in 0..2 {
        let done = reseller.post_form("/redeem", form(&sloppy)).await;
        assert_eq!(done.leads(), format!("/billing?redeemed={id}"));
        let billing = reseller.follow(&done).await;
        billing.says(&["+$25.00 from your code is on your balance.", "Redemption code", "$26.00"]);
        assert!(!billing.reads().contains("Correction by support"));
    }
    let (mut other, _) = app.reseller(OTHER, "1").await;
    let foreign = other.open(&format!("/billing?redeemed={id}")).await;
    assert!(!foreign.reads().contains("from your code"));
    assert_eq!(credits(&app.pool).await, [25_000_000_000]);
    app.close().await;
}

#[actix_web::test]
async fn what_cannot_be_minted_is_refused_and_no_code_is_stored() {
    let app = TestApp::start().await;
    let rows = [
        json!({ "amount": "0" }),
        json!({ "amount": "-5" }),
        json!({ "amount": "25", "count": 0 }),
        json!({ "amount": "25", "count": 1001 }),
        json!({ "amount": "25", "expires": "2020-01-01" }),
        json!({ "amount": "25", "expires": "tomorrow" }),
        json!({ "amount": "25", "note": "a\nb" }),
        json!({}),
    ];
    for order in rows {
        assert_eq!(app.operator_says("/op/codes", &order).await.0, 422, "{order}");
    }
    let many = app.operator("/op/codes", &json!({ "amount": "1", "count": 3 })).await;
    let codes = many["codes"].as_array().expect("codes");
    let stored = "SELECT count(*) FROM ledger.redemption_code c WHERE c::text ILIKE '%' || $1 || '%'";
    for code in codes {
        let text = code["code"].as_str().expect("a text");
        let found: i64 = sqlx::query_scalar(stored).bind(text).fetch_one(&app.pool).await.expect("a count");
        assert_eq!((found, text.len()), (0, 29));
    }
    assert_eq!(codes.len(), 3);
    app.close().await;
}
