//! Looks at an order: asks its provider, decides, and does what follows. Every way to a credit leads through here, and all
//! of it may be repeated, at once too: the order's own row and the ledger's operation id let one credit through.

use crate::actors::messages::Move;
use crate::domain::money::Cost;
use crate::domain::op::{Idem, Movement, Refusal};
use crate::domain::payment::{PaymentFact, PaymentState};
use crate::domain::topup::{Step, TopupState};
use crate::payments::desk::PaymentDesk;
use crate::payments::error::LookError;
use crate::store::payments::TopupRow;
use sha2::{Digest, Sha256};
use std::time::Duration;

/// Decisions of one look before it gives up: each needs another writer to be faster.
const MOST_DECISIONS: usize = 5;
/// How long a look waits for a credit that another look has under way.
const WAIT_FOR_CREDIT: Duration = Duration::from_millis(50);
const MOST_WAITS: usize = 20;

/// Why an order is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Asked {
    ToKnow,
    /// Its owner called it off.
    ToCancel,
}

impl PaymentDesk {
    /// Asks the provider about an order and does what follows; the order as it is then.
    ///
    /// # Errors
    /// `LookError`; nothing is lost by it, and the look may be repeated.
    pub async fn look(&self, row: TopupRow) -> Result<TopupRow, LookError> {
        self.look_as(row, Asked::ToKnow).await
    }

    pub(super) async fn look_after_cancel(&self, row: TopupRow) -> Result<TopupRow, LookError> {
        self.look_as(row, Asked::ToCancel).await
    }

    /// One look at an order at a time: an older answer is never acted on after a newer one.
    async fn look_as(&self, row: TopupRow, asked: Asked) -> Result<TopupRow, LookError> {
        let _turn = self.0.turns.take(row.order.id).await;
        let Some(payment) = row.payment.clone() else { return Ok(row) };
        let provider = self.0.providers.named(&row.provider).ok_or(LookError::NoProvider)?;
        let fact = provider.fetch(&payment).await?.ok_or(LookError::UnknownPayment)?;
        if row.order.is_named_otherwise(&fact) {
            tracing::error!(topup.id = %row.order.id, payment.id = payment, "a payment names another order; ours decides");
        }
        let row = self.follow_fact(row, &fact, asked).await?;
        let row = self.take_back(row, &fact).await?;
        self.hear_refunds(&row, &fact).await?;
        Ok(row)
    }

    async fn follow_fact(&self, mut row: TopupRow, fact: &PaymentFact, asked: Asked) -> Result<TopupRow, LookError> {
        for _ in 0..MOST_DECISIONS {
            let step = self.decide(&row, fact, asked);
            let is_done = self.take(&row, step).await?;
            if step == Step::Stay {
                return Ok(row);
            }
            row = self.0.store.find(row.order.id).await?.ok_or(LookError::Moving)?;
            if is_done {
                // Open pages list it in its new state.
                self.0.directory.onlookers().reshaped(row.account);
                return Ok(row);
            }
        }
        Err(LookError::Moving)
    }

    fn decide(&self, row: &TopupRow, fact: &PaymentFact, asked: Asked) -> Step {
        let state = row.order.state;
        // Some providers end an order that nobody paid as void.
        let is_over = matches!(fact.state, PaymentState::Expired | PaymentState::Failed);
        let was_called_off = asked == Asked::ToCancel && is_over;
        // The provider's own notice of it may have been faster.
        if was_called_off && (state.is_waiting() || matches!(state, TopupState::Expired | TopupState::Failed)) {
            return Step::Become(TopupState::Cancelled);
        }
        row.order.decide(fact, self.0.live)
    }

    /// Does one step; false if another was faster and it must be decided anew.
    async fn take(&self, row: &TopupRow, step: Step) -> Result<bool, LookError> {
        let (store, order) = (&self.0.store, &row.order);
        match step {
            Step::Stay => Ok(true),
            Step::Become(state) => Ok(store.advance(order, state, None, None).await?),
            Step::Park { reason, received } => {
                let parked = store.advance(order, TopupState::Parked, Some(reason.word()), received).await?;
                if parked {
                    let received = received.map(|r| r.to_string()).unwrap_or_default();
                    tracing::error!(
                        topup.id = %order.id, account.id = %row.account, reason = reason.word(), received,
                        "money came that does not fit its order; a person must look at it"
                    );
                }
                Ok(parked)
            }
            Step::Credit(amount) => self.credit(row, amount, &row.provider).await.map(|()| true),
            Step::Surplus(received) => {
                if store.note_surplus(order.id, received).await? {
                    tracing::error!(
                        topup.id = %order.id, account.id = %row.account, received = %received,
                        "more came for an order that is credited; a person must look at it"
                    );
                }
                Ok(true)
            }
        }
    }

    /// Credits an order through its account's actor. The operation id is the order's, so whatever else credits it, at
    /// once or ever, is the same operation.
    pub(super) async fn credit(&self, row: &TopupRow, amount: Cost, by: &str) -> Result<(), LookError> {
        let id = row.order.id;
        let idem = Idem { id: format!("topup:{id}"), hash: Sha256::digest(id.0.as_bytes()).into() };
        let message = Move { amount, movement: Movement::Deposit { topup: id }, idem, by: Some(by.into()) };
        let asked = self.0.directory.ask_account(row.account, message).await.and_then(|answer| answer)?;
        match asked {
            Ok(_) => {
                tracing::info!(topup.id = %id, account.id = %row.account, amount = %amount, "a top-up is credited");
                Ok(())
            }
            Err(Refusal::DoneAlready) => Ok(()),
            Err(Refusal::UnderWay) => self.until_credited(row).await,
            Err(refusal) => {
                tracing::error!(topup.id = %id, account.id = %row.account, %refusal, "the books refused a top-up");
                Err(LookError::Refused(refusal))
            }
        }
    }

    async fn until_credited(&self, row: &TopupRow) -> Result<(), LookError> {
        for _ in 0..MOST_WAITS {
            tokio::time::sleep(WAIT_FOR_CREDIT).await;
            let now = self.0.store.find(row.order.id).await?.ok_or(LookError::Moving)?;
            if now.order.credited.is_some() {
                return Ok(());
            }
        }
        Err(LookError::UnderWay)
    }
}
