//! Binding a client key in the portal: the key itself is the proof. Wrong ones are counted per user and per network,
//! and nobody learns why a key was not taken.

use crate::domain::budget_alert::Wants;
use crate::domain::ids::{KeyId, UserId};
use crate::domain::label::Label;
use crate::domain::secret::ClientSecret;
use crate::domain::trail::{Action, Trail, network_of};
use crate::identity::credentials::{Credentials, Found, Kind};
use crate::store::audit::{Act, AuditStore};
use crate::store::bindings::{BIND_WINDOW, BindingStore, KeyAlerts};
use crate::store::error::StoreError;
use crate::store::stores::Stores;
use crate::store::throttle::Limit;
use crate::store::views::scope::BoundKey;

/// How binding ended. `NotTaken` covers malformed, unknown, rotated, management and closing keys alike.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bound {
    Done(KeyId),
    NotTaken,
    Throttled,
}

/// Binds and unbinds; clones are cheap.
#[derive(Clone)]
pub struct Bindings {
    store: BindingStore,
    audit: AuditStore,
    credentials: Credentials,
    wrong_per_hour: u32,
}

impl Bindings {
    pub fn new(stores: &Stores, credentials: Credentials, wrong_per_hour: u32) -> Self {
        let (store, audit) = (stores.bindings.clone(), stores.audit.clone());
        Bindings { store, audit, credentials, wrong_per_hour }
    }

    /// Binds the key of a pasted secret. A place among the wrong keys is taken first and given back if it was right, so
    /// parallel guesses cannot share a place.
    pub async fn bind(&self, user: UserId, pasted: &str, trail: &Trail) -> Result<Bound, StoreError> {
        let limits = self.limits(user, trail);
        if !self.store.take_try(&limits).await? {
            return Ok(Bound::Throttled);
        }
        if let Some(key) = self.key_of(pasted).await?
            && self.store.bind(user, key, trail).await?
        {
            self.store.give_back_try(&limits).await?;
            return Ok(Bound::Done(key));
        }
        self.audit.record(trail, &Act::of(Action::BindFailed)).await?;
        Ok(Bound::NotTaken)
    }

    /// False if it was not bound any more.
    pub async fn unbind(&self, key: &BoundKey, trail: &Trail) -> Result<bool, StoreError> {
        self.store.unbind(key, trail).await
    }

    /// The client's own name for a key; `None` takes it away.
    pub async fn rename(&self, key: &BoundKey, name: Option<&Label>) -> Result<bool, StoreError> {
        self.store.rename(key, name).await
    }

    /// Which mails about a key its client wants, and when they were sent; `None` if it was unbound meanwhile.
    pub async fn alerts(&self, key: &BoundKey) -> Result<Option<KeyAlerts>, StoreError> {
        self.store.alerts(key).await
    }

    /// Switches the mails about a key; false if that changed nothing.
    pub async fn save_alerts(&self, key: &BoundKey, wants: Wants, trail: &Trail) -> Result<bool, StoreError> {
        self.store.save_alerts(key, wants, trail).await
    }

    async fn key_of(&self, pasted: &str) -> Result<Option<KeyId>, StoreError> {
        let Ok(secret) = ClientSecret::parse(pasted.trim()) else { return Ok(None) };
        Ok(match self.credentials.find(&secret).await? {
            Some(Found { kind: Kind::Client(key), .. }) => Some(key),
            Some(Found { kind: Kind::Account, .. }) | None => None,
        })
    }

    fn limits(&self, user: UserId, trail: &Trail) -> [Limit; 2] {
        let limit = |scope, subject| Limit { scope, subject, window: BIND_WINDOW, most: self.wrong_per_hour };
        [limit("bind.user", user.to_string()), limit("bind.network", network_of(trail.ip))]
    }
}
