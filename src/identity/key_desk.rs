//! The desk where a reseller's keys are cut, topped up, changed and given back: by page, by session or by Account Key.
//!
//! Every money operation carries the caller's operation id. What it came to is told from its journal row, so the first
//! answer and every repeat are the same; only a new key's secret is not repeated. Work goes on if its caller leaves.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::actors::directory::Directory;
use crate::actors::messages::{Answer, FundKey, KeyClosing, KeyRef, SettingsChanged};
use crate::actors::new_key::{KeyMade, KeyOrder};
use crate::domain::ids::AccountId;
use crate::domain::label::Label;
use crate::domain::money::Price;
use crate::domain::op::{Idem, Refusal};
use crate::domain::secret::ClientSecret;
use crate::domain::trail::{Action, Trail};
use crate::identity::credentials::Credentials;
use crate::identity::desk_error::DeskError;
use crate::identity::random;
use crate::store::audit::{Act, AuditStore};
use crate::store::keys::{KeyEdit, KeySettings, KeyStore, Replaced, StoredSecret};
use crate::store::stores::Stores;
use crate::store::views::scope::OwnedKey;
use crate::store::views::statement::{Recorded, StatementViews};

/// Edits and rotations of one key take turns, so that its actor hears of edits in the order they were committed, and of
/// two clicks only one rotates.
const TURNS: usize = 64;
/// The stored kind of a new key.
const CREATE_KEY: i16 = 7;

/// A money operation that is in the journal.
pub struct Operation {
    pub recorded: Recorded,
    /// It was done before; nothing was done now.
    pub replayed: bool,
    /// A new key's secret, this once.
    pub secret: Option<ClientSecret>,
}

/// Changes that move no money; `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct KeyChange {
    pub label: Option<Label>,
    pub paused: Option<bool>,
}

/// Does what resellers ask of their keys; clones are cheap.
#[derive(Clone)]
pub struct KeyDesk(Arc<Inner>);

struct Inner {
    directory: Directory,
    credentials: Credentials,
    pepper_version: i16,
    keys: KeyStore,
    statement: StatementViews,
    audit: AuditStore,
    turns: Vec<Mutex<()>>,
}

impl KeyDesk {
    pub fn new(stores: &Stores, directory: Directory, credentials: Credentials, pepper_version: i16) -> Self {
        KeyDesk(Arc::new(Inner {
            directory,
            credentials,
            pepper_version,
            keys: stores.keys.clone(),
            statement: stores.statement.clone(),
            audit: stores.audit.clone(),
            turns: (0..TURNS).map(|_| Mutex::default()).collect(),
        }))
    }

    /// Cuts a key from the account's balance.
    ///
    /// # Errors
    /// `Refused` with the reason: numbers that make no ratio, a balance too low, a frozen account, a reused id.
    pub async fn create(
        &self,
        account: AccountId,
        order: KeyOrder,
        idem: Idem,
        trail: &Trail,
    ) -> Result<Operation, DeskError> {
        if let Some(known) = self.known(account, &idem).await? {
            return Ok(known);
        }
        let (desk, trail) = (self.clone(), trail.clone());
        self.detached(async move { desk.create_now(account, order, idem, &trail).await }).await
    }

    async fn create_now(
        &self,
        account: AccountId,
        order: KeyOrder,
        idem: Idem,
        trail: &Trail,
    ) -> Result<Operation, DeskError> {
        let (budget, cost, credentials) = (order.budget, order.cost, self.0.credentials.clone());
        let digest = move |secret: &ClientSecret| credentials.digest(secret);
        let asked =
            self.0.directory.create_key(account, order, digest, self.0.pepper_version, idem.clone(), by(trail)).await;
        let made = match self.done_or_known(account, &idem, asked).await? {
            Ok(made) => made,
            Err(known) => return Ok(known),
        };
        let act = Act::of(Action::KeyCreated).within(account).on(made.key.key);
        let detail = json!({ "hint": made.secret.hint(), "budget": budget.to_string(), "cost": cost.to_string() });
        self.note(trail, act.saying(detail)).await;
        // The secret is shown now or never, so a store that went away just now must not keep it from its owner.
        let recorded = self.0.statement.recorded(account, &idem.id).await.ok().flatten();
        let recorded = recorded.unwrap_or_else(|| as_opened(&made, &idem, budget));
        Ok(Operation { recorded, replayed: false, secret: Some(made.secret) })
    }

    /// Tops a key up by `price` at its locked ratio.
    pub async fn top_up(
        &self,
        key: &OwnedKey,
        price: Price,
        idem: Idem,
        trail: &Trail,
    ) -> Result<Operation, DeskError> {
        if let Some(known) = self.known(key.account(), &idem).await? {
            return Ok(known);
        }
        if key.is_closed() {
            return Err(Refusal::KeyClosing.into());
        }
        let (desk, trail, key) = (self.clone(), trail.clone(), *key);
        self.detached(async move { desk.top_up_now(key, price, idem, &trail).await }).await
    }

    async fn top_up_now(&self, key: OwnedKey, price: Price, idem: Idem, trail: &Trail) -> Result<Operation, DeskError> {
        let account = key.account();
        let message = FundKey { key: key.key(), price, idem: idem.clone(), by: by(trail) };
        let asked = self.0.directory.ask_account(account, message).await.and_then(|answer| answer);
        // The account forgets its closed keys; this one is known to be its own.
        let asked = asked.map(|a| a.map_err(|r| if r == Refusal::NoSuchKey { Refusal::KeyClosing } else { r }));
        if let Err(known) = self.done_or_known(account, &idem, asked).await? {
            return Ok(known);
        }
        let act = Act::of(Action::KeyToppedUp).within(account).on(key.key());
        self.note(trail, act.saying(json!({ "amount": price.to_string() }))).await;
        let recorded = self.0.statement.recorded(account, &idem.id).await?.ok_or(Refusal::UnderWay)?;
        Ok(Operation { recorded, replayed: false, secret: None })
    }

    /// Deletes a key: what no running call holds is back at once. Repeats are harmless, whatever their id. True if it
    /// was deleted before.
    pub async fn close(&self, key: &OwnedKey, idem: Idem, trail: &Trail) -> Result<bool, DeskError> {
        let known = self.known(key.account(), &idem).await?.is_some();
        let (desk, trail, key) = (self.clone(), trail.clone(), *key);
        self.detached(async move {
            if known || key.is_closed() {
                desk.0.directory.finish_closing(key_ref(&key)).await?;
                return Ok(true);
            }
            desk.close_now(key, idem, &trail).await
        })
        .await
    }

    async fn close_now(&self, key: OwnedKey, idem: Idem, trail: &Trail) -> Result<bool, DeskError> {
        let asked: Answer<KeyClosing> = self.0.directory.close_key(key_ref(&key), idem.clone(), by(trail)).await;
        match asked {
            Ok(Err(Refusal::KeyClosing | Refusal::NoSuchKey | Refusal::DoneAlready)) => {
                self.0.directory.finish_closing(key_ref(&key)).await?;
                return Ok(true);
            }
            other => other??,
        };
        self.0.credentials.forget(key.account(), Some(key.key()));
        self.note(trail, Act::of(Action::KeyDeleted).within(key.account()).on(key.key())).await;
        Ok(false)
    }

    /// Changes label or pause; in force at the key's next call.
    ///
    /// # Errors
    /// `Refused(KeyClosing)` for a key that is being deleted.
    pub async fn edit(&self, key: &OwnedKey, change: KeyChange, trail: &Trail) -> Result<(), DeskError> {
        let edit = KeyEdit { label: change.label, paused: change.paused };
        let (desk, trail, key) = (self.clone(), trail.clone(), *key);
        self.detached(async move {
            let _turn = desk.turn(&key).await;
            let act = Act::of(action_of(&edit)).within(key.account()).on(key.key()).saying(json!({
                "label": edit.label.as_ref().map(|l| l.as_str()), "paused": edit.paused,
            }));
            let settings = desk.0.keys.edit(&key, &edit, &act, &trail).await?.ok_or(Refusal::KeyClosing)?;
            let KeySettings { paused, rpm, concurrency } = settings;
            desk.0.directory.settings_changed(key_ref(&key), SettingsChanged { paused, rpm, concurrency });
            Ok(())
        })
        .await
    }

    /// Gives a key another secret with the same budget; the old one ends after `grace`, at once without.
    pub async fn rotate(&self, key: &OwnedKey, grace: Duration, trail: &Trail) -> Result<ClientSecret, DeskError> {
        let rotated = self.rotated(key, grace, None, trail).await?;
        Ok(rotated.expect("what has no id is never a repeat"))
    }

    /// As `rotate`, once an operation id: a form that is sent again gets `None` instead of a third secret.
    pub async fn rotate_once(
        &self,
        key: &OwnedKey,
        grace: Duration,
        operation: &str,
        trail: &Trail,
    ) -> Result<Option<ClientSecret>, DeskError> {
        self.rotated(key, grace, Some(operation.to_owned()), trail).await
    }

    async fn rotated(
        &self,
        key: &OwnedKey,
        grace: Duration,
        operation: Option<String>,
        trail: &Trail,
    ) -> Result<Option<ClientSecret>, DeskError> {
        let (desk, trail, key) = (self.clone(), trail.clone(), *key);
        self.detached(async move {
            let _turn = desk.turn(&key).await;
            let (secret, stored) = desk.new_secret()?;
            let act = Act::of(Action::KeyRotated).within(key.account()).on(key.key());
            let mut detail = json!({ "hint": stored.hint, "grace_s": grace.as_secs() });
            if let Some(operation) = operation {
                detail["operation"] = operation.into();
            }
            match desk.0.keys.rotate(&key, &stored, grace, &act.saying(detail), &trail).await? {
                Replaced::Never => return Err(Refusal::KeyClosing.into()),
                Replaced::Before => return Ok(None),
                Replaced::Now => {}
            }
            desk.0.credentials.forget(key.account(), Some(key.key()));
            Ok(Some(secret))
        })
        .await
    }

    /// Makes the account's Account Key, or replaces it; the old one is dead at once.
    pub async fn set_account_key(&self, account: AccountId, trail: &Trail) -> Result<ClientSecret, DeskError> {
        let made = self.account_key_set(account, None, trail).await?;
        Ok(made.expect("what has no id is never a repeat"))
    }

    /// As `set_account_key`, once an operation id: a form that is sent again gets `None`.
    pub async fn set_account_key_once(
        &self,
        account: AccountId,
        operation: &str,
        trail: &Trail,
    ) -> Result<Option<ClientSecret>, DeskError> {
        self.account_key_set(account, Some(operation.to_owned()), trail).await
    }

    async fn account_key_set(
        &self,
        account: AccountId,
        operation: Option<String>,
        trail: &Trail,
    ) -> Result<Option<ClientSecret>, DeskError> {
        let (desk, trail) = (self.clone(), trail.clone());
        self.detached(async move {
            let _turn = desk.turn_of(account.0).await;
            let (secret, stored) = desk.new_secret()?;
            let mut detail = json!({ "hint": stored.hint });
            if let Some(operation) = operation {
                detail["operation"] = operation.into();
            }
            let act = Act::of(Action::AccountKeyMade).within(account).saying(detail);
            match desk.0.keys.set_account_key(account, &stored, &act, &trail).await? {
                Replaced::Never => return Err(Refusal::KeyClosing.into()),
                Replaced::Before => return Ok(None),
                Replaced::Now => {}
            }
            desk.0.credentials.forget(account, None);
            Ok(Some(secret))
        })
        .await
    }

    /// An operation that was recorded under this id.
    ///
    /// # Errors
    /// `Refused(IdReused)` where it was recorded for another request.
    async fn known(&self, account: AccountId, idem: &Idem) -> Result<Option<Operation>, DeskError> {
        match self.0.statement.recorded(account, &idem.id).await? {
            Some(recorded) if recorded.request_hash != Some(idem.hash) => Err(Refusal::IdReused.into()),
            Some(recorded) => Ok(Some(Operation { recorded, replayed: true, secret: None })),
            None => Ok(None),
        }
    }

    /// Sorts an answer of the actors: done now, done before (`Err` inside), or refused.
    async fn done_or_known<T>(
        &self,
        account: AccountId,
        idem: &Idem,
        asked: Answer<T>,
    ) -> Result<Result<T, Operation>, DeskError> {
        match asked? {
            Ok(done) => Ok(Ok(done)),
            // It was committed between our look and the actor's.
            Err(Refusal::DoneAlready) => Ok(Err(self.known(account, idem).await?.ok_or(Refusal::UnderWay)?)),
            Err(refusal) => Err(refusal.into()),
        }
    }

    fn new_secret(&self) -> Result<(ClientSecret, StoredSecret), DeskError> {
        let secret = ClientSecret::from_bytes(random::bytes()?);
        let stored = StoredSecret {
            digest: self.0.credentials.digest(&secret),
            pepper_version: self.0.pepper_version,
            hint: secret.hint().to_owned(),
        };
        Ok((secret, stored))
    }

    async fn turn(&self, key: &OwnedKey) -> tokio::sync::MutexGuard<'_, ()> {
        self.turn_of(key.key().0).await
    }

    async fn turn_of(&self, id: Uuid) -> tokio::sync::MutexGuard<'_, ()> {
        let place = usize::from(id.as_bytes()[15]) % TURNS;
        self.0.turns[place].lock().await
    }

    /// The journal has the operation already, so a trail that cannot be written now does not undo it.
    async fn note(&self, trail: &Trail, act: Act) {
        if let Err(error) = self.0.audit.record(trail, &act).await {
            tracing::error!(%error, action = act.action.word(), "an act is missing in the audit trail; the journal has it");
        }
    }

    /// Runs on though its caller leaves: a secret or a notice to an actor must not be lost half way.
    async fn detached<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, DeskError>> + Send + 'static,
    ) -> Result<T, DeskError> {
        tokio::spawn(work).await.unwrap_or(Err(DeskError::Unanswered(crate::actors::messages::AskError::Discarded)))
    }
}

fn key_ref(key: &OwnedKey) -> KeyRef {
    KeyRef { account: key.account(), key: key.key() }
}

/// Who asked, for the journal.
fn by(trail: &Trail) -> Option<Arc<str>> {
    Some(format!("{} {}", trail.actor.kind(), trail.request).into())
}

fn action_of(edit: &KeyEdit) -> Action {
    match (edit.paused, &edit.label) {
        (Some(true), None) => Action::KeyPaused,
        (Some(false), None) => Action::KeyResumed,
        _ => Action::KeyChanged,
    }
}

fn as_opened(made: &KeyMade, idem: &Idem, budget: Price) -> Recorded {
    Recorded {
        request_hash: Some(idem.hash),
        seq: made.opened.seq,
        kind: CREATE_KEY,
        key: Some(made.key.key),
        cost: made.opened.debited,
        price: budget,
        budget_after: budget,
        main_after: made.opened.available,
    }
}
