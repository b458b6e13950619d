//! The API's door: how many come in at once, and that a call may be served by any thread.

use crate::sandbox::raw;
use crate::support::app::TestApp;
use crate::support::calls::soon;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

fn plain() -> Value {
    json!({ "model": "claude-haiku-4-5", "max_tokens": 50, "messages": [{ "role": "user", "content": "hi" }] })
}

const ASK: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: api\r\n\r\n";

#[actix_web::test]
async fn a_connection_beyond_the_limit_waits_and_is_served_when_one_leaves() {
    let limits = [("DEROUTER__LISTEN__MAX_CONNECTIONS", "2"), ("DEROUTER__LEDGER__ARBITERS", "1")];
    let app = TestApp::start_with(&limits).await;
    let (mut first, mut second) = (app.open(ASK).await, app.open(ASK).await);
    assert_eq!(soon("an answer", raw::read(&mut first)).await.status, 200);
    assert_eq!(soon("an answer", raw::read(&mut second)).await.status, 200);
    let mut third = app.open(ASK).await;
    // Turn after turn of one that is in, and none for the one that waits.
    for _ in 0..50 {
        first.write_all(ASK).await.expect("written");
        assert_eq!(soon("an answer", raw::read(&mut first)).await.status, 200);
    }
    let mut byte = [0];
    assert!(third.try_read(&mut byte).is_err(), "nothing came for the third");
    drop(second);
    assert_eq!(soon("the third is let in", raw::read(&mut third)).await.status, 200);
    drop((first, third));
    app.close().await;
}

#[actix_web::test]
async fn calls_are_exact_whichever_thread_accepts_them() {
    let app = TestApp::start_with(&[("DEROUTER__LEDGER__ARBITERS", "3")]).await;
    let keys =
        [app.key("100", "60", 60, 5).await, app.key("100", "60", 60, 5).await, app.key("100", "60", 60, 5).await];
    for key in keys.iter().cycle().take(36) {
        // A connection of its own each: the threads accept in turn.
        assert_eq!(app.ask(key, &plain()).await.status, 200);
    }
    for key in &keys {
        assert_eq!(app.lines(key).await.len(), 12);
    }
    app.close().await;
}
