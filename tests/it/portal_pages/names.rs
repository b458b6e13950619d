//! The client's own name for a key, letting it go, and its mails.

use crate::portal_pages::form::way;
use crate::support::app::TestApp;

#[actix_web::test]
async fn a_client_names_its_key_and_takes_the_name_away() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    let mut client = app.client("one@acme.com", &key.secret).await;
    let (page, path) = (format!("/keys/{}", key.id), format!("/keys/{}/name", key.id));
    let named = client.fill(&path, &path, &[("name", "  Büro & Co <1> ")]).await;
    assert_eq!(way(&named), (303, format!("{page}?did=named").as_str()));
    assert!(client.page(&page).await.contains("<h1 class=\"vh\">Büro &#38; Co &#60;1&#62;</h1>"));
    let refused = client.fill(&path, &path, &[("name", "a\u{202e}b")]).await;
    assert_eq!((refused.status, refused.text.contains("Nothing was changed.")), (422, true));
    assert_eq!(client.fill(&path, &path, &[("name", " ")]).await.status, 303);
    assert!(client.page(&page).await.contains("<h1 class=\"vh\">sk-ant-"));
    app.close().await;
}

#[actix_web::test]
async fn a_client_lets_a_key_go_and_the_key_goes_on() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    let mut client = app.client("one@acme.com", &key.secret).await;
    let path = format!("/keys/{}/unbind", key.id);
    let gone = client.fill(&path, &path, &[]).await;
    assert_eq!(way(&gone), (303, "/?did=unbound"));
    assert_eq!(way(&client.get("/?did=unbound").await), (303, "/bind?did=unbound"));
    assert!(client.page("/bind?did=unbound").await.contains("The key left your list."));
    assert_eq!(client.get(&format!("/keys/{}", key.id)).await.status, 404);
    assert_eq!(app.view(&key).await["paused"], false);
    app.close().await;
}

#[actix_web::test]
async fn a_client_switches_its_mails() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    let mut client = app.client("one@acme.com", &key.secret).await;
    let page = format!("/keys/{}", key.id);
    let is_on = |text: &str, name: &str| text.contains(&format!("name=\"{name}\" value=\"yes\" checked"));
    for (fields, on) in [
        (vec![("at_100", "yes")], (false, true)),
        (vec![], (false, false)),
        (vec![("at_80", "yes"), ("at_100", "yes")], (true, true)),
    ] {
        let saved = client.fill(&page, &format!("{page}/alerts"), &fields).await;
        assert_eq!(way(&saved), (303, format!("{page}?did=saved").as_str()));
        let shown = client.page(&page).await;
        assert_eq!((is_on(&shown, "at_80"), is_on(&shown, "at_100")), on);
        assert!(shown.contains("Mail to one@acme.com"));
    }
    app.close().await;
}
