//! How far the program is on its way to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

const SERVING: u8 = 0;
const REFUSING: u8 = 1;
const CUTTING: u8 = 2;

/// Only moves forward: serving, then refusing new calls, then cutting those that still run.
#[derive(Clone, Default)]
pub struct Draining(Arc<AtomicU8>);

impl Draining {
    /// From now on new calls get 503.
    pub fn refuse(&self) {
        self.0.fetch_max(REFUSING, Ordering::AcqRel);
    }

    /// From now on a body that is dropped was cut by us, not left by its client.
    pub fn cut(&self) {
        self.0.fetch_max(CUTTING, Ordering::AcqRel);
    }

    pub fn is_refusing(&self) -> bool {
        self.0.load(Ordering::Acquire) != SERVING
    }

    pub fn is_cutting(&self) -> bool {
        self.0.load(Ordering::Acquire) == CUTTING
    }
}
