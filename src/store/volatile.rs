//! What may be lost: throttles.
//!
//! All of it works in this process's memory. Redis, where there is one, only makes throttles stricter: it remembers
//! them over a restart. It gets a fixed time to answer; slower counts as absent, and after a failure it is not asked
//! for a while, so that no request ever waits for it twice. Nothing that lets somebody in depends on it.

use crate::store::window::{Throttles, Verdict};
use deadpool_redis::redis::pipe;
use deadpool_redis::{Config, CreatePoolError, Pool, Runtime};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Before all our names, since a Redis may be shared.
const PREFIX: &str = "derouter:throttle:";

/// Where Redis is and how long it is waited for.
pub struct RedisSettings {
    pub url: String,
    pub answer_within: Duration,
    pub retry_after: Duration,
}

/// Whether Redis helps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RedisState {
    /// None was configured.
    Absent,
    Answers,
    /// It failed and is not asked for now.
    Resting,
}

/// Throttles.
pub struct Volatile {
    throttles: Throttles,
    redis: Option<Redis>,
}

struct Redis {
    pool: Pool,
    answer_within: Duration,
    retry_after_ms: u64,
    /// Not asked before this instant, in the caller's milliseconds.
    resting_until_ms: AtomicU64,
}

impl Volatile {
    /// Connects to Redis at the first question, not now: the program starts without it.
    ///
    /// # Errors
    /// If the URL is not one of Redis.
    pub fn new(redis: Option<RedisSettings>) -> Result<Self, CreatePoolError> {
        let redis = redis.map(Redis::new).transpose()?;
        Ok(Volatile { throttles: Throttles::default(), redis })
    }

    /// Counts one against `name`; false once more than `limit` fell into `window`, which begins with the first.
    ///
    /// `now_ms` is the monotonic clock.
    pub async fn allow(&self, name: &str, limit: u32, window: Duration, now_ms: u64) -> bool {
        match (self.throttles.count(name, limit, window, now_ms), &self.redis) {
            (Verdict::Refused, _) => false,
            (Verdict::Allowed, None) => true,
            (Verdict::Allowed, Some(redis)) => {
                redis.count(name, window, now_ms).await.is_none_or(|n| n <= u64::from(limit))
            }
        }
    }

    /// Whether this process would refuse another one against `name`; counts nothing and asks nobody.
    pub fn is_full(&self, name: &str, limit: u32, now_ms: u64) -> bool {
        self.throttles.is_full(name, limit, now_ms)
    }

    /// Whether Redis helps at `now_ms`.
    pub fn redis_state(&self, now_ms: u64) -> RedisState {
        match &self.redis {
            None => RedisState::Absent,
            Some(redis) if redis.is_resting(now_ms) => RedisState::Resting,
            Some(_) => RedisState::Answers,
        }
    }
}

impl Redis {
    fn new(settings: RedisSettings) -> Result<Self, CreatePoolError> {
        Ok(Redis {
            pool: Config::from_url(settings.url).create_pool(Some(Runtime::Tokio1))?,
            answer_within: settings.answer_within,
            retry_after_ms: u64::try_from(settings.retry_after.as_millis()).unwrap_or(u64::MAX),
            resting_until_ms: AtomicU64::new(0),
        })
    }

    fn is_resting(&self, now_ms: u64) -> bool {
        now_ms < self.resting_until_ms.load(Ordering::Relaxed)
    }

    /// How many Redis counted in the window, or `None` if it does not say in time.
    async fn count(&self, name: &str, window: Duration, now_ms: u64) -> Option<u64> {
        if self.is_resting(now_ms) {
            return None;
        }
        match tokio::time::timeout(self.answer_within, self.ask(name, window)).await {
            Ok(Some(count)) => Some(count),
            Ok(None) | Err(_) => {
                tracing::warn!("redis does not answer in time; throttles go on in memory");
                self.resting_until_ms.store(now_ms.saturating_add(self.retry_after_ms), Ordering::Relaxed);
                None
            }
        }
    }

    async fn ask(&self, name: &str, window: Duration) -> Option<u64> {
        let mut connection = self.pool.get().await.ok()?;
        let (key, window_ms) = (format!("{PREFIX}{name}"), u64::try_from(window.as_millis()).ok()?);
        let mut both = pipe();
        both.atomic().cmd("SET").arg(&key).arg(0).arg("PX").arg(window_ms).arg("NX").ignore().cmd("INCR").arg(&key);
        let (count,): (u64,) = both.query_async(&mut connection).await.ok()?;
        Some(count)
    }
}
