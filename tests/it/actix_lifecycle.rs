//! More of what the design relies on in actix: how actors end, what a timer is worth, and what a server leaves to us.

use crate::support::calls::soon;
use actix::{Actor, ActorContext, AsyncContext, Context, Handler, Message, Supervised, Supervisor};
use actix_web::rt::net::TcpStream as Accepted;
use actix_web::{App, HttpServer};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

/// Counts what it handled in its own value, and tells how it ended.
struct Book {
    handled: usize,
    unwound: mpsc::UnboundedSender<bool>,
}

impl Actor for Book {
    type Context = Context<Self>;

    fn stopped(&mut self, _: &mut Self::Context) {
        let _ = self.unwound.send(std::thread::panicking());
    }
}

impl Supervised for Book {}

#[derive(Message)]
#[rtype(result = "usize")]
enum Do {
    Count,
    Stop,
    Fail,
}

impl Handler<Do> for Book {
    type Result = usize;

    fn handle(&mut self, m: Do, ctx: &mut Self::Context) -> usize {
        self.handled += 1;
        match m {
            Do::Count => {}
            Do::Stop => ctx.stop(),
            Do::Fail => panic!("as the test wants it"),
        }
        self.handled
    }
}

#[actix_web::test]
async fn a_supervisor_starts_the_same_value_again() {
    let (unwound, _kept) = mpsc::unbounded_channel();
    let addr = Supervisor::start(|_| Book { handled: 0, unwound });
    assert_eq!(addr.send(Do::Count).await, Ok(1));
    assert_eq!(addr.send(Do::Stop).await, Ok(2));
    assert_eq!(addr.send(Do::Count).await, Ok(3), "a book in doubt would be used on");
}

#[actix_web::test]
async fn stopped_runs_while_a_panic_unwinds() {
    let (unwound, mut told) = mpsc::unbounded_channel();
    let addr = Book { handled: 0, unwound }.start();
    assert!(addr.send(Do::Fail).await.is_err());
    assert_eq!(soon("it is told", told.recv()).await, Some(true), "so nothing may be saved there");
}

/// Arms a timer that is due at once, then handles what is in its mailbox.
struct Timed {
    handled: Arc<AtomicUsize>,
    fired_after: mpsc::UnboundedSender<usize>,
}

impl Actor for Timed {
    type Context = Context<Self>;
}

#[derive(Message)]
#[rtype(result = "()")]
struct Work;

impl Handler<Work> for Timed {
    type Result = ();

    fn handle(&mut self, _: Work, ctx: &mut Self::Context) {
        if self.handled.fetch_add(1, Ordering::SeqCst) == 0 {
            ctx.run_later(Duration::ZERO, |timed, _| {
                let _ = timed.fired_after.send(timed.handled.load(Ordering::SeqCst));
            });
        }
    }
}

#[actix_web::test]
async fn a_timer_waits_behind_every_message_in_the_mailbox() {
    let (fired_after, mut fired) = mpsc::unbounded_channel();
    let addr = Timed { handled: Arc::default(), fired_after }.start();
    (0..1_000).for_each(|_| addr.do_send(Work));
    assert_eq!(soon("the timer fires", fired.recv()).await, Some(1_000));
}

#[actix_web::test]
async fn a_server_leaves_nagle_on_unless_told() {
    for wanted in [None, Some(true)] {
        let (told, mut nodelay) = mpsc::unbounded_channel();
        let server = HttpServer::new(App::new).workers(1).disable_signals().on_connect(move |stream, _| {
            let stream = stream.downcast_ref::<Accepted>().expect("a TCP stream");
            let _ = told.send(stream.nodelay().expect("it says"));
        });
        let server = if let Some(wanted) = wanted { server.tcp_nodelay(wanted) } else { server };
        let server = server.bind("127.0.0.1:0").expect("a free port");
        let addr = server.addrs()[0];
        actix_web::rt::spawn(server.run());
        let _socket = TcpStream::connect(addr).await.expect("it listens");
        assert_eq!(soon("it is accepted", nodelay.recv()).await, Some(wanted.is_some()), "{wanted:?}");
    }
}
