//! Counters that forget: how often something happened in a window that begins with its first time.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::time::Duration;

/// Names remembered at once; beyond them new names are refused, so that a flood cannot fill the memory.
const MAX_NAMES: usize = 100_000;

/// What a throttle says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    Allowed,
    Refused,
}

/// Throttles by name.
#[derive(Default)]
pub struct Throttles {
    windows: Mutex<HashMap<String, Window>>,
}

struct Window {
    count: u32,
    ends_ms: u64,
}

impl Throttles {
    /// Counts one at `now_ms`; refused past `limit` in the window that runs. A refusal is counted too and changes
    /// nothing: the window still ends when it would have.
    pub fn count(&self, name: &str, limit: u32, window: Duration, now_ms: u64) -> Verdict {
        let ends_ms = now_ms.saturating_add(u64::try_from(window.as_millis()).unwrap_or(u64::MAX));
        let mut windows = self.windows.lock();
        if windows.len() >= MAX_NAMES && !windows.contains_key(name) {
            windows.retain(|_, w| w.ends_ms > now_ms);
            if windows.len() >= MAX_NAMES {
                return Verdict::Refused;
            }
        }
        let running = windows.entry(name.to_owned()).or_insert(Window { count: 0, ends_ms });
        if running.ends_ms <= now_ms {
            *running = Window { count: 0, ends_ms };
        }
        running.count = running.count.saturating_add(1);
        if running.count <= limit { Verdict::Allowed } else { Verdict::Refused }
    }

    /// Whether another one at `now_ms` would be refused; counts nothing.
    pub fn is_full(&self, name: &str, limit: u32, now_ms: u64) -> bool {
        self.windows.lock().get(name).is_some_and(|w| w.ends_ms > now_ms && w.count >= limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn the_limit_is_served_and_the_next_refused_until_the_window_ends() {
        let throttles = Throttles::default();
        let at = |now_ms| throttles.count("a", 3, MINUTE, now_ms);
        assert_eq!([at(0), at(1)], [Verdict::Allowed; 2]);
        assert!(!throttles.is_full("a", 3, 59_999));
        assert_eq!(at(59_999), Verdict::Allowed);
        assert!(throttles.is_full("a", 3, 59_999) && !throttles.is_full("a", 3, 60_000));
        assert_eq!(at(59_999), Verdict::Refused);
        assert_eq!(at(60_000), Verdict::Allowed);
    }

    #[test]
    fn names_do_not_share_a_window() {
        let throttles = Throttles::default();
        assert_eq!(throttles.count("a", 1, MINUTE, 0), Verdict::Allowed);
        assert_eq!(throttles.count("b", 1, MINUTE, 0), Verdict::Allowed);
        assert_eq!(throttles.count("a", 1, MINUTE, 0), Verdict::Refused);
    }

    #[test]
    fn a_flood_of_names_is_refused_and_forgotten_with_its_window() {
        let throttles = Throttles::default();
        for n in 0..MAX_NAMES {
            throttles.count(&n.to_string(), 1, MINUTE, 0);
        }
        assert_eq!(throttles.count("late", 1, MINUTE, 1), Verdict::Refused);
        assert_eq!(throttles.count("late", 1, MINUTE, 60_000), Verdict::Allowed);
    }
}
