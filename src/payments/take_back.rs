//! Carries out what follows from refunds and disputes, step by step: written down, booked through the account's actor,
//! marked. Whatever cuts in between is repeated by the next look with the same operation ids and amounts.

use crate::actors::messages::{Move, SetFreeze};
use crate::domain::op::{Idem, Movement, Refusal};
use crate::domain::payment::PaymentFact;
use crate::domain::take_back::{self, Alarm, CreditedOrder, StepKind, TakeBack};
use crate::payments::desk::PaymentDesk;
use crate::payments::error::LookError;
use crate::store::payments::TopupRow;
use sha2::{Digest, Sha256};

/// What the reseller reads beside a freeze and its end.
const DISPUTED: &str = "A payment is disputed by the payer’s bank";
const DISPUTE_ENDED: &str = "The dispute of a payment ended";

impl PaymentDesk {
    /// Does what the provider's refunds and disputes ask for of a credited order; the order as it is then. The caller
    /// has the order's turn, and the fact was fetched in it.
    pub(super) async fn take_back(&self, row: TopupRow, fact: &PaymentFact) -> Result<TopupRow, LookError> {
        let (order, store) = (&row.order, &self.0.take_backs);
        let Some(credited) = order.credited else { return Ok(row) };
        // What an older look wrote down comes first: its amounts stand.
        for step in store.due(order.id).await? {
            self.book(&row, &step).await?;
        }
        let credited_order = CreditedOrder {
            id: order.id,
            method: order.method,
            credited,
            is_paid: order.is_paid_by(fact, self.0.live),
        };
        let plan = take_back::decide(&credited_order, fact, &store.done(order.id).await?);
        for alarm in &plan.alarms {
            self.sound(&row, alarm).await?;
        }
        for step in &plan.steps {
            store.write_down(order.id, step).await?;
            self.book(&row, step).await?;
        }
        let state = take_back::state(credited, &store.done(order.id).await?);
        if plan.steps.is_empty() && order.state == state {
            return Ok(row);
        }
        store.set_state(order.id, state).await?;
        self.0.directory.onlookers().reshaped(row.account);
        self.0.store.find(order.id).await?.ok_or(LookError::Moving)
    }

    /// One error in the log for each thing a person must look at.
    async fn sound(&self, row: &TopupRow, alarm: &Alarm) -> Result<(), LookError> {
        if self.0.take_backs.note_alarm(row.order.id, alarm).await? {
            tracing::error!(
                topup.id = %row.order.id, account.id = %row.account, op = alarm.op, reason = alarm.doubt.word(),
                "money was taken back in a way that is not followed by itself; a person must look at it"
            );
        }
        Ok(())
    }

    /// Books one step. Its operation id is its identity: whatever else books it, ever, is the same operation.
    async fn book(&self, row: &TopupRow, step: &TakeBack) -> Result<(), LookError> {
        let (id, store) = (row.order.id, &self.0.take_backs);
        // An actor loaded since does not know what the program before it has booked.
        if store.mark_done(row.account, id, &step.op).await? {
            return Ok(());
        }
        match self.ask_books(row, step).await? {
            Ok(()) | Err(Refusal::DoneAlready) => {
                tracing::warn!(
                    topup.id = %id, account.id = %row.account, op = step.op, amount = %step.amount,
                    "a payment's refund or dispute is in the books: {}", step.kind.word()
                );
                if store.mark_done(row.account, id, &step.op).await? { Ok(()) } else { Err(LookError::UnderWay) }
            }
            // An operator has lifted it before.
            Err(Refusal::NotFrozen) => Ok(store.mark_needless(id, &step.op).await?),
            Err(Refusal::UnderWay) => Err(LookError::UnderWay),
            Err(refusal) => {
                tracing::error!(topup.id = %id, op = step.op, %refusal, "the books refused a take-back");
                Err(LookError::Refused(refusal))
            }
        }
    }

    async fn ask_books(&self, row: &TopupRow, step: &TakeBack) -> Result<Result<(), Refusal>, LookError> {
        let idem = Idem { id: step.op.clone(), hash: Sha256::digest(step.op.as_bytes()).into() };
        let (by, what) = (Some(row.provider.as_str().into()), step.op.clone());
        let movement = match step.kind {
            StepKind::Reversal => Movement::Reversal { source: what },
            StepKind::Reinstate => Movement::Reinstate { source: what },
            StepKind::Freeze => Movement::Freeze { reason: DISPUTED.to_owned() },
            StepKind::Thaw => Movement::Thaw { reason: DISPUTE_ENDED.to_owned() },
        };
        let (directory, account) = (&self.0.directory, row.account);
        let answer = match step.kind {
            StepKind::Reversal | StepKind::Reinstate => {
                let message = Move { amount: step.amount, movement, idem, by };
                directory.ask_account(account, message).await??
            }
            StepKind::Freeze | StepKind::Thaw => {
                directory.ask_account(account, SetFreeze { movement, idem, by }).await??
            }
        };
        Ok(answer.map(drop))
    }
}
