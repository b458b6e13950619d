//! Money that an operator gives back through the provider: an intent is written down, the provider is asked under the
//! intent's own id, and what it lists then is taken back as every refund is.
//!
//! Everything here may be repeated: by the command, by the rounds, and by a start after a crash. An intent that the
//! provider lists is never asked for again, so an idempotency key the provider has forgotten costs nothing.

use crate::domain::ids::{AccountId, IntentId, TopupId};
use crate::domain::money::Cost;
use crate::domain::payment::{PaymentFact, RefundState};
use crate::domain::refund_intent::{self, Bound, IntentState, Standing};
use crate::domain::trail::{Action, Trail};
use crate::payments::desk::PaymentDesk;
use crate::payments::error::{LookError, ProviderError, RefundError};
use crate::store::audit::Act;
use crate::store::error::StoreError;
use crate::store::payments::TopupRow;
use crate::store::refund_intents::{NewIntent, RefundIntent};
use serde_json::json;
use uuid::Uuid;

/// Intents carried on in one round.
const MOST_A_ROUND: i64 = 20;
/// After so many tries, about twenty minutes, a person must look.
const ALARM_AFTER: i32 = 8;
/// Intents an operator is shown at most.
const SHOWN: i64 = 200;

/// What an operator asks for.
#[derive(Clone, Debug)]
pub struct RefundWish {
    /// The same attempt is the same refund.
    pub attempt: String,
    /// Of what was typed.
    pub request_hash: [u8; 32],
    /// `None`: all that is left of the order.
    pub amount: Option<Cost>,
    pub reason: String,
    /// The second person, who lets more than the unspent balance go.
    pub approved_by: Option<String>,
}

impl PaymentDesk {
    /// Gives money of an order back, or carries the attempt on that was made before; true beside it if there was one.
    ///
    /// # Errors
    /// `RefundError`. A provider that is away is none: the intent stays and is tried again.
    pub async fn give_back(
        &self,
        id: TopupId,
        wish: &RefundWish,
        trail: &Trail,
    ) -> Result<(RefundIntent, bool), RefundError> {
        let (intent, was_known) = self.intend(id, wish, trail).await?;
        let intent = if intent.state.is_under_way() { self.carry(intent.id).await? } else { intent };
        Ok((intent, was_known))
    }

    /// Intents, of one account or of all, newest first.
    ///
    /// # Errors
    /// If the store is away.
    pub async fn refunds(&self, account: Option<AccountId>) -> Result<Vec<RefundIntent>, StoreError> {
        self.0.intents.list(account, SHOWN).await
    }

    async fn intend(&self, id: TopupId, wish: &RefundWish, trail: &Trail) -> Result<(RefundIntent, bool), RefundError> {
        let row = self.0.store.find(id).await?.ok_or(RefundError::NotFound)?;
        // Each is weighed against all that were written down before.
        let _turn = self.0.refund_turn.lock().await;
        if let Some(known) = self.0.intents.of_attempt(id, &wish.attempt).await? {
            let is_same = known.request_hash == wish.request_hash;
            return if is_same { Ok((known, true)) } else { Err(RefundError::IdReused) };
        }
        let bound = if wish.approved_by.is_some() { Bound::Credited } else { Bound::Unspent };
        let amount = refund_intent::decide(&self.standing(&row, None).await?, wish.amount, bound)?;
        if self.0.providers.named(&row.provider).is_none() {
            return Err(RefundError::NoProvider(row.provider));
        }
        // From here it must succeed.
        let intent = IntentId(Uuid::now_v7());
        let new = NewIntent {
            id: intent,
            topup: id,
            account: row.account,
            attempt: &wish.attempt,
            request_hash: wish.request_hash,
            amount,
            reason: &wish.reason,
            approved_by: wish.approved_by.as_deref(),
        };
        let detail = json!({ "amount": amount.to_string(), "reason": wish.reason, "intent": intent,
                             "forced": wish.approved_by.is_some() });
        let act = Act::of(Action::TopupRefunded).within(row.account).on(id).saying(detail);
        self.0.intents.open(&new, trail, &act).await?;
        tracing::info!(topup.id = %id, account.id = %row.account, intent.id = %intent, amount = %amount, "a refund is asked for");
        Ok((self.intent(intent).await?, false))
    }

    /// What a refund of an order is weighed against, besides one intent.
    async fn standing(&self, row: &TopupRow, but: Option<IntentId>) -> Result<Standing, RefundError> {
        let promised = self.0.intents.promised(row.account, row.order.id, but).await?;
        let view = self.0.directory.view_account(row.account).await?;
        Ok(Standing {
            state: row.order.state,
            method: row.order.method,
            credited: row.order.credited.unwrap_or(Cost::ZERO),
            taken_back: row.taken_back,
            promised: promised.of_topup,
            unspent: view.available.saturating_sub(promised.of_account),
        })
    }

    /// Brings one intent as far as it goes now: what the provider lists of it already, or asking it.
    pub(super) async fn carry(&self, id: IntentId) -> Result<RefundIntent, RefundError> {
        let intent = self.intent(id).await?;
        let row = self.0.store.find(intent.topup).await?.ok_or(RefundError::NotFound)?;
        let row = match self.look(row).await {
            Ok(row) => row,
            Err(LookError::Store(error)) => return Err(error.into()),
            Err(error) => return self.put_off(&intent, &error.to_string()).await,
        };
        let intent = self.intent(id).await?;
        if intent.state != IntentState::Asked {
            return self.wait_for_its_end(intent).await;
        }
        if let Some(refused) = self.refused_before_it_was_sent(&intent, &row).await? {
            return Ok(refused);
        }
        self.ask_provider(&intent, &row).await?;
        self.look_for_its_end(&row).await?;
        self.intent(id).await
    }

    /// Weighs an intent once more with the provider's newest word, unless the provider was asked before: then nobody
    /// else may say no.
    async fn refused_before_it_was_sent(
        &self,
        intent: &RefundIntent,
        row: &TopupRow,
    ) -> Result<Option<RefundIntent>, RefundError> {
        if intent.was_sent {
            return Ok(None);
        }
        let standing = self.standing(row, Some(intent.id)).await?;
        match refund_intent::decide(&standing, Some(intent.amount), intent.bound()) {
            Ok(_) => {
                self.0.intents.mark_sent(intent.id).await?;
                Ok(None)
            }
            Err(refusal) => {
                self.0.intents.advance(intent.id, IntentState::Refused, Some(&refusal.to_string())).await?;
                self.intent(intent.id).await.map(Some)
            }
        }
    }

    async fn ask_provider(&self, intent: &RefundIntent, row: &TopupRow) -> Result<(), RefundError> {
        let (provider, payment) = (self.0.providers.named(&row.provider), row.payment.as_deref());
        let (Some(provider), Some(payment)) = (provider, payment) else {
            return self.put_off(intent, &LookError::NoProvider.to_string()).await.map(drop);
        };
        match provider.refund(payment, intent.id, intent.amount).await {
            Ok(()) => Ok(self.0.intents.advance(intent.id, IntentState::Accepted, None).await?),
            Err(ProviderError::Refused(why)) => {
                tracing::warn!(intent.id = %intent.id, topup.id = %intent.topup, why, "a provider refused a refund");
                let words = ProviderError::Refused(why).to_string();
                Ok(self.0.intents.advance(intent.id, IntentState::Refused, Some(&words)).await?)
            }
            Err(error) => self.put_off(intent, &error.to_string()).await.map(drop),
        }
    }

    /// Where the provider lists it at once, it is in the books at once; else its notice or a round finds it.
    async fn look_for_its_end(&self, row: &TopupRow) -> Result<(), RefundError> {
        let Some(row) = self.0.store.find(row.order.id).await? else { return Ok(()) };
        match self.look(row).await {
            Err(LookError::Store(error)) => Err(error.into()),
            _ => Ok(()),
        }
    }

    async fn wait_for_its_end(&self, intent: RefundIntent) -> Result<RefundIntent, RefundError> {
        if intent.state == IntentState::Accepted {
            self.0.intents.put_off(intent.id, "the provider has not given it back yet").await?;
        }
        Ok(intent)
    }

    async fn put_off(&self, intent: &RefundIntent, why: &str) -> Result<RefundIntent, RefundError> {
        self.0.intents.put_off(intent.id, why).await?;
        let (id, topup, tries) = (intent.id, intent.topup, intent.tries);
        if tries == ALARM_AFTER {
            tracing::error!(intent.id = %id, topup.id = %topup, tries, why, "a refund waits for long; a person must look at it");
        } else {
            tracing::warn!(intent.id = %id, topup.id = %topup, tries, why, "a refund waits");
        }
        self.intent(id).await
    }

    async fn intent(&self, id: IntentId) -> Result<RefundIntent, RefundError> {
        self.0.intents.find(id).await?.ok_or(RefundError::NotFound)
    }

    /// Follows what the provider lists of our intents of an order; its refunds are in the books already.
    pub(super) async fn hear_refunds(&self, row: &TopupRow, fact: &PaymentFact) -> Result<(), StoreError> {
        for refund in &fact.refunds {
            let Some(intent) = refund.intent else { continue };
            let state = match refund.state {
                RefundState::Pending => IntentState::Accepted,
                RefundState::Failed => IntentState::Failed,
                RefundState::Succeeded if self.is_taken(row, &refund.id).await? => IntentState::Done,
                RefundState::Succeeded => IntentState::Accepted,
            };
            if self.0.intents.hear(intent, row.order.id, state, &refund.id).await? {
                tracing::info!(intent.id = %intent, topup.id = %row.order.id, state = state.word(), "a refund moved on");
            }
        }
        Ok(())
    }

    async fn is_taken(&self, row: &TopupRow, refund: &str) -> Result<bool, StoreError> {
        let op = format!("refund:{refund}");
        Ok(self.0.take_backs.done(row.order.id).await?.iter().any(|step| step.op == op))
    }

    /// Makes what an older start had begun due at once.
    pub(super) async fn release_refunds(&self) -> Result<(), StoreError> {
        self.0.intents.release().await
    }

    /// Carries due intents on.
    pub(super) async fn carry_round(&self) -> Result<(), StoreError> {
        for id in self.0.intents.claim(MOST_A_ROUND).await? {
            match self.carry(id).await {
                Ok(_) => {}
                Err(RefundError::Store(error)) => return Err(error),
                Err(error) => tracing::warn!(intent.id = %id, %error, "a refund could not be carried on; it waits"),
            }
        }
        Ok(())
    }
}
