//! Whose referee a new reseller becomes: whoever's link it came by, for good, and never its own.

use crate::referrals::scene::{FRIEND, YOU, account, code_of, sign_up};
use crate::support::app::TestApp;
use crate::support::browser::Browser;
use sqlx::PgPool;
use uuid::Uuid;

async fn referrer_of(pool: &PgPool, referee: &str) -> Option<Uuid> {
    let query = sqlx::query_scalar("SELECT referrer_id FROM ledger.referral WHERE referee_id = $1");
    query.bind(account(referee).0).fetch_optional(pool).await.expect("a referral or none")
}

async fn referrals(pool: &PgPool) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM ledger.referral").fetch_one(pool).await.expect("a count")
}

#[actix_web::test]
async fn who_signs_up_by_a_link_is_its_owner_s_referee_for_good() {
    let app = TestApp::start().await;
    let (_, referrer) = app.reseller(YOU, "10").await;
    let (_, other) = app.reseller("other@shop.com", "10").await;
    let code = code_of(&app.pool, YOU).await;
    let (_, referee) = sign_up(&app, YOU, FRIEND).await;
    assert_eq!(referrer_of(&app.pool, &referee).await, Some(account(&referrer).0));
    assert_ne!(referrer, other);
    let (_, again) = sign_up(&app, "other@shop.com", FRIEND).await;
    assert_eq!(again, referee);
    assert_eq!(referrer_of(&app.pool, &referee).await, Some(account(&referrer).0), "the first link stays");
    assert_eq!(code_of(&app.pool, YOU).await, code, "and so does the code");
    app.close().await;
}

#[actix_web::test]
async fn the_link_outlasts_the_forms_of_a_browser_without_script() {
    let app = TestApp::start().await;
    let (_, referrer) = app.reseller(YOU, "10").await;
    let code = code_of(&app.pool, YOU).await;
    let mut browser = Browser::at(app.dashboard);
    let page = browser.open(&format!("/login?ref={code}")).await;
    let wrong = browser.submit(&page, "/login", &[("email", "no address"), ("next", "")]).await;
    assert_eq!(wrong.status, 422);
    let sent = browser.submit(&page, "/login", &[("email", FRIEND), ("next", "")]).await;
    let form = browser.follow(&sent).await;
    let typed = [("email", FRIEND), ("code", &app.code_for(FRIEND).await), ("next", "")];
    let done = browser.submit(&form, "/login/code", &typed).await;
    assert_eq!(done.leads(), "/api");
    assert!(!browser.cookies.contains_key("referral"), "the link is used up");
    let bound: Vec<Uuid> =
        sqlx::query_scalar("SELECT referrer_id FROM ledger.referral").fetch_all(&app.pool).await.expect("referrals");
    assert_eq!(bound, [account(&referrer).0]);
    app.close().await;
}

#[actix_web::test]
async fn a_link_that_refers_nobody_says_nothing_and_yields_nothing() {
    let app = TestApp::start().await;
    let (_, referrer) = app.reseller(YOU, "10").await;
    let (_, known) = app.reseller("known@shop.com", "10").await;
    let code = code_of(&app.pool, YOU).await;
    let upper = code.to_uppercase();
    let cases = [
        ("one's own address with a plus tag", code.as_str(), "you+2@shop.com"),
        ("a code that nobody has", "000000000000", "new1@shop.com"),
        ("what is no code", "x; domain=evil", "new2@shop.com"),
        ("a code in capitals", upper.as_str(), "new3@shop.com"),
        ("an account of before", code.as_str(), "known@shop.com"),
        ("oneself", code.as_str(), YOU),
    ];
    for (case, code, email) in cases {
        let mut browser = Browser::at(app.dashboard);
        let query = form_urlencoded::byte_serialize(code.as_bytes()).collect::<String>();
        browser.open(&format!("/login?ref={query}")).await;
        assert!(browser.cookies.get("referral").is_none_or(|kept| kept == code), "{case}");
        browser.sign_in(&app, email).await;
        assert_eq!(referrals(&app.pool).await, 0, "{case}");
    }
    let mut portal = Browser::at(app.portal);
    portal.open(&format!("/sign-in?ref={code}")).await;
    assert!(portal.cookies.is_empty(), "clients have no referrers");
    assert_ne!(referrer, known);
    app.close().await;
}

#[actix_web::test]
async fn whoever_is_signed_in_goes_on_and_stays_whose_it_was() {
    let app = TestApp::start().await;
    let (mut browser, _) = app.reseller(YOU, "10").await;
    app.reseller("other@shop.com", "10").await;
    let code = code_of(&app.pool, "other@shop.com").await;
    assert_eq!(browser.get(&format!("/login?ref={code}")).await.leads(), "/api");
    assert_eq!(referrals(&app.pool).await, 0);
    app.close().await;
}
