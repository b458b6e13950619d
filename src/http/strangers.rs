//! Callers with a key that nobody has: so many a minute from one network, then 429. While a network is over, its keys
//! are not even looked up unless they are in the cache, so a flood of guesses cannot take the store from others.

use crate::clock::Clock;
use crate::domain::ids::CallId;
use crate::domain::trail;
use crate::http::error::ApiError;
use crate::http::site::guard;
use crate::store::volatile::Volatile;
use actix_web::HttpRequest;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

/// The budget of unknown keys; shared by all workers.
pub struct Strangers {
    pub volatile: Volatile,
    /// Unknown keys of one network in a minute before 429.
    pub per_minute: u32,
    /// Proxies in front whose `X-Forwarded-For` counts.
    pub trusted_hops: usize,
    pub clock: Clock,
}

impl Strangers {
    /// Refuses the network of a request that is over its budget.
    ///
    /// # Errors
    /// 429.
    pub fn refuse_if_over(&self, http: &HttpRequest, request: CallId) -> Result<(), ApiError> {
        let full = self.volatile.is_full(&self.name(http), self.per_minute, self.clock.now_ms());
        if full { Err(ApiError::too_many_unknown_keys(MINUTE.as_secs(), request)) } else { Ok(()) }
    }

    /// Counts an unknown key, and gives its refusal: 401, or 429 beyond the budget.
    pub async fn refusal(&self, http: &HttpRequest, request: CallId) -> ApiError {
        if self.volatile.allow(&self.name(http), self.per_minute, MINUTE, self.clock.now_ms()).await {
            ApiError::invalid_key(request)
        } else {
            ApiError::too_many_unknown_keys(MINUTE.as_secs(), request)
        }
    }

    fn name(&self, http: &HttpRequest) -> String {
        format!("unknown_keys:{}", trail::network_of(guard::client_ip(http, self.trusted_hops)))
    }
}
