//! Accounts whose actors panic again and again: they are left alone for a while, so that a bug met by one reseller's
//! books costs nobody else the thread they share.

use crate::domain::ids::AccountId;
use parking_lot::Mutex;
use std::collections::HashMap;

/// Panics of one account's actors within `WINDOW_MS` that take it out of service for `OUT_FOR_MS`.
const PANICS: usize = 3;
const WINDOW_MS: u64 = 60_000;
/// Long enough for a person to look, short enough that a bug met by chance heals itself.
const OUT_FOR_MS: u64 = 600_000;

/// When actors panicked, by account; empty unless we have a bug.
#[derive(Default)]
pub struct Quarantine(Mutex<HashMap<AccountId, Struck>>);

#[derive(Default)]
struct Struck {
    times_ms: Vec<u64>,
    out_until_ms: u64,
}

impl Quarantine {
    /// Counts a panic; true if it takes the account out of service.
    pub fn count(&self, account: AccountId, now_ms: u64) -> bool {
        let mut accounts = self.0.lock();
        let struck = accounts.entry(account).or_default();
        struck.times_ms.retain(|t| now_ms.saturating_sub(*t) < WINDOW_MS);
        struck.times_ms.push(now_ms);
        let is_out = struck.times_ms.len() >= PANICS;
        if is_out {
            struck.out_until_ms = now_ms + OUT_FOR_MS;
        }
        is_out
    }

    /// True while an account is out of service.
    pub fn holds(&self, account: AccountId, now_ms: u64) -> bool {
        self.0.lock().get(&account).is_some_and(|struck| now_ms < struck.out_until_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const ONE: AccountId = AccountId(Uuid::nil());
    const OTHER: AccountId = AccountId(Uuid::max());

    #[test]
    fn a11_three_panics_within_a_minute_put_one_account_out_of_service_for_ten() {
        let quarantine = Quarantine::default();
        assert!(!quarantine.count(ONE, 0) && !quarantine.count(ONE, 30_000));
        assert!(!quarantine.holds(ONE, 30_000));
        assert!(quarantine.count(ONE, 59_999));
        assert!(quarantine.holds(ONE, 59_999) && quarantine.holds(ONE, 659_998));
        assert!(!quarantine.holds(OTHER, 60_000) && !quarantine.holds(ONE, 659_999));
        // A settlement that strikes the same bug meanwhile does not let it out early.
        assert!(quarantine.count(ONE, 61_000) && quarantine.holds(ONE, 660_000));
        assert!(!quarantine.count(ONE, 130_000) && quarantine.holds(ONE, 660_000));
    }

    #[test]
    fn a11_panics_a_minute_apart_put_nobody_out_of_service() {
        let quarantine = Quarantine::default();
        assert!((0..20).all(|n| !quarantine.count(ONE, n * 30_000)));
        assert!(!quarantine.holds(ONE, 600_000));
    }
}
