//! What the design relies on in actix, actix-web and awc. Each is undocumented or surprising, so an upgrade that changes
//! one must be noticed here.

use crate::support::app::until;
use crate::support::calls::soon;
use actix::{Actor, Addr, AsyncContext, Context, Handler, Message, ResponseFuture};
use actix_web::body::{BodySize, MessageBody};
use actix_web::web::{self, Bytes, Json};
use actix_web::{App, Error, HttpResponse, HttpServer};
use serde_json::Value;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};

/// An actor that counts, and whose mailbox a test can hold up.
#[derive(Default)]
struct Counter {
    handled: Arc<AtomicUsize>,
    ended: Arc<AtomicUsize>,
}

impl Actor for Counter {
    type Context = Context<Self>;
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.ended.fetch_add(1, Ordering::SeqCst);
    }
}

/// Counts; answers with a value whose drop is counted too.
#[derive(Message)]
#[rtype(result = "Reply")]
struct Count;

#[derive(actix::MessageResponse)]
struct Reply(#[allow(dead_code, reason = "its drop is what counts")] Dropped);

struct Dropped(Arc<AtomicUsize>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Handler<Count> for Counter {
    type Result = Reply;

    fn handle(&mut self, _: Count, _: &mut Self::Context) -> Reply {
        self.handled.fetch_add(1, Ordering::SeqCst);
        Reply(Dropped(self.ended.clone()))
    }
}

/// Panics in its handler.
#[derive(Message)]
#[rtype(result = "()")]
struct Fail;

impl Handler<Fail> for Counter {
    type Result = ();

    fn handle(&mut self, _: Fail, _: &mut Self::Context) {
        panic!("as the test wants it");
    }
}

/// Answers once it is let go; the actor goes on meanwhile.
#[derive(Message)]
#[rtype(result = "()")]
struct Wait(oneshot::Receiver<()>);

impl Handler<Wait> for Counter {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, m: Wait, _: &mut Self::Context) -> Self::Result {
        Box::pin(async move { drop(m.0.await) })
    }
}

/// Stops the mailbox until it is let go, as `started` does while books are loaded.
#[derive(Message)]
#[rtype(result = "()")]
struct HoldUp(oneshot::Receiver<()>);

impl Handler<HoldUp> for Counter {
    type Result = ();

    fn handle(&mut self, m: HoldUp, ctx: &mut Self::Context) {
        ctx.wait(actix::fut::wrap_future(async move { drop(m.0.await) }));
    }
}

fn counter() -> (Addr<Counter>, Arc<AtomicUsize>, Arc<AtomicUsize>) {
    let (handled, ended) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
    (Counter { handled: handled.clone(), ended: ended.clone() }.start(), handled, ended)
}

fn now(count: &AtomicUsize) -> usize {
    count.load(Ordering::SeqCst)
}

#[actix_web::test]
async fn a_send_dropped_before_its_message_is_handled_cancels_the_message() {
    let (addr, handled, _) = counter();
    let (let_go, held) = oneshot::channel();
    addr.do_send(HoldUp(held));
    let mut asking = Box::pin(addr.send(Count));
    assert!(futures_util::poll!(&mut asking).is_pending());
    drop(asking);
    let _ = let_go.send(());
    addr.send(Count).await.expect("alive");
    assert_eq!(now(&handled), 1, "the first was never handled");
}

#[actix_web::test]
async fn a_message_to_a_stopped_actor_is_lost_without_a_word() {
    let (addr, handled, _) = counter();
    addr.do_send(Fail);
    until("the actor is gone", async || !addr.connected()).await;
    addr.do_send(Count);
    assert!(addr.send(Count).await.is_err());
    assert_eq!(now(&handled), 0);
}

#[actix_web::test]
async fn a_panic_ends_an_actor_and_nobody_starts_it_again() {
    let (addr, _, ended) = counter();
    assert!(addr.send(Fail).await.is_err(), "who asked learns it");
    until("the actor is gone", async || !addr.connected()).await;
    assert_eq!(now(&ended), 1, "its state is dropped");
}

#[actix_web::test]
async fn the_mailbox_bound_does_not_bound_senders_that_clone_the_address() {
    let (addr, handled, _) = counter();
    let (let_go, held) = oneshot::channel();
    addr.do_send(HoldUp(held));
    let mut sends = Vec::new();
    // actix bounds a mailbox to 16.
    for _ in 0..1_000 {
        let own = addr.clone();
        let mut send = Box::pin(async move { own.send(Count).await });
        assert!(futures_util::poll!(&mut send).is_pending());
        sends.push(send);
    }
    let _ = let_go.send(());
    for send in sends {
        send.await.expect("each was in the mailbox");
    }
    assert_eq!(now(&handled), 1_000);
}

#[actix_web::test]
async fn a_reply_that_nobody_waits_for_is_dropped() {
    let (addr, handled, ended) = counter();
    addr.do_send(Count);
    until("it is handled", async || now(&handled) == 1).await;
    assert_eq!(now(&ended), 1, "the reply's drop ran");
}

#[actix_web::test]
async fn a_handler_s_future_does_not_hold_up_the_next_message() {
    let (addr, handled, _) = counter();
    let (let_go, held) = oneshot::channel();
    let mut waiting = Box::pin(addr.send(Wait(held)));
    assert!(futures_util::poll!(&mut waiting).is_pending());
    addr.send(Count).await.expect("alive");
    assert_eq!(now(&handled), 1);
    let _ = let_go.send(());
    waiting.await.expect("alive");
}

#[actix_web::test]
async fn a_wait_in_the_context_holds_up_every_message() {
    let (addr, handled, _) = counter();
    let (let_go, held) = oneshot::channel();
    addr.send(HoldUp(held)).await.expect("alive");
    let mut asking = Box::pin(addr.send(Count));
    for _ in 0..100 {
        assert!(futures_util::poll!(&mut asking).is_pending());
        tokio::task::yield_now().await;
    }
    assert_eq!(now(&handled), 0);
    let _ = let_go.send(());
    asking.await.expect("alive");
}

/// A body that never ends and whose drop is told.
struct Endless(mpsc::UnboundedSender<()>);

impl MessageBody for Endless {
    type Error = Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(self: Pin<&mut Self>, _: &mut TaskContext<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        Poll::Pending
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

/// A server with an endless body, an echo of JSON and one of bytes, as this program sets its own up or as it comes.
fn server(is_half_closed_allowed: bool) -> (SocketAddr, mpsc::UnboundedReceiver<()>) {
    let (dropped, told) = mpsc::unbounded_channel();
    let server = HttpServer::new(move || {
        let dropped = dropped.clone();
        App::new()
            .route("/endless", web::get().to(move || endless(dropped.clone())))
            .route("/json", web::post().to(async |body: Json<Value>| HttpResponse::Ok().json(body.0)))
            .route("/bytes", web::post().to(async |body: Bytes| HttpResponse::Ok().body(body)))
            .route(
                "/away",
                web::get().to(async || HttpResponse::Found().insert_header(("location", "/bytes")).finish()),
            )
    });
    let server = server.workers(1).disable_signals().h1_allow_half_closed(is_half_closed_allowed);
    let server = server.bind("127.0.0.1:0").expect("a free port");
    let addr = server.addrs()[0];
    actix_web::rt::spawn(server.run());
    (addr, told)
}

async fn endless(dropped: mpsc::UnboundedSender<()>) -> HttpResponse {
    HttpResponse::Ok().body(Endless(dropped))
}

async fn get(addr: SocketAddr, path: &str) -> TcpStream {
    let mut socket = TcpStream::connect(addr).await.expect("it listens");
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n");
    socket.write_all(request.as_bytes()).await.expect("taken");
    let mut head = [0; 512];
    assert!(socket.read(&mut head).await.expect("a head") > 0);
    socket
}

#[actix_web::test]
async fn a_client_s_leaving_drops_the_body_and_is_told_by_nothing_else() {
    let (addr, mut dropped) = server(false);
    let socket = get(addr, "/endless").await;
    assert!(dropped.try_recv().is_err());
    drop(socket);
    soon("the body is dropped", dropped.recv()).await.expect("told");
}

#[actix_web::test]
async fn a_half_closed_connection_keeps_its_body_unless_that_is_forbidden() {
    let (allowing, mut kept) = server(true);
    let (forbidding, mut dropped) = server(false);
    let mut first = get(allowing, "/endless").await;
    let mut second = get(forbidding, "/endless").await;
    first.shutdown().await.expect("half closed");
    second.shutdown().await.expect("half closed");
    soon("the body is dropped", dropped.recv()).await.expect("told");
    assert!(kept.try_recv().is_err(), "the other server still holds its body");
}

#[actix_web::test]
async fn bytes_stop_at_256_kib_and_json_at_2_mib() {
    let (addr, _) = server(false);
    let text = |len: usize| format!("\"{}\"", "x".repeat(len - 2));
    let rows =
        [("/bytes", 262_144, 200), ("/bytes", 262_145, 413), ("/json", 2_097_152, 200), ("/json", 2_097_153, 413)];
    for (path, len, status) in rows {
        let request = awc::Client::default().post(format!("http://{addr}{path}"));
        let request = request.insert_header(("content-type", "application/json")).timeout(Duration::from_secs(30));
        let answer = request.send_body(text(len)).await.expect("an answer");
        assert_eq!(answer.status(), status, "{path} with {len} bytes");
    }
}

#[actix_web::test]
async fn awc_follows_redirects_and_gives_up_after_five_seconds_unless_told_otherwise() {
    let (addr, _) = server(false);
    let url = format!("http://{addr}/away");
    let followed = awc::Client::default().get(&url).send().await.expect("an answer");
    assert_eq!(followed.status(), 404, "where the redirect leads, GET is not served");
    let plain = awc::Client::builder().disable_redirects().finish();
    assert_eq!(plain.get(&url).send().await.expect("an answer").status(), 302);
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/", silent.local_addr().expect("an address"));
    let clock = derouter::clock::Clock::real();
    let began = clock.now_ms();
    assert!(awc::Client::default().get(url).send().await.is_err());
    assert!((4_900..10_000).contains(&(clock.now_ms() - began)));
}
