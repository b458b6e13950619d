//! The stores of people, made together over one pool.

use sqlx::PgPool;

use crate::store::audit::AuditStore;
use crate::store::bindings::BindingStore;
use crate::store::codes::CodeStore;
use crate::store::keys::KeyStore;
use crate::store::preferences::PreferenceStore;
use crate::store::sessions::SessionStore;
use crate::store::sign_in::SignInStore;
use crate::store::views::statement::StatementViews;

/// What the parts of `identity` are built from.
#[derive(Clone)]
pub struct Stores {
    pub audit: AuditStore,
    pub bindings: BindingStore,
    pub codes: CodeStore,
    pub keys: KeyStore,
    pub preferences: PreferenceStore,
    pub sessions: SessionStore,
    pub sign_ins: SignInStore,
    pub statement: StatementViews,
}

impl Stores {
    pub fn new(pool: &PgPool) -> Self {
        Stores {
            audit: AuditStore::new(pool.clone()),
            bindings: BindingStore::new(pool.clone()),
            codes: CodeStore::new(pool.clone()),
            keys: KeyStore::new(pool.clone()),
            preferences: PreferenceStore::new(pool.clone()),
            sessions: SessionStore::new(pool.clone()),
            sign_ins: SignInStore::new(pool.clone()),
            statement: StatementViews::new(pool.clone()),
        }
    }
}
