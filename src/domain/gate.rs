//! The gate of one key: the volatile part that admits calls. Window, slots and holds; none of it is stored.
//!
//! Exact by construction: at most `rpm` admissions in any 60 s, at most `slots` calls at once, and the sum of holds
//! never above what the key has left. A refusal takes nothing.

use crate::domain::ids::CallId;
use crate::domain::money::Cost;
use crate::domain::op::Refusal;
use std::collections::{HashMap, VecDeque};

/// Length of the window, in milliseconds.
pub const WINDOW_MS: u64 = 60_000;
/// A key with this many calls hung up before their start within `HANG_UP_WINDOW_MS` runs one call at a time: each
/// makes the platform pay for input it cannot bill (`faults.md` row 8).
pub const HANG_UPS_BEFORE_SLOWING: usize = 20;
pub const HANG_UP_WINDOW_MS: u64 = 600_000;

/// One running call's claims.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Hold {
    cost: Cost,
    /// False once the upstream connection is closed and only the settlement is outstanding.
    in_slot: bool,
}

/// Window, slots and holds of one key.
#[derive(Clone, Debug)]
pub struct Gate {
    rpm: i32,
    slots: i32,
    admitted: VecDeque<u64>,
    holds: HashMap<CallId, Hold>,
    held: Cost,
    in_slot: usize,
    hang_ups: VecDeque<u64>,
}

impl Gate {
    /// An empty gate with limits of at least 1.
    pub fn new(rpm: i32, slots: i32) -> Self {
        assert!(rpm > 0 && slots > 0, "limits are positive by the table's checks");
        Gate {
            rpm,
            slots,
            admitted: VecDeque::new(),
            holds: HashMap::new(),
            held: Cost::ZERO,
            in_slot: 0,
            hang_ups: VecDeque::new(),
        }
    }

    /// New limits; calls that run keep their slots.
    pub fn set_limits(&mut self, rpm: i32, slots: i32) {
        assert!(rpm > 0 && slots > 0, "limits are positive by the table's checks");
        (self.rpm, self.slots) = (rpm, slots);
    }

    /// Says whether window and slots would admit a call at `now_ms`, taking nothing.
    ///
    /// # Errors
    /// `RateLimited` with the time until the oldest admission leaves, and the newest; `TooManyAtOnce`.
    pub fn would_admit(&mut self, now_ms: u64) -> Result<(), Refusal> {
        self.forget_before(now_ms);
        if self.admitted.len() >= self.rpm as usize {
            let oldest = self.admitted[self.admitted.len() - self.rpm as usize];
            let (limit, _none, full_ms) = self.window(now_ms);
            return Err(Refusal::RateLimited { limit, retry_ms: oldest + WINDOW_MS - now_ms, full_ms });
        }
        if self.in_slot >= self.slots_now() {
            return Err(Refusal::TooManyAtOnce { limit: self.slots, window: self.window(now_ms) });
        }
        Ok(())
    }

    /// Admits a call: takes its place in the window, a slot and its hold.
    ///
    /// # Panics
    /// If the call is in the gate already, or `would_admit` was not asked: the caller skipped a step.
    pub fn admit(&mut self, call: CallId, hold: Cost, now_ms: u64) {
        assert!(self.admitted.len() < self.rpm as usize, "ask before admitting");
        self.admitted.push_back(now_ms);
        self.insert(call, hold, true);
    }

    /// Takes back a call that ran when the actor was rebuilt: slot and hold, and its place in the window.
    pub fn refill(&mut self, call: CallId, hold: Cost, in_slot: bool, now_ms: u64) {
        self.admitted.push_back(now_ms);
        self.insert(call, hold, in_slot);
    }

    fn insert(&mut self, call: CallId, cost: Cost, in_slot: bool) {
        let before = self.holds.insert(call, Hold { cost, in_slot });
        assert!(before.is_none(), "a call is admitted once");
        self.held = self.held.checked_add(cost).expect("holds are at most what the key has left");
        self.in_slot += usize::from(in_slot);
    }

    /// Raises a hold by `more`. False if the call is not here.
    pub fn grow(&mut self, call: CallId, more: Cost) -> bool {
        let Some(hold) = self.holds.get_mut(&call) else { return false };
        hold.cost = hold.cost.checked_add(more).expect("holds are at most what the key has left");
        self.held = self.held.checked_add(more).expect("holds are at most what the key has left");
        true
    }

    /// Ends a call's claims. False if it was not here (a replayed settlement).
    pub fn end(&mut self, call: CallId) -> bool {
        let Some(hold) = self.holds.remove(&call) else { return false };
        self.held = self.held.checked_sub(hold.cost).expect("the sum of holds counts each hold once");
        self.in_slot -= usize::from(hold.in_slot);
        true
    }

    /// Remembers a call that was hung up before its start. True when the key is slowed from now on.
    pub fn hung_up(&mut self, now_ms: u64) -> bool {
        self.hang_ups.push_back(now_ms);
        self.forget_before(now_ms);
        self.hang_ups.len() == HANG_UPS_BEFORE_SLOWING
    }

    /// Sum of the holds.
    pub fn held(&self) -> Cost {
        self.held
    }

    /// Calls in a slot now.
    pub fn running(&self) -> usize {
        self.in_slot
    }

    /// Calls whose claims are open, whether or not they still run.
    pub fn open(&self) -> usize {
        self.holds.len()
    }

    /// Limit, admissions left in the window, and milliseconds until the window is full again.
    pub fn window(&mut self, now_ms: u64) -> (i32, i32, u64) {
        self.forget_before(now_ms);
        let used = i32::try_from(self.admitted.len()).unwrap_or(i32::MAX);
        let until_full = self.admitted.back().map_or(0, |last| last + WINDOW_MS - now_ms);
        (self.rpm, (self.rpm - used).max(0), until_full)
    }

    fn slots_now(&self) -> usize {
        if self.hang_ups.len() >= HANG_UPS_BEFORE_SLOWING { 1 } else { self.slots as usize }
    }

    fn forget_before(&mut self, now_ms: u64) {
        while self.admitted.front().is_some_and(|t| t + WINDOW_MS <= now_ms) {
            self.admitted.pop_front();
        }
        while self.hang_ups.front().is_some_and(|t| t + HANG_UP_WINDOW_MS <= now_ms) {
            self.hang_ups.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn call(n: u128) -> CallId {
        CallId(Uuid::from_u128(n))
    }

    #[test]
    fn the_sixtieth_call_is_served_and_the_sixty_first_waits_for_the_oldest() {
        let mut gate = Gate::new(60, 100);
        for n in 0..60 {
            assert_eq!(gate.would_admit(n * 10), Ok(()));
            gate.admit(call(n.into()), Cost::ZERO, n * 10);
        }
        let refused = |retry_ms, full_ms| Err(Refusal::RateLimited { limit: 60, retry_ms, full_ms });
        assert_eq!(gate.would_admit(600), refused(59_400, 59_990));
        assert_eq!(gate.would_admit(59_999), refused(1, 591));
        assert_eq!(gate.would_admit(60_000), Ok(()));
    }

    #[test]
    fn the_fifth_at_once_is_served_and_the_sixth_is_not() {
        let mut gate = Gate::new(60, 5);
        for n in 0..5 {
            assert_eq!(gate.would_admit(0), Ok(()));
            gate.admit(call(n), Cost::from_nanos(3), 0);
        }
        assert_eq!(gate.would_admit(0), Err(Refusal::TooManyAtOnce { limit: 5, window: (60, 55, 60_000) }));
        assert_eq!((gate.held(), gate.running()), (Cost::from_nanos(15), 5));
        assert!(gate.end(call(0)) && !gate.end(call(0)));
        assert_eq!((gate.would_admit(0), gate.held()), (Ok(()), Cost::from_nanos(12)));
    }

    #[test]
    fn a_key_that_hangs_up_twenty_times_runs_one_call_at_a_time_for_ten_minutes() {
        let mut gate = Gate::new(60, 5);
        let slowed = (0..20).filter(|_| gate.hung_up(1_000)).count();
        gate.admit(call(1), Cost::ZERO, 1_000);
        assert_eq!((slowed, gate.would_admit(1_000).is_err()), (1, true));
        assert_eq!(gate.would_admit(1_000 + HANG_UP_WINDOW_MS), Ok(()));
    }
}
