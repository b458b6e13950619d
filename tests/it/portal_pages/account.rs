//! The client's sessions, and forms that no page of the session sent.

use crate::portal_pages::form::way;
use crate::support::app::TestApp;
use crate::support::browser::Browser;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0";

#[actix_web::test]
async fn a_client_ends_another_session_and_then_all() {
    let app = TestApp::start_with(&[("DEROUTER__IDENTITY__RESEND_AFTER_S", "0")]).await;
    let key = app.key("100", "60", 60, 5).await;
    let mut here = app.client("one@acme.com", &key.secret).await;
    let mut there = Browser::at(app.portal);
    there.sent.push(("user-agent", FIREFOX.to_owned()));
    there.sign_in(&app, "one@acme.com").await;
    let page = here.page("/account").await;
    assert!(page.contains("Firefox on Linux") && page.contains("This browser"), "{page}");
    let (_, rest) = page.split_once("action=\"/account/sessions/").expect("another session");
    let action = format!("/account/sessions/{}", rest.split('"').next().expect("an action"));
    assert_eq!(way(&here.fill("/account", &action, &[]).await), (303, "/account?did=ended"));
    assert_eq!(way(&there.get("/account").await), (303, "/sign-in?next=%2Faccount"));
    there.sign_in(&app, "one@acme.com").await;
    let left = here.fill("/account", "/account/sign-out-everywhere", &[]).await;
    assert_eq!((way(&left), here.cookies.contains_key("portal")), ((303, "/sign-in"), false));
    assert_eq!(way(&there.get("/account").await), (303, "/sign-in?next=%2Faccount"));
    app.close().await;
}

#[actix_web::test]
async fn i07_a_form_of_another_session_or_site_changes_nothing() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    let mut client = app.client("one@acme.com", &key.secret).await;
    let action = format!("/keys/{}/unbind", key.id);
    let foreign = client.send_form(&action, &[("csrf", &"ab".repeat(64))]).await;
    assert_eq!((foreign.status, foreign.text.contains("This form is too old")), (403, true), "{}", foreign.text);
    assert_eq!(client.send_form(&action, &[]).await.status, 403);
    let mut elsewhere = client.clone();
    elsewhere.sent = vec![("sec-fetch-site", "cross-site".to_owned())];
    assert_eq!(elsewhere.send_form(&action, &[("csrf", &client.csrf)]).await.status, 403);
    assert_eq!(client.get(&format!("/keys/{}", key.id)).await.status, 200);
    app.close().await;
}
