//! A panic inside one actor of the running program: its reseller's books are thrown away and loaded anew, whoever waited
//! gets 503, nobody else notices; three within a minute take the account out of service (`faults.md` A11).
//!
//! The panic is a message that only this file knows, handled by the program's own actors.

use crate::sandbox::raw::{self, Ended, Got};
use crate::support::app::TestApp;
use crate::support::calls::{bytes_of, scripted, soon};
use crate::support::site::TestKey;
use actix::fut::WrapFuture;
use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, Message};
use derouter::actors::account::AccountActor;
use derouter::actors::client_key::KeyActor;
use derouter::actors::messages::AskError;
use derouter::domain::ids::AccountId;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use uuid::Uuid;

/// A bug that shows when it is told to; what comes meanwhile waits in the mailbox.
struct Bug(oneshot::Receiver<()>);

impl Message for Bug {
    type Result = ();
}

fn strike<A: Actor<Context = Context<A>>>(bug: Bug, actor: &A, ctx: &mut Context<A>) {
    ctx.wait(bug.0.into_actor(actor).map(|_, _, _| panic!("a bug of an actor, as a test wants it")));
}

impl Handler<Bug> for KeyActor {
    type Result = ();

    fn handle(&mut self, bug: Bug, ctx: &mut Self::Context) {
        strike(bug, self, ctx);
    }
}

impl Handler<Bug> for AccountActor {
    type Result = ();

    fn handle(&mut self, bug: Bug, ctx: &mut Self::Context) {
        strike(bug, self, ctx);
    }
}

/// One thread for calls, actors and lane: what goes on after a panic goes on where it happened.
async fn begin() -> (TestApp, TestKey, TestKey) {
    let app = TestApp::start_with(&[("DEROUTER__LEDGER__ARBITERS", "1")]).await;
    let (struck, other) = (app.key("100", "60", 10_000, 1_000).await, app.key("100", "60", 10_000, 1_000).await);
    for key in [&struck, &other] {
        assert_eq!(app.play(key, &json!({}), true).await.status, 200);
    }
    (app, struck, other)
}

fn account_of(key: &TestKey) -> AccountId {
    AccountId(key.account.parse::<Uuid>().expect("an id"))
}

/// Makes the key's actor panic at once; whoever asked right behind it learns it.
async fn panic_in_key(app: &TestApp, key: &TestKey) {
    let (now, told) = oneshot::channel();
    now.send(()).expect("nobody has taken it");
    let (bug, behind) = join(app.directory.ask_key(key.owned(), Bug(told)), app.directory.view_key(key.owned())).await;
    bug.expect("it was taken");
    assert_eq!(behind.err(), Some(AskError::Unavailable));
}

/// Until the API's thread has gone round: what was sent to it before has been read.
async fn go_round(app: &TestApp) {
    for _ in 0..10 {
        assert_eq!(app.exchange(b"GET /healthz HTTP/1.1\r\nhost: api\r\n\r\n").await.status, 200);
    }
}

async fn end_of(mut stream: TcpStream) -> Got {
    soon("a stream ends", raw::read(&mut stream)).await
}

fn assert_whole(got: &Got) {
    assert_eq!((got.status, got.ended), (200, Ended::Clean), "{}", got.text());
    assert_eq!(got.kinds().last().map(String::as_str), Some("message_stop"));
}

fn assert_try_again(got: &Got) {
    assert_eq!(got.status, 503, "{}", got.text());
    assert!(got.header("retry-after").is_some(), "{}", got.head);
}

/// A stream that outlasts what is done beside it.
fn long() -> Value {
    json!({ "tokens": 100, "chunks": 40, "delay_ms": 100 })
}

#[actix_web::test]
async fn a11_a_key_that_panics_answers_503_and_is_loaded_anew_for_the_next_call() {
    let (app, struck, other) = begin().await;
    let neighbour = app.wide_key(&struck.account).await;
    let (long, short) = (long(), json!({}));
    let streams = join_all([&struck, &neighbour, &other].map(|key| app.start_call(key, &long, true))).await;
    app.provider_until("all stream", |seen| seen.len() == 5).await;
    let (strike, told) = oneshot::channel();
    app.directory.ask_key(struck.owned(), Bug(told)).await.expect("it is taken");
    let waiting = join_all((0..3).map(|_| app.start_call(&struck, &short, true))).await;
    go_round(&app).await;
    strike.send(()).expect("it waits");
    for stream in waiting {
        assert_try_again(&end_of(stream).await);
    }
    // No wait and no second try: the books are there for the very next call.
    for key in [&struck, &neighbour, &other] {
        assert_whole(&app.play(key, &json!({}), true).await);
    }
    assert_eq!(app.directory.open_calls().count(), 3, "the streams run on");
    let view = app.view(&struck).await;
    assert_eq!(view["running"], 1, "a running call keeps its slot in the new books: {view}");
    assert_ne!(view["held"], "0", "and its hold");
    for stream in streams {
        assert_whole(&end_of(stream).await);
    }
    assert_eq!((app.lines(&struck).await.len(), app.lines(&other).await.len()), (3, 3));
    app.close().await;
}

#[actix_web::test]
async fn a11_an_account_that_panics_answers_503_and_a_repeat_has_one_effect() {
    let (app, struck, other) = begin().await;
    let path = |key: &TestKey| format!("/op/accounts/{}/deposit", key.account);
    let deposit = json!({ "amount": "7", "id": "once" });
    let (strike, told) = oneshot::channel();
    app.directory.ask_account(account_of(&struck), Bug(told)).await.expect("it is taken");
    let mut behind = Box::pin(app.directory.view_account(account_of(&struck)));
    assert!(futures_util::poll!(&mut behind).is_pending());
    assert_eq!(app.operator_says(&path(&other), &deposit).await.0, 200, "another reseller's deposit is made meanwhile");
    strike.send(()).expect("it waits");
    assert_eq!(
        soon("the panic", behind).await.err(),
        Some(AskError::Unavailable),
        "who waited behind it learns the same"
    );
    for _ in 0..2 {
        let (status, answer) = app.operator_says(&path(&struck), &deposit).await;
        assert!((200..300).contains(&status), "{status} {answer}");
    }
    for key in [&struck, &other] {
        assert_eq!(app.directory.view_account(account_of(key)).await.expect("a view").main.nanos(), 947_000_000_000);
    }
    app.close().await;
}

#[actix_web::test]
async fn a11_three_panics_in_a_minute_put_an_account_out_of_service_and_no_other() {
    let (app, struck, other) = begin().await;
    let stream = app.start_call(&struck, &long(), true).await;
    app.provider_until("it streams", |seen| seen.len() == 3).await;
    panic_in_key(&app, &struck).await;
    panic_in_key(&app, &struck).await;
    assert_whole(&app.play(&struck, &json!({}), true).await);
    panic_in_key(&app, &struck).await;
    let asked = app.sandbox.counted();
    for streamed in [true, false] {
        let got =
            app.exchange(&bytes_of(&struck, "/v1/messages", "", &scripted(&json!({}), streamed).to_string())).await;
        assert_try_again(&got);
    }
    assert_eq!(app.sandbox.counted(), asked, "a refused call does not reach the provider");
    let deposit = json!({ "amount": "7", "id": "once" });
    assert_eq!(app.operator_says(&format!("/op/accounts/{}/deposit", struck.account), &deposit).await.0, 503);
    assert_whole(&app.play(&other, &json!({}), true).await);
    assert_whole(&end_of(stream).await);
    assert_eq!(app.lines(&struck).await.len(), 3, "what ran is billed all the same");
    app.close().await;
}
