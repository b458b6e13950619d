//! What the rest of the program asks of the books, one function a wish, over the directory.

use crate::actors::call::Reservation;
use crate::actors::directory::Directory;
use crate::actors::messages::{
    AccountView, Admit, AdmitFree, Answer, AskError, Close, CloseKey, Delivery, KeyClosing, KeyRef, KeyView,
    SettingsChanged, ViewAccount, ViewKey,
};
use crate::domain::ids::{AccountId, CallId};
use crate::domain::op::Idem;
use crate::domain::quote::Quote;
use std::sync::Arc;
use tokio::sync::oneshot;

impl Directory {
    /// Asks for a call to be let through; a reservation is a promise of money.
    pub async fn admit(&self, key: KeyRef, call: CallId, quote: Quote, delivery: Delivery) -> Answer<Reservation> {
        self.refuse_while_away(key)?;
        self.ask_key(key, Admit { call, quote, delivery }).await?
    }

    /// As `admit`, for a call that costs nothing but counts against the limits.
    pub async fn admit_free(&self, key: KeyRef, call: CallId, quote: Quote) -> Answer<Reservation> {
        self.refuse_while_away(key)?;
        self.ask_key(key, AdmitFree { call, quote }).await?
    }

    /// Deletes a key: closes it, and gives the part back that no running call holds. Goes on if its caller leaves.
    pub async fn close_key(&self, key: KeyRef, idem: Idem, by: Option<Arc<str>>) -> Answer<KeyClosing> {
        let (done, answer) = oneshot::channel();
        let directory = self.clone();
        self.spawn_beside(key.account, async move {
            let _ = done.send(directory.close_key_now(key, idem, by).await);
        });
        answer.await.unwrap_or(Err(AskError::Unavailable))
    }

    async fn close_key_now(&self, key: KeyRef, idem: Idem, by: Option<Arc<str>>) -> Answer<KeyClosing> {
        match self.ask_account(key.account, CloseKey { key: key.key, idem, by }).await?? {
            Ok(_receipt) => Ok(Ok(self.finish_closing(key).await?)),
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// Second step of a deletion: may be repeated until the key is closed.
    pub async fn finish_closing(&self, key: KeyRef) -> Result<KeyClosing, AskError> {
        self.ask_key(key, Close).await?
    }

    /// The account as its actor sees it.
    pub async fn view_account(&self, account: AccountId) -> Result<AccountView, AskError> {
        self.ask_account(account, ViewAccount).await?
    }

    /// The key as its actor sees it.
    pub async fn view_key(&self, key: KeyRef) -> Result<KeyView, AskError> {
        self.ask_key(key, ViewKey).await?
    }

    /// Tells a live key of settings that were committed.
    pub fn settings_changed(&self, key: KeyRef, settings: SettingsChanged) {
        self.tell_key_if_live(key, settings);
        self.onlookers().reshaped(key.account);
    }

    fn refuse_while_away(&self, key: KeyRef) -> Result<(), AskError> {
        if self.lane(key.account).is_healthy() { Ok(()) } else { Err(AskError::Unavailable) }
    }
}
