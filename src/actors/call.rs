//! A call's life in types: `Reservation` → `LiveCall`. Each says by its drop what becomes of the call's money.
//!
//! `Admit` answers with the guard itself: if its asker is gone, the reply is dropped and the guard gives everything
//! back. There is no way to the wire without one, and each settles or releases exactly once.

use crate::actors::directory::Directory;
use crate::actors::messages::{AskError, Grow, KeyRef, Release};
use crate::actors::settlement::{self, Durable};
use crate::domain::admission::Terms;
use crate::domain::call::{CallFacts, Meters};
use crate::domain::ids::CallId;
use crate::domain::money::Cost;
use crate::domain::outcome::{Flags, Outcome};
use crate::domain::quote::Quote;
use crate::store::journal::OpenNote;
use std::sync::Arc;
use tokio::sync::oneshot;

/// The key's window after an admission: limit, admissions left, milliseconds until it is full again.
pub type Window = (i32, i32, u64);

/// A call that was let through and not sent. Dropped: everything is given back.
#[must_use = "a dropped reservation gives the call's place back"]
pub struct Reservation {
    inner: Option<Inner>,
}

/// A call that may have reached the upstream. Dropped unsettled: recorded as hung up before its start.
#[must_use = "a live call must be settled"]
pub struct LiveCall {
    inner: Option<Inner>,
    started_us: i64,
}

struct Inner {
    directory: Directory,
    key: KeyRef,
    call: CallId,
    quote: Quote,
    terms: Terms,
    window: Window,
}

/// How a call ended, as its body saw it.
#[derive(Clone, Debug)]
pub struct CallEnd {
    pub outcome: Outcome,
    pub flags: Flags,
    /// Cost of the answer; zero unless answered.
    pub cost: Cost,
    pub absorbed: Cost,
    pub model: Arc<str>,
    pub meters: Meters,
    pub detail: Option<String>,
}

impl Reservation {
    pub(super) fn new(
        directory: Directory,
        key: KeyRef,
        call: CallId,
        quote: Quote,
        terms: Terms,
        window: Window,
    ) -> Self {
        Reservation { inner: Some(Inner { directory, key, call, quote, terms, window }) }
    }

    pub fn call(&self) -> CallId {
        self.inner().call
    }

    pub fn terms(&self) -> Terms {
        self.inner().terms
    }

    pub fn quote(&self) -> &Quote {
        &self.inner().quote
    }

    pub fn window(&self) -> Window {
        self.inner().window
    }

    /// Records that the request goes out now. Nothing may be sent before this returned.
    ///
    /// # Errors
    /// Where the note cannot be queued; the reservation is released.
    pub fn dispatch(mut self) -> Result<LiveCall, AskError> {
        let inner = self.inner.as_ref().expect("a reservation is used once");
        inner.directory.note(OpenNote {
            call: inner.call,
            account: inner.key.account,
            key: inner.key.key,
            bound: inner.quote.worst_case(),
            model: inner.quote.row().id.clone(),
        })?;
        let started_us = inner.directory.clock().wall_us();
        Ok(LiveCall { inner: self.inner.take(), started_us })
    }

    fn inner(&self) -> &Inner {
        self.inner.as_ref().expect("a reservation is used once")
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if let Some(inner) = self.inner.take() {
            inner.release();
        }
    }
}

impl Inner {
    fn release(self) {
        self.directory.open_calls().remove(self.key.key, self.call);
        self.directory.onlookers().changed(self.key.account);
        self.directory.tell_key_if_live(self.key, Release { call: self.call });
    }
}

impl LiveCall {
    pub fn call(&self) -> CallId {
        self.inner().call
    }

    pub fn terms(&self) -> Terms {
        self.inner().terms
    }

    pub fn quote(&self) -> &Quote {
        &self.inner().quote
    }

    pub fn window(&self) -> Window {
        self.inner().window
    }

    pub fn started_us(&self) -> i64 {
        self.started_us
    }

    pub fn directory(&self) -> &Directory {
        &self.inner().directory
    }

    /// Asks for the hold to be raised by `more`; false where the key cannot afford it. Does not borrow the call.
    pub fn grow(&self, more: Cost) -> impl Future<Output = bool> + use<> {
        let Inner { directory, key, call, .. } = self.inner();
        let (directory, key, message) = (directory.clone(), *key, Grow { call: *call, more });
        // Books that are being rebuilt, or a store that is away, do not end a stream: its charge is capped all the same.
        async move { directory.ask_key(key, message).await.and_then(|granted| granted).unwrap_or(true) }
    }

    /// Ends the call's money. The answer resolves when the settlement is durable; dropping it changes nothing.
    pub fn settle(mut self, end: CallEnd) -> oneshot::Receiver<Durable> {
        let inner = self.inner.take().expect("a call settles once");
        settle(inner, self.started_us, end)
    }

    fn inner(&self) -> &Inner {
        self.inner.as_ref().expect("a call settles once")
    }
}

impl Drop for LiveCall {
    fn drop(&mut self) {
        let Some(inner) = self.inner.take() else { return };
        let end = CallEnd {
            // Cut by our own stop, it is no hang-up of the client.
            outcome: if inner.directory.draining().is_cutting() {
                Outcome::DrainedBeforeContent
            } else {
                Outcome::CancelledBeforeStart
            },
            flags: Flags::NONE,
            cost: Cost::ZERO,
            absorbed: inner.quote.input_bound(),
            model: inner.quote.row().id.clone(),
            meters: Meters::default(),
            detail: None,
        };
        drop(settle(inner, self.started_us, end));
    }
}

fn settle(inner: Inner, started_us: i64, end: CallEnd) -> oneshot::Receiver<Durable> {
    let facts = CallFacts {
        call: inner.call,
        account: inner.key.account,
        key: inner.key.key,
        outcome: end.outcome,
        flags: end.flags,
        cost: end.cost,
        absorbed: end.absorbed,
        model: end.model,
        meters: end.meters,
        detail: end.detail,
        started_us,
        ended_us: inner.directory.clock().wall_us(),
    };
    settlement::carry(&inner.directory, facts)
}
