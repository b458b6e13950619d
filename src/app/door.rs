//! The door of the API: its connections are served on the threads of the actors.
//!
//! `HttpServer` brings threads of its own, so every admission and every settlement would change its thread twice, and on
//! a busy machine each change is a system call and a wait for the scheduler. Here a call, its actors and their lane
//! share a thread; with several threads, only calls of accounts that live elsewhere change theirs.

use crate::http::guest::Guest;
use actix::ArbiterHandle;
use actix_service::Service;
use actix_web::rt::net::TcpStream;
use futures_util::future::{LocalBoxFuture, poll_fn};
use std::collections::VecDeque;
use std::net::TcpListener;
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tokio::task::{AbortHandle, JoinSet};

/// How long a thread waits after it could not accept: most often every file descriptor is taken, and some come back.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// Makes the service of one thread, on that thread.
pub type Make<S> = Box<dyn FnOnce() -> LocalBoxFuture<'static, S> + Send>;

/// A bound listener that does not serve yet.
pub struct Door(Box<dyn FnOnce() -> OpenDoor>);

/// A listener that serves, and how to stop it.
pub struct OpenDoor {
    close: watch::Sender<()>,
    closed: Vec<oneshot::Receiver<()>>,
}

impl Door {
    /// Every home accepts from the one listener, at most `limit` connections at once each. Beyond it the oldest on which
    /// no key came gives way; where there is none, the kernel queues.
    ///
    /// # Errors
    /// If the listener cannot be shared.
    pub fn new<S>(
        listener: &TcpListener,
        limit: usize,
        homes: Vec<ArbiterHandle>,
        make: impl Fn() -> Make<S>,
    ) -> std::io::Result<Self>
    where
        S: Service<TcpStream, Response = ()> + 'static,
    {
        listener.set_nonblocking(true)?;
        let shared = homes.into_iter().map(|home| Ok((home, listener.try_clone()?, make())));
        let shared: Vec<_> = shared.collect::<std::io::Result<_>>()?;
        Ok(Door(Box::new(move || {
            let (close, told) = watch::channel(());
            let open = |(home, listener, make): (ArbiterHandle, TcpListener, Make<S>)| {
                let (done, closed) = oneshot::channel();
                let told = told.clone();
                home.spawn_fn(move || {
                    actix::spawn(async move {
                        serve(listener, limit, make().await, told).await;
                        let _ = done.send(());
                    });
                });
                closed
            };
            let closed = shared.into_iter().map(open).collect();
            OpenDoor { close, closed }
        })))
    }

    /// Begins to accept.
    pub fn open(self) -> OpenDoor {
        (self.0)()
    }
}

impl OpenDoor {
    /// Accepts no more and drops every connection; returns when all are gone.
    pub async fn close(self) {
        drop(self.close);
        for closed in self.closed {
            let _ = closed.await;
        }
    }
}

/// Accepts and serves until told to stop. Connections are tasks of the set, which ends them when it is dropped.
async fn serve<S>(listener: TcpListener, limit: usize, service: S, mut told: watch::Receiver<()>)
where
    S: Service<TcpStream, Response = ()>,
    S::Future: 'static,
{
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(%error, "the API cannot accept on one of its threads"),
    };
    let (mut connections, mut strangers) = (JoinSet::new(), Strangers::default());
    loop {
        tokio::select! {
            _ = told.changed() => return,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept(), if connections.len() < limit || strangers.can_give_way() => match accepted {
                Ok((stream, _peer)) => {
                    strangers.told &= connections.len() * 2 > limit;
                    // The last stranger may have become known while nobody came.
                    if connections.len() >= limit && !strangers.give_way(limit) {
                        tokio::select! {
                            _ = told.changed() => return,
                            _ = connections.join_next() => {}
                        }
                    }
                    if poll_fn(|cx| service.poll_ready(cx)).await.is_ok() {
                        let (guest, serving) = (Guest::default(), service.call(stream));
                        let serving = guest.serve(async move { drop(serving.await) });
                        strangers.enter(guest, connections.spawn_local(serving), limit);
                    }
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_AGAIN).await;
                }
            },
        }
    }
}

/// Connections on which no key came yet, the oldest first; some have ended or are known by now.
#[derive(Default)]
struct Strangers {
    queue: VecDeque<(Guest, AbortHandle)>,
    /// That some gave way, until half of the places were free again.
    told: bool,
}

impl Strangers {
    fn enter(&mut self, guest: Guest, connection: AbortHandle, limit: usize) {
        // Who leads the queue may stay long, while those behind come and go.
        if self.queue.len() >= 2 * limit {
            self.queue.retain(is_stranger);
        }
        self.queue.push_back((guest, connection));
    }

    fn can_give_way(&mut self) -> bool {
        while self.queue.front().is_some_and(|first| !is_stranger(first)) {
            self.queue.pop_front();
        }
        !self.queue.is_empty()
    }

    /// Ends the oldest, whose place is free as soon as its task is dropped; false if there is none.
    fn give_way(&mut self, limit: usize) -> bool {
        if !self.can_give_way() {
            return false;
        }
        if let Some((_, connection)) = self.queue.pop_front() {
            connection.abort();
        }
        if !std::mem::replace(&mut self.told, true) {
            tracing::warn!(limit, "every connection is taken: the oldest on which no key came give way to new ones");
        }
        true
    }
}

fn is_stranger((guest, connection): &(Guest, AbortHandle)) -> bool {
    !guest.is_known() && !connection.is_finished()
}

/// The peer left before it was accepted.
fn is_of_one_connection(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
