//! The calls this process has let through and not settled, by key. A rebuilt key actor refills its gate from here, so
//! that running calls keep their slot and hold over a discard.

use crate::actors::directory::ById;
use crate::actors::messages::KeyRef;
use crate::domain::ids::{AccountId, CallId, KeyId};
use crate::domain::money::Cost;
use crate::domain::op::{Movement, Op};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Shards of the table, so that workers on different keys do not wait for each other.
const SHARDS: usize = 64;

/// One call's claims, as its key's gate has them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpenCall {
    pub hold: Cost,
    /// False once only its settlement is outstanding.
    pub in_slot: bool,
}

/// What runs on a key, or on all keys of an account: shown beside the committed figures as *in flight*.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct InFlight {
    /// Calls that are not settled yet.
    pub calls: usize,
    /// Cost promised to them; what they do not use is free again when they end.
    pub held: Cost,
}

impl InFlight {
    /// Both together.
    pub fn and(self, other: InFlight) -> InFlight {
        InFlight { calls: self.calls + other.calls, held: self.held.saturating_add(other.held) }
    }
}

/// The open calls of one key; there is at least one.
struct OfKey {
    account: AccountId,
    calls: ById<CallId, OpenCall>,
}

impl OfKey {
    fn in_flight(&self) -> InFlight {
        let one = |open: &OpenCall| InFlight { calls: 1, held: open.hold };
        self.calls.values().map(one).fold(InFlight::default(), InFlight::and)
    }
}

type CallsOfKeys = ById<KeyId, OfKey>;

/// The table of open calls.
pub struct OpenCalls {
    shards: Vec<Mutex<CallsOfKeys>>,
    count: AtomicUsize,
}

impl Default for OpenCalls {
    fn default() -> Self {
        OpenCalls { shards: (0..SHARDS).map(|_| Mutex::default()).collect(), count: AtomicUsize::new(0) }
    }
}

impl OpenCalls {
    /// Remembers an admitted call.
    pub fn insert(&self, key: KeyRef, call: CallId, hold: Cost) {
        let open = OpenCall { hold, in_slot: true };
        let mut shard = self.shard(key.key).lock();
        let of_key = shard.entry(key.key);
        let of_key = of_key.or_insert_with(|| OfKey { account: key.account, calls: ById::default() });
        let before = of_key.calls.insert(call, open);
        assert!(before.is_none(), "a call is admitted once");
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// Keeps what a call of an older boot costs from being given back before it is settled; it runs no more.
    pub fn keep_for(&self, key: KeyRef, call: CallId, cost: Cost) {
        let mut shard = self.shard(key.key).lock();
        let of_key = shard.entry(key.key);
        let of_key = of_key.or_insert_with(|| OfKey { account: key.account, calls: ById::default() });
        if of_key.calls.insert(call, OpenCall { hold: cost, in_slot: false }).is_none() {
            self.count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Remembers that a call's hold was raised.
    pub fn grow(&self, key: KeyId, call: CallId, more: Cost) {
        if let Some(open) = self.shard(key).lock().get_mut(&key).and_then(|of_key| of_key.calls.get_mut(&call)) {
            open.hold = open.hold.saturating_add(more);
        }
    }

    /// Remembers that a call no longer runs; its hold stays until it is settled.
    pub fn leave_slot(&self, key: KeyId, call: CallId) {
        if let Some(open) = self.shard(key).lock().get_mut(&key).and_then(|of_key| of_key.calls.get_mut(&call)) {
            open.in_slot = false;
        }
    }

    /// Forgets a released or settled call.
    pub fn remove(&self, key: KeyId, call: CallId) {
        let mut shard = self.shard(key).lock();
        let Some(of_key) = shard.get_mut(&key) else { return };
        if of_key.calls.remove(&call).is_some() {
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
        if of_key.calls.is_empty() {
            shard.remove(&key);
        }
    }

    /// Forgets the call of a committed settle.
    pub fn remove_settled(&self, op: &Op) {
        if let (Movement::Settle(line), Some(key)) = (&op.movement, op.key) {
            self.remove(key, line.facts.call);
        }
    }

    /// The open calls of a key.
    pub fn of_key(&self, key: KeyId) -> Vec<(CallId, OpenCall)> {
        let shard = self.shard(key).lock();
        shard.get(&key).map_or_else(Vec::new, |of_key| of_key.calls.iter().map(|(c, o)| (*c, *o)).collect())
    }

    /// What runs on a key, without waking its actor.
    pub fn in_flight(&self, key: KeyId) -> InFlight {
        self.shard(key).lock().get(&key).map_or_else(InFlight::default, OfKey::in_flight)
    }

    /// What runs on the keys of an account, by key; keys on which nothing runs are absent. Looks at every key of this
    /// process that has a call open, which are never more than the calls it serves.
    pub fn in_flight_of(&self, account: AccountId) -> HashMap<KeyId, InFlight> {
        let mut found = HashMap::new();
        for shard in &self.shards {
            let shard = shard.lock();
            let own = shard.iter().filter(|(_, of_key)| of_key.account == account);
            found.extend(own.map(|(key, of_key)| (*key, of_key.in_flight())));
        }
        found
    }

    /// Open calls of all keys.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    fn shard(&self, key: KeyId) -> &Mutex<CallsOfKeys> {
        &self.shards[usize::from(key.0.as_bytes()[15]) % SHARDS]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn what_runs_is_summed_by_key_and_by_account() {
        let id = |n: u128| Uuid::from_u128(n);
        let key = |account, key| KeyRef { account: AccountId(id(account)), key: KeyId(id(key)) };
        let table = OpenCalls::default();
        let (a, b, foreign) = (key(1, 10), key(1, 11), key(2, 20));
        for (on, call, hold) in [(a, 1, 5), (a, 2, 7), (b, 3, 1), (foreign, 4, 100)] {
            table.insert(on, CallId(id(call)), Cost::from_nanos(hold));
        }
        table.grow(a.key, CallId(id(1)), Cost::from_nanos(3));
        table.leave_slot(a.key, CallId(id(2)));
        let running = |key| table.of_key(key).into_iter().filter(|(_, open)| open.in_slot).map(|(call, _)| call);
        assert_eq!(running(a.key).collect::<Vec<_>>(), [CallId(id(1))]);
        let flight = |calls, held| InFlight { calls, held: Cost::from_nanos(held) };
        assert_eq!(table.in_flight(a.key), flight(2, 15), "a call that only settles is still in flight");
        assert_eq!(table.in_flight_of(a.account), HashMap::from([(a.key, flight(2, 15)), (b.key, flight(1, 1))]));
        table.remove(a.key, CallId(id(1)));
        table.remove(a.key, CallId(id(2)));
        assert_eq!((table.in_flight(a.key), table.count()), (InFlight::default(), 2));
        assert_eq!(table.in_flight_of(a.account), HashMap::from([(b.key, flight(1, 1))]));
    }
}
