//! How many connections the open files of this process are enough for.
//!
//! A connection that took the last of them would cost more than itself: the calls that run could no longer reach the
//! provider, nor settlements the spool.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the database, the spool, mails and the standard streams may need.
const KEPT: u64 = 1_024;

/// Threads that serve pages, over the three sites that people and operators use.
const SITE_THREADS: u64 = 5;

/// The most connections at once, by what takes them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Places {
    /// Of the API, over all its threads.
    pub calls: usize,
    /// Of each thread of a site.
    pub site: usize,
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
    /// For so many open files, where a call takes `files_a_call`: its client's, the provider's, and the simulated
    /// provider's own. A quarter at most is kept for what is no connection, an eighth of the rest is for pages.
    pub fn of(files: u64, files_a_call: u64) -> Self {
        let open = files - KEPT.min(files / 4);
        let pages = open / 8;
        let size = |places: u64| usize::try_from(places.max(1)).unwrap_or(usize::MAX);
        Places { calls: size((open - pages) / files_a_call), site: size(pages / SITE_THREADS) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_never_take_the_files_that_calls_and_settlements_need() {
        for (files, a_call, calls, site) in
            [(256, 2, 84, 4), (1_024, 2, 336, 19), (20_000, 2, 8_302, 474), (20_000, 3, 5_534, 474), (0, 2, 1, 1)]
        {
            assert_eq!(Places::of(files, a_call), Places { calls, site }, "{files} files, {a_call} a call");
        }
        let unlimited = Places::of(u64::MAX, 2);
        assert!(unlimited.calls > 1_000_000_000, "{unlimited:?}");
    }
}
