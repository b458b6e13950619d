//! Postgres stops, loses connections or is held up under load: streams end as if nothing had happened, new calls are
//! told to come back, and every answer is billed once (`faults.md` B, C).

use crate::sandbox::raw::{self, Ended, Got};
use crate::support::app::until;
use crate::support::calls::{call_id, soon};
use crate::support::cluster::TestDatabase;
use crate::support::cutter::{Cut, Cutter};
use crate::support::own_cluster::{OwnCluster, Stop};
use crate::support::process::{Process, Scene};
use crate::support::site::TestKey;
use crate::support::stranger::lock_account;
use derouter::clock::Clock;
use derouter::domain::outcome::Outcome;
use futures_util::future::join_all;
use serde_json::{Value, json};
use sqlx::PgPool;
use std::os::unix::fs::PermissionsExt;
use tokio::net::TcpStream;
use uuid::Uuid;

const STREAMS: usize = 50;
/// A refusal that needs no store comes at once; far below what asking a dead one takes.
const QUICK_MS: u64 = 500;

async fn lines(pool: &PgPool) -> Vec<(Uuid, i16, i64)> {
    let calls = sqlx::query_as("SELECT call_id, outcome, cost FROM ledger.call ORDER BY call_id");
    calls.fetch_all(pool).await.expect("the calls")
}

async fn notes(pool: &PgPool) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM ledger.open_call").fetch_one(pool).await.expect("the notes")
}

async fn begin(scene: &Scene) -> (Process, TestKey, i64) {
    let program = scene.start().await;
    let key = program.site.key("100", "60", 10_000, 1_000).await;
    let got = program.site.play(&key, &short(), true).await;
    assert_eq!((got.status, got.ended), (200, Ended::Clean));
    let cost = lines(&scene.pool).await[0].2;
    (program, key, cost)
}

/// An answer of half a second.
fn short() -> Value {
    json!({ "tokens": 100, "chunks": 100, "delay_ms": 5 })
}

/// The same answer, so slow that the server is gone before it ends, however busy the machine.
fn long() -> Value {
    json!({ "tokens": 100, "chunks": 100, "delay_ms": 50 })
}

async fn start_streams(program: &Process, key: &TestKey, count: usize, script: Value) -> Vec<TcpStream> {
    join_all((0..count).map(|_| program.site.start_call(key, &script, true))).await
}

async fn read_all(sockets: Vec<TcpStream>) -> Vec<Got> {
    let reads = sockets.into_iter().map(async |mut socket| raw::read(&mut socket).await);
    soon("every stream ends", join_all(reads)).await
}

fn assert_whole(got: &Got) {
    assert_eq!((got.status, got.ended), (200, Ended::Clean), "{}", got.text());
    assert_eq!(got.kinds().last().map(String::as_str), Some("message_stop"));
}

/// Every request that the provider saw is billed once, at the price of an undisturbed one.
async fn assert_all_billed(scene: &Scene, answers: &[Got], cost: i64) {
    let lines = lines(&scene.pool).await;
    assert_eq!(lines.len() as u64, scene.sandbox.counted(), "one line for each request of the provider");
    for line in &lines {
        assert_eq!((line.1, line.2), (Outcome::Answered.code(), cost), "{line:?}");
    }
    for got in answers {
        assert_whole(got);
        assert!(lines.iter().any(|line| line.0 == call_id(got).0), "a whole answer has its line");
    }
}

/// Asks until the program refuses to, and looks at the refusal.
async fn until_refused(program: &Process, key: &TestKey) -> Vec<Got> {
    let (clock, mut served) = (Clock::real(), Vec::new());
    loop {
        let began = clock.now_ms();
        let got = program.site.play(key, &short(), true).await;
        if got.status == 200 {
            // The program had not noticed yet; that call is served and settled like the others.
            served.push(got);
            continue;
        }
        assert_eq!(got.status, 503, "{}", got.text());
        assert!(got.header("retry-after").is_some(), "{}", got.head);
        assert!(clock.now_ms() - began < QUICK_MS, "a refusal comes at once");
        return served;
    }
}

async fn until_served(program: &Process, key: &TestKey) -> Got {
    loop {
        let got = program.site.play(key, &short(), true).await;
        if got.status == 200 {
            return got;
        }
        assert_eq!(got.status, 503, "{}", got.text());
        tokio::task::yield_now().await;
    }
}

async fn away_under_load(how: Stop) {
    let cluster = OwnCluster::start().await;
    let scene = Scene::on(cluster.url.clone(), cluster.pool()).await;
    let (program, key, cost) = begin(&scene).await;
    let streams = start_streams(&program, &key, STREAMS, long()).await;
    soon("all are asked", scene.sandbox.until(|seen| seen.len() > STREAMS)).await;
    cluster.stop(how).await;
    let mut answers = until_refused(&program, &key).await;
    let asked = scene.sandbox.counted();
    assert_eq!(program.site.play(&key, &short(), true).await.status, 503);
    assert_eq!(scene.sandbox.counted(), asked, "a refused call does not reach the provider");
    answers.extend(read_all(streams).await);
    assert!(scene.spooled() > 0, "what ended meanwhile is durable here");
    cluster.start_again().await;
    answers.push(soon("calls are served again", until_served(&program, &key)).await);
    until("the spool is drained", async || scene.spooled() == 0).await;
    program.stop().await;
    scene.audit().await;
    assert_all_billed(&scene, &answers, cost).await;
    scene.pool.close().await;
}

#[actix_web::test]
async fn b1_a_fast_stop_under_load_loses_and_doubles_nothing() {
    away_under_load(Stop::Fast).await;
}

#[actix_web::test]
async fn b2_an_immediate_stop_under_load_loses_and_doubles_nothing() {
    away_under_load(Stop::Immediate).await;
}

#[actix_web::test]
async fn b3_b4_a_connection_cut_in_a_commit_loses_and_doubles_nothing() {
    let database = TestDatabase::create().await;
    let cutter = Cutter::start(&database.url).await;
    let url = cutter.url(&database.url);
    let scene = Scene::set_through(database, url).await;
    let (program, key, cost) = begin(&scene).await;
    let mut answers = Vec::new();
    for cut in [Cut::BeforeItArrives, Cut::AfterItsAnswer, Cut::WhileItRuns].repeat(3) {
        let before = cutter.cuts();
        let streams = start_streams(&program, &key, 10, short()).await;
        soon(
            "all are asked",
            scene.sandbox.until(|seen| seen.iter().filter(|s| s.answered_ms.is_none()).count() == 10),
        )
        .await;
        cutter.arm(cut);
        answers.extend(read_all(streams).await);
        until("the commit was cut", async || cutter.cuts() == before + 1).await;
        answers.push(soon("calls are served again", until_served(&program, &key)).await);
    }
    until("the spool is drained", async || scene.spooled() == 0).await;
    program.stop().await;
    scene.audit().await;
    assert_all_billed(&scene, &answers, cost).await;
}

#[actix_web::test]
async fn b12_a_stranger_s_lock_on_one_account_delays_the_others_once() {
    let scene = Scene::set().await;
    let (program, held, cost) = begin(&scene).await;
    let other = program.site.key("100", "60", 10_000, 1_000).await;
    let stranger = lock_account(&scene.pool, &held.account).await;
    let mut answers = read_all(start_streams(&program, &held, 1, short()).await).await;
    // The others waited with it for the lock's time-out at most; from now on they do not.
    answers.push(soon("the others are served", until_served(&program, &other)).await);
    until("the others commit", async || lines(&scene.pool).await.len() == 2).await;
    let got = program.site.play(&other, &short(), true).await;
    assert_whole(&got);
    until("the others commit", async || lines(&scene.pool).await.len() == 3).await;
    answers.push(got);
    assert!(scene.spooled() > 0, "the held account's settlement is durable here");
    stranger.rollback().await.expect("released");
    until("its settlement is made", async || lines(&scene.pool).await.len() == 4 && scene.spooled() == 0).await;
    program.stop().await;
    scene.audit().await;
    assert_all_billed(&scene, &answers, cost).await;
}

#[actix_web::test]
async fn c1_with_neither_ledger_nor_disk_nobody_gets_an_end_and_nobody_pays() {
    let cluster = OwnCluster::start().await;
    let scene = Scene::on(cluster.url.clone(), cluster.pool()).await;
    let (program, key, _) = begin(&scene).await;
    let streams = start_streams(&program, &key, 5, long()).await;
    soon("all are asked", scene.sandbox.until(|seen| seen.len() > 5)).await;
    let folder = scene.data.path().join("spool");
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o500)).expect("our folder");
    cluster.stop(Stop::Fast).await;
    let gone = std::fs::rename(&folder, scene.data.path().join("away"));
    gone.expect("the disk takes nothing");
    for got in read_all(streams).await {
        assert!(!got.kinds().contains(&"message_stop".to_owned()), "no end without a settlement: {}", got.text());
    }
    std::fs::rename(scene.data.path().join("away"), &folder).expect("the disk is back");
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).expect("our folder");
    cluster.start_again().await;
    soon("calls are served again", until_served(&program, &key)).await;
    until("all are settled", async || lines(&scene.pool).await.len() == 7).await;
    program.stop().await;
    scene.audit().await;
    let unsettled: Vec<(i64, i64)> = sqlx::query_as("SELECT cost, absorbed FROM ledger.call WHERE outcome = $1")
        .bind(Outcome::Unsettled.code())
        .fetch_all(&scene.pool)
        .await
        .expect("the calls");
    assert_eq!(unsettled.len(), 5);
    assert!(unsettled.iter().all(|(cost, absorbed)| *cost == 0 && *absorbed > 0));
    scene.pool.close().await;
}

#[actix_web::test]
async fn c2_a_failed_fsync_ends_the_program_at_once_and_nobody_gets_an_end() {
    let scene = Scene::set().await;
    let (program, key, _) = begin(&scene).await;
    let boot: Uuid =
        sqlx::query_scalar("SELECT boot_id FROM ledger.node").fetch_one(&scene.pool).await.expect("a node");
    let spool = scene.data.path().join(format!("spool/{boot}.log"));
    // It takes every byte and keeps none: its fsync is an error.
    std::os::unix::fs::symlink("/dev/null", &spool).expect("our folder");
    let stranger = lock_account(&scene.pool, &key.account).await;
    let streams = start_streams(&program, &key, 3, short()).await;
    for got in read_all(streams).await {
        assert!(!got.kinds().contains(&"message_stop".to_owned()), "no end without a settlement: {}", got.text());
        assert_ne!(got.ended, Ended::Clean);
    }
    assert_eq!(program.exit_code().await, Some(74), "the kernel may have dropped the pages: it is not tried again");
    stranger.rollback().await.expect("released");
    std::fs::remove_file(&spool).expect("our file");
    scene.start().await.stop().await;
    scene.audit().await;
    let lines = lines(&scene.pool).await;
    assert_eq!(lines.len() as u64, scene.sandbox.counted(), "one line for each request of the provider");
    // A commit that waited for the stranger may have come through; nothing is billed twice or half.
    let cut = |line: &(Uuid, i16, i64)| (line.1, line.2) == (Outcome::Crash.code(), 0) || line.2 == lines[0].2;
    assert!(lines.iter().all(cut), "{lines:?}");
}

#[actix_web::test]
async fn c4_c5_a_spool_found_again_bills_nothing_twice_and_nothing_that_was_voided() {
    for is_voided_first in [false, true] {
        let cluster = OwnCluster::start().await;
        let scene = Scene::on(cluster.url.clone(), cluster.pool()).await;
        let (program, key, cost) = begin(&scene).await;
        let streams = start_streams(&program, &key, 5, long()).await;
        until("all are noted", async || notes(&scene.pool).await == 5).await;
        cluster.stop(Stop::Fast).await;
        read_all(streams).await.iter().for_each(assert_whole);
        program.kill().await;
        cluster.start_again().await;
        let spool = only_spool(&scene);
        let records = std::fs::read(&spool).expect("the spool");
        if is_voided_first {
            std::fs::remove_file(&spool).expect("our file");
        }
        scene.start().await.stop().await;
        // The same records once more, in two files.
        for name in ["found", "found-again"] {
            let file = spool.with_file_name(format!("{name}.log"));
            std::fs::write(&file, &records).expect("our folder");
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o666)).expect("our file");
        }
        scene.start().await.stop().await;
        scene.audit().await;
        let (outcome, charge) = if is_voided_first { (Outcome::Crash, 0) } else { (Outcome::Answered, cost) };
        let lines: Vec<(i16, i64)> = lines(&scene.pool).await[1..].iter().map(|l| (l.1, l.2)).collect();
        assert_eq!(lines, vec![(outcome.code(), charge); 5]);
        assert_eq!(scene.spooled(), 0, "the spools are put away");
        scene.pool.close().await;
    }
}

fn only_spool(scene: &Scene) -> std::path::PathBuf {
    let files = std::fs::read_dir(scene.data.path().join("spool")).expect("the folder");
    let files: Vec<_> = files.map(|f| f.expect("a file").path()).collect();
    assert_eq!(files.len(), 1);
    files[0].clone()
}

#[actix_web::test]
async fn o4_a_second_program_on_the_same_database_is_refused() {
    let scene = Scene::set().await;
    let program = scene.start().await;
    let elsewhere = tempfile::tempdir().expect("a folder");
    let words = scene.refused(&elsewhere).await;
    assert!(words.contains("another derouter server is running on this database"), "{words}");
    let words = scene.refused(&scene.data).await;
    assert!(words.contains("another derouter server"), "{words}");
    program.stop().await;
    scene.audit().await;
}
