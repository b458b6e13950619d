//! A database that is there and in trouble: slow, full, read-only, giving way, out of connections. Answers end in time,
//! each is billed once, and nothing needs a restart (`faults.md` B5 to B9, L13).

use crate::sandbox::raw::{self, Ended, Got};
use crate::support::app::{TestApp, until};
use crate::support::calls::{call_id, soon};
use crate::support::own_cluster::OwnCluster;
use crate::support::process::Scene;
use crate::support::site::TestKey;
use crate::support::stranger::lock_account;
use derouter::actors::lane::{Item, MAX_QUEUE};
use derouter::clock::Clock;
use derouter::domain::ids::CallId;
use derouter::domain::outcome::Outcome;
use futures_util::future::join_all;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use tokio::sync::oneshot;
use uuid::Uuid;

async fn sql(pool: &PgPool, text: &str) {
    sqlx::raw_sql(AssertSqlSafe(text.to_owned())).execute(pool).await.expect("the test's own statement");
}

/// Makes every commit with a settlement do `what` (PL/pgSQL) before it writes, until `mend`.
async fn trouble(pool: &PgPool, what: &str) {
    let text = format!(
        "CREATE SEQUENCE public.commits; \
         CREATE FUNCTION public.trouble() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {what} RETURN NULL; END$$; \
         CREATE TRIGGER trouble BEFORE INSERT ON ledger.call FOR EACH STATEMENT EXECUTE FUNCTION public.trouble(); \
         GRANT USAGE ON SEQUENCE public.commits TO PUBLIC"
    );
    sql(pool, &text).await;
}

async fn mend(pool: &PgPool) {
    sql(pool, "DROP TRIGGER trouble ON ledger.call").await;
}

async fn begin() -> (TestApp, TestKey, i64) {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 10_000, 1_000).await;
    assert_whole(&app.play(&key, &json!({}), true).await);
    let cost = app.line(&key).await.cost;
    (app, key, cost)
}

fn assert_whole(got: &Got) {
    assert_eq!((got.status, got.ended), (200, Ended::Clean), "{}", got.text());
    assert_eq!(got.kinds().last().map(String::as_str), Some("message_stop"));
}

/// Plays `count` calls at once.
async fn play_all(app: &TestApp, key: &TestKey, count: usize) -> Vec<Got> {
    let script = json!({});
    let calls = (0..count).map(|_| app.play(key, &script, true));
    soon("every call ends", join_all(calls)).await
}

/// Every whole answer and every request of the provider is one line at the usual cost.
async fn assert_billed_once(app: &TestApp, answers: &[Got], cost: i64) {
    let mut lines: Vec<(Uuid, i16, i64)> =
        sqlx::query_as("SELECT call_id, outcome, cost FROM ledger.call").fetch_all(&app.pool).await.expect("the calls");
    lines.sort_unstable();
    assert_eq!(lines.len() as u64, app.sandbox.counted(), "one line for each request of the provider");
    assert!(lines.iter().all(|line| (line.1, line.2) == (Outcome::Answered.code(), cost)), "{lines:?}");
    for got in answers {
        assert_whole(got);
        assert!(lines.iter().any(|line| line.0 == call_id(got).0), "a whole answer has its line");
    }
}

#[actix_web::test]
async fn b5_with_commits_of_seconds_only_last_events_wait_and_not_for_the_commit() {
    let (app, key, cost) = begin().await;
    trouble(&app.pool, "PERFORM pg_sleep(4);").await;
    let clock = Clock::real();
    let mut answers = Vec::new();
    for _ in 0..4 {
        answers.extend(play_all(&app, &key, 10).await);
    }
    // Four turns would take sixteen seconds by the ledger; the spool takes a quarter of one a turn.
    assert!(clock.now_ms() < 12_000, "the answers took {} ms", clock.now_ms());
    assert!(app.directory.spool().waiting() > 0, "what the ledger does not have yet is durable here");
    mend(&app.pool).await;
    soon("all is in the ledger", app.settled()).await;
    assert_billed_once(&app, &answers, cost).await;
    app.close().await;
}

#[actix_web::test]
async fn b6_a_full_disk_of_the_database_is_as_its_absence_and_over_when_there_is_room() {
    let (app, key, cost) = begin().await;
    trouble(&app.pool, "RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100';").await;
    let mut answers = play_all(&app, &key, 10).await;
    until("it is not ready", async || !app.directory.is_healthy()).await;
    let refused = app.play(&key, &json!({}), true).await;
    assert_eq!((refused.status, refused.header("retry-after").is_some()), (503, true), "{}", refused.text());
    let lines: i64 =
        sqlx::query_scalar("SELECT count(*) FROM ledger.call").fetch_one(&app.pool).await.expect("a count");
    assert_eq!(lines, 1, "no part of a batch is there");
    mend(&app.pool).await;
    answers.push(soon("calls are served again", until_served(&app, &key)).await);
    soon("all is in the ledger", app.settled()).await;
    assert_billed_once(&app, &answers, cost).await;
    app.close().await;
}

async fn until_served(app: &TestApp, key: &TestKey) -> Got {
    loop {
        let got = app.play(key, &json!({}), true).await;
        if got.status == 200 {
            return got;
        }
        assert_eq!(got.status, 503, "{}", got.text());
        tokio::task::yield_now().await;
    }
}

#[actix_web::test]
async fn b7_a_database_that_turned_read_only_is_as_its_absence_and_over_when_it_may_be_written() {
    let (app, key, cost) = begin().await;
    let name: String = sqlx::query_scalar("SELECT current_database()").fetch_one(&app.pool).await.expect("a name");
    let turn = async |read_only: &str| {
        let set = format!("ALTER DATABASE {name} SET default_transaction_read_only = {read_only}");
        sql(&app.pool, &format!("BEGIN READ WRITE; {set}; COMMIT")).await;
        // As after a failover: every session is new.
        let _ = sqlx::query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .execute(&app.pool)
        .await;
    };
    let script = json!({ "tokens": 40, "chunks": 40, "delay_ms": 25 });
    let streams = join_all((0..10).map(|_| app.start_call(&key, &script, true))).await;
    app.provider_until("all are asked", |seen| seen.len() == 11).await;
    turn("on").await;
    let ends = streams.into_iter().map(async |mut stream| raw::read(&mut stream).await);
    let streamed = soon("every stream ends", join_all(ends)).await;
    until("it is not ready", async || !app.directory.is_healthy()).await;
    for _ in 0..20 {
        let refused = app.play(&key, &json!({}), true).await;
        assert_eq!(refused.status, 503, "it stays so: {}", refused.text());
    }
    turn("off").await;
    let served = soon("calls are served again", until_served(&app, &key)).await;
    soon("all is in the ledger", app.settled()).await;
    streamed.iter().for_each(assert_whole);
    assert_eq!(app.lines(&key).await.len(), 12);
    assert_eq!(app.lines(&key).await[0].cost, cost);
    assert_whole(&served);
    app.close().await;
}

#[actix_web::test]
async fn b8_batches_that_give_way_are_sent_again_and_nothing_is_doubled() {
    let (app, key, cost) = begin().await;
    let gives_way = "CASE nextval('public.commits') % 6 \
                     WHEN 2 THEN RAISE EXCEPTION 'planted' USING ERRCODE = '40001'; \
                     WHEN 5 THEN RAISE EXCEPTION 'planted' USING ERRCODE = '40P01'; ELSE END CASE;";
    trouble(&app.pool, gives_way).await;
    let mut answers = Vec::new();
    for _ in 0..20 {
        answers.extend(play_all(&app, &key, 10).await);
    }
    let commits: i64 =
        sqlx::query_scalar("SELECT last_value FROM public.commits").fetch_one(&app.pool).await.expect("a count");
    assert!(commits > 20, "some gave way: {commits}");
    mend(&app.pool).await;
    soon("all is in the ledger", app.settled()).await;
    assert_billed_once(&app, &answers, cost).await;
    app.close().await;
}

/// Sessions of strangers, as many as the server takes.
async fn take_all(url: &str, taken: &mut Vec<PgConnection>) {
    while let Ok(connection) = PgConnection::connect(url).await {
        taken.push(connection);
    }
}

#[actix_web::test]
async fn b9_with_every_connection_taken_by_others_calls_are_served_and_pages_say_503() {
    let cluster = OwnCluster::start().await;
    let scene = Scene::on(cluster.url.clone(), cluster.pool()).await;
    let program = scene.start().await;
    let (mut reseller, account) = program.site.reseller_at(program.dashboard, "you@shop.com", "200").await;
    let key = program.site.key_of(&account, "100", "60", 60, 5).await;
    assert_whole(&program.site.play(&key, &json!({}), true).await);
    let mut strangers = Vec::new();
    take_all(&cluster.url, &mut strangers).await;
    let last = strangers.last_mut().expect("they came first");
    // The pool's idle sessions go, and strangers are quicker; the lane's own is told by what it last did.
    let ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'derouter' \
                 AND pid <> pg_backend_pid() AND query !~ 'commit_|positions|last_seq|advisory|^$'";
    let ended: i64 = sqlx::query_scalar(ended).fetch_one(last).await.expect("a superuser");
    assert!(ended > 0, "the pool had sessions");
    take_all(&cluster.url, &mut strangers).await;
    let page = reseller.get("/api/v1/balance").await;
    assert_eq!(page.status, 503, "{}", page.text);
    assert_whole(&program.site.play(&key, &json!({}), true).await);
    drop(strangers);
    until("pages are there again", async || reseller.clone().get("/api/v1/balance").await.status == 200).await;
    program.stop().await;
    scene.audit().await;
    let lines: i64 =
        sqlx::query_scalar("SELECT count(*) FROM ledger.call").fetch_one(&scene.pool).await.expect("a count");
    assert_eq!(lines, 2, "both calls are billed");
    scene.pool.close().await;
}

#[actix_web::test]
async fn l13_a_full_lane_refuses_new_calls_and_loses_nothing() {
    let (app, key, cost) = begin().await;
    let stranger = lock_account(&app.pool, &key.account).await;
    let mut running = app.start_call(&key, &json!({}), true).await;
    app.provider_until("it is asked", |seen| seen.len() == 2).await;
    let lane = app.directory.lane(key.owned().account);
    let mut answers = Vec::new();
    let ask = || {
        let (done, answer) = oneshot::channel();
        lane.send(Item::FindSettled(CallId(Uuid::now_v7()), done));
        answer
    };
    while !lane.is_full() {
        answers.push(ask());
    }
    assert!(answers.len() > MAX_QUEUE / 2, "it takes many to fill it: {}", answers.len());
    // As many again: the lane goes on beside the stranger's account, and must not be through before the call comes.
    answers.extend((0..MAX_QUEUE).map(|_| ask()));
    let got = app.play(&key, &json!({}), true).await;
    assert_eq!((got.status, got.header("retry-after").is_some()), (503, true), "{}", got.text());
    assert_eq!(app.sandbox.counted(), 2, "a refused call does not reach the provider");
    stranger.rollback().await.expect("released");
    for answer in answers {
        assert!(answer.await.is_ok(), "every look-up is answered");
    }
    let ended = raw::read(&mut running).await;
    soon("all is in the ledger", app.settled()).await;
    assert_billed_once(&app, &[ended], cost).await;
    app.close().await;
}
