//! Many at once on one balance, one key, one call, one operation id: exactly what fits happens, once.

use crate::support::app::TestApp;
use crate::support::wishes::{self, USD};
use derouter::actors::call::Reservation;
use derouter::actors::messages::{Answer, AskError, KeyRef, SettingsChanged};
use derouter::actors::settlement;
use derouter::domain::call::{CallFacts, Meters};
use derouter::domain::ids::AccountId;
use derouter::domain::money::Cost;
use derouter::domain::op::{Idem, Refusal};
use derouter::domain::outcome::{Flags, Outcome};
use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use std::sync::atomic::Ordering;

const MANY: usize = 1_000;
/// Orders of delete, top-up, call and pause that `./test` tries; the long run sets `DEROUTER_RACE_ROUNDS`.
const ROUNDS: u64 = 40;

async fn with_account(nanos: i64) -> (TestApp, AccountId) {
    let app = TestApp::start().await;
    let account = more_account(&app, nanos).await;
    (app, account)
}

async fn more_account(app: &TestApp, nanos: i64) -> AccountId {
    let account = app.empty_account().await;
    wishes::grant(&app.directory, account, nanos, wishes::new_idem()).await.expect("an answer").expect("granted");
    account
}

async fn main_of(app: &TestApp, account: AccountId) -> i64 {
    app.directory.view_account(account).await.expect("a view").main.nanos()
}

fn done<T>(answers: Vec<Answer<T>>) -> (Vec<T>, Vec<Refusal>) {
    let (mut yes, mut no) = (Vec::new(), Vec::new());
    for answer in answers {
        match answer.expect("an answer") {
            Ok(done) => yes.push(done),
            Err(refusal) => no.push(refusal),
        }
    }
    (yes, no)
}

#[actix_web::test]
async fn l1_a_thousand_calls_never_hold_more_than_the_key_has() {
    let (app, account) = with_account(200 * USD).await;
    let quote = wishes::quote(300);
    let tenth = quote.worst_case().nanos();
    let key = wishes::key(&app.directory, account, 10 * tenth, 10 * tenth).await;
    let calls = (0..MANY).map(|_| wishes::admit(&app.directory, key, quote.clone()));
    let (admitted, refused) = done(join_all(calls).await);
    assert_eq!((admitted.len(), refused.len()), (10, MANY - 10));
    assert!(refused.iter().all(|r| matches!(r, Refusal::BudgetExhausted { .. })));
    let view = app.directory.view_key(key).await.expect("a view");
    assert_eq!(view.held, view.funded, "all of the key is promised, and not a nano more");
    let settled = admitted.into_iter().map(|r| wishes::settle(r.dispatch().expect("noted"), Cost::from_nanos(tenth)));
    join_all(settled).await;
    let view = app.directory.view_key(key).await.expect("a view");
    assert_eq!((view.posted, view.spent, view.held), (view.funded, view.budget, Cost::ZERO));
    app.close().await;
}

#[actix_web::test]
async fn l2_of_a_thousand_keys_at_60_dollars_200_dollars_pay_three() {
    let (app, account) = with_account(200 * USD).await;
    let creates = (0..MANY).map(|_| wishes::create_key(&app.directory, account, 100 * USD, 60 * USD));
    let (made, refused) = done(join_all(creates).await);
    assert_eq!((made.len(), main_of(&app, account).await), (3, 20 * USD));
    assert!(refused.iter().all(|r| matches!(r, Refusal::BalanceTooLow { .. })));
    app.close().await;
}

#[actix_web::test]
async fn l3_of_a_thousand_top_ups_of_a_dollar_200_dollars_pay_200() {
    let (app, account) = with_account(201 * USD).await;
    let key = wishes::key(&app.directory, account, USD, USD).await;
    let (funded, refused) = done(join_all((0..MANY).map(|_| wishes::fund(&app.directory, key, USD))).await);
    assert_eq!((funded.len(), refused.len(), main_of(&app, account).await), (200, 800, 0));
    let view = app.directory.view_key(key).await.expect("a view");
    assert_eq!((view.funded.nanos(), view.budget.nanos()), (201 * USD, 201 * USD));
    app.close().await;
}

#[actix_web::test]
async fn l4_a_call_settled_a_thousand_times_is_billed_once() {
    let (app, account) = with_account(200 * USD).await;
    let key = wishes::key(&app.directory, account, 100 * USD, 60 * USD).await;
    let live = wishes::live_call(&app.directory, key, wishes::quote(300)).await;
    let facts = CallFacts {
        call: live.call(),
        account,
        key: key.key,
        outcome: Outcome::Answered,
        flags: Flags::NONE,
        cost: Cost::from_nanos(3),
        absorbed: Cost::ZERO,
        model: "claude-haiku-4-5".into(),
        meters: Meters::default(),
        detail: None,
        started_us: 0,
        ended_us: 0,
    };
    let asked = || app.directory.lane(account).state().ops.load(Ordering::Relaxed);
    let before = asked();
    let resent = (0..MANY).map(|_| settlement::replay(&app.directory, facts.clone()));
    let (own, resent) = tokio::join!(wishes::settle(live, Cost::from_nanos(3)), join_all(resent));
    own.expect("durable");
    assert!(resent.into_iter().all(|known| known));
    app.settled().await;
    let view = app.directory.view_key(key).await.expect("a view");
    assert_eq!((view.posted.nanos(), view.spent.nanos(), view.held), (3, 5, Cost::ZERO));
    assert_eq!(asked() - before, 1, "the ledger, which would refuse the second and its account with it, is asked once");
    app.close().await;
}

#[actix_web::test]
async fn l5_never_a_sixth_at_once_never_a_sixty_first_in_a_minute_always_the_fifth_and_the_sixtieth() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await.owned();
    let quote = wishes::quote(300);
    let calls = (0..MANY).map(|_| wishes::admit(&app.directory, key, quote.clone()));
    let (admitted, refused) = done::<Reservation>(join_all(calls).await);
    assert_eq!((admitted.len(), refused.len()), (5, MANY - 5));
    assert!(refused.iter().all(|r| matches!(r, Refusal::TooManyAtOnce { limit: 5, .. })));
    drop(admitted);
    // Fifty-five more in turn: what was refused took no place in the window.
    for _ in 5..60 {
        drop(wishes::admit(&app.directory, key, quote.clone()).await.expect("an answer").expect("within the window"));
    }
    let calls = (0..MANY).map(|_| wishes::admit(&app.directory, key, quote.clone()));
    let (admitted, refused) = done::<Reservation>(join_all(calls).await);
    assert_eq!(admitted.len(), 0);
    assert!(refused.iter().all(|r| matches!(r, Refusal::RateLimited { limit: 60, .. })));
    app.close().await;
}

#[actix_web::test]
async fn l6_a_deletion_with_five_calls_in_flight_gives_back_what_they_leave() {
    let (app, account) = with_account(200 * USD).await;
    let key = wishes::key(&app.directory, account, 100 * USD, 60 * USD).await;
    let quote = wishes::quote(300);
    let hold = quote.worst_case().nanos();
    let mut running = Vec::new();
    for _ in 0..5 {
        running.push(wishes::live_call(&app.directory, key, quote.clone()).await);
    }
    let closing = app.directory.close_key(key, wishes::new_idem(), None).await.expect("an answer").expect("closing");
    assert_eq!((closing.returned.nanos(), closing.still_held.nanos()), (60 * USD - 5 * hold, 5 * hold));
    assert_eq!(main_of(&app, account).await, 200 * USD - 5 * hold);
    for (n, call) in (1..).zip(running) {
        wishes::settle(call, Cost::from_nanos(3)).await.expect("durable");
        until_main_is(&app, account, 200 * USD - (5 - n) * hold - 3 * n).await;
    }
    assert_eq!(status_of(&app, key).await, 3, "closed");
    app.close().await;
}

/// The refund follows the settlement at once, but nobody waits for it.
async fn until_main_is(app: &TestApp, account: AccountId, nanos: i64) {
    app.until("main is as expected", async || main_of(app, account).await == nanos).await;
}

async fn status_of(app: &TestApp, key: KeyRef) -> i16 {
    let query = sqlx::query_scalar("SELECT status FROM ledger.client_key WHERE key_id = $1");
    query.bind(key.key.0).fetch_one(&app.pool).await.expect("the key")
}

#[actix_web::test]
async fn l7_deletions_top_ups_calls_and_pauses_in_any_order_lose_nothing() {
    let rounds = std::env::var("DEROUTER_RACE_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(ROUNDS);
    let seed = std::env::var("DEROUTER_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or_else(rand::random);
    println!("seed {seed}, {rounds} rounds");
    let mut rng = SmallRng::seed_from_u64(seed);
    let app = TestApp::start().await;
    for _ in 0..rounds {
        one_order(&app, &mut rng).await;
    }
    app.close().await;
}

#[derive(Clone, Copy)]
enum Act {
    Delete,
    TopUp,
    Call,
    Pause(bool),
    Leave,
}

async fn one_order(app: &TestApp, rng: &mut SmallRng) {
    let account = more_account(app, 200 * USD).await;
    let key = wishes::key(&app.directory, account, 100 * USD, 60 * USD).await;
    let mut acts = vec![Act::Delete, Act::Delete, Act::Pause(true), Act::Pause(false), Act::Leave];
    acts.extend((0..rng.random_range(1..6)).flat_map(|_| [Act::TopUp, Act::Call, Act::Call]));
    acts.shuffle(rng);
    let deleted: usize = join_all(acts.into_iter().map(|act| play(app, key, act))).await.into_iter().sum();
    assert_eq!(deleted, 1, "one of two deletions does it");
    app.settled().await;
    // What a pause or a discard left half done, the housekeeper's round ends.
    app.until("the key is closed", async || {
        let _ = app.directory.finish_closing(key).await;
        status_of(app, key).await == 3
    })
    .await;
    let posted: i64 = sqlx::query_scalar("SELECT posted FROM ledger.client_key WHERE key_id = $1")
        .bind(key.key.0)
        .fetch_one(&app.pool)
        .await
        .expect("the key");
    until_main_is(app, account, 200 * USD - posted).await;
}

/// One act; 1 if it deleted the key.
async fn play(app: &TestApp, key: KeyRef, act: Act) -> usize {
    let directory = &app.directory;
    match act {
        Act::Delete => match directory.close_key(key, wishes::new_idem(), None).await.expect("an answer") {
            Ok(_) => return 1,
            Err(refusal) => assert!(matches!(refusal, Refusal::KeyClosing | Refusal::NoSuchKey)),
        },
        Act::TopUp => match wishes::fund(directory, key, USD).await.expect("an answer") {
            Ok(funded) => assert_eq!(funded.debited.nanos(), 600_000_000),
            Err(refusal) => assert!(matches!(refusal, Refusal::KeyClosing | Refusal::NoSuchKey)),
        },
        Act::Call => match wishes::admit(directory, key, wishes::quote(300)).await.expect("an answer") {
            Ok(call) => drop(wishes::settle(call.dispatch().expect("noted"), Cost::from_nanos(7)).await),
            Err(refusal) => assert!(matches!(refusal, Refusal::KeyClosing | Refusal::KeyPaused)),
        },
        Act::Pause(paused) => {
            directory.settings_changed(key, SettingsChanged { paused, rpm: 1_000_000, concurrency: 1_000_000 });
        }
        Act::Leave => directory.passivate_idle(0),
    }
    0
}

#[actix_web::test]
async fn l8_one_operation_id_a_thousand_times_has_one_effect() {
    let (app, account) = with_account(USD).await;
    let idem = wishes::new_idem();
    let grants = (0..MANY).map(|_| wishes::grant(&app.directory, account, USD, idem.clone()));
    let (granted, refused) = done(join_all(grants).await);
    assert_eq!((granted.len(), main_of(&app, account).await), (1, 2 * USD));
    assert!(refused.iter().all(|r| matches!(r, Refusal::UnderWay | Refusal::DoneAlready)));
    app.close().await;
}

#[actix_web::test]
async fn l9_an_operation_id_of_another_request_is_refused() {
    let (app, account) = with_account(USD).await;
    let idem = wishes::new_idem();
    let other = Idem { hash: [1; 32], ..idem.clone() };
    let answers = [idem, other].map(|idem| wishes::grant(&app.directory, account, USD, idem));
    let (granted, refused) = done(join_all(answers).await);
    assert_eq!((granted.len(), refused), (1, vec![Refusal::IdReused]));
    app.close().await;
}

#[actix_web::test]
async fn l10_exactly_enough_is_served_and_one_nano_less_is_shrunk_then_refused() {
    let (app, account) = with_account(200 * USD).await;
    let (whole, floor) = (wishes::quote(300), wishes::quote(256));
    let (enough, least) = (whole.worst_case().nanos(), floor.worst_case().nanos());
    for (left, output) in [(enough, Some(300)), (enough - 1, Some(299)), (least, Some(256)), (least - 1, None)] {
        let key = wishes::key(&app.directory, account, left, left).await;
        let answer = wishes::admit(&app.directory, key, whole.clone()).await.expect("an answer");
        match (answer, output) {
            (Ok(call), Some(output)) => assert_eq!((call.terms().output, call.terms().hold.nanos()), (output, left)),
            (Err(refusal), None) => assert!(matches!(refusal, Refusal::BudgetExhausted { .. })),
            (answer, _) => panic!("{left}: {:?}", answer.err()),
        }
    }
    app.close().await;
}

#[actix_web::test]
async fn l11_actors_that_leave_lose_no_message_and_no_hold() {
    let (app, account) = with_account(200 * USD).await;
    let key = wishes::key(&app.directory, account, 100 * USD, 60 * USD).await;
    let quote = wishes::quote(300);
    let calls = (0..MANY).map(async |n| {
        app.directory.passivate_idle(0);
        if n % 5 == 0 {
            wishes::fund(&app.directory, key, 5).await.expect("an answer").expect("funded");
        }
        let call = wishes::live_call(&app.directory, key, quote.clone()).await;
        app.directory.passivate_idle(0);
        wishes::settle(call, Cost::from_nanos(3)).await.expect("durable");
    });
    // Ten at a time, so that actors are idle now and then.
    stream::iter(calls).buffer_unordered(10).collect::<()>().await;
    app.settled().await;
    app.directory.passivate_idle(0);
    let view = loop {
        match app.directory.view_key(key).await {
            Ok(view) => break view,
            Err(error) => assert_eq!(error, AskError::Unavailable),
        }
    };
    assert_eq!((view.posted.nanos(), view.spent.nanos(), view.held), (3_000, 5_000, Cost::ZERO));
    assert_eq!(view.funded.nanos(), 60 * USD + 3 * 200);
    app.close().await;
}
