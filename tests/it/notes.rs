//! Notes of running calls: those of calls that end within a moment never reach their table, the others do, and one whose
//! settlement failed comes back (`ledger.md` §8).

use crate::sandbox::raw::{self, Ended};
use crate::support::app::{TestApp, until};
use crate::support::calls::soon;
use crate::support::site::TestKey;
use serde_json::json;
use sqlx::{AssertSqlSafe, PgPool};

/// Longer than any test takes, and none at all.
const LONG: &str = "1000";
const NONE: &str = "0";

async fn sql(pool: &PgPool, text: &str) {
    sqlx::raw_sql(AssertSqlSafe(text.to_owned())).execute(pool).await.expect("the test's own statement");
}

async fn begin(delay_ms: &str) -> (TestApp, TestKey) {
    let app = TestApp::start_with(&[("DEROUTER__LEDGER__NOTE_DELAY_MS", delay_ms)]).await;
    let count = "CREATE SEQUENCE public.notes; \
                 CREATE FUNCTION public.count_note() RETURNS trigger LANGUAGE plpgsql AS \
                 $$BEGIN PERFORM nextval('public.notes'); RETURN NEW; END$$; \
                 CREATE TRIGGER count_note BEFORE INSERT ON ledger.open_call FOR EACH ROW \
                 EXECUTE FUNCTION public.count_note()";
    sql(&app.pool, count).await;
    let key = app.key("100", "60", 10_000, 1_000).await;
    (app, key)
}

/// Notes that reached the table, whether they are there still or not.
async fn written(app: &TestApp) -> i64 {
    let count = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM public.notes";
    sqlx::query_scalar(count).fetch_one(&app.pool).await.expect("a count")
}

async fn noted(app: &TestApp) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM ledger.open_call").fetch_one(&app.pool).await.expect("the notes")
}

#[actix_web::test]
async fn a_call_that_ends_within_the_delay_leaves_no_note_and_without_one_each_does() {
    let (app, key) = begin(LONG).await;
    for _ in 0..10 {
        assert_eq!(app.play(&key, &json!({}), true).await.ended, Ended::Clean);
    }
    assert_eq!((app.lines(&key).await.len(), written(&app).await), (10, 0));
    app.close().await;
    let (app, key) = begin(NONE).await;
    let running = app.start_call(&key, &json!({ "scenario": "stall_after_n" }), true).await;
    until("its note is written", async || noted(&app).await == 1).await;
    drop(running);
    app.settled().await;
    assert_eq!(noted(&app).await, 0, "its settlement takes the note away");
    app.close().await;
}

#[actix_web::test]
async fn a_call_that_outlasts_the_delay_is_noted_and_its_settlement_takes_the_note_away() {
    let (app, key) = begin("50").await;
    let mut running = app.start_call(&key, &json!({ "tokens": 40, "chunks": 40, "delay_ms": 20 }), true).await;
    until("its note is written", async || noted(&app).await == 1).await;
    assert_eq!(app.directory.open_calls().count(), 1, "while it runs");
    assert_eq!(soon("its end", raw::read(&mut running)).await.ended, Ended::Clean);
    assert_eq!(app.lines(&key).await.len(), 1);
    assert_eq!(noted(&app).await, 0);
    app.close().await;
}

#[actix_web::test]
async fn a_note_whose_settlement_is_refused_is_written_after_all() {
    let (app, key) = begin(LONG).await;
    sql(&app.pool, "ALTER TABLE ledger.call ADD CONSTRAINT planted CHECK (false) NOT VALID").await;
    let got = app.play(&key, &json!({}), true).await;
    assert_eq!((got.status, got.ended), (200, Ended::Clean), "its settlement waits in the spool");
    until("its note is written", async || noted(&app).await == 1).await;
    sql(&app.pool, "ALTER TABLE ledger.call DROP CONSTRAINT planted").await;
    assert_eq!(app.lines(&key).await.len(), 1);
    assert_eq!((written(&app).await, noted(&app).await), (1, 0));
    app.close().await;
}
