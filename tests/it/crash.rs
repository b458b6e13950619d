//! `kill -9` at each step of a call, then a restart: what is billed equals what was answered, the provider saw one
//! request, and a call that was cut is voided with its bound (`faults.md` A).

use crate::sandbox::raw::{self, Ended};
use crate::support::app::until;
use crate::support::calls::{bytes_of, call_id, scripted, soon};
use crate::support::process::{Process, Scene};
use crate::support::site::{Site, TestKey};
use crate::support::stranger::{lock_account, until_a_commit_waits, until_no_commit_waits, waiting};
use derouter::domain::ids::CallId;
use derouter::domain::outcome::{Flags, Outcome};
use derouter::upstream::sandbox::record::RecordedRequest;
use futures_util::future::join_all;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use uuid::Uuid;

/// Kills under load that `./test` makes; the long run sets `DEROUTER_CRASH_ROUNDS`.
const ROUNDS: u64 = 3;
const AT_ONCE: u64 = 100;

/// One call of the ledger, amounts in nano-dollars.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Row {
    outcome: i16,
    flags: Flags,
    cost: i64,
    price: i64,
    absorbed: i64,
}

async fn rows(pool: &PgPool) -> Vec<Row> {
    let rows: Vec<(i16, i16, i64, i64, i64)> =
        sqlx::query_as("SELECT outcome, flags, cost, price, absorbed FROM ledger.call ORDER BY call_id")
            .fetch_all(pool)
            .await
            .expect("the calls");
    let row = |(outcome, flags, cost, price, absorbed)| Row { outcome, flags: Flags(flags), cost, price, absorbed };
    rows.into_iter().map(row).collect()
}

async fn notes(pool: &PgPool) -> Vec<i64> {
    sqlx::query_scalar("SELECT hold FROM ledger.open_call").fetch_all(pool).await.expect("the notes")
}

async fn begin() -> (Scene, Process, TestKey) {
    let scene = Scene::set().await;
    let program = scene.start().await;
    let key = program.site.key("100", "60", 10_000, 1_000).await;
    (scene, program, key)
}

/// What an undisturbed call of this script costs.
async fn price_of(program: &Process, key: &TestKey, pool: &PgPool, script: &Value) -> (i64, i64) {
    let got = program.site.play(key, script, true).await;
    assert_eq!((got.status, got.ended), (200, Ended::Clean));
    let row = rows(pool).await.pop().expect("a line");
    (row.cost, row.price)
}

fn crashed(bound: i64) -> Row {
    let flags = Flags::REPLAYED;
    Row { outcome: Outcome::Crash.code(), flags, cost: 0, price: 0, absorbed: bound }
}

/// Starts again and stops in order; the books are clean then.
async fn recover(scene: &Scene) {
    scene.start().await.stop().await;
    scene.audit().await;
}

#[actix_web::test]
async fn a01_killed_before_admission_nothing_has_happened() {
    let (scene, program, key) = begin().await;
    let whole = bytes_of(&key, "/v1/messages", "", &scripted(&json!({}), true).to_string());
    let mut socket = program.site.open(&whole[..whole.len() - 10]).await;
    // Another call of the same worker is answered, so the half one has arrived.
    program.site.view(&key).await;
    program.kill().await;
    let _ = socket.write_all(&whole[whole.len() - 10..]).await;
    recover(&scene).await;
    assert_eq!((rows(&scene.pool).await, scene.sandbox.counted()), (Vec::new(), 0));
}

#[actix_web::test]
async fn a03_killed_before_its_note_is_written_nothing_is_billed() {
    let (scene, program, key) = begin().await;
    let mut stranger = scene.pool.begin().await.expect("a session");
    sqlx::query("LOCK TABLE ledger.open_call IN SHARE MODE").execute(&mut *stranger).await.expect("locked");
    let _socket = program.site.start_call(&key, &json!({ "scenario": "no_head" }), true).await;
    soon("the provider is asked", scene.sandbox.until(|seen| seen.len() == 1)).await;
    until_a_commit_waits(&scene.pool).await;
    program.kill().await;
    stranger.rollback().await.expect("released");
    // Postgres ends the dead program's commit in its own time.
    until("the note is written", async || notes(&scene.pool).await.len() == 1).await;
    let bound = notes(&scene.pool).await[0];
    recover(&scene).await;
    assert_eq!((rows(&scene.pool).await, scene.sandbox.counted()), (vec![crashed(bound)], 1));
}

#[actix_web::test]
async fn a04_killed_before_a_head_the_call_is_voided_with_its_bound() {
    let (scene, program, key) = begin().await;
    let mut socket = program.site.start_call(&key, &json!({ "scenario": "no_head" }), true).await;
    until("the note is written", async || notes(&scene.pool).await.len() == 1).await;
    let bound = notes(&scene.pool).await[0];
    assert!(bound > 0);
    soon("the provider is asked", scene.sandbox.until(|seen| seen.len() == 1)).await;
    program.kill().await;
    assert_ne!(raw::read(&mut socket).await.ended, Ended::Clean);
    recover(&scene).await;
    assert_eq!((rows(&scene.pool).await, scene.sandbox.counted()), (vec![crashed(bound)], 1));
}

#[actix_web::test]
async fn a05_killed_mid_stream_the_client_sees_a_cut_and_pays_nothing() {
    let (scene, program, key) = begin().await;
    let mut socket = program.site.start_call(&key, &json!({ "scenario": "stall_after_n" }), true).await;
    soon("content", raw::read_events(&mut socket, 4)).await;
    until("the note is written", async || notes(&scene.pool).await.len() == 1).await;
    let bound = notes(&scene.pool).await[0];
    program.kill().await;
    assert_ne!(raw::read(&mut socket).await.ended, Ended::Clean);
    recover(&scene).await;
    assert_eq!((rows(&scene.pool).await, scene.sandbox.counted()), (vec![crashed(bound)], 1));
}

#[actix_web::test]
async fn a06_killed_while_its_settlement_is_committed_it_is_billed_once_or_voided() {
    for is_released_first in [true, false] {
        let (scene, program, key) = begin().await;
        let (cost, price) = price_of(&program, &key, &scene.pool, &json!({})).await;
        let stranger = lock_account(&scene.pool, &key.account).await;
        let mut socket = program.site.start_call(&key, &json!({}), true).await;
        until_a_commit_waits(&scene.pool).await;
        program.kill().await;
        let got = raw::read(&mut socket).await;
        let spooled = got.ended == Ended::Clean;
        if is_released_first {
            stranger.rollback().await.expect("released");
            recover(&scene).await;
        } else {
            let starting = scene.spawn();
            stranger.rollback().await.expect("released");
            starting.ready(&scene).await.stop().await;
            scene.audit().await;
        }
        let last = &rows(&scene.pool).await[1..];
        assert_eq!((last.len(), scene.sandbox.counted()), (1, 2));
        let billed = (last[0].outcome, last[0].cost, last[0].price);
        let is_billed = billed == (Outcome::Answered.code(), cost, price);
        let is_voided = billed == (Outcome::Crash.code(), 0, 0) && last[0].absorbed > 0;
        assert!(is_billed || (is_voided && !spooled), "{last:?}, the client saw {}", got.text());
    }
}

#[actix_web::test]
async fn a06_killed_after_its_settlement_was_spooled_it_is_billed_once() {
    let (scene, program, key) = begin().await;
    let (cost, price) = price_of(&program, &key, &scene.pool, &json!({})).await;
    let stranger = lock_account(&scene.pool, &key.account).await;
    // The commit is held up, so the client gets its end from the spool.
    let got = program.site.play(&key, &json!({}), true).await;
    assert_eq!((got.status, got.ended), (200, Ended::Clean));
    program.kill().await;
    // Its commit must not come through after all: the spool alone knows what the call cost.
    let waiting = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                   WHERE wait_event_type = 'Lock' AND datname = current_database()";
    sqlx::query(waiting).execute(&scene.pool).await.expect("ended");
    stranger.rollback().await.expect("released");
    recover(&scene).await;
    let all = rows(&scene.pool).await;
    assert_eq!((all.len(), scene.sandbox.counted()), (2, 2));
    assert_eq!((all[1].outcome, all[1].cost, all[1].price), (Outcome::Answered.code(), cost, price));
    assert!(all[1].flags.has(Flags::REPLAYED), "{all:?}");
    assert_eq!(scene.spooled(), 0, "the spool is put away");
}

#[actix_web::test]
async fn a07_killed_after_its_settlement_it_stays_billed_once() {
    let (scene, program, key) = begin().await;
    let (cost, price) = price_of(&program, &key, &scene.pool, &json!({})).await;
    // Nobody reads the answer: whether its end was sent is left open.
    let _socket = program.site.start_call(&key, &json!({}), true).await;
    until("the call is settled", async || rows(&scene.pool).await.len() == 2).await;
    program.kill().await;
    recover(&scene).await;
    let all = rows(&scene.pool).await;
    assert_eq!((all.len(), all[1].cost, all[1].price, scene.sandbox.counted()), (2, cost, price, 2));
}

#[actix_web::test]
async fn a10_killed_five_times_in_its_recovery_it_ends_as_after_one() {
    let (scene, program, key) = begin().await;
    let (cost, price) = price_of(&program, &key, &scene.pool, &json!({})).await;
    let cut = program.site.start_call(&key, &json!({ "scenario": "no_head" }), true).await;
    until("the note is written", async || notes(&scene.pool).await.len() == 1).await;
    let bound = notes(&scene.pool).await[0];
    let stranger = lock_account(&scene.pool, &key.account).await;
    let got = program.site.play(&key, &json!({}), true).await;
    assert_eq!(got.ended, Ended::Clean);
    program.kill().await;
    drop(cut);
    let mut dead = waiting(&scene.pool).await;
    for _ in 0..5 {
        let starting = scene.spawn();
        // The settlement in the spool waits for the stranger, perhaps beside those of the programs killed before.
        until("its recovery waits", async || waiting(&scene.pool).await.iter().any(|w| !dead.contains(w))).await;
        starting.kill().await;
        dead.extend(waiting(&scene.pool).await);
    }
    stranger.rollback().await.expect("released");
    until_no_commit_waits(&scene.pool).await;
    recover(&scene).await;
    let mut ends: Vec<(i16, i64, i64)> =
        rows(&scene.pool).await[1..].iter().map(|r| (r.outcome, r.cost, r.price)).collect();
    ends.sort_unstable();
    let answered = Outcome::Answered.code();
    assert_eq!(ends, [(answered, cost, price), (Outcome::Crash.code(), 0, 0)]);
    let absorbed: i64 = rows(&scene.pool).await.iter().map(|r| r.absorbed).sum();
    assert_eq!((absorbed, scene.sandbox.counted(), scene.spooled()), (bound, 3, 0));
}

#[actix_web::test]
async fn a_note_that_comes_after_its_settlement_does_not_tell_the_operator_of_a_cut_call_for_ever() {
    let (scene, program, key) = begin().await;
    price_of(&program, &key, &scene.pool, &json!({})).await;
    program.kill().await;
    // What a batch that was on its way at the death leaves, if it arrives once the spool was replayed: no fence holds it.
    let late = "INSERT INTO ledger.open_call (call_id, account_id, key_id, hold, model, node_id, boot_id) \
                SELECT call_id, account_id, key_id, 1, model, node_id, gen_random_uuid() FROM ledger.call, ledger.node";
    assert_eq!(sqlx::query(late).execute(&scene.pool).await.expect("a note").rows_affected(), 1);
    recover(&scene).await;
    assert_eq!(notes(&scene.pool).await, Vec::<i64>::new());
}

#[actix_web::test]
async fn a12_killed_at_any_moment_under_load_nobody_pays_wrongly() {
    let rounds: u64 = std::env::var("DEROUTER_CRASH_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(ROUNDS);
    let seed = std::env::var("DEROUTER_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or_else(rand::random);
    println!("seed {seed}, {rounds} rounds");
    let mut rng = SmallRng::seed_from_u64(seed);
    let (scene, mut program, key) = begin().await;
    let script = json!({ "tokens": 40, "delay_ms": 2 });
    let (cost, _) = price_of(&program, &key, &scene.pool, &script).await;
    let mut ended = Vec::new();
    for _ in 0..rounds {
        let asked = scene.sandbox.counted() + rng.random_range(1..=AT_ONCE);
        let answered = rng.random_range(0..=AT_ONCE);
        let is_time = |seen: &[RecordedRequest]| {
            scene.sandbox.counted() >= asked
                && seen.iter().rev().take(100).filter(|r| r.answered_ms.is_some()).count() as u64 >= answered.min(asked)
        };
        let calls = join_all((0..AT_ONCE).map(|_| call(&program.site, &key, &script)));
        let (answers, ()) = tokio::join!(calls, async {
            soon("the moment", scene.sandbox.until(is_time)).await;
            program.kill().await;
        });
        ended.extend(answers.into_iter().flatten());
        program = scene.start().await;
    }
    program.stop().await;
    scene.audit().await;
    compare(&scene, &ended, cost).await;
}

/// The id of a call whose client saw its end.
async fn call(site: &Site, key: &TestKey, script: &Value) -> Option<CallId> {
    let mut socket = TcpStream::connect(site.api).await.ok()?;
    let bytes = bytes_of(key, "/v1/messages", "", &scripted(script, true).to_string());
    socket.write_all(&bytes).await.ok()?;
    let got = raw::read(&mut socket).await;
    let is_whole = got.status == 200 && got.ended == Ended::Clean;
    assert!(!is_whole || got.kinds().last().is_some_and(|k| k == "message_stop"), "{}", got.text());
    is_whole.then(|| call_id(&got))
}

async fn compare(scene: &Scene, ended: &[CallId], cost: i64) {
    let rows: Vec<(Uuid, i16, i64)> = sqlx::query_as("SELECT call_id, outcome, cost FROM ledger.call")
        .fetch_all(&scene.pool)
        .await
        .expect("the calls");
    let asked = scene.sandbox.counted();
    let (answered, crash) = (Outcome::Answered.code(), Outcome::Crash.code());
    for row in &rows {
        assert!([(answered, cost), (crash, 0)].contains(&(row.1, row.2)), "{row:?}");
    }
    let billed = rows.iter().filter(|row| row.1 == answered).count() as u64;
    assert!(billed <= asked, "{billed} billed, but the provider was asked {asked} times");
    for id in ended {
        assert!(rows.contains(&(id.0, answered, cost)), "a whole answer is billed: {id}");
    }
    println!("{asked} asked, {} lines, {billed} billed, {} whole answers", rows.len(), ended.len());
}
