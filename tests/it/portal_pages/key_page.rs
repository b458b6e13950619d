//! The page of one key: requests, their filter and pages, the chart and its period.

use serde_json::json;

use crate::portal_pages::form::link_after;
use crate::support::app::TestApp;
use crate::support::calls::scripted;

/// Rows of the table of requests.
fn requests(page: &str) -> usize {
    page.split("<td class=\"nw l1\">").count() - 1
}

#[actix_web::test]
async fn a_client_pages_through_its_requests_and_filters_them() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 10_000, 5).await;
    for number in 0..53 {
        let mut body = scripted(&json!({}), false);
        if number % 10 == 0 {
            body["model"] = json!("claude-opus-4-8");
        }
        assert_eq!(app.call(&key, &body).await.status(), 200);
    }
    app.settled().await;
    let mut client = app.client("one@acme.com", &key.secret).await;
    let path = format!("/keys/{}", key.id);
    let first = client.page(&path).await;
    assert_eq!(requests(&first), 50);
    let older = link_after(&first, "50 requests a page").expect("an older page");
    assert!(older.starts_with(&format!("{path}?days=30&cursor=")), "{older}");
    let second = client.page(&older).await;
    assert_eq!(requests(&second), 3);
    assert_eq!(link_after(&second, "50 requests a page"), Some(format!("{path}?days=30")));
    let opus = client.page(&format!("{path}?days=7&model=claude-opus-4-8")).await;
    assert_eq!(requests(&opus), 6);
    assert!(opus.contains("<option value=\"claude-opus-4-8\" selected>"), "{opus}");
    assert!(opus.contains("name=\"days\" value=\"7\"") && !opus.contains("requests a page"));
    // A cursor of another list and other odd values begin at the newest.
    let cursor = older.split("cursor=").nth(1).expect("a cursor");
    for odd in [&format!("model=claude-opus-4-8&cursor={cursor}"), "cursor=00", "days=8&cursor=%F0%9F%92%A5", "x=1"] {
        let page = client.page(&format!("{path}?{odd}")).await;
        assert_eq!(requests(&page), if odd.contains("opus") { 6 } else { 50 }, "{odd}");
    }
    assert!(
        client.page(&format!("{path}?model=%3Cb%3E")).await.contains("No requests to this model in the last 30 days.")
    );
    app.close().await;
}

#[actix_web::test]
async fn the_chart_of_a_key_adds_up_to_what_it_spent() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    for _ in 0..3 {
        let body = scripted(&json!({ "usage": { "input_tokens": 1000, "output_tokens": 400 } }), false);
        assert_eq!(app.call(&key, &body).await.status(), 200);
    }
    app.settled().await;
    let mut client = app.client("one@acme.com", &key.secret).await;
    for (days, bars) in [("7", 7), ("30", 30), ("90", 90)] {
        let page = client.page(&format!("/keys/{}?days={days}", key.id)).await;
        assert_eq!(page.split("<rect class=\"hit\"").count() - 1, bars);
        assert!(page.contains(&format!("aria-current=\"true\">{days} d</a>")), "{page}");
        // Three times 1,000 tokens at $1 and 400 at $5 a million, at 100 : 60.
        assert!(page.contains(": $0.0150, 3 requests"), "{page}");
        assert!(page.contains(&format!("Spent $0.0150 over {days} days, all on ")), "{page}");
        assert!(page.contains(&format!("&#38;key={}\"", key.id)));
    }
    app.close().await;
}
