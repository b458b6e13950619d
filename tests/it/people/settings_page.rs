//! The settings page: each form, what it refuses, and what a second click, a reload or a stranger comes to.

use derouter::domain::client_message::STANDARD;

use crate::support::app::TestApp;
use crate::support::browser::{Answer, Browser};

const YOU: &str = "you@shop.com";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0";

/// How often the trail says that settings were changed.
async fn saves(app: &TestApp) -> i64 {
    let count = sqlx::query_scalar("SELECT count(*) FROM web.audit WHERE action = 'preferences_saved'");
    count.fetch_one(&app.pool).await.expect("a number")
}

/// The page with one form of it saved.
async fn saved(you: &mut Browser, action: &str, fields: &[(&str, &str)]) -> Answer {
    let page = you.open("/settings").await;
    let answer = you.submit(&page, action, fields).await;
    assert_eq!(answer.leads(), "/settings?did=saved");
    let page = you.follow(&answer).await;
    page.says(&["Saved."]);
    page
}

#[actix_web::test]
async fn a_reseller_reads_the_defaults_and_is_led_to_sign_in_without_a_session() {
    let app = TestApp::start().await;
    let (mut you, _) = app.reseller(YOU, "200").await;
    let page = you.open("/settings").await;
    page.says(&["Keyboard shortcuts with single keys", "Signed in as you@shop.com", "None yet", "Create Account Key"]);
    let fields = ["low", "portal_name", "logo"].map(|name| page.value(name));
    assert_eq!(fields, ["20.00", "API Portal", "ak"]);
    assert!(page.text.contains("name=\"low_on\" value=\"yes\" checked"), "{}", page.text);
    assert!(page.text.contains(STANDARD), "{}", page.text);
    page.says(&["Signed in"]);
    let stranger = Browser::at(app.dashboard).get("/settings?cursor=1").await;
    assert_eq!(stranger.leads(), "/login?next=%2Fsettings%3Fcursor%3D1");
    app.close().await;
}

#[actix_web::test]
async fn each_form_saves_its_own_part_and_a_second_click_changes_nothing() {
    let app = TestApp::start().await;
    let (mut you, _) = app.reseller(YOU, "200").await;
    let page = saved(&mut you, "/settings/display", &[("exact_times", "yes")]).await;
    assert!(
        page.text.contains("data-shortcuts=\"off\"")
            && page.text.contains("name=\"exact_times\" value=\"yes\" checked")
    );
    let page = saved(&mut you, "/settings/alerts", &[("low", " $1250.5 ")]).await;
    assert!(page.value("low") == "1250.50" && !page.text.contains("name=\"low_on\" value=\"yes\" checked"));
    let page = saved(&mut you, "/settings/message", &[("template", "Hello {label}\r\n{key} <b>")]).await;
    assert!(page.text.contains("Hello {label}\n{key} &#60;b&#62;</textarea>"), "{}", page.text);
    let page = saved(&mut you, "/settings/portal", &[("portal_name", "Shop API"), ("logo", "👩\u{200d}🚀s")]).await;
    assert_eq!((page.value("portal_name").as_str(), page.value("logo").as_str()), ("Shop API", "👩\u{200d}🚀s"));
    page.says(&["Changed the portal name, the logo", "Changed the client message", "Changed the low-balance alert"]);
    assert_eq!(saves(&app).await, 4);

    let page = you.open("/settings?did=saved").await;
    let form = [("template", "Hello {label}\n{key} <b>")];
    for _ in 0..2 {
        assert_eq!(you.submit(&page, "/settings/message", &form).await.leads(), "/settings?did=saved");
    }
    assert_eq!(saves(&app).await, 4, "sent again, nothing is changed");
    let page = saved(&mut you, "/settings/message", &[("template", "whatever"), ("do", "reset")]).await;
    assert!(page.text.contains(STANDARD));
    let page = saved(&mut you, "/settings/portal", &[("portal_name", "API Portal"), ("logo", "")]).await;
    assert_eq!((page.value("portal_name").as_str(), page.value("logo").as_str()), ("API Portal", "ak"));
    let row: (Option<String>, Option<String>, Option<String>) =
        sqlx::query_as("SELECT message, portal_name, logo FROM web.preference")
            .fetch_one(&app.pool)
            .await
            .expect("a row");
    assert_eq!(row, (None, None, None), "the standard is not a choice");
    app.close().await;
}

#[actix_web::test]
async fn what_cannot_be_taken_comes_back_as_typed_with_the_reason() {
    let app = TestApp::start().await;
    let (mut you, _) = app.reseller(YOU, "200").await;
    let long = "x".repeat(65);
    type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str, &'a str);
    let rows: [Row<'_>; 10] = [
        ("alerts", &[("low_on", "yes"), ("low", "-5")], "low", "Type an amount such as 100 or 34.20."),
        ("alerts", &[("low", "0.00")], "low", "The amount must be more than 0."),
        ("alerts", &[("low", "")], "low", "Type an amount such as 100 or 34.20."),
        ("message", &[("template", "Hi!")], "template", "The text needs {key} in it, or your client gets no key."),
        ("message", &[("template", "{key} {name}")], "template", "{name} is not filled in."),
        ("message", &[("template", "{key}\u{202e}")], "template", "control or direction character"),
        ("portal", &[("portal_name", "me@shop.com"), ("logo", "ak")], "portal_name", "looks like an e-mail address"),
        ("portal", &[("portal_name", &long), ("logo", "ak")], "portal_name", "Type a name of 1 to 64 characters."),
        ("portal", &[("portal_name", "Shop"), ("logo", "abcd")], "logo", "Type 1 to 3 characters."),
        ("portal", &[("portal_name", "a\u{202e}b"), ("logo", "a b")], "portal_name", "Type 1 to 3 characters."),
    ];
    for (form, fields, at, words) in rows {
        let page = you.open("/settings").await;
        let refused = you.submit(&page, &format!("/settings/{form}"), fields).await;
        assert_eq!(refused.status, 422, "{fields:?}");
        refused.says(&[words, "not saved", "Go to the field"]);
        assert!(refused.text.contains(&format!("href=\"#{at}\"")), "{fields:?}");
        let typed = fields.last().expect("a field").1;
        assert!(typed.is_empty() || refused.text.contains(typed), "{typed:?} is kept");
    }
    assert_eq!(saves(&app).await, 0);
    let page = you.open("/settings").await;
    let unknown = you.submit(&page, "/settings/display", &[("admin", "yes")]).await;
    assert_eq!(unknown.status, 422, "{}", unknown.text);
    app.close().await;
}

#[actix_web::test]
async fn i07_a_form_of_another_site_or_session_saves_nothing() {
    let app = TestApp::start_with(&[("DEROUTER__IDENTITY__RESEND_AFTER_S", "0")]).await;
    let (mut you, _) = app.reseller(YOU, "200").await;
    let (mut other, _) = app.reseller("other@shop.com", "200").await;
    let theirs = other.open("/settings").await;
    let page = you.open("/settings").await;
    let actions = ["display", "alerts", "message", "portal", "sign-out-everywhere", "sessions/1/revoke"];
    for action in actions.map(|form| format!("/settings/{form}")) {
        assert_eq!(you.submit(&theirs, &action, &[]).await.status, 403, "{action}");
        assert_eq!(you.post_form(&action, String::new()).await.status, 403, "{action}");
        let mut elsewhere = you.clone();
        elsewhere.sent = vec![("sec-fetch-site", "cross-site".to_owned())];
        assert_eq!(elsewhere.submit(&page, &action, &[]).await.status, 403, "{action}");
        let mut nobody = Browser::at(app.dashboard);
        assert!(nobody.submit(&page, &action, &[]).await.leads().starts_with("/login"), "{action}");
        assert_eq!(you.get(&action).await.status, 405, "{action}");
    }
    assert_eq!(saves(&app).await, 0);
    app.close().await;
}

#[actix_web::test]
async fn sessions_are_named_by_their_device_and_ended_one_by_one_or_all() {
    let app = TestApp::start_with(&[("DEROUTER__IDENTITY__RESEND_AFTER_S", "0")]).await;
    let (mut you, _) = app.reseller(YOU, "200").await;
    let mut there = Browser::at(app.dashboard);
    there.sent.push(("user-agent", FIREFOX.to_owned()));
    there.sign_in(&app, YOU).await;
    let page = you.open("/settings").await;
    page.says(&["Firefox on Linux", "This browser"]);
    let revoke = |page: &Answer| {
        let (_, rest) = page.text.split_once("action=\"/settings/sessions/").expect("another session");
        format!("/settings/sessions/{}", rest.split('"').next().expect("an action"))
    };
    let action = revoke(&page);
    let (mut other, _) = app.reseller("other@shop.com", "200").await;
    let theirs = other.open("/settings").await;
    assert_eq!(other.submit(&theirs, &action, &[]).await.status, 404, "a foreign session is none");
    let ended = you.submit(&page, &action, &[]).await;
    assert_eq!(ended.leads(), "/settings?did=ended");
    you.follow(&ended).await.says(&["That session is signed out.", "Signed out a session"]);
    assert_eq!(you.submit(&page, &action, &[]).await.status, 404, "it is gone already");
    assert!(there.get("/settings").await.leads().starts_with("/login"));
    there.sign_in(&app, YOU).await;
    let out = you.fill_in("/settings", &[]).await;
    assert_eq!((out.status, out.header("allow")), (405, Some("GET")), "the page itself takes no form");
    let page = you.open("/settings").await;
    assert_eq!(you.submit(&page, "/settings/sign-out-everywhere", &[]).await.leads(), "/login");
    assert!(!you.cookies.contains_key("dash"));
    assert!(there.get("/settings").await.leads().starts_with("/login"));
    assert_eq!(other.get("/settings").await.status, 200);
    app.close().await;
}

#[actix_web::test]
async fn the_trail_goes_on_page_by_page_and_takes_no_foreign_cursor() {
    let app = TestApp::start().await;
    let (mut you, _) = app.reseller(YOU, "200").await;
    for number in 1..=22 {
        let low = number.to_string();
        let page = you.open("/settings").await;
        assert_eq!(you.submit(&page, "/settings/alerts", &[("low", &low)]).await.status, 303);
    }
    let page = you.open("/settings").await;
    assert!(!page.reads().contains("You Signed in 127.0.0.1"), "the oldest is on the next page");
    let (_, rest) = page.text.split_once("href=\"/settings?cursor=").expect("more");
    let cursor = rest.split(['"', '#']).next().expect("a cursor").to_owned();
    let older = you.open(&format!("/settings?cursor={cursor}")).await;
    older.says(&["You Signed in 127.0.0.1", "Newest"]);
    let (mut other, _) = app.reseller("other@shop.com", "200").await;
    for foreign in [cursor.as_str(), "00", "x"] {
        assert_eq!(other.get(&format!("/settings?cursor={foreign}")).await.status, 422, "{foreign}");
    }
    app.close().await;
}
