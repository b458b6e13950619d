//! One live actor in the directory: its address, who may still believe it, and how many wait for it.

use actix::dev::ToEnvelope;
use actix::{Actor, Addr, Handler, Message};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use crate::actors::messages::AskError;

/// Messages that may wait for one actor; actix's own mailbox bound does not hold (each clone of an address adds one).
pub const MAX_WAITING: usize = 1_024;

/// Shared between the directory and one actor.
#[derive(Default, Debug)]
pub struct Life {
    retired: AtomicBool,
    waiting: AtomicUsize,
    last_used_ms: AtomicU64,
}

impl Life {
    /// True once the books of this actor are no longer trusted; it answers nothing any more.
    pub fn is_retired(&self) -> bool {
        self.retired.load(Ordering::Acquire)
    }

    pub fn retire(&self) {
        self.retired.store(true, Ordering::Release);
    }

    /// True if nobody asked for `idle_ms`.
    pub fn is_idle(&self, now_ms: u64, idle_ms: u64) -> bool {
        now_ms.saturating_sub(self.last_used_ms.load(Ordering::Relaxed)) >= idle_ms && self.is_unawaited()
    }

    /// Takes a place among those who wait. Called under the directory's lock, so that an actor which leaves when
    /// nobody waits cannot leave between a look-up and its message.
    pub fn enter(self: &Arc<Self>, now_ms: u64) -> Result<Permit, AskError> {
        self.last_used_ms.store(now_ms, Ordering::Relaxed);
        let permit = Permit(self.clone());
        if self.waiting.fetch_add(1, Ordering::AcqRel) >= MAX_WAITING { Err(AskError::Overloaded) } else { Ok(permit) }
    }

    /// True if nobody waits.
    pub fn is_unawaited(&self) -> bool {
        self.waiting.load(Ordering::Acquire) == 0
    }
}

/// A place among those who wait for an actor.
#[derive(Debug)]
pub struct Permit(Arc<Life>);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

/// An actor's address with its life and the generation of its books.
pub struct Live<A: Actor> {
    pub addr: Addr<A>,
    pub life: Arc<Life>,
    pub generation: u64,
}

impl<A: Actor> Clone for Live<A> {
    fn clone(&self) -> Self {
        Live { addr: self.addr.clone(), life: self.life.clone(), generation: self.generation }
    }
}

impl<A: Actor> Live<A> {
    /// Asks and waits. A stopped actor drops the message, which reads as unavailable.
    pub async fn ask<M>(self, message: M, permit: Result<Permit, AskError>) -> Result<M::Result, AskError>
    where
        M: Message + Send + 'static,
        M::Result: Send,
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
    {
        let _permit = permit?;
        self.addr.send(message).await.map_err(|_| AskError::Unavailable)
    }
}
