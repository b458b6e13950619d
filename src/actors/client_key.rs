//! The actor of one client key: admits calls, raises holds, settles them. It serialises the key's consumption, and
//! takes its next message at once: hundreds of settles of one key share a commit.

use crate::actors::call::Reservation;
use crate::actors::directory::Directory;
use crate::actors::entry::Life;
use crate::actors::lane::{Item, Submission, Waiter};
use crate::actors::messages::{
    Admit, AdmitFree, Answer, AskError, Close, Credit, Delivery, Grow, KeyClosing, KeyRef, KeyView, Passivate, Release,
    SetFrozen, SettingsChanged, Settle, ViewKey,
};
use crate::domain::admission::{self, Terms};
use crate::domain::gate::Gate;
use crate::domain::ids::CallId;
use crate::domain::key::{KeyBook, KeyStatus};
use crate::domain::money::Cost;
use crate::domain::op::{Movement, Refusal};
use crate::domain::outcome::{Flags, Outcome};
use crate::domain::quote::Quote;
use crate::store::journal::LoadedKey;
use actix::fut::WrapFuture;
use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, ResponseFuture};
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::oneshot;

/// How many settlements a key remembers to have decided.
const REMEMBERED_CALLS: usize = 64;

/// A loaded key: its book, its gate and its settings.
struct Loaded {
    book: KeyBook,
    gate: Gate,
    paused: bool,
    frozen: bool,
    rpm: i32,
    concurrency: i32,
    /// The last calls settled: one that is sent again before its commit would make the ledger refuse both.
    settled: VecDeque<CallId>,
}

/// One key's state with its way to the lane.
pub struct KeyActor {
    key: KeyRef,
    generation: u64,
    directory: Directory,
    life: Arc<Life>,
    loaded: Option<Loaded>,
}

impl KeyActor {
    pub fn new(key: KeyRef, generation: u64, directory: Directory, life: Arc<Life>) -> Self {
        KeyActor { key, generation, directory, life, loaded: None }
    }

    /// Takes the loaded row in; calls that run already get their slot and hold back.
    fn take_in(&mut self, row: LoadedKey) {
        let mut gate = Gate::new(row.rpm, row.concurrency);
        let now = self.directory.clock().now_ms();
        for (call, open) in self.directory.open_calls().of_key(self.key.key) {
            gate.refill(call, open.hold, open.in_slot, now);
        }
        let (paused, frozen, rpm, concurrency) = (row.paused, row.frozen, row.rpm, row.concurrency);
        let settled = VecDeque::new();
        self.loaded = Some(Loaded { book: row.book, gate, paused, frozen, rpm, concurrency, settled });
    }

    fn loaded(&mut self) -> Result<&mut Loaded, AskError> {
        if self.life.is_retired() {
            return Err(AskError::Discarded);
        }
        self.loaded.as_mut().ok_or(AskError::Unavailable)
    }

    fn admit(
        &mut self,
        call: CallId,
        quote: Quote,
        terms: impl FnOnce(&Quote, Cost) -> Result<Terms, Refusal>,
    ) -> Answer<Reservation> {
        let now = self.directory.clock().now_ms();
        let loaded = self.loaded()?;
        let terms = match loaded.decide_admit(now, |free| terms(&quote, free)) {
            Ok(terms) => terms,
            Err(refusal) => return Ok(Err(refusal)),
        };
        loaded.gate.admit(call, terms.hold, now);
        let window = loaded.gate.window(now);
        self.directory.open_calls().insert(self.key, call, terms.hold);
        self.directory.onlookers().changed(self.key.account);
        Ok(Ok(Reservation::new(self.directory.clone(), self.key, call, quote, terms, window)))
    }

    /// Hands back what a closing key no longer needs; `None` where there is nothing.
    fn give_back(&mut self) -> Option<(Cost, oneshot::Receiver<crate::actors::messages::Receipt>)> {
        let key = self.key;
        let loaded = self.loaded().ok()?;
        let cost = loaded.book.take_refund(loaded.gate.held());
        if cost == Cost::ZERO {
            return None;
        }
        let (done, taken) = oneshot::channel();
        self.directory.refund(key.account, key.key, cost, done);
        let (tell, receipt) = oneshot::channel();
        let (directory, generation) = (self.directory.clone(), self.generation);
        actix::spawn(async move {
            match taken.await {
                Ok(receipt) => drop(tell.send(receipt)),
                // The account did not take it: this book is ahead of the ledger. The next round gives back again.
                Err(_lost) => directory.discard_generation(key.account, generation),
            }
        });
        Some((cost, receipt))
    }

    fn settle(&mut self, m: Settle) {
        let now = self.directory.clock().now_ms();
        let (key, generation) = (self.key, self.generation);
        let loaded = match self.loaded() {
            Ok(loaded) => loaded,
            Err(error) => {
                let _ = m.done.send(Err(error));
                return;
            }
        };
        let (call, hung_up) = (m.facts.call, m.facts.outcome == Outcome::CancelledBeforeStart);
        if !loaded.is_first_settle(call) {
            // Whoever sent it again finds out from the ledger what became of the first.
            let _ = m.done.send(Err(AskError::Discarded));
            return;
        }
        let op = loaded.book.decide_settle(m.facts);
        if let Movement::Settle(line) = &op.movement
            && line.flags.has(Flags::CAPPED)
        {
            tracing::warn!(call.id = %call, absorbed.usd = %line.absorbed, "a call cost more than its key had left");
        }
        loaded.book.apply_settle(&op);
        loaded.gate.end(call);
        if hung_up && loaded.gate.hung_up(now) {
            tracing::warn!(key.id = %key.key, "calls are hung up before their start again and again: one at a time for now");
        }
        let waiter = Waiter::Settle { done: m.done, remaining: loaded.book.remaining() };
        self.directory.lane(key.account).send(Item::Op(Box::new(Submission { op, generation, waiter })));
        self.give_back();
    }
}

impl Loaded {
    /// Refuses by status, window and slots, then by budget; a refusal takes nothing.
    fn decide_admit(&mut self, now: u64, terms: impl FnOnce(Cost) -> Result<Terms, Refusal>) -> Result<Terms, Refusal> {
        if self.book.status != KeyStatus::Active {
            return Err(Refusal::KeyClosing);
        }
        if self.paused {
            return Err(Refusal::KeyPaused);
        }
        if self.frozen {
            return Err(Refusal::Frozen);
        }
        self.gate.would_admit(now)?;
        let free = self.book.left().saturating_sub(self.gate.held());
        terms(free).map_err(|refusal| self.in_price(refusal, now))
    }

    /// Remembers a call as settled; false if it was.
    fn is_first_settle(&mut self, call: CallId) -> bool {
        if self.settled.contains(&call) {
            return false;
        }
        if self.settled.len() == REMEMBERED_CALLS {
            self.settled.pop_front();
        }
        self.settled.push_back(call);
        true
    }

    /// A refusal for want of budget speaks of what the client sees, from the state the portal shows.
    fn in_price(&mut self, refusal: Refusal, now: u64) -> Refusal {
        match refusal {
            Refusal::BalanceTooLow { needed, .. } => Refusal::BudgetExhausted {
                needed: self.book.ratio.price_of_cost(needed),
                left: self.book.remaining().saturating_sub(self.book.ratio.price_of_cost(self.gate.held())),
                window: self.gate.window(now),
            },
            other => other,
        }
    }
}

impl Drop for KeyActor {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.directory.poisoned(self.key.account);
        }
    }
}

impl Actor for KeyActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let (done, loaded) = oneshot::channel();
        let KeyRef { account, key } = self.key;
        self.directory.lane(account).send(Item::LoadKey(account, key, self.generation, done));
        let take_in = loaded.into_actor(self).map(|loaded, actor, ctx| match loaded.ok().flatten() {
            Some(loaded) => actor.take_in(loaded),
            None => ctx.stop(),
        });
        ctx.wait(take_in);
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        self.directory.forget_key(self.key.key, &self.life);
    }
}

impl Handler<Admit> for KeyActor {
    type Result = Answer<Reservation>;

    fn handle(&mut self, m: Admit, _: &mut Self::Context) -> Self::Result {
        self.admit(m.call, m.quote, |quote, free| match m.delivery {
            Delivery::Streamed => admission::streamed(quote, free),
            Delivery::Buffered => admission::buffered(quote, free),
        })
    }
}

impl Handler<AdmitFree> for KeyActor {
    type Result = Answer<Reservation>;

    fn handle(&mut self, m: AdmitFree, _: &mut Self::Context) -> Self::Result {
        self.admit(m.call, m.quote, |_, free| admission::free(free))
    }
}

impl Handler<Grow> for KeyActor {
    type Result = Result<bool, AskError>;

    fn handle(&mut self, m: Grow, _: &mut Self::Context) -> Self::Result {
        let key = self.key.key;
        let loaded = self.loaded()?;
        let free = loaded.book.left().saturating_sub(loaded.gate.held());
        let grown = m.more <= free && loaded.gate.grow(m.call, m.more);
        if grown {
            self.directory.open_calls().grow(key, m.call, m.more);
        }
        Ok(grown)
    }
}

impl Handler<Release> for KeyActor {
    type Result = ();

    fn handle(&mut self, m: Release, _: &mut Self::Context) {
        if let Ok(loaded) = self.loaded() {
            loaded.gate.end(m.call);
        }
        self.give_back();
    }
}

impl Handler<Settle> for KeyActor {
    type Result = ();

    fn handle(&mut self, m: Settle, _: &mut Self::Context) {
        self.settle(m);
    }
}

impl Handler<Credit> for KeyActor {
    type Result = ();

    fn handle(&mut self, m: Credit, _: &mut Self::Context) {
        if let Ok(loaded) = self.loaded() {
            loaded.book.credit(m.seq, m.cost, m.price);
        }
    }
}

impl Handler<Close> for KeyActor {
    type Result = ResponseFuture<Result<KeyClosing, AskError>>;

    fn handle(&mut self, _: Close, _: &mut Self::Context) -> Self::Result {
        let closing = self.loaded().map(|loaded| {
            loaded.book.begin_closing();
            (loaded.book.posted, loaded.gate.held())
        });
        let given = self.give_back();
        Box::pin(async move {
            let (consumed, still_held) = closing?;
            let Some((returned, receipt)) = given else {
                return Ok(KeyClosing { returned: Cost::ZERO, still_held, consumed });
            };
            receipt.await.map_err(|_| AskError::Discarded)?;
            Ok(KeyClosing { returned, still_held, consumed })
        })
    }
}

impl Handler<SetFrozen> for KeyActor {
    type Result = ();

    fn handle(&mut self, m: SetFrozen, _: &mut Self::Context) {
        if let Ok(loaded) = self.loaded() {
            loaded.frozen = m.0;
        }
    }
}

impl Handler<SettingsChanged> for KeyActor {
    type Result = ();

    fn handle(&mut self, m: SettingsChanged, _: &mut Self::Context) {
        if let Ok(loaded) = self.loaded() {
            (loaded.paused, loaded.rpm, loaded.concurrency) = (m.paused, m.rpm, m.concurrency);
            loaded.gate.set_limits(m.rpm, m.concurrency);
        }
    }
}

impl Handler<ViewKey> for KeyActor {
    type Result = Result<KeyView, AskError>;

    fn handle(&mut self, _: ViewKey, _: &mut Self::Context) -> Self::Result {
        let now = self.directory.clock().now_ms();
        let loaded = self.loaded()?;
        let (rpm, window_left, window_full_in_ms) = loaded.gate.window(now);
        let book = &loaded.book;
        Ok(KeyView {
            ratio: book.ratio,
            budget: book.budget,
            spent: book.spent,
            remaining: book.remaining(),
            funded: book.funded,
            posted: book.posted,
            refunded: book.refunded,
            held: loaded.gate.held(),
            running: loaded.gate.running(),
            rpm,
            window_left,
            window_full_in_ms,
            concurrency: loaded.concurrency,
            paused: loaded.paused,
            frozen: loaded.frozen,
        })
    }
}

impl Handler<Passivate> for KeyActor {
    type Result = ();

    fn handle(&mut self, _: Passivate, ctx: &mut Self::Context) {
        let busy = self.loaded.as_ref().is_some_and(|l| l.gate.open() > 0);
        if !busy && self.directory.leave_key(self.key.key, &self.life) {
            ctx.stop();
        }
    }
}
