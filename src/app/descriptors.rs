//! How many connections the open files of this process are enough for.
//!
//! A connection that took the last of them would cost more than itself: the calls that run could no longer reach the
//! provider, nor settlements the spool.

use crate::app::sites::WORKERS;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the database, the spool, mails, listeners and event queues may need; at rest they are about a hundred.
const KEPT: u64 = 1_024;

/// Threads that serve pages: those of dashboard and portal, and the console's.
const SITE_THREADS: usize = 2 * WORKERS + 1;

/// The most connections at once of one thread, by what it serves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Places {
    pub calls: usize,
    pub pages: usize,
}

/// Raises the soft limit of open files to the hard one and gives it.
///
/// The soft one is low for the sake of programs that use `select`, which we do not.
pub fn raise() -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum
        && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })
    {
        tracing::warn!(%error, "the limit of open files cannot be raised");
    }
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

impl Places {
    /// For so many open files and threads of the API, where a call takes `files_a_call`: its client's, the provider's, and
    /// the simulated provider's own. Half at most is kept for what is no connection, an eighth of the rest is for pages.
    pub fn of(files: u64, files_a_call: u64, threads: usize) -> Self {
        let open = files - KEPT.min(files / 2);
        let for_pages = open / 8;
        let share = |files: u64, threads: usize| (usize::try_from(files).unwrap_or(usize::MAX) / threads).max(1);
        Places { calls: share((open - for_pages) / files_a_call, threads), pages: share(for_pages, SITE_THREADS) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_never_take_the_files_that_calls_and_settlements_need() {
        for (files, a_call, threads, calls, pages) in [
            (256, 2, 1, 56, 3),
            (1_024, 2, 1, 224, 12),
            (20_000, 2, 1, 8_302, 474),
            (20_000, 3, 1, 5_534, 474),
            (20_000, 2, 4, 2_075, 474),
            (0, 2, 1, 1, 1),
        ] {
            let places = Places::of(files, a_call, threads);
            assert_eq!(places, Places { calls, pages }, "{files} files, {a_call} a call, {threads} threads");
        }
        let unlimited = Places::of(u64::MAX, 2, 1);
        assert!(unlimited.calls > 1_000_000_000, "{unlimited:?}");
    }
}
