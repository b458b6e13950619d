//! `kill -9` inside a movement of money that was asked for: both sides are booked or neither, and a repeat with the same
//! operation id has one effect (`faults.md` A8).

use crate::sandbox::raw::{self, Ended};
use crate::support::process::{Process, Scene};
use crate::support::stranger::{
    hold_movement, lock_account, until_a_commit_waits, until_gone, until_no_commit_waits, waiting,
};
use awc::http::Method;
use serde_json::{Value, json};
use sqlx::{PgPool, Postgres, Transaction};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const USD: i64 = 1_000_000_000;
/// Kinds of movements (`ledger.md` §3).
const FUND_KEY: i16 = 8;
const REFUND: i16 = 10;
const CLOSE_KEY: i16 = 11;

#[actix_web::test]
async fn a08_killed_inside_a_key_s_creation_both_sides_are_booked_or_neither() {
    for is_released_first in [true, false] {
        let scene = Scene::set().await;
        let program = scene.start().await;
        let account = program.site.account("200").await;
        let order =
            json!({ "label": "test", "budget": "100", "cost": "60", "rpm": 60, "concurrency": 5, "id": "once" });
        let path = format!("/op/accounts/{account}/keys");
        let stranger = lock_account(&scene.pool, &account).await;
        let mut socket = program.site.send_operator(&path, &order).await;
        until_a_commit_waits(&scene.pool).await;
        program.kill().await;
        assert_ne!(raw::read(&mut socket).await.ended, Ended::Clean);
        let program = scene.start_around(stranger, is_released_first).await;
        until_no_commit_waits(&scene.pool).await;
        let (before, _) = keys_and_main(&scene.pool).await;
        let (status, _) = program.site.operator_says(&path, &order).await;
        assert!(before == 1 || status == 201, "what did not happen can be asked for again: {status}");
        assert_eq!(keys_and_main(&scene.pool).await, (1, 140_000_000_000));
        program.stop().await;
        scene.audit().await;
    }
}

async fn keys_and_main(pool: &PgPool) -> (i64, i64) {
    let query = "SELECT (SELECT count(*) FROM ledger.client_key), main FROM ledger.account";
    sqlx::query_as(query).fetch_one(pool).await.expect("one account")
}

/// The balance and one key's money, in nano-dollars, as the ledger has them; status 1 is active, 3 is closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Money {
    main: i64,
    budget: i64,
    funded: i64,
    refunded: i64,
    status: i16,
}

/// After a deposit of 200 dollars and a key of 100 for 60.
const BEGUN: Money = Money { main: 140 * USD, budget: 100 * USD, funded: 60 * USD, refunded: 0, status: 1 };
const TOPPED_UP: Money = Money { main: 110 * USD, budget: 150 * USD, funded: 90 * USD, ..BEGUN };
const DELETED: Money = Money { main: 200 * USD, refunded: 60 * USD, status: 3, ..BEGUN };

async fn money(pool: &PgPool) -> Money {
    let query = "SELECT main, budget, funded, refunded, status FROM ledger.account, ledger.client_key";
    let (main, budget, funded, refunded, status) = sqlx::query_as(query).fetch_one(pool).await.expect("one key");
    Money { main, budget, funded, refunded, status }
}

/// What a reseller asks for by a program with an Account Key.
struct Order {
    method: Method,
    path: String,
    body: String,
    secret: String,
}

impl Order {
    /// Sends it under the operation id that every repeat has.
    async fn send(&self, program: &Process) -> TcpStream {
        let Order { method, path, body, secret } = self;
        let length = body.len();
        let bytes = format!(
            "{method} {path} HTTP/1.1\r\nhost: api\r\nauthorization: Bearer {secret}\r\nidempotency-key: once\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        let mut socket = TcpStream::connect(program.site.api).await.expect("the API listens");
        socket.write_all(bytes.as_bytes()).await.expect("the request is taken");
        socket
    }

    /// Asks for it again; true if the answer says that it was done before.
    async fn repeat(&self, program: &Process) -> bool {
        let got = raw::read(&mut self.send(program).await).await;
        assert_eq!(got.status, 200, "{}", got.text());
        got.header("idempotency-replayed").is_some()
    }
}

/// A reseller's program with one key of 100 dollars for 60.
async fn with_key(scene: &Scene) -> (Process, String, String) {
    let program = scene.start().await;
    let (mut reseller, _) = program.site.reseller_at(program.dashboard, "you@shop.com", "200").await;
    let mut caller = program.site.program_of(&mut reseller).await;
    let order = json!({ "label": "acme", "budget": "100", "cost": "60" });
    let made = caller.pay(Method::POST, "/api/v1/keys", "k", &order).await.json();
    let secret = caller.sent[0].1.trim_start_matches("Bearer ").to_owned();
    assert_eq!(money(&scene.pool).await, BEGUN);
    (program, made["id"].as_str().expect("an id").to_owned(), secret)
}

/// What becomes of the dead program's commit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Then {
    GoesOn,
    GoesOnWhileTheNextStarts,
    IsGivenUp,
}

impl Then {
    async fn start(self, scene: &Scene, stranger: Transaction<'static, Postgres>, dead: &[i32]) -> Process {
        match self {
            Then::GoesOn => {
                stranger.rollback().await.expect("released");
                until_gone(&scene.pool, dead).await;
                scene.start().await
            }
            Then::GoesOnWhileTheNextStarts => {
                let starting = scene.spawn();
                stranger.rollback().await.expect("released");
                starting.ready(scene).await
            }
            Then::IsGivenUp => {
                // Its lock time-out ends it, though nobody is left to hear of that.
                until_gone(&scene.pool, dead).await;
                stranger.rollback().await.expect("released");
                scene.start().await
            }
        }
    }
}

/// Kills the program while it writes a movement of `kind`, starts it again, and asks for the same again. Before that,
/// `undone` or `done` is there: `undone` if the commit was given up. After it, `done`.
async fn kill_inside(kind: i16, order: impl Fn(&str) -> (Method, String, Value), undone: Money, done: Money) {
    for then in [Then::GoesOn, Then::GoesOnWhileTheNextStarts, Then::IsGivenUp] {
        let scene = Scene::set().await;
        let (program, key, secret) = with_key(&scene).await;
        let (method, path, body) = order(&key);
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let order = Order { method, path, body, secret };
        let stranger = hold_movement(&scene.pool, kind).await;
        let mut socket = order.send(&program).await;
        until_a_commit_waits(&scene.pool).await;
        let dead = waiting(&scene.pool).await;
        program.kill().await;
        assert_ne!(raw::read(&mut socket).await.ended, Ended::Clean);
        let program = then.start(&scene, stranger, &dead).await;
        let found = money(&scene.pool).await;
        assert!(found == undone || found == done && then != Then::IsGivenUp, "{then:?}: {found:?}");
        let was_done = order.repeat(&program).await;
        assert_eq!(was_done, found == done, "{then:?}: what happened is said to have happened");
        assert_eq!(money(&scene.pool).await, done);
        assert!(order.repeat(&program).await, "a second repeat is one");
        assert_eq!(money(&scene.pool).await, done);
        program.stop().await;
        scene.audit().await;
    }
}

#[actix_web::test]
async fn a08_killed_inside_a_key_s_top_up_both_sides_are_booked_or_neither() {
    let order = |key: &str| (Method::POST, format!("/api/v1/keys/{key}/top-up"), json!({ "amount": "50" }));
    kill_inside(FUND_KEY, order, BEGUN, TOPPED_UP).await;
}

#[actix_web::test]
async fn a08_killed_inside_a_key_s_deletion_it_goes_on_at_the_next_start_or_never_began() {
    let order = |key: &str| (Method::DELETE, format!("/api/v1/keys/{key}"), Value::Null);
    kill_inside(CLOSE_KEY, order, BEGUN, DELETED).await;
}

#[actix_web::test]
async fn a08_killed_inside_a_deleted_key_s_refund_its_rest_comes_back_once() {
    let order = |key: &str| (Method::DELETE, format!("/api/v1/keys/{key}"), Value::Null);
    // The key was closed before, so the next start finishes what was begun.
    kill_inside(REFUND, order, DELETED, DELETED).await;
}
