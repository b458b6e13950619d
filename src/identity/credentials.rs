//! From a secret to its key or account, with a cache that finds but never authorises: status, budget and limits are
//! asked of the key's actor each time. Rotation and expiry take effect at once.

use crate::clock::Clock;
use crate::domain::ids::{AccountId, KeyId};
use crate::domain::secret::ClientSecret;
use crate::store::credentials::{CredentialRow, CredentialStore};
use crate::store::error::StoreError;
use parking_lot::RwLock;
use secrecy::{ExposeSecret, SecretString};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// How long an unknown secret is not looked up again.
const UNKNOWN_FOR_MS: u64 = 30_000;
/// Entries kept; above it the cache starts anew, which only costs look-ups.
const MAX_ENTRIES: usize = 200_000;
/// Look-ups at once: a cold start must not take every connection.
const LOOKUPS: usize = 20;

/// What a secret opens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Client(KeyId),
    Account,
}

/// A secret's owner.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Found {
    pub account: AccountId,
    pub kind: Kind,
}

#[derive(Clone, Copy)]
enum Entry {
    Known(CredentialRow),
    Unknown { until_ms: u64 },
}

/// The credential finder; clones share the cache.
#[derive(Clone)]
pub struct Credentials(Arc<Inner>);

struct Inner {
    store: CredentialStore,
    pepper: SecretString,
    previous: Option<SecretString>,
    clock: Clock,
    cache: RwLock<Cache>,
    lookups: Semaphore,
}

#[derive(Default)]
struct Cache {
    entries: HashMap<[u8; 32], Entry>,
    /// How often something was forgotten: a look-up that began before it may have read what is no longer true.
    forgotten: u64,
}

impl Credentials {
    /// `previous`: the pepper before this one, under which keys that were made then are still found.
    pub fn new(store: CredentialStore, pepper: SecretString, previous: Option<SecretString>, clock: Clock) -> Self {
        let (cache, lookups) = (RwLock::default(), Semaphore::new(LOOKUPS));
        Credentials(Arc::new(Inner { store, pepper, previous, clock, cache, lookups }))
    }

    /// The digest a secret is stored under.
    pub fn digest(&self, secret: &ClientSecret) -> [u8; 32] {
        secret.digest(self.0.pepper.expose_secret().as_bytes())
    }

    /// The owner of a secret; `None` if it opens nothing (any more).
    ///
    /// # Errors
    /// `StoreError` while the store is away and the secret is not in the cache.
    pub async fn find(&self, secret: &ClientSecret) -> Result<Option<Found>, StoreError> {
        match (self.find_digest(self.digest(secret)).await?, self.previous_digest(secret)) {
            (None, Some(digest)) => self.find_digest(digest).await,
            (found, _) => Ok(found),
        }
    }

    /// Whether `find` needs no look-up for this secret, known or not.
    pub fn remembers(&self, secret: &ClientSecret) -> bool {
        let cache = self.0.cache.read();
        let entry = |digest| cache.entries.get(&digest);
        match (entry(self.digest(secret)), self.previous_digest(secret)) {
            (Some(Entry::Known(_)), _) => true,
            (Some(Entry::Unknown { until_ms }), None) => self.0.clock.now_ms() < *until_ms,
            (_, Some(digest)) => matches!(entry(digest), Some(Entry::Known(_))),
            (None, None) => false,
        }
    }

    fn previous_digest(&self, secret: &ClientSecret) -> Option<[u8; 32]> {
        self.0.previous.as_ref().map(|pepper| secret.digest(pepper.expose_secret().as_bytes()))
    }

    async fn find_digest(&self, digest: [u8; 32]) -> Result<Option<Found>, StoreError> {
        let cached = self.0.cache.read().entries.get(&digest).copied();
        match cached {
            Some(Entry::Known(known)) => Ok(self.if_valid(known)),
            Some(Entry::Unknown { until_ms }) if self.0.clock.now_ms() < until_ms => Ok(None),
            _ => self.look_up(digest).await,
        }
    }

    /// Forgets the secrets of a key or, with `None`, the Account Keys of an account: after a rotation or a deletion.
    pub fn forget(&self, account: AccountId, key: Option<KeyId>) {
        let gone = match key {
            Some(key) => Kind::Client(key),
            None => Kind::Account,
        };
        let gone = Found { account, kind: gone };
        let mut cache = self.0.cache.write();
        cache.forgotten += 1;
        cache.entries.retain(|_, entry| !matches!(entry, Entry::Known(row) if found(row) == gone));
    }

    async fn look_up(&self, digest: [u8; 32]) -> Result<Option<Found>, StoreError> {
        let _turn = self.0.lookups.acquire().await.expect("the semaphore is never closed");
        let forgotten = self.0.cache.read().forgotten;
        let known = self.0.store.find(&digest).await?;
        let entry = match known {
            Some(known) => Entry::Known(known),
            None => Entry::Unknown { until_ms: self.0.clock.now_ms() + UNKNOWN_FOR_MS },
        };
        let mut cache = self.0.cache.write();
        if cache.entries.len() >= MAX_ENTRIES {
            cache.entries.clear();
        }
        // A secret rotated away while it was looked up must not be found for ever.
        if cache.forgotten == forgotten {
            cache.entries.insert(digest, entry);
        }
        Ok(known.and_then(|k| self.if_valid(k)))
    }

    fn if_valid(&self, row: CredentialRow) -> Option<Found> {
        let valid = row.valid_until_us.is_none_or(|until| self.0.clock.wall_us() < until);
        valid.then(|| found(&row))
    }
}

fn found(row: &CredentialRow) -> Found {
    Found { account: row.account, kind: row.key.map_or(Kind::Account, Kind::Client) }
}
