//! Turns at an order: whoever looks at it waits for the look before. Orders share a few hundred turns, so that nothing
//! grows with them.

use crate::domain::ids::TopupId;
use tokio::sync::{Mutex, MutexGuard};

/// Turns there are: two orders that are looked at together seldom share one.
const TURNS: usize = 256;

/// The turns of one desk.
pub struct Turns(Vec<Mutex<()>>);

impl Default for Turns {
    fn default() -> Self {
        Turns((0..TURNS).map(|_| Mutex::new(())).collect())
    }
}

impl Turns {
    /// Waits for the turn of an order; it ends when the guard is dropped.
    pub async fn take(&self, id: TopupId) -> MutexGuard<'_, ()> {
        let last = id.0.as_bytes()[15];
        self.0[usize::from(last) % TURNS].lock().await
    }
}
