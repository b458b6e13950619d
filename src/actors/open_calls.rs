//! The calls this process has let through and not settled, by key. A rebuilt key actor refills its gate from here, so
//! that running calls keep their slot and hold over a discard.

use crate::domain::ids::{CallId, KeyId};
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

type CallsOfKeys = HashMap<KeyId, HashMap<CallId, OpenCall>>;

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
    pub fn insert(&self, key: KeyId, call: CallId, hold: Cost) {
        let open = OpenCall { hold, in_slot: true };
        let before = self.shard(key).lock().entry(key).or_default().insert(call, open);
        assert!(before.is_none(), "a call is admitted once");
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// Remembers that a call's hold was raised.
    pub fn grow(&self, key: KeyId, call: CallId, more: Cost) {
        if let Some(open) = self.shard(key).lock().get_mut(&key).and_then(|calls| calls.get_mut(&call)) {
            open.hold = open.hold.saturating_add(more);
        }
    }

    /// Remembers that a call no longer runs; its hold stays until it is settled.
    pub fn leave_slot(&self, key: KeyId, call: CallId) {
        if let Some(open) = self.shard(key).lock().get_mut(&key).and_then(|calls| calls.get_mut(&call)) {
            open.in_slot = false;
        }
    }

    /// Forgets a released or settled call.
    pub fn remove(&self, key: KeyId, call: CallId) {
        let mut shard = self.shard(key).lock();
        let Some(calls) = shard.get_mut(&key) else { return };
        if calls.remove(&call).is_some() {
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
        if calls.is_empty() {
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
        shard.get(&key).map_or_else(Vec::new, |calls| calls.iter().map(|(c, o)| (*c, *o)).collect())
    }

    /// Open calls of all keys.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    fn shard(&self, key: KeyId) -> &Mutex<CallsOfKeys> {
        &self.shards[usize::from(key.0.as_bytes()[15]) % SHARDS]
    }
}
