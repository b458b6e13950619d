//! What a payment provider is to the rest of the program. A new one is a variant here and a module beside the sandbox's;
//! nothing else knows any of them by name.

use crate::domain::ids::{IntentId, TopupId};
use crate::domain::money::Cost;
use crate::domain::payment::{Method, PaymentFact};
use crate::payments::btcpay::provider::Btcpay;
use crate::payments::error::ProviderError;
use crate::payments::sandbox::provider::PaymentSandbox;
use crate::payments::stripe::provider::Stripe;
use crate::store::payments::Checkout;
use chrono::{DateTime, Utc};

/// What a checkout is opened for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CheckoutOrder {
    /// Ours; the provider keeps it beside the payment, and a repeat with it is the same checkout.
    pub topup: TopupId,
    pub method: Method,
    /// Whole cents.
    pub amount: Cost,
    /// The reseller's address.
    pub email: String,
    /// Where the person goes after paying, and after giving up.
    pub return_url: String,
    pub cancel_url: String,
    pub expires_at: DateTime<Utc>,
}

/// A notice whose sender is proved. Nothing in it is trusted for amounts: it says where to look.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notice {
    /// The provider's id of the notice, the same in each repeat.
    pub event: String,
    /// `None`: it concerns no payment of ours.
    pub payment: Option<String>,
    pub kind: String,
}

/// One configured provider.
#[derive(Clone)]
pub enum Provider {
    /// Only pretends; the dev profile's.
    Sandbox(PaymentSandbox),
    /// Cards.
    Stripe(Stripe),
    /// Crypto.
    Btcpay(Btcpay),
}

/// The words of the providers there are outside, set up here or not.
const OUTSIDE: [&str; 2] = ["stripe", "btcpay"];

impl Provider {
    /// Whether a word is a provider's that sends notices, even where it is not set up.
    pub fn is_known(name: &str) -> bool {
        OUTSIDE.contains(&name)
    }

    /// The stored word; it never changes, as rows carry it.
    pub fn name(&self) -> &'static str {
        match self {
            Provider::Sandbox(_) => "sandbox",
            Provider::Stripe(_) => "stripe",
            Provider::Btcpay(_) => "btcpay",
        }
    }

    /// The origin people are sent to, for the `form-action` of our pages; `None` while it is not known.
    pub fn checkout_origin(&self) -> Option<String> {
        match self {
            Provider::Sandbox(sandbox) => sandbox.checkout_origin(),
            Provider::Stripe(stripe) => Some(stripe.checkout_origin()),
            Provider::Btcpay(btcpay) => Some(btcpay.checkout_origin()),
        }
    }

    /// Opens a checkout. A repeat for the same top-up gives the same one.
    ///
    /// # Errors
    /// `Unreachable` where nobody knows whether it was opened, `Refused` where it certainly was not.
    pub async fn create(&self, order: &CheckoutOrder) -> Result<Checkout, ProviderError> {
        match self {
            Provider::Sandbox(sandbox) => sandbox.create(order),
            Provider::Stripe(stripe) => stripe.create(order).await,
            Provider::Btcpay(btcpay) => btcpay.create(order).await,
        }
    }

    /// What the provider says about a payment now; `None` if it does not know it.
    ///
    /// # Errors
    /// `Unreachable`.
    pub async fn fetch(&self, payment: &str) -> Result<Option<PaymentFact>, ProviderError> {
        match self {
            Provider::Sandbox(sandbox) => sandbox.fetch(payment),
            Provider::Stripe(stripe) => stripe.fetch(payment).await,
            Provider::Btcpay(btcpay) => btcpay.fetch(payment).await,
        }
    }

    /// The payment that a notice's id belongs to: some notices name a part of a payment. `None`: of none of this kind.
    ///
    /// # Errors
    /// `Unreachable`.
    pub async fn payment_of(&self, named: &str) -> Result<Option<String>, ProviderError> {
        match self {
            Provider::Stripe(stripe) => stripe.checkout_of(named).await,
            Provider::Sandbox(_) | Provider::Btcpay(_) => Ok(Some(named.to_owned())),
        }
    }

    /// Asks that nobody may pay any more. What became of the payment, `fetch` tells: it may have been paid just now.
    ///
    /// # Errors
    /// `Unreachable`.
    pub async fn cancel(&self, payment: &str) -> Result<(), ProviderError> {
        match self {
            Provider::Sandbox(sandbox) => sandbox.cancel(payment),
            Provider::Stripe(stripe) => stripe.cancel(payment).await,
            Provider::Btcpay(btcpay) => btcpay.cancel(payment).await,
        }
    }

    /// Every payment opened from `from` on and before `to`, as the provider says now: for the comparison with our rows.
    ///
    /// # Errors
    /// `Unreachable`; never a part of the list.
    pub async fn list(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<PaymentFact>, ProviderError> {
        match self {
            Provider::Sandbox(sandbox) => sandbox.list(from, to),
            Provider::Stripe(stripe) => stripe.list(from, to).await,
            Provider::Btcpay(btcpay) => btcpay.list(from, to).await,
        }
    }

    /// Gives money of a payment back to its payer, US dollars more than 0. The repeat of an intent is the same refund for
    /// a day at least; how far it is, `fetch` tells, and which intent it answers.
    ///
    /// # Errors
    /// `Unreachable` where nobody knows whether it was done, `Refused` where it certainly was not.
    pub async fn refund(&self, payment: &str, intent: IntentId, amount: Cost) -> Result<(), ProviderError> {
        match self {
            Provider::Sandbox(sandbox) => sandbox.refund(payment, intent, amount),
            Provider::Stripe(stripe) => stripe.refund(payment, intent, amount).await,
            // Nobody knows the address coins came from for sure: a person asks the payer for one.
            Provider::Btcpay(_) => Err(ProviderError::Refused("crypto is given back by hand, at the store".into())),
        }
    }

    /// The header that carries a notice's signature, in lower case.
    pub fn signature_header(&self) -> &'static str {
        match self {
            Provider::Sandbox(_) => "sandbox-signature",
            Provider::Stripe(_) => "stripe-signature",
            Provider::Btcpay(_) => "btcpay-sig",
        }
    }

    /// Proves a notice's sender over the raw bytes and reads it; no I/O, and constant time in what is secret.
    pub fn verify(&self, signature: &str, raw: &[u8], now_s: i64) -> Option<Notice> {
        match self {
            Provider::Sandbox(sandbox) => sandbox.verify(signature, raw, now_s),
            Provider::Stripe(stripe) => stripe.verify(signature, raw, now_s),
            Provider::Btcpay(btcpay) => btcpay.verify(signature, raw),
        }
    }
}
