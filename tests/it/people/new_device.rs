//! A sign-in with a device that was not seen before is told by mail, once.

use std::net::SocketAddr;

use crate::support::app::TestApp;
use crate::support::browser::Browser;

const YOU: &str = "you@shop.com";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0";
const NEWER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:147.0) Gecko/20100101 Firefox/147.0";
const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/604.1";

async fn sign_in(app: &TestApp, site: SocketAddr, user_agent: &str) {
    let mut browser = Browser::at(site);
    browser.sent.push(("user-agent", user_agent.to_owned()));
    browser.sign_in(app, YOU).await;
}

async fn told(app: &TestApp) -> Vec<String> {
    let mails = app.mails_to(YOU).await;
    let texts = mails.iter().filter(|m| m["subject"].as_str().is_some_and(|s| s.ends_with(": a new sign-in")));
    texts.map(|m| m["text"].as_str().expect("a text").to_owned()).collect()
}

#[actix_web::test]
async fn only_a_device_that_was_not_seen_before_is_told_and_each_site_has_its_own() {
    let app = TestApp::start_with(&[("DEROUTER__IDENTITY__RESEND_AFTER_S", "0")]).await;
    let rows = [(FIREFOX, 0, "the first of all"), (NEWER, 0, "an update"), (IPHONE, 1, "new"), (IPHONE, 1, "known")];
    for (user_agent, mails, why) in rows {
        sign_in(&app, app.dashboard, user_agent).await;
        assert_eq!(told(&app).await.len(), mails, "{why}");
    }
    let text = told(&app).await.remove(0);
    assert!(text.contains("Device: Safari on iPhone") && text.contains("/settings"), "{text}");
    sign_in(&app, app.portal, FIREFOX).await;
    assert_eq!(told(&app).await.len(), 1, "the first at the portal");
    app.close().await;
}
