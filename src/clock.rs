//! The only place that asks the machine for the time.
//!
//! Two times, never mixed: `now_ms` only grows and measures (windows, idleness); the wall clock may jump and is only
//! written down. A manual clock stands still until a test moves it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Utc};

/// A clock, cheap to clone; clones of a manual clock move together.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    /// The instant that counts as zero: the program's start.
    Real(Instant),
    Manual(Arc<Hands>),
    /// Zero of the runtime's time, and the wall clock then, with all steps since.
    Runtime(tokio::time::Instant, Arc<AtomicI64>),
}

#[derive(Debug)]
struct Hands {
    monotonic_us: AtomicU64,
    wall_us: AtomicI64,
}

impl Clock {
    /// The machine's clock; its monotonic side starts at zero now.
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn real() -> Self {
        Clock(Source::Real(Instant::now()))
    }

    /// A clock that stands at `wall_us` (µs since 1970, UTC) with its monotonic side at zero.
    pub fn manual(wall_us: i64) -> Self {
        let hands = Hands { monotonic_us: AtomicU64::new(0), wall_us: AtomicI64::new(wall_us) };
        Clock(Source::Manual(Arc::new(hands)))
    }

    /// A clock that goes with the runtime's timers, which a simulation holds still; it stands at `wall_us` now.
    pub fn of_runtime(wall_us: i64) -> Self {
        Clock(Source::Runtime(tokio::time::Instant::now(), Arc::new(AtomicI64::new(wall_us))))
    }

    /// Milliseconds since the clock was made; never goes back.
    pub fn now_ms(&self) -> u64 {
        self.now_us() / 1_000
    }

    /// Microseconds since the clock was made; never goes back.
    pub fn now_us(&self) -> u64 {
        match &self.0 {
            Source::Real(start) => u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX),
            Source::Manual(hands) => hands.monotonic_us.load(Ordering::SeqCst),
            Source::Runtime(start, _) => u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX),
        }
    }

    /// The wall clock in microseconds since 1970, UTC. It may jump either way.
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn wall_us(&self) -> i64 {
        match &self.0 {
            Source::Real(_) => micros_since_1970(SystemTime::now()),
            Source::Manual(hands) => hands.wall_us.load(Ordering::SeqCst),
            Source::Runtime(start, wall) => {
                let gone = i64::try_from(start.elapsed().as_micros()).unwrap_or(i64::MAX);
                wall.load(Ordering::SeqCst).saturating_add(gone)
            }
        }
    }

    /// The wall clock as a date, to the microsecond, as Postgres keeps it.
    pub fn now_utc(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.wall_us()).unwrap_or(DateTime::UNIX_EPOCH)
    }

    /// Moves both sides of a manual clock on.
    ///
    /// # Panics
    /// If the clock is the machine's.
    pub fn advance(&self, by: Duration) {
        let micros = u64::try_from(by.as_micros()).expect("no test lasts half a million years");
        self.hands().monotonic_us.fetch_add(micros, Ordering::SeqCst);
        self.step_wall(i64::try_from(micros).expect("no test lasts a quarter of a million years"));
    }

    /// Steps only the wall side of a test's clock, as a time server would (`faults.md` N5).
    ///
    /// # Panics
    /// If the clock is the machine's.
    pub fn step_wall(&self, by_us: i64) {
        let wall = match &self.0 {
            Source::Runtime(_, wall) => wall,
            _ => &self.hands().wall_us,
        };
        wall.fetch_add(by_us, Ordering::SeqCst);
    }

    fn hands(&self) -> &Hands {
        match &self.0 {
            Source::Manual(hands) => hands,
            Source::Real(_) | Source::Runtime(..) => panic!("only a manual clock can be moved"),
        }
    }
}

fn micros_since_1970(time: SystemTime) -> i64 {
    let (sign, distance) = match time.duration_since(UNIX_EPOCH) {
        Ok(after) => (1, after),
        Err(before) => (-1, before.duration()),
    };
    i64::try_from(distance.as_micros()).map_or(i64::MAX, |us| sign * us)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_of_a_manual_clock_move_together() {
        let clock = Clock::manual(1_700_000_000_000_000);
        clock.clone().advance(Duration::from_millis(1_500));
        assert_eq!((clock.now_ms(), clock.wall_us()), (1_500, 1_700_000_001_500_000));
        assert_eq!(clock.now_utc().timestamp_micros(), clock.wall_us());
    }

    #[test]
    fn n05_a_step_of_the_wall_clock_leaves_the_monotonic_side_alone() {
        let clock = Clock::manual(0);
        clock.step_wall(-86_400_000_000);
        assert_eq!((clock.now_ms(), clock.wall_us()), (0, -86_400_000_000));
    }

    #[test]
    fn the_machines_clock_never_goes_back() {
        let clock = Clock::real();
        let readings: Vec<u64> = (0..1_000).map(|_| clock.now_us()).collect();
        assert!(readings.is_sorted());
        assert!(clock.wall_us() > 1_700_000_000_000_000);
    }
}
