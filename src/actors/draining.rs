//! Whether the program is stopping.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Set once when the program stops: new calls are refused, and bodies that are dropped then were cut by us.
#[derive(Clone, Default)]
pub struct Draining(Arc<AtomicBool>);

impl Draining {
    pub fn begin(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub fn has_begun(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
