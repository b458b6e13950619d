//! Sessions: from a token to a person, the form token that goes with it, and their end.

use std::sync::Arc;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use uuid::Uuid;

use crate::config::settings::Identity;
use crate::domain::site::{Person, Site};
use crate::domain::trail::{Action, Trail};
use crate::identity::codes::Token;
use crate::identity::form_token;
use crate::store::error::StoreError;
use crate::store::sessions::{ListedSession, Lives, SessionStore};
use crate::store::stores::Stores;

/// How long a correct code counts as fresh (`identity.md` §5).
const PROOF: Duration = Duration::from_secs(600);

/// A live session of a request.
#[derive(Clone, Debug)]
pub struct Session {
    pub id: Uuid,
    pub person: Person,
    pub address: String,
    /// A code was correct in this session in the last ten minutes.
    pub fresh: bool,
    /// To be sent back with every change (`identity.md` §4).
    pub csrf: String,
}

impl Session {
    /// Whether a request carried this session's form token, plain or masked; takes as long for every wrong one.
    pub fn has_csrf(&self, sent: &str) -> bool {
        let plain = form_token::unmasked(sent).unwrap_or_else(|| sent.to_owned());
        self.csrf.as_bytes().ct_eq(plain.as_bytes()).into()
    }
}

/// Finds and ends sessions; clones are cheap.
#[derive(Clone)]
pub struct Sessions {
    store: SessionStore,
    signing: Arc<SecretString>,
    dashboard: Lives,
    portal: Lives,
}

impl Sessions {
    pub fn new(stores: &Stores, signing: SecretString, rules: &Identity) -> Self {
        Sessions {
            store: stores.sessions.clone(),
            signing: Arc::new(signing),
            dashboard: Lives { idle: rules.dashboard_idle, absolute: rules.dashboard_absolute, proof: PROOF },
            portal: Lives { idle: rules.portal_idle, absolute: rules.portal_absolute, proof: PROOF },
        }
    }

    /// The session of a token on this site; a token of another site is unknown here.
    pub async fn find(&self, site: Site, token: &Token) -> Result<Option<Session>, StoreError> {
        let found = self.store.find(&token.hash(), site, self.lives(site)).await?;
        Ok(found.map(|row| Session {
            id: row.session,
            person: row.person,
            address: row.address,
            fresh: row.fresh,
            csrf: self.csrf(row.session),
        }))
    }

    /// Whether a session still lives, for a stream that goes on while nobody acts.
    pub async fn is_live(&self, site: Site, session: Uuid) -> Result<bool, StoreError> {
        self.store.is_live(session, self.lives(site)).await
    }

    /// The form token of a session: derived from its id with a key that the database does not have. It outlives the
    /// renewal of the session's token, so that forms which were open before a step-up still count after it.
    pub fn csrf(&self, session: Uuid) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.signing.expose_secret().as_bytes()).expect("any length");
        mac.update(b"csrf\0");
        mac.update(session.as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }

    /// Seconds a session cookie of this site may live in a browser.
    pub fn cookie_seconds(&self, site: Site) -> u64 {
        self.lives(site).absolute.as_secs()
    }

    pub async fn list(&self, site: Site, person: Person) -> Result<Vec<ListedSession>, StoreError> {
        self.store.list(site, person, self.lives(site)).await
    }

    /// Ends this very session.
    pub async fn sign_out(&self, site: Site, session: &Session, trail: &Trail) -> Result<(), StoreError> {
        self.store.end(site, session.person, session.id, Action::SignedOut, trail).await.map(drop)
    }

    /// Ends one session of this person; false if it has none of this id.
    pub async fn revoke(&self, site: Site, person: Person, id: Uuid, trail: &Trail) -> Result<bool, StoreError> {
        self.store.end(site, person, id, Action::SessionRevoked, trail).await
    }

    /// Signs out everywhere.
    pub async fn revoke_all(&self, site: Site, person: Person, trail: &Trail) -> Result<u64, StoreError> {
        self.store.end_all(site, person, trail).await
    }

    fn lives(&self, site: Site) -> Lives {
        match site {
            Site::Dashboard => self.dashboard,
            Site::Portal => self.portal,
        }
    }
}
