//! The sandbox's interface: what a real provider would answer over the network, answered here in the process.

use crate::clock::Clock;
use crate::domain::ids::IntentId;
use crate::domain::money::Cost;
use crate::domain::payment::PaymentFact;
use crate::payments::error::ProviderError;
use crate::payments::provider::{CheckoutOrder, Notice};
use crate::payments::sandbox::back;
use crate::payments::sandbox::event::{self, Event};
use crate::payments::sandbox::payment::{SandboxPayment, Stage};
use crate::payments::sandbox::play::{self, Play};
use crate::payments::signature;
use crate::store::document_folder::DocumentFolder;
use crate::store::payments::Checkout;
use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, OnceLock};
use tokio::sync::Notify;
use uuid::Uuid;

/// Where the checkout page of a payment is, below its origin.
pub const CHECKOUT_PATH: &str = "/_dev/checkout/";

/// How often the notice of an act is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sending {
    Once,
    Twice,
    /// Never: the return page or the regular look must find it.
    Never,
}

/// The simulated provider; clones are the same one.
#[derive(Clone)]
pub struct PaymentSandbox(Arc<Inner>);

struct Inner {
    folder: DocumentFolder,
    payments: Mutex<BTreeMap<String, SandboxPayment>>,
    /// Signs notices; of this start alone.
    secret: SecretString,
    clock: Clock,
    checkout_origin: OnceLock<String>,
    notice_url: OnceLock<String>,
    /// Rings when a notice waits.
    bell: Notify,
    is_down: AtomicBool,
}

impl PaymentSandbox {
    /// A sandbox over what an earlier one left in the folder.
    ///
    /// # Errors
    /// If the folder cannot be read, or a file in it is no payment.
    pub fn open(folder: &Path, secret: SecretString, clock: Clock) -> io::Result<Self> {
        let folder = DocumentFolder::open(folder)?;
        let mut payments = BTreeMap::new();
        for text in folder.read_all()? {
            let payment: SandboxPayment = serde_json::from_str(&text)?;
            payments.insert(payment.id.clone(), payment);
        }
        Ok(PaymentSandbox(Arc::new(Inner {
            folder,
            payments: Mutex::new(payments),
            secret,
            clock,
            checkout_origin: OnceLock::new(),
            notice_url: OnceLock::new(),
            bell: Notify::new(),
            is_down: AtomicBool::new(false),
        })))
    }

    /// Says where its checkout page is served; the first word counts.
    pub fn serve_checkout_at(&self, origin: String) {
        let _ = self.0.checkout_origin.set(origin);
    }

    /// Says where it sends its notices; the first word counts.
    pub fn notify_at(&self, url: String) {
        let _ = self.0.notice_url.set(url);
        self.0.bell.notify_one();
    }

    pub fn checkout_origin(&self) -> Option<String> {
        self.0.checkout_origin.get().cloned()
    }

    /// Whether its interface answers: a provider may be down while its checkout works.
    pub fn set_down(&self, is_down: bool) {
        self.0.is_down.store(is_down, Relaxed);
    }

    /// As `Provider::create`.
    ///
    /// # Errors
    /// `Unreachable` while it is down or cannot remember the payment.
    pub fn create(&self, order: &CheckoutOrder) -> Result<Checkout, ProviderError> {
        self.refuse_while_down()?;
        let origin = self.checkout_origin().ok_or_else(|| unreachable("its checkout is not served yet"))?;
        let id = format!("pay_{}", order.topup.0.simple());
        let mut payments = self.0.payments.lock();
        if !payments.contains_key(&id) {
            let payment = opened(id.clone(), order, self.0.clock.wall_us());
            self.remember(&payment)?;
            payments.insert(id.clone(), payment);
        }
        Ok(Checkout { url: format!("{origin}{CHECKOUT_PATH}{id}"), payment: id, expires_at: order.expires_at })
    }

    /// As `Provider::fetch`.
    ///
    /// # Errors
    /// `Unreachable` while it is down.
    pub fn fetch(&self, payment: &str) -> Result<Option<PaymentFact>, ProviderError> {
        self.refuse_while_down()?;
        Ok(self.show(payment).map(|p| p.fact(self.0.clock.wall_us())))
    }

    /// As `Provider::cancel`.
    ///
    /// # Errors
    /// `Unreachable` while it is down or cannot remember it.
    pub fn cancel(&self, payment: &str) -> Result<(), ProviderError> {
        self.refuse_while_down()?;
        let is_open = self.show(payment).is_some_and(|p| self.stage(&p) == Stage::Open);
        if is_open { self.play(payment, Play::Expire, Sending::Once).map(drop) } else { Ok(()) }
    }

    /// As `Provider::list`.
    ///
    /// # Errors
    /// `Unreachable` while it is down.
    pub fn list(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<PaymentFact>, ProviderError> {
        self.refuse_while_down()?;
        let (now_us, asked) = (self.0.clock.wall_us(), from.timestamp_micros()..to.timestamp_micros());
        let payments = self.0.payments.lock();
        Ok(payments.values().filter(|p| asked.contains(&p.opened_us)).map(|p| p.fact(now_us)).collect())
    }

    /// As `Provider::refund`.
    ///
    /// # Errors
    /// `Refused` where there is not so much to give back, `Unreachable` while it is down or cannot remember it.
    pub fn refund(&self, payment: &str, intent: IntentId, amount: Cost) -> Result<(), ProviderError> {
        self.refuse_while_down()?;
        let stage = self.show(payment).map(|p| self.stage(&p));
        let mut done = Err(ProviderError::Refused("there is not so much to give back of this payment".into()));
        self.alter(payment, |payment| {
            if back::give(payment, stage, intent, amount).is_some() {
                done = Ok(());
            }
        })?;
        done
    }

    /// As `Provider::verify`.
    pub fn verify(&self, header: &str, raw: &[u8], now_s: i64) -> Option<Notice> {
        let secrets = std::slice::from_ref(&self.0.secret);
        signature::is_authentic(header, raw, secrets, now_s).then(|| event::read(raw)).flatten()
    }

    /// The header that it would send with a body now.
    pub fn sign(&self, body: &[u8]) -> String {
        signature::sign(&self.0.secret, body, self.0.clock.wall_us().div_euclid(1_000_000))
    }

    /// A payment as its checkout page shows it, whether or not the interface is down.
    pub fn show(&self, payment: &str) -> Option<SandboxPayment> {
        self.0.payments.lock().get(payment).cloned()
    }

    /// What may be done at the checkout of a payment now.
    pub fn possible(&self, payment: &SandboxPayment) -> Vec<Play> {
        Play::possible(payment, self.0.clock.wall_us())
    }

    /// How far a payment is now.
    pub fn stage(&self, payment: &SandboxPayment) -> Stage {
        payment.stage_at(self.0.clock.wall_us())
    }

    /// Does what a person chose at the checkout; false if that is not possible any more.
    ///
    /// # Errors
    /// `Unreachable` if it cannot remember it; then nothing has happened.
    pub fn play(&self, payment: &str, wish: Play, sending: Sending) -> Result<bool, ProviderError> {
        let now_us = self.0.clock.wall_us();
        let mut is_done = false;
        self.alter(payment, |payment| {
            if Play::possible(payment, now_us).contains(&wish) {
                is_done = true;
                let kind = play::play(payment, wish, now_us);
                let event = Event { id: format!("evt_{}", Uuid::now_v7().simple()), kind: kind.to_owned() };
                let times = match sending {
                    Sending::Never => 0,
                    Sending::Once => 1,
                    Sending::Twice => 2,
                };
                payment.unsent.extend(std::iter::repeat_n(event, times));
            }
        })?;
        Ok(is_done)
    }

    /// Changes a payment behind its checkout's back: what a provider with a fault would say.
    ///
    /// # Errors
    /// `Unreachable` if it cannot remember it; then nothing has happened.
    pub fn alter(&self, payment: &str, change: impl FnOnce(&mut SandboxPayment)) -> Result<(), ProviderError> {
        let mut payments = self.0.payments.lock();
        let Some(known) = payments.get_mut(payment) else { return Ok(()) };
        let mut changed = known.clone();
        change(&mut changed);
        self.remember(&changed)?;
        *known = changed;
        self.0.bell.notify_one();
        Ok(())
    }

    /// The notices that nobody has taken yet, each with its payment.
    pub(super) fn unsent(&self) -> Vec<(String, Event)> {
        let payments = self.0.payments.lock();
        payments.values().flat_map(|p| p.unsent.iter().map(|e| (p.id.clone(), e.clone()))).collect()
    }

    /// Strikes one sending of a notice off.
    pub(super) fn sent(&self, payment: &str, event: &Event) -> Result<(), ProviderError> {
        self.alter(payment, |payment| {
            if let Some(at) = payment.unsent.iter().position(|e| e == event) {
                payment.unsent.remove(at);
            }
        })
    }

    pub(super) fn notice_url(&self) -> Option<&String> {
        self.0.notice_url.get()
    }

    pub(super) async fn rung(&self) {
        self.0.bell.notified().await;
    }

    fn remember(&self, payment: &SandboxPayment) -> Result<(), ProviderError> {
        let text = serde_json::to_string(payment).map_err(|e| unreachable(&e.to_string()))?;
        self.0.folder.write(&payment.id, &text).map_err(|e| unreachable(&e.to_string()))
    }

    fn refuse_while_down(&self) -> Result<(), ProviderError> {
        if self.0.is_down.load(Relaxed) { Err(unreachable("the sandbox plays being down")) } else { Ok(()) }
    }
}

fn unreachable(why: &str) -> ProviderError {
    ProviderError::Unreachable(why.to_owned())
}

fn opened(id: String, order: &CheckoutOrder, opened_us: i64) -> SandboxPayment {
    SandboxPayment {
        id,
        topup: order.topup,
        method: order.method.word().to_owned(),
        email: order.email.clone(),
        amount: order.amount.usd().fixed_floor(2),
        return_url: order.return_url.clone(),
        cancel_url: order.cancel_url.clone(),
        opened_us,
        expires_us: order.expires_at.timestamp_micros(),
        stage: Stage::Open,
        received: "0".to_owned(),
        currency: "usd".to_owned(),
        paid_us: 0,
        live: false,
        refunds: Vec::new(),
        disputes: Vec::new(),
        unsent: Vec::new(),
    }
}
