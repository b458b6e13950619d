//! Looks every few seconds whether somebody must be told. It reads what was committed and stands beside the commits: no
//! call and no movement waits for it.
//!
//! Only keys and accounts with a live actor can have changed, so these are looked at each time; a page of all the others
//! goes with them, and so what was missed around a crash or a discarded actor is found a little later.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::actors::directory::Directory;
use crate::alerts::balance_mail::{self, Dashboard};
use crate::alerts::key_mail::{self, Portal};
use crate::domain::ids::{AccountId, KeyId};
use crate::domain::low_balance::{self, Step};
use crate::mail::letter::Letter;
use crate::store::balance_marks::{BalanceMarkStore, WatchedBalance};
use crate::store::error::StoreError;
use crate::store::key_marks::{AlertMail, ChangedKey, KeyMarkStore};
use crate::store::mail::NewMail;

/// A crossing is told at most this much later, and the time a mail takes.
const EVERY: Duration = Duration::from_secs(5);
/// Keys, and resellers, of the walk through all of them that go with each look: 10,000 keys take two minutes.
const PAGE: i64 = 500;
/// Ids of one statement.
const AT_ONCE: usize = 1_000;
/// A mail that could not be sent for so long is no news any more.
const USEFUL_FOR: Duration = Duration::from_secs(86_400);

/// Looks, and tells.
pub struct Alerts {
    pub directory: Directory,
    pub keys: KeyMarkStore,
    pub balances: BalanceMarkStore,
    pub portal: Portal,
    pub dashboard: Dashboard,
    /// Wakes the mailer.
    pub bell: Arc<Notify>,
    walk: Walk,
}

/// How far the walk through everything has come.
#[derive(Default)]
struct Walk {
    key: Option<KeyId>,
    account: Option<AccountId>,
}

impl Alerts {
    pub fn new(
        directory: Directory,
        stores: (KeyMarkStore, BalanceMarkStore),
        sites: (Portal, Dashboard),
        bell: Arc<Notify>,
    ) -> Self {
        let ((keys, balances), (portal, dashboard)) = (stores, sites);
        Alerts { directory, keys, balances, portal, dashboard, bell, walk: Walk::default() }
    }

    /// Looks until its task is dropped.
    pub async fn run(mut self) {
        loop {
            if let Err(error) = self.look().await {
                tracing::warn!(%error, "alerts could not be looked for; the next look does");
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    /// One look at everything that may have changed; says how many mails it queued. Any number may look at once.
    ///
    /// # Errors
    /// If the store cannot be asked. What one key or account comes to is logged and does not keep the others waiting.
    pub async fn look(&mut self) -> Result<usize, StoreError> {
        let queued = self.look_at_keys().await? + self.look_at_balances().await?;
        if queued > 0 {
            self.bell.notify_one();
        }
        Ok(queued)
    }

    async fn look_at_keys(&mut self) -> Result<usize, StoreError> {
        let page = self.keys.walk(self.walk.key, PAGE).await?;
        self.walk.key = page.last().copied().filter(|_| is_full(&page));
        let mut queued = 0;
        for keys in [self.directory.live_keys(), page].concat().chunks(AT_ONCE) {
            for key in self.keys.changed(keys).await? {
                match self.tell_readers(&key).await {
                    Ok(mails) => queued += mails,
                    Err(error) => {
                        tracing::warn!(key.id = %key.key, %error, "an alert of a key waits for the next look")
                    }
                }
            }
        }
        Ok(queued)
    }

    async fn tell_readers(&self, key: &ChangedKey) -> Result<usize, StoreError> {
        let Some(passed) = key.mark.passed(key.now) else { return self.keys.mark(key, &[]).await };
        let (face, readers) = (self.keys.face(key.key).await?, self.keys.readers(key.key).await?);
        let mails = readers.iter().filter_map(|reader| {
            let level = passed.told(reader.wants)?;
            let letter = key_mail::write(&self.portal, key, &face, reader, level);
            let dedup_key = format!("key_alert:{}:{}:{}", key.key, key.nth, reader.user);
            Some(AlertMail { user: reader.user, level, mail: mail(&letter, dedup_key, &reader.address) })
        });
        self.keys.mark(key, &mails.collect::<Vec<_>>()).await
    }

    async fn look_at_balances(&mut self) -> Result<usize, StoreError> {
        let page = self.balances.walk(self.walk.account, PAGE).await?;
        self.walk.account = page.last().copied().filter(|_| is_full(&page));
        let mut queued = 0;
        for accounts in [self.directory.live_accounts(), page].concat().chunks(AT_ONCE) {
            for balance in self.balances.watched(accounts).await? {
                match self.tell_reseller(&balance).await {
                    Ok(told) => queued += usize::from(told),
                    Err(error) => {
                        tracing::warn!(account.id = %balance.account, %error, "a balance alert waits for the next look");
                    }
                }
            }
        }
        Ok(queued)
    }

    async fn tell_reseller(&self, balance: &WatchedBalance) -> Result<bool, StoreError> {
        match low_balance::decide(balance.memory, balance.available, balance.below) {
            Step::Nothing => Ok(false),
            Step::Arm => self.balances.arm(balance).await.map(|_| false),
            Step::Tell => {
                let letter = balance_mail::write(&self.dashboard, balance);
                let dedup_key = format!("low_balance:{}:{}", balance.account, balance.nth);
                self.balances.tell(balance, &mail(&letter, dedup_key, &balance.address)).await
            }
        }
    }
}

/// A page that ends the walk lets it begin again.
fn is_full<T>(page: &[T]) -> bool {
    i64::try_from(page.len()).is_ok_and(|n| n == PAGE)
}

pub(super) fn mail(letter: &Letter, dedup_key: String, to: &str) -> NewMail {
    NewMail {
        dedup_key,
        to: to.to_owned(),
        subject: letter.subject().to_owned(),
        text: letter.text(),
        html: letter.html(),
        challenge: None,
        useful_for: USEFUL_FOR,
    }
}
