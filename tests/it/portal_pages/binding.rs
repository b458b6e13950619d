//! Binding a key on its page, and where a client starts.

use serde_json::json;

use crate::portal_pages::form::way;
use crate::support::app::TestApp;
use crate::support::browser::Browser;

#[actix_web::test]
async fn a_client_pastes_its_key_once_and_sees_what_is_left() {
    let app = TestApp::start_with(&[("DEROUTER__BRAND__API_URL", "https://api.example")]).await;
    let key = app.key("100", "60", 60, 5).await;
    let mut client = Browser::at(app.portal);
    assert_eq!(way(&client.get("/keys").await), (303, "/sign-in?next=%2Fkeys"));
    client.sign_in(&app, "one@acme.com").await;
    assert_eq!(way(&client.get("/").await), (303, "/bind"));
    assert_eq!(way(&client.get("/keys").await), (303, "/bind"));
    let pasted = format!("  {}\r\n", key.secret);
    let bound = client.fill("/bind", "/bind", &[("key", &pasted), ("name", " Acme prod ")]).await;
    assert_eq!(way(&bound), (303, format!("/keys/{}?did=bound", key.id).as_str()));
    let page = client.page(&format!("/keys/{}?did=bound", key.id)).await;
    for words in ["The key is bound to your address.", "<title>Acme prod: $100.00 left", "of <span", "No requests yet."]
    {
        assert!(page.contains(words), "{words} in {page}");
    }
    assert!(!page.contains(&key.secret), "a key is never shown again");
    assert!(page.contains("ANTHROPIC_BASE_URL=https://api.example") && page.contains("YOUR_KEY"), "{page}");
    assert_eq!(way(&client.get("/").await), (303, format!("/keys/{}", key.id).as_str()));
    assert!(!client.page(&format!("/keys/{}?did=hacked", key.id)).await.contains("role=\"status\">\n<svg"));
    app.close().await;
}

#[actix_web::test]
async fn two_keys_lead_to_the_list_and_both_are_in_the_menu() {
    let app = TestApp::start().await;
    let (one, two) = (app.key("100", "60", 60, 5).await, app.key("50", "30", 60, 5).await);
    let mut client = app.client("one@acme.com", &one.secret).await;
    client.fill("/bind", "/bind", &[("key", &two.secret), ("name", "")]).await;
    assert_eq!(way(&client.get("/").await), (303, "/keys"));
    let list = client.page("/keys").await;
    for words in ["$100.00", "$50.00", "no requests yet", "All keys", &one.id, &two.id, "&#38;keys\""] {
        assert!(list.contains(words), "{words} in {list}");
    }
    app.close().await;
}

#[actix_web::test]
async fn i13_every_key_that_is_not_taken_gets_the_same_page_and_then_a_pause() {
    let app = TestApp::start_with(&[("DEROUTER__IDENTITY__BINDS_PER_HOUR", "4")]).await;
    let key = app.key("100", "60", 60, 5).await;
    let mut client = Browser::at(app.portal);
    client.sign_in(&app, "one@acme.com").await;
    let mut pages = Vec::new();
    for wrong in ["", "x", &format!("sk-ant-{}", "0".repeat(64)), &key.secret[..70]] {
        let refused = client.fill("/bind", "/bind", &[("key", wrong), ("name", "Acme <b>")]).await;
        assert_eq!(refused.status, 422, "{}", refused.text);
        assert!(
            refused.text.contains("value=\"Acme &#60;b&#62;\"") && refused.text.contains("This key cannot be bound")
        );
        pages.push(without_tokens(&refused.text));
    }
    assert!(pages.iter().all(|page| *page == pages[0]), "one answer for all");
    let tired = client.fill("/bind", "/bind", &[("key", &key.secret), ("name", "")]).await;
    assert_eq!((tired.status, tired.text.contains("Too many keys were tried.")), (429, true));
    assert!(!tired.text.contains(&key.secret));
    assert_eq!(client.get("/api/v1/portal/keys").await.json(), json!({ "keys": [] }));
    app.close().await;
}

#[actix_web::test]
async fn a_bad_name_binds_nothing_and_costs_no_try() {
    let app = TestApp::start_with(&[("DEROUTER__IDENTITY__BINDS_PER_HOUR", "1")]).await;
    let key = app.key("100", "60", 60, 5).await;
    let mut client = Browser::at(app.portal);
    client.sign_in(&app, "one@acme.com").await;
    for name in ["a\u{202e}b", &"x".repeat(65)] {
        let refused = client.fill("/bind", "/bind", &[("key", &key.secret), ("name", name)]).await;
        assert_eq!((refused.status, refused.text.contains("href=\"#name\"")), (422, true), "{}", refused.text);
    }
    assert_eq!(client.fill("/bind", "/bind", &[("key", &key.secret), ("name", "Acme")]).await.status, 303);
    app.close().await;
}

/// A page without what differs at every load: the masks of its form tokens, and the minute.
fn without_tokens(page: &str) -> String {
    let mut parts = page.split("name=\"csrf\" value=\"");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('"').map_or("", |(_, rest)| rest))
}
