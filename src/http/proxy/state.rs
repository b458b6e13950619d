//! What a worker needs to serve model calls.

use crate::actors::directory::Directory;
use crate::actors::draining::Draining;
use crate::clock::Clock;
use crate::domain::ids::CallId;
use crate::domain::pricing::PriceBook;
use crate::http::error::ApiError;
use crate::http::proxy::body_in::{BodyBudget, BodyRules};
use crate::identity::credentials::Credentials;
use crate::upstream::client::UpstreamClient;
use arc_swap::ArcSwap;
use std::sync::Arc;
use uuid::{NoContext, Timestamp, Uuid};

/// One worker's share of the proxy; everything but the upstream client is shared by all workers.
pub struct ProxyState {
    pub directory: Directory,
    pub prices: Arc<ArcSwap<PriceBook>>,
    pub credentials: Credentials,
    pub upstream: UpstreamClient,
    pub bodies: BodyBudget,
    pub draining: Draining,
    pub body: BodyRules,
    /// Largest buffered answer, bytes.
    pub answer_limit: usize,
}

impl ProxyState {
    /// A new call id: a UUIDv7 of now, which is the request id too.
    pub fn new_call(&self) -> CallId {
        call_at(self.directory.clock())
    }

    /// Refuses while the program stops or the store is away, before anything is read.
    pub fn refuse_while_away(&self, request: CallId) -> Result<(), ApiError> {
        // Spread over a few seconds, so that clients do not come back all at once.
        let seconds = 1 + u64::from(request.0.as_bytes()[15] % 4);
        match (self.draining.is_refusing(), self.directory.is_healthy()) {
            (true, _) => Err(ApiError::stopping(seconds, request)),
            (false, false) => Err(ApiError::try_again(seconds, request)),
            (false, true) => Ok(()),
        }
    }
}

/// A fresh call id: UUIDv7, so that ids sort by time.
pub fn call_at(clock: &Clock) -> CallId {
    let us = clock.wall_us().max(0);
    let (seconds, nanos) = (us / 1_000_000, (us % 1_000_000) * 1_000);
    let seconds = u64::try_from(seconds).unwrap_or(0);
    let nanos = u32::try_from(nanos).unwrap_or(0);
    CallId(Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, nanos)))
}
