//! Uses of Account Keys, written down at most once a minute for each network: what Settings and the trail show.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::clock::Clock;
use crate::domain::ids::AccountId;
use crate::domain::trail::{Trail, network_of};
use crate::store::account_key_uses::AccountKeyUseStore;

/// Between two lines of the same network, in ms.
const PAUSE_MS: u64 = 60_000;
/// Networks remembered; beyond it all are forgotten, which costs a write each.
const MOST: usize = 10_000;

/// Notes uses; clones are cheap and remember together.
#[derive(Clone)]
pub struct AccountKeyUses {
    store: AccountKeyUseStore,
    clock: Clock,
    noted: Arc<Mutex<HashMap<(AccountId, String), u64>>>,
}

impl AccountKeyUses {
    pub fn new(store: AccountKeyUseStore, clock: Clock) -> Self {
        AccountKeyUses { store, clock, noted: Arc::default() }
    }

    /// Notes a use. That it cannot be written keeps nobody from working.
    pub async fn note(&self, account: AccountId, trail: &Trail) {
        if self.is_due(account, trail)
            && let Err(error) = self.store.note(account, trail).await
        {
            tracing::warn!(account.id = %account, %error, "a use of an Account Key could not be noted");
        }
    }

    fn is_due(&self, account: AccountId, trail: &Trail) -> bool {
        let (now, mut noted) = (self.clock.now_ms(), self.noted.lock());
        if noted.len() >= MOST {
            noted.clear();
        }
        let place = (account, network_of(trail.ip));
        let due = noted.get(&place).is_none_or(|at| now.saturating_sub(*at) >= PAUSE_MS);
        if due {
            noted.insert(place, now);
        }
        due
    }
}
