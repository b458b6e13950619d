//! HTTP clients of the tests. Making one reads every certificate of the machine, tens of milliseconds in a debug build, so
//! each thread makes its own once.

use std::time::Duration;

/// A loaded machine may be slow; no test measures time.
pub const PATIENCE: Duration = Duration::from_secs(60);

thread_local! {
    static PLAIN: awc::Client = awc::Client::default();
    static PATIENT: awc::Client = awc::Client::builder().timeout(PATIENCE).finish();
    static BROWSING: awc::Client = awc::Client::builder().disable_redirects().timeout(PATIENCE).finish();
}

/// Waits five seconds for an answer.
pub fn plain() -> awc::Client {
    PLAIN.with(Clone::clone)
}

/// For many requests at once.
pub fn patient() -> awc::Client {
    PATIENT.with(Clone::clone)
}

/// Follows no redirect.
pub fn browsing() -> awc::Client {
    BROWSING.with(Clone::clone)
}
