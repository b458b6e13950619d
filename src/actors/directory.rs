//! The directory: from an id to the one live actor of it. It activates on demand, throws away books in doubt, and lets
//! idle actors go. It is the supervisor; actix's own restarts the same value, and ours must be loaded again.

use crate::actors::account::AccountActor;
use crate::actors::client_key::KeyActor;
use crate::actors::draining::Draining;
use crate::actors::entry::{Life, Live};
use crate::actors::lane::{Item, LaneHandle};
use crate::actors::messages::{AskError, KeyRef, Passivate, Receipt, SetFrozen, TakeRefund};
use crate::actors::onlookers::Onlookers;
use crate::actors::open_calls::OpenCalls;
use crate::actors::quarantine::Quarantine;
use crate::clock::Clock;
use crate::domain::ids::{AccountId, KeyId};
use crate::domain::money::Cost;
use crate::store::journal::OpenNote;
use crate::store::spool::Spool;
use actix::dev::ToEnvelope;
use actix::{Actor, ArbiterHandle, Context, Handler, Message};
use parking_lot::{Mutex, RwLock};
use std::collections::HashMap;
use std::future::Future;
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::oneshot;

/// One thread of actors with the lane that writes for them.
#[derive(Clone)]
pub struct Home {
    pub arbiter: ArbiterHandle,
    pub lane: LaneHandle,
}

/// By an id of ours, which nobody can choose to collide; walked in the same order whenever the same was done before, so
/// that a simulation can be repeated.
pub(super) type ById<K, V> = HashMap<K, V, BuildHasherDefault<DefaultHasher>>;

struct Shared {
    homes: Vec<Home>,
    accounts: RwLock<ById<AccountId, Live<AccountActor>>>,
    keys: RwLock<ById<KeyId, (AccountId, Live<KeyActor>)>>,
    /// How often an account's books were thrown away; absent = never.
    generations: Mutex<HashMap<AccountId, u64>>,
    quarantine: Quarantine,
    draining: Draining,
    open_calls: OpenCalls,
    onlookers: Onlookers,
    settlements: Settlements,
    spool: Arc<Spool>,
    clock: Clock,
}

/// How many settlements are being carried; a stop waits for none.
#[derive(Default)]
pub struct Settlements(AtomicUsize);

impl Settlements {
    pub(super) fn begin(&self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn end(&self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }

    pub fn count(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }
}

/// A cheap handle; all clones are the same directory.
#[derive(Clone)]
pub struct Directory(Arc<Shared>);

impl Directory {
    /// A directory over at least one home.
    pub fn new(homes: Vec<Home>, spool: Arc<Spool>, clock: Clock) -> Self {
        assert!(!homes.is_empty(), "actors need a thread to live on");
        Directory(Arc::new(Shared {
            homes,
            accounts: RwLock::default(),
            keys: RwLock::default(),
            generations: Mutex::default(),
            quarantine: Quarantine::default(),
            draining: Draining::default(),
            open_calls: OpenCalls::default(),
            onlookers: Onlookers::default(),
            settlements: Settlements::default(),
            spool,
            clock,
        }))
    }

    /// Asks the account's actor, activating it if need be.
    pub async fn ask_account<M>(&self, account: AccountId, message: M) -> Result<M::Result, AskError>
    where
        M: Message + Send + 'static,
        M::Result: Send,
        AccountActor: Handler<M>,
        Context<AccountActor>: ToEnvelope<AccountActor, M>,
    {
        let now = self.0.clock.now_ms();
        if self.0.quarantine.holds(account, now) {
            return Err(AskError::Unavailable);
        }
        let (live, permit) = self.live_account(account, |live| (live.clone(), live.life.enter(now)));
        live.ask(message, permit).await
    }

    /// Asks the key's actor, activating it if need be.
    pub async fn ask_key<M>(&self, key: KeyRef, message: M) -> Result<M::Result, AskError>
    where
        M: Message + Send + 'static,
        M::Result: Send,
        KeyActor: Handler<M>,
        Context<KeyActor>: ToEnvelope<KeyActor, M>,
    {
        let now = self.0.clock.now_ms();
        if self.0.quarantine.holds(key.account, now) {
            return Err(AskError::Unavailable);
        }
        let (live, permit) = self.live_key(key, |live| (live.clone(), live.life.enter(now)));
        live.ask(message, permit).await
    }

    /// Sends without waiting and without a permit, activating the actor if need be: for settlements.
    pub fn tell_key<M>(&self, key: KeyRef, message: M)
    where
        M: Message + Send + 'static,
        M::Result: Send,
        KeyActor: Handler<M>,
        Context<KeyActor>: ToEnvelope<KeyActor, M>,
    {
        self.live_key(key, |live| live.addr.do_send(message));
    }

    /// Sends to the key's actor if it lives; one that does not will load what the message says.
    pub fn tell_key_if_live<M>(&self, key: KeyRef, message: M)
    where
        M: Message + Send + 'static,
        M::Result: Send,
        KeyActor: Handler<M>,
        Context<KeyActor>: ToEnvelope<KeyActor, M>,
    {
        if let Some((_, live)) = self.0.keys.read().get(&key.key) {
            live.addr.do_send(message);
        }
    }

    /// Hands a closing key's refund to its account's actor, activating it if need be. The actor cannot leave before it has
    /// taken it: a refund lost in a mailbox would throw away sound books, and whoever deletes the key would read 503.
    pub fn refund(&self, account: AccountId, key: KeyId, cost: Cost, done: oneshot::Sender<Receipt>) {
        let now = self.0.clock.now_ms();
        self.live_account(account, |live| {
            let permit = live.life.enter(now).ok();
            live.addr.do_send(TakeRefund { key, cost, done, permit });
        });
    }

    /// Tells every live key of an account whether it is frozen.
    pub fn freeze_keys(&self, account: AccountId, frozen: bool) {
        for (owner, live) in self.0.keys.read().values() {
            if *owner == account {
                live.addr.do_send(SetFrozen(frozen));
            }
        }
    }

    /// Throws away the books of an account unless that was done since `generation`.
    pub fn discard_generation(&self, account: AccountId, generation: u64) {
        if self.generation(account) == generation {
            self.discard(account);
        }
    }

    /// An actor of this account panicked: its books are thrown away, and after three times within a minute the account is
    /// left alone for a while. Others do not notice.
    pub fn poisoned(&self, account: AccountId) {
        if self.0.quarantine.count(account, self.0.clock.now_ms()) {
            tracing::error!(account.id = %account, "the books of an account panic again and again: it is out of service");
        } else {
            tracing::error!(account.id = %account, "an actor of an account panicked: its books are loaded anew");
        }
        self.discard(account);
    }

    /// Throws away the books of an account: its actors stop, the next message loads new ones.
    pub fn discard(&self, account: AccountId) {
        *self.0.generations.lock().entry(account).or_default() += 1;
        if let Some(live) = self.0.accounts.write().remove(&account) {
            live.life.retire();
        }
        self.0.keys.write().retain(|_, (owner, live)| {
            if *owner == account {
                live.life.retire();
            }
            *owner != account
        });
    }

    /// Removes an actor that stopped by itself, unless another has taken its place.
    pub fn forget_account(&self, account: AccountId, life: &Arc<Life>) {
        let mut accounts = self.0.accounts.write();
        if accounts.get(&account).is_some_and(|live| Arc::ptr_eq(&live.life, life)) {
            accounts.remove(&account);
        }
    }

    /// As `forget_account`, for a key.
    pub fn forget_key(&self, key: KeyId, life: &Arc<Life>) {
        let mut keys = self.0.keys.write();
        if keys.get(&key).is_some_and(|(_, live)| Arc::ptr_eq(&live.life, life)) {
            keys.remove(&key);
        }
    }

    /// Lets an actor leave if nobody waits for it; true if it may stop now. A retired one may always.
    pub fn leave_account(&self, account: AccountId, life: &Arc<Life>) -> bool {
        let mut accounts = self.0.accounts.write();
        if !life.is_retired() && !life.is_unawaited() {
            return false;
        }
        if accounts.get(&account).is_some_and(|live| Arc::ptr_eq(&live.life, life)) {
            accounts.remove(&account);
        }
        life.retire();
        true
    }

    /// As `leave_account`, for a key.
    pub fn leave_key(&self, key: KeyId, life: &Arc<Life>) -> bool {
        let mut keys = self.0.keys.write();
        if !life.is_retired() && !life.is_unawaited() {
            return false;
        }
        if keys.get(&key).is_some_and(|(_, live)| Arc::ptr_eq(&live.life, life)) {
            keys.remove(&key);
        }
        life.retire();
        true
    }

    /// Asks every actor that was idle for `idle_ms` to leave.
    pub fn passivate_idle(&self, idle_ms: u64) {
        let now = self.0.clock.now_ms();
        let idle = |life: &Life| life.is_idle(now, idle_ms);
        self.0.accounts.read().values().filter(|l| idle(&l.life)).for_each(|l| l.addr.do_send(Passivate));
        self.0.keys.read().values().filter(|(_, l)| idle(&l.life)).for_each(|(_, l)| l.addr.do_send(Passivate));
    }

    /// Runs a task on the thread of an account's actors; it lives on when its caller is gone.
    pub fn spawn_beside(&self, account: AccountId, task: impl Future<Output = ()> + Send + 'static) {
        self.home(account).arbiter.spawn(task);
    }

    /// Puts the note of a dispatched call into its lane.
    ///
    /// # Errors
    /// `Overloaded` where the lane's queue is full, `Unavailable` where its store is away: nothing may be sent then.
    pub fn note(&self, note: OpenNote) -> Result<(), AskError> {
        let lane = self.lane(note.account);
        if !lane.is_healthy() {
            return Err(AskError::Unavailable);
        }
        if lane.is_full() {
            return Err(AskError::Overloaded);
        }
        lane.send(Item::Note(note));
        Ok(())
    }

    /// The lane of an account.
    pub fn lane(&self, account: AccountId) -> &LaneHandle {
        &self.home(account).lane
    }

    /// True while every lane's store answers.
    pub fn is_healthy(&self) -> bool {
        self.0.homes.iter().all(|h| h.lane.is_healthy())
    }

    /// All lanes, for figures.
    pub fn homes(&self) -> &[Home] {
        &self.0.homes
    }

    /// How far the program is on its way to stop.
    pub fn draining(&self) -> &Draining {
        &self.0.draining
    }

    pub fn open_calls(&self) -> &OpenCalls {
        &self.0.open_calls
    }

    /// Pages that look at accounts.
    pub fn onlookers(&self) -> &Onlookers {
        &self.0.onlookers
    }

    pub fn settlements(&self) -> &Settlements {
        &self.0.settlements
    }

    pub fn spool(&self) -> &Spool {
        &self.0.spool
    }

    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Live actors: accounts and keys.
    pub fn live_counts(&self) -> (usize, usize) {
        (self.0.accounts.read().len(), self.0.keys.read().len())
    }

    /// Accounts with a live actor: no other can have changed.
    pub fn live_accounts(&self) -> Vec<AccountId> {
        self.0.accounts.read().keys().copied().collect()
    }

    /// As `live_accounts`, for keys.
    pub fn live_keys(&self) -> Vec<KeyId> {
        self.0.keys.read().keys().copied().collect()
    }

    fn home(&self, account: AccountId) -> &Home {
        let shard = usize::try_from(account.shard()).expect("a shard is 0 to 4095");
        &self.0.homes[shard % self.0.homes.len()]
    }

    /// How often the account's books were thrown away: actors of another generation are not believed.
    pub(super) fn generation(&self, account: AccountId) -> u64 {
        self.0.generations.lock().get(&account).copied().unwrap_or(0)
    }

    /// Gives the account's live actor to `take`, under the lock; starts one if there is none.
    fn live_account<T>(&self, account: AccountId, take: impl FnOnce(&Live<AccountActor>) -> T) -> T {
        let accounts = self.0.accounts.read();
        if let Some(live) = accounts.get(&account).filter(|l| is_usable(l)) {
            return take(live);
        }
        drop(accounts);
        let mut accounts = self.0.accounts.write();
        // Another caller may have activated it between the two locks.
        if accounts.get(&account).is_none_or(|l| !is_usable(l)) {
            let (life, generation) = (Arc::<Life>::default(), self.generation(account));
            let (directory, alive) = (self.clone(), life.clone());
            let addr = AccountActor::start_in_arbiter(&self.home(account).arbiter, move |_| {
                AccountActor::new(account, generation, directory, alive)
            });
            accounts.insert(account, Live { addr, life, generation });
        }
        take(&accounts[&account])
    }

    /// As `live_account`, for a key.
    fn live_key<T>(&self, key: KeyRef, take: impl FnOnce(&Live<KeyActor>) -> T) -> T {
        let keys = self.0.keys.read();
        if let Some((_, live)) = keys.get(&key.key).filter(|(_, l)| is_usable(l)) {
            return take(live);
        }
        drop(keys);
        let mut keys = self.0.keys.write();
        if keys.get(&key.key).is_none_or(|(_, l)| !is_usable(l)) {
            let (life, generation) = (Arc::<Life>::default(), self.generation(key.account));
            let (directory, alive) = (self.clone(), life.clone());
            let addr = KeyActor::start_in_arbiter(&self.home(key.account).arbiter, move |_| {
                KeyActor::new(key, generation, directory, alive)
            });
            keys.insert(key.key, (key.account, Live { addr, life, generation }));
        }
        take(&keys[&key.key].1)
    }
}

fn is_usable<A: Actor>(live: &Live<A>) -> bool {
    live.addr.connected() && !live.life.is_retired()
}
