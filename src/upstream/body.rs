//! The streamed answer on its way through: whole events go to the client as they came, a meter reads beside them, and
//! the terminal event waits until the settlement is durable.
//!
//! Exactly one settlement a body: at the terminal event, at a break, at a budget cut, or by its drop.

use crate::actors::call::LiveCall;
use crate::actors::draining::Draining;
use crate::actors::settlement::Durable;
use crate::domain::admission::SLICE_TOKENS;
use crate::domain::ending::Ending;
use crate::domain::ids::CallId;
use crate::domain::pricing::PriceBook;
use crate::domain::sse::{EventKind, Ready, Splitter};
use crate::domain::usage::Meter;
use crate::upstream::client::UpstreamSettings;
use crate::upstream::{cut, settle};
use actix_web::body::{BodySize, MessageBody};
use awc::ClientResponse;
use bytes::Bytes;
use futures_util::Stream;
use futures_util::future::LocalBoxFuture;
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{Instant, Sleep};

/// After our terminal event, how long the upstream may take to end its body so that its connection can be used again.
const LINGER: Duration = Duration::from_secs(1);

const BROKE_OFF: &str = "The model provider broke off its answer. What came was charged; send the request again.";
const BROKE_BEFORE: &str = "The model provider broke off before its answer. Nothing was charged; try again.";
const UNRECORDED: &str = "The answer could not be recorded and was not charged. Try again in a few seconds.";

/// A metered event stream.
pub struct MeteredBody {
    call: CallId,
    live: Option<LiveCall>,
    prices: Arc<PriceBook>,
    upstream: Option<ClientResponse>,
    splitter: Splitter,
    meter: Meter,
    /// Bytes that have gone to the client.
    passed: u64,
    /// Output tokens the hold pays for, and what was last asked for more.
    held_output: u64,
    growth: Growth,
    state: State,
    idle: Pin<Box<Sleep>>,
    idle_limit: Duration,
    last_part: Instant,
    deadline: Instant,
    draining: Draining,
}

enum Growth {
    Enough,
    /// For a hold up to so many output tokens.
    Asked(u64, LocalBoxFuture<'static, bool>),
    /// The key could not pay; asked once more when what is held is used up.
    Refused,
}

enum State {
    Flowing,
    /// Bytes to send, then the next state.
    Sending(VecDeque<Bytes>, Box<State>),
    /// The terminal event waits for the settlement.
    Settling(oneshot::Receiver<Durable>, Bytes),
    /// Close without a clean end, one turn later: the server drops what it has not flushed by then.
    Cutting {
        flushed: bool,
    },
    Ended,
}

impl MeteredBody {
    pub fn new(
        live: LiveCall,
        upstream: ClientResponse,
        prices: Arc<PriceBook>,
        settings: &UpstreamSettings,
        draining: Draining,
    ) -> Self {
        let now = Instant::now();
        let deadline = now + settings.total;
        MeteredBody {
            meter: Meter::new(live.quote().row().id.clone()),
            held_output: live.terms().output,
            call: live.call(),
            live: Some(live),
            prices,
            upstream: Some(upstream),
            splitter: Splitter::new(),
            passed: 0,
            growth: Growth::Enough,
            state: State::Flowing,
            idle: Box::pin(tokio::time::sleep_until(deadline.min(now + settings.idle))),
            idle_limit: settings.idle,
            last_part: now,
            deadline,
            draining,
        }
    }

    /// Reads on until there is something to send or a reason to end.
    fn flow(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        loop {
            if self.budget_is_used_up(cx) {
                self.cut_by_budget();
                return Poll::Ready(None);
            }
            let Some(upstream) = self.upstream.as_mut() else { return Poll::Ready(None) };
            match Pin::new(upstream).poll_next(cx) {
                Poll::Ready(Some(Ok(part))) => {
                    if let Some(bytes) = self.take_in(&part) {
                        return Poll::Ready(Some(bytes));
                    }
                    if !matches!(self.state, State::Flowing) {
                        return Poll::Ready(None);
                    }
                }
                Poll::Ready(Some(Err(_)) | None) => {
                    self.break_off("api_error");
                    return Poll::Ready(None);
                }
                Poll::Pending => {
                    if self.is_overdue(cx) {
                        self.break_off("timeout_error");
                        return Poll::Ready(None);
                    }
                    return Poll::Pending;
                }
            }
        }
    }

    /// Meters one part; gives what of it may go to the client now.
    fn take_in(&mut self, part: &Bytes) -> Option<Bytes> {
        self.last_part = Instant::now();
        let (meter, mut error_at) = (&mut self.meter, None);
        let pushed = self.splitter.push(part, |event| {
            if event.kind == EventKind::Error {
                error_at.get_or_insert(event.start);
            }
            if error_at.is_none() {
                meter.observe(event);
            }
        });
        let Ok(ready) = pushed else {
            self.break_off("api_error");
            return None;
        };
        let mut bytes = released(part, ready);
        if let Some(at) = error_at {
            bytes.truncate(usize::try_from(at.saturating_sub(self.passed)).unwrap_or(usize::MAX));
            self.break_off("api_error");
        } else if let Some(terminal) = self.splitter.terminal() {
            let terminal = Bytes::copy_from_slice(terminal);
            self.finish(Ending::Complete, terminal);
        } else {
            self.ask_growth();
        }
        self.passed += bytes.len() as u64;
        (!bytes.is_empty()).then_some(bytes)
    }

    fn finish(&mut self, ending: Ending, terminal: Bytes) {
        if let Some(live) = self.live.take() {
            self.state = State::Settling(settle::settle(live, &self.prices, ending, Some(&self.meter)), terminal);
        }
    }

    /// The upstream broke: settles what came, tells the client in words, and closes without a clean end.
    fn break_off(&mut self, kind: &'static str) {
        self.upstream = None;
        let Some(live) = self.live.take() else { return };
        let words = if self.meter.has_content() { BROKE_OFF } else { BROKE_BEFORE };
        let event = cut::error_event(kind, words, self.call);
        drop(settle::settle(live, &self.prices, Ending::Broken, Some(&self.meter)));
        self.state = State::Sending([event].into(), Box::new(State::Cutting { flushed: false }));
    }

    /// The key can pay no more: a clean length stop, and the upstream is cancelled.
    fn cut_by_budget(&mut self) {
        self.upstream = None;
        let stop = cut::length_stop(&self.meter);
        self.finish(Ending::CutByBudget, cut::terminal());
        let after = std::mem::replace(&mut self.state, State::Ended);
        self.state = State::Sending([stop].into(), Box::new(after));
    }

    /// Asks for the next slice once half of what is held has been used.
    fn ask_growth(&mut self) {
        let Some(live) = &self.live else { return };
        let used = self.meter.running_output();
        let due = match self.growth {
            Growth::Enough => used.saturating_mul(2) > self.held_output,
            Growth::Asked(..) => false,
            Growth::Refused => used >= self.held_output,
        };
        if due && self.held_output < live.quote().max_output() {
            let next = (self.held_output.max(used) + SLICE_TOKENS).min(live.quote().max_output());
            let more = live.quote().output_cost(next).saturating_sub(live.quote().output_cost(self.held_output));
            self.growth = Growth::Asked(next, Box::pin(live.grow(more)));
        }
    }

    /// Hears the answer to a growth; true when the key cannot pay for what comes next.
    fn budget_is_used_up(&mut self, cx: &mut Context<'_>) -> bool {
        let Growth::Asked(next, answer) = &mut self.growth else { return false };
        let Poll::Ready(granted) = answer.as_mut().poll(cx) else { return false };
        if granted {
            self.held_output = *next;
            self.growth = Growth::Enough;
            return false;
        }
        self.growth = Growth::Refused;
        self.meter.running_output() >= self.held_output
    }

    fn is_overdue(&mut self, cx: &mut Context<'_>) -> bool {
        while self.idle.as_mut().poll(cx).is_ready() {
            let limit = (self.last_part + self.idle_limit).min(self.deadline);
            if Instant::now() >= limit {
                return true;
            }
            self.idle.as_mut().reset(limit);
        }
        false
    }

    /// Reads the upstream's body to its end beside the settlement, so that its connection can be used again.
    fn drain_upstream(&mut self, cx: &mut Context<'_>) {
        while let Some(upstream) = self.upstream.as_mut() {
            match Pin::new(upstream).poll_next(cx) {
                Poll::Ready(Some(Ok(_after_the_terminal))) => {}
                Poll::Ready(_) => self.upstream = None,
                Poll::Pending => return,
            }
        }
    }

    fn settled(&mut self, durable: Result<Durable, oneshot::error::RecvError>, terminal: Bytes) -> Option<Bytes> {
        if let Some(upstream) = self.upstream.take() {
            actix_web::rt::spawn(linger(upstream));
        }
        match durable {
            Ok(Durable::Committed(_) | Durable::Spooled) => {
                self.state = State::Ended;
                Some(terminal)
            }
            Ok(Durable::Nowhere) | Err(_) => {
                let event = cut::error_event("api_error", UNRECORDED, self.call);
                self.state = State::Sending([event].into(), Box::new(State::Cutting { flushed: false }));
                None
            }
        }
    }
}

/// What may go out of a part, without a copy where nothing was carried over from earlier parts.
fn released(part: &Bytes, ready: Ready) -> Bytes {
    if ready.carried.is_empty() {
        return part.slice(..ready.upto);
    }
    let mut bytes = ready.carried;
    bytes.extend_from_slice(&part[..ready.upto]);
    bytes.into()
}

async fn linger(mut upstream: ClientResponse) {
    use futures_util::StreamExt;
    let _ = tokio::time::timeout(LINGER, async { while let Some(Ok(_)) = upstream.next().await {} }).await;
}

impl MessageBody for MeteredBody {
    type Error = io::Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, io::Error>>> {
        let body = self.get_mut();
        loop {
            match std::mem::replace(&mut body.state, State::Flowing) {
                State::Flowing => {
                    if let Some(bytes) = ready!(body.flow(cx)) {
                        return Poll::Ready(Some(Ok(bytes)));
                    }
                }
                State::Sending(mut bytes, next) => match bytes.pop_front() {
                    Some(first) => {
                        body.state = State::Sending(bytes, next);
                        return Poll::Ready(Some(Ok(first)));
                    }
                    None => body.state = *next,
                },
                State::Settling(mut durable, terminal) => {
                    body.drain_upstream(cx);
                    match Pin::new(&mut durable).poll(cx) {
                        Poll::Pending => {
                            body.state = State::Settling(durable, terminal);
                            return Poll::Pending;
                        }
                        Poll::Ready(answer) => {
                            if let Some(last) = body.settled(answer, terminal) {
                                return Poll::Ready(Some(Ok(last)));
                            }
                        }
                    }
                }
                State::Cutting { flushed } => {
                    body.state = State::Cutting { flushed: true };
                    if !flushed {
                        cx.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                    return Poll::Ready(Some(Err(io::Error::new(io::ErrorKind::ConnectionAborted, "cut on purpose"))));
                }
                State::Ended => {
                    body.state = State::Ended;
                    return Poll::Ready(None);
                }
            }
        }
    }
}

impl Drop for MeteredBody {
    fn drop(&mut self) {
        if let Some(live) = self.live.take() {
            let ending = if self.draining.is_cutting() { Ending::Drained } else { Ending::ClientGone };
            self.upstream = None;
            drop(settle::settle(live, &self.prices, ending, Some(&self.meter)));
        }
    }
}
