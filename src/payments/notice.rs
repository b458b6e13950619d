//! Takes notices: proves their sender, keeps them raw, and later looks where they point. A notice is answered once it is
//! kept; it is done only after what followed from it is committed.

use crate::payments::desk::PaymentDesk;
use crate::payments::error::{LookError, NoticeError};
use crate::store::error::StoreError;
use crate::store::payment_events::{DueEvent, NewEvent};
use futures_util::future::join_all;

/// Notices looked at at once.
const BATCH: i64 = 16;
/// Tries for a payment that we have no order of: about ten minutes, in which an order just opened has long been written.
const UNKNOWN_TRIES: i32 = 8;

impl PaymentDesk {
    /// The header that carries the signature of a provider's notices; `None` if there is no such provider.
    pub fn signature_header(&self, provider: &str) -> Option<&'static str> {
        self.0.providers.named(provider).map(|p| p.signature_header())
    }

    /// Keeps a notice, once however often it comes, and wakes who looks after it.
    ///
    /// # Errors
    /// `NotAuthentic`, without any trace of it; `Store` while ours is away, and the provider shall send it again.
    pub async fn take_notice(&self, provider: &str, signature: &str, raw: &[u8]) -> Result<(), NoticeError> {
        let provider = self.0.providers.named(provider).ok_or(NoticeError::NoProvider)?;
        let now_s = self.clock().wall_us().div_euclid(1_000_000);
        let notice = provider.verify(signature, raw, now_s).ok_or(NoticeError::NotAuthentic)?;
        let payment = notice.payment.as_deref();
        let new = NewEvent { provider: provider.name(), event: &notice.event, payment, kind: &notice.kind, raw };
        if self.0.events.keep(&new).await? {
            self.0.bell.notify_one();
        }
        Ok(())
    }

    /// Works off the notices that are due now; says how many.
    pub(super) async fn work_off(&self) -> Result<usize, StoreError> {
        let mut done = 0;
        loop {
            let due = self.0.events.claim(BATCH).await?;
            if due.is_empty() {
                return Ok(done);
            }
            done += due.len();
            let ends = join_all(due.iter().map(|event| self.follow(event))).await;
            ends.into_iter().collect::<Result<(), _>>()?;
        }
    }

    /// Looks where one notice points, and writes down what that came to.
    async fn follow(&self, event: &DueEvent) -> Result<(), StoreError> {
        const NO_PAYMENT: &str = "concerns no payment";
        let Some(named) = event.payment.as_deref() else { return self.0.events.finish(event, NO_PAYMENT).await };
        let payment = match self.payment_of(event, named).await {
            Ok(Some(payment)) => payment,
            Ok(None) => return self.0.events.finish(event, NO_PAYMENT).await,
            Err(error) => return self.0.events.put_off(event, &error.to_string()).await,
        };
        let payment = payment.as_str();
        let Some(row) = self.0.store.of_payment(&event.provider, payment).await? else {
            return self.put_unknown_off(event, payment).await;
        };
        match self.look(row).await {
            Ok(row) => self.0.events.finish(event, row.order.state.word()).await,
            Err(LookError::Store(error)) => Err(error),
            Err(error) => {
                tracing::warn!(payment.id = payment, event.kind = event.kind, tries = event.tries, %error, "a notice waits");
                self.0.events.put_off(event, &error.to_string()).await
            }
        }
    }

    async fn payment_of(&self, event: &DueEvent, named: &str) -> Result<Option<String>, LookError> {
        let provider = self.0.providers.named(&event.provider).ok_or(LookError::NoProvider)?;
        Ok(provider.payment_of(named).await?)
    }

    async fn put_unknown_off(&self, event: &DueEvent, payment: &str) -> Result<(), StoreError> {
        const WORDS: &str = "unknown payment";
        if event.tries < UNKNOWN_TRIES {
            return self.0.events.put_off(event, WORDS).await;
        }
        tracing::error!(
            payment.id = payment,
            provider = event.provider,
            "a notice of a payment that is for no order of ours"
        );
        self.0.events.finish(event, WORDS).await
    }

    /// Looks at orders that have waited for their payment without news, and gives up those no provider answered for.
    pub(super) async fn look_round(&self, most: i64) -> Result<(), StoreError> {
        let after = self.0.rules.check_after;
        self.0.store.give_up(after).await?;
        self.0.events.sweep().await?;
        for id in self.0.store.claim_waiting(after, most).await? {
            let Some(row) = self.0.store.find(id).await? else { continue };
            let before = row.order.state;
            match self.look(row).await {
                Ok(row) if row.order.state.is_credited() => {
                    tracing::warn!(topup.id = %id, "a payment was found without its notice");
                }
                Ok(row) if row.order.state != before => {
                    tracing::info!(topup.id = %id, state = row.order.state.word(), "an order moved without a notice");
                }
                Ok(_) => {}
                Err(LookError::Store(error)) => return Err(error),
                Err(error) => tracing::warn!(topup.id = %id, %error, "an order could not be looked at"),
            }
        }
        Ok(())
    }
}
