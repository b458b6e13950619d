//! What is somebody else's looks like what is not there, on every page of the table (`faults.md` I2).

use derouter::http::portal::pages::routes::TABLE;
use uuid::Uuid;

use crate::portal_pages::walk;
use crate::support::app::TestApp;
use crate::support::browser::{Answer, Browser};

#[actix_web::test]
async fn i02_a_foreign_key_or_session_is_the_same_404_as_an_absent_one() {
    let app = TestApp::start().await;
    let (mine, theirs) = (app.key("100", "60", 60, 5).await, app.key("100", "60", 60, 5).await);
    let mut other = app.client("two@acme.com", &theirs.secret).await;
    let session = other.get("/api/v1/sessions").await.json()["sessions"][0]["id"].as_str().expect("an id").to_owned();
    let mut client = app.client("one@acme.com", &mine.secret).await;
    let with_id: Vec<_> = TABLE.iter().filter(|(_, pattern)| pattern.contains("{id}")).collect();
    assert!(with_id.len() >= 8, "the table has pages of keys: {with_id:?}");
    for (method, pattern) in with_id {
        let foreign = if pattern.contains("/sessions/") { &session } else { &theirs.id };
        let said = ask(&mut client, method, pattern, foreign).await;
        assert_eq!(said.status, 404, "{method} {pattern}: {}", said.text);
        let absent = Uuid::now_v7().to_string();
        for id in [absent.as_str(), "1", &theirs.id.to_uppercase(), "00000000-0000-0000-0000-000000000000", "%00"] {
            let absent = ask(&mut client, method, pattern, id).await;
            assert_eq!(shape(&absent, pattern, id), shape(&said, pattern, foreign), "{method} {pattern} {id}");
        }
    }
    let live = format!("/live?key={}", theirs.id);
    assert_eq!(client.get(&live).await.status, 404);
    assert_eq!(other.get(&format!("/keys/{}", theirs.id)).await.status, 200, "nothing of theirs was touched");
    app.close().await;
}

async fn ask(client: &mut Browser, method: &str, pattern: &str, id: &str) -> Answer {
    let path = pattern.replace("{id}", id);
    if method == "get" {
        return client.get(&path).await;
    }
    let csrf = client.csrf.clone();
    let fields = walk::fields(pattern).remove(0);
    client.send_form(&path, &[&[("csrf", csrf.as_str())], fields.as_slice()].concat()).await
}

/// Status, headers and body, less the address that was asked for.
fn shape(answer: &Answer, pattern: &str, id: &str) -> String {
    let headers = answer.headers.iter().filter(|(name, _)| name != "date" && name != "content-length");
    let mut headers: Vec<String> = headers.map(|(name, value)| format!("{name}: {value}")).collect();
    headers.sort();
    format!("{} {headers:?} {}", answer.status, answer.text.replace(&pattern.replace("{id}", id), pattern))
}
