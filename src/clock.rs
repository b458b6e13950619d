//! The only place that reads a clock: monotonic for limits and time-outs, wall time for what is written down.

use chrono::{DateTime, Utc};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Instant;

/// A clock; clones show the same time.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    Real { start: Instant },
    Manual(Arc<Hands>),
}

struct Hands {
    monotonic_ms: AtomicU64,
    wall_us: AtomicI64,
}

impl Clock {
    /// The machine's clock.
    #[allow(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn real() -> Self {
        Clock(Source::Real { start: Instant::now() })
    }

    /// A clock that only `advance` moves, starting at `wall_us` microseconds since the Unix epoch.
    pub fn manual(wall_us: i64) -> Self {
        Clock(Source::Manual(Arc::new(Hands { monotonic_ms: AtomicU64::new(0), wall_us: AtomicI64::new(wall_us) })))
    }

    /// Milliseconds since some start; never goes back.
    pub fn now_ms(&self) -> u64 {
        match &self.0 {
            Source::Real { start } => u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
            Source::Manual(hands) => hands.monotonic_ms.load(Ordering::Relaxed),
        }
    }

    /// Microseconds since the Unix epoch, UTC; may step when the machine's time is corrected.
    pub fn wall_us(&self) -> i64 {
        self.now_utc().timestamp_micros()
    }

    /// The wall time.
    #[allow(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn now_utc(&self) -> DateTime<Utc> {
        match &self.0 {
            Source::Real { .. } => Utc::now(),
            Source::Manual(hands) => {
                DateTime::from_timestamp_micros(hands.wall_us.load(Ordering::Relaxed)).unwrap_or_default()
            }
        }
    }

    /// Moves a manual clock forward; a real one goes by itself.
    pub fn advance_ms(&self, ms: u64) {
        if let Source::Manual(hands) = &self.0 {
            hands.monotonic_ms.fetch_add(ms, Ordering::Relaxed);
            hands.wall_us.fetch_add(i64::try_from(ms * 1_000).unwrap_or(i64::MAX), Ordering::Relaxed);
        }
    }
}
