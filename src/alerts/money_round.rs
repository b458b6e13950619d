//! Looks every few seconds for money that came or was taken back and of which nobody was told. It reads what was
//! committed; a crash between a credit and its receipt is found by the next look.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::alerts::balance_mail::Dashboard;
use crate::alerts::money_mail;
use crate::alerts::round::mail;
use crate::clock::Clock;
use crate::domain::month::Month;
use crate::store::error::StoreError;
use crate::store::money_news::MoneyNewsStore;

/// A receipt is queued at most this much later than its credit.
const EVERY: Duration = Duration::from_secs(5);
/// News of one kind that one look tells; the rest is told by the next.
const AT_ONCE: i64 = 200;

/// Looks, and tells.
pub struct MoneyNews {
    pub store: MoneyNewsStore,
    pub dashboard: Dashboard,
    pub clock: Clock,
    /// Wakes the mailer.
    pub bell: Arc<Notify>,
}

impl MoneyNews {
    /// Looks until its task is dropped.
    pub async fn run(self) {
        loop {
            if let Err(error) = self.look().await {
                tracing::warn!(%error, "news of money could not be looked for; the next look does");
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    /// One look; says how many mails it queued. Any number may look at once.
    ///
    /// # Errors
    /// If the store does not answer; what was told stays told.
    pub async fn look(&self) -> Result<usize, StoreError> {
        let money = self.tell_receipts().await? + self.tell_parked().await? + self.tell_troubles().await?;
        let queued = money + self.tell_commissions().await?;
        if queued > 0 {
            self.bell.notify_one();
        }
        Ok(queued)
    }

    async fn tell_receipts(&self) -> Result<usize, StoreError> {
        let mut queued = 0;
        for due in self.store.receipts(AT_ONCE).await? {
            let letter = money_mail::receipt(&self.dashboard, &due);
            let receipt = due.address.as_ref().map(|to| mail(&letter, format!("receipt:{}", due.topup), to));
            queued += usize::from(self.store.tell_receipt(due.topup, receipt.as_ref()).await?);
        }
        Ok(queued)
    }

    async fn tell_parked(&self) -> Result<usize, StoreError> {
        let mut queued = 0;
        for due in self.store.parked(AT_ONCE).await? {
            let letter = money_mail::parked(&self.dashboard, &due);
            let dedup_key = format!("parked:{}:{}", due.topup, due.news);
            let told = due.address.as_ref().map(|to| mail(&letter, dedup_key, to));
            queued += usize::from(self.store.tell_parked(&due, told.as_ref()).await?);
        }
        Ok(queued)
    }

    async fn tell_troubles(&self) -> Result<usize, StoreError> {
        let mut queued = 0;
        for due in self.store.troubles(AT_ONCE).await? {
            let letter = money_mail::trouble(&self.dashboard, &due);
            let what = format!("op:{}:{}", due.account, due.seq);
            queued += usize::from(self.store.tell(&what, &mail(&letter, what.clone(), &due.address)).await?);
        }
        Ok(queued)
    }

    /// The month that ended last; a statement of an earlier one that was missed would be no news.
    async fn tell_commissions(&self) -> Result<usize, StoreError> {
        let end = Month::of(self.clock.now_utc()).first();
        let Some(month) = end.pred_opt().map(Month::at) else { return Ok(0) };
        let mut queued = 0;
        for due in self.store.commissions(month.first(), end, &month.text(), AT_ONCE).await? {
            let letter = money_mail::commissions(&self.dashboard, month, &due);
            let what = format!("commission:{}:{}", due.account, month.text());
            queued += usize::from(self.store.tell(&what, &mail(&letter, what.clone(), &due.address)).await?);
        }
        Ok(queued)
    }
}
