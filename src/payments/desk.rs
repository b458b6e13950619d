//! The desk where resellers pay money in: opens checkouts, calls them off, and answers for every order from our own rows.
//!
//! One attempt of a person is one order and one checkout, however often its form is sent. Looking at orders, which alone
//! credits them, is in `look`; taking notices in `notice`.

use crate::actors::directory::Directory;
use crate::clock::Clock;
use crate::config::settings::Payments;
use crate::domain::ids::{AccountId, TopupId};
use crate::domain::money::Cost;
use crate::domain::payment::Method;
use crate::domain::topup::TopupState;
use crate::domain::trail::{Action, Trail};
use crate::payments::error::{LookError, ProviderError, StartError};
use crate::payments::provider::CheckoutOrder;
use crate::payments::providers::Providers;
use crate::payments::turns::Turns;
use crate::store::audit::{Act, AuditStore};
use crate::store::error::StoreError;
use crate::store::payment_events::PaymentEvents;
use crate::store::payments::{NewTopup, PaymentStore, TopupRow};
use crate::store::reconciliations::Reconciliations;
use crate::store::refund_intents::RefundIntents;
use crate::store::take_backs::TakeBacks;
use chrono::TimeDelta;
use serde_json::json;
use sqlx::PgPool;
use std::sync::Arc;
use tokio::sync::{Mutex, Notify};
use uuid::Uuid;

/// Orders of one account that may wait for their payment at once: more is a program gone wild at our provider's cost.
const MOST_WAITING: i64 = 20;
const NANOS_PER_CENT: i64 = 10_000_000;

/// The desk; clones are the same one.
#[derive(Clone)]
pub struct PaymentDesk(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) store: PaymentStore,
    pub(super) events: PaymentEvents,
    pub(super) take_backs: TakeBacks,
    pub(super) reconciliations: Reconciliations,
    pub(super) turns: Turns,
    pub(super) intents: RefundIntents,
    /// Held by whoever writes a refund down.
    pub(super) refund_turn: Mutex<()>,
    pub(super) directory: Directory,
    pub(super) providers: Providers,
    pub(super) rules: Payments,
    /// Whether this installation takes real money.
    pub(super) live: bool,
    /// Rings when a notice came.
    pub(super) bell: Notify,
    audit: AuditStore,
}

/// What a reseller asks for.
#[derive(Clone, Debug)]
pub struct Wish {
    pub amount: Cost,
    pub method: Method,
    /// The operation id of the form or request.
    pub attempt: String,
    /// The reseller's address, shown at the checkout.
    pub email: String,
    /// The dashboard's origin as this person reaches it.
    pub home: String,
}

impl PaymentDesk {
    pub fn new(pool: &PgPool, directory: Directory, providers: Providers, rules: Payments, live: bool) -> Self {
        PaymentDesk(Arc::new(Inner {
            store: PaymentStore::new(pool.clone()),
            events: PaymentEvents::new(pool.clone()),
            take_backs: TakeBacks::new(pool.clone()),
            reconciliations: Reconciliations::new(pool.clone()),
            turns: Turns::default(),
            intents: RefundIntents::new(pool.clone()),
            refund_turn: Mutex::new(()),
            directory,
            providers,
            rules,
            live,
            bell: Notify::new(),
            audit: AuditStore::new(pool.clone()),
        }))
    }

    pub fn providers(&self) -> &Providers {
        &self.0.providers
    }

    pub fn rules(&self) -> &Payments {
        &self.0.rules
    }

    pub(super) fn clock(&self) -> &Clock {
        self.0.directory.clock()
    }

    /// Opens a checkout, or finds the one this attempt opened before. The order may be past its checkout then: paid,
    /// expired, called off.
    ///
    /// # Errors
    /// `StartError`. After one that is not certain, the same attempt may be repeated.
    pub async fn start(&self, account: AccountId, wish: &Wish, trail: &Trail) -> Result<TopupRow, StartError> {
        let known = self.0.store.of_attempt(account, &wish.attempt).await?;
        let row = match known {
            Some(row) => row,
            None => self.write_down(account, wish, trail).await?,
        };
        if row.order.requested != wish.amount || row.order.method != Some(wish.method) {
            return Err(StartError::IdReused);
        }
        if row.order.state == TopupState::Created { self.open_checkout(row, wish).await } else { Ok(row) }
    }

    async fn write_down(&self, account: AccountId, wish: &Wish, trail: &Trail) -> Result<TopupRow, StartError> {
        let provider = self.0.providers.of(wish.method).ok_or(StartError::NoSuchMethod)?;
        self.refuse_amount(wish.amount)?;
        if self.0.store.count_waiting(account).await? >= MOST_WAITING {
            return Err(StartError::TooManyOpen { limit: MOST_WAITING });
        }
        let id = TopupId(Uuid::now_v7());
        let (method, attempt) = (Some(wish.method), wish.attempt.as_str());
        let new = NewTopup { id, account, provider: provider.name(), method, requested: wish.amount, attempt };
        let written = self.0.store.open(&new).await?;
        if written == id {
            let detail = json!({ "amount": wish.amount.to_string(), "method": wish.method.word() });
            self.note(trail, Act::of(Action::TopupStarted).within(account).on(id).saying(detail)).await;
        }
        self.reloaded(written).await
    }

    /// An amount this installation takes; providers count in cents.
    fn refuse_amount(&self, amount: Cost) -> Result<(), StartError> {
        let (min, max) = (self.0.rules.min, self.0.rules.max);
        if amount < min || amount > max {
            return Err(StartError::AmountOutOfRange { min, max });
        }
        if amount.nanos() % NANOS_PER_CENT != 0 { Err(StartError::NotWholeCents) } else { Ok(()) }
    }

    async fn open_checkout(&self, row: TopupRow, wish: &Wish) -> Result<TopupRow, StartError> {
        let provider = self.0.providers.named(&row.provider).ok_or(StartError::NoSuchMethod)?;
        let (id, home) = (row.order.id, &wish.home);
        let lives = TimeDelta::from_std(self.0.rules.checkout_ttl).unwrap_or(TimeDelta::MAX);
        let order = CheckoutOrder {
            topup: id,
            method: wish.method,
            amount: row.order.requested,
            email: wish.email.clone(),
            return_url: format!("{home}/billing?topup={id}"),
            cancel_url: format!("{home}/billing?topup={id}&cancelled=1"),
            expires_at: // Of the order, not of the try: a repeat must say the same.
                row.created_at.checked_add_signed(lives).unwrap_or(row.created_at),
        };
        match provider.create(&order).await {
            Ok(checkout) => {
                // A repeat that was faster has kept the same checkout.
                self.0.store.keep_checkout(id, &checkout).await?;
                self.reloaded(id).await
            }
            Err(ProviderError::Refused(why)) => {
                tracing::error!(topup.id = %id, provider = row.provider, why, "a provider refused to open a checkout");
                self.0.store.advance(&row.order, TopupState::Failed, Some("refused"), None).await?;
                Err(ProviderError::Refused(why).into())
            }
            Err(error) => {
                tracing::warn!(topup.id = %id, provider = row.provider, %error, "no checkout was opened");
                Err(error.into())
            }
        }
    }

    /// Calls an order off, unless it was paid meanwhile; what became of it, or `None` if it is not this account's.
    ///
    /// # Errors
    /// `LookError`; may be repeated.
    pub async fn cancel(&self, account: AccountId, id: TopupId, trail: &Trail) -> Result<Option<TopupRow>, LookError> {
        let Some(row) = self.0.store.own(account, id).await? else { return Ok(None) };
        if !row.order.state.is_waiting() {
            return Ok(Some(row));
        }
        let row = match &row.payment {
            Some(payment) => {
                let provider = self.0.providers.named(&row.provider).ok_or(LookError::NoProvider)?;
                provider.cancel(payment).await?;
                self.look_after_cancel(row).await?
            }
            None => {
                self.0.store.advance(&row.order, TopupState::Cancelled, None, None).await?;
                self.0.store.own(account, id).await?.ok_or(LookError::Moving)?
            }
        };
        if row.order.state == TopupState::Cancelled {
            self.note(trail, Act::of(Action::TopupCancelled).within(account).on(id)).await;
        }
        Ok(Some(row))
    }

    /// The order of this id after a fresh look at its provider, if it waits for its payment; a provider that is away
    /// leaves it as it was. `None` if it is not this account's.
    ///
    /// # Errors
    /// If our own store is away.
    pub async fn show(&self, account: AccountId, id: TopupId) -> Result<Option<TopupRow>, StoreError> {
        let Some(row) = self.0.store.own(account, id).await? else { return Ok(None) };
        if !row.order.state.is_waiting() || row.payment.is_none() {
            return Ok(Some(row));
        }
        match self.look(row.clone()).await {
            Ok(looked) => Ok(Some(looked)),
            Err(LookError::Store(error)) => Err(error),
            Err(error) => {
                tracing::warn!(topup.id = %id, %error, "an order could not be looked at; it is shown as it was");
                Ok(Some(row))
            }
        }
    }

    /// The order of this id as our row has it. `None` if it is not this account's.
    ///
    /// # Errors
    /// If our own store is away.
    pub async fn find(&self, account: AccountId, id: TopupId) -> Result<Option<TopupRow>, StoreError> {
        self.0.store.own(account, id).await
    }

    /// An account's orders, newest first, as our rows have them.
    ///
    /// # Errors
    /// If our own store is away.
    pub async fn list(&self, account: AccountId, most: i64) -> Result<Vec<TopupRow>, StoreError> {
        self.0.store.list(account, most).await
    }

    async fn reloaded(&self, id: TopupId) -> Result<TopupRow, StartError> {
        let missing = || ProviderError::Unreachable("the order was just written and is not there".into());
        Ok(self.0.store.find(id).await?.ok_or_else(missing)?)
    }

    /// The order stands whether or not its trail could be written.
    async fn note(&self, trail: &Trail, act: Act) {
        if let Err(error) = self.0.audit.record(trail, &act).await {
            tracing::warn!(%error, "an act could not be written to the trail");
        }
    }
}
