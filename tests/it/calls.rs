//! Model calls through the whole program: what is billed, what is shown, what is refused.

use crate::support::app::TestApp;
use serde_json::json;

#[actix_web::test]
async fn a_buffered_answer_is_billed_and_shows_its_price() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    let body =
        json!({ "model": "claude-haiku-4-5", "max_tokens": 100, "messages": [{ "role": "user", "content": "hi" }] });
    let mut answer = app.call(&key, &body).await;
    assert_eq!(answer.status(), 200);
    let shown = answer.headers().get("x-credit-cost").expect("a price").to_str().expect("text").to_owned();
    let message: serde_json::Value = answer.json().await.expect("a message");
    assert_eq!(message["type"], "message");
    let view = app.view(&key).await;
    assert_eq!(view["spent"], shown.as_str());
    app.close().await;
}
