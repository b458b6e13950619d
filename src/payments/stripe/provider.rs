//! Stripe as a provider: Checkout Sessions, the refunds and disputes behind them, and its notices.

use crate::domain::ids::IntentId;
use crate::domain::money::Cost;
use crate::domain::payment::{Dispute, PaymentFact, Refund};
use crate::payments::error::ProviderError;
use crate::payments::interface::{Interface, Sent};
use crate::payments::provider::{CheckoutOrder, Notice};
use crate::payments::stripe::answer::{DisputeAnswer, Done, Intent, Page, RefundAnswer, Session};
use crate::payments::stripe::{event, order};
use crate::payments::{reading, signature};
use crate::store::payments::Checkout;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use std::collections::HashMap;

/// The shapes of answers are of this version, whatever the account's own is.
const VERSION: &str = "2026-10-28.endive";
const FORM: &str = "application/x-www-form-urlencoded";
/// A payment's id begins so, a checkout's never.
const INTENT: &str = "pi_";
/// Rows of a page; the most there may be.
const PAGE: usize = 100;
/// Pages of one list: 50,000 rows are more than four days of any installation.
const MOST_PAGES: usize = 500;

/// What an installation knows of its account.
#[derive(Clone)]
pub struct StripeAccount {
    pub base_url: String,
    /// Where its checkouts are.
    pub checkout_origin: String,
    pub key: SecretString,
    /// Secrets of its notices; several while one replaces another.
    pub notice_secrets: Vec<SecretString>,
    pub live: bool,
    /// Whose balance is bought.
    pub brand: String,
}

/// The provider; clones are the same one.
#[derive(Clone)]
pub struct Stripe {
    account: StripeAccount,
    interface: Interface,
}

impl Stripe {
    pub fn new(account: StripeAccount) -> Self {
        let interface = Interface::new(&account.base_url, "Bearer", &account.key).with("stripe-version", VERSION);
        Stripe { account, interface }
    }

    pub fn checkout_origin(&self) -> String {
        self.account.checkout_origin.clone()
    }

    /// As `Provider::create`: a repeat within a day is answered with the first one's answer.
    ///
    /// # Errors
    /// As `Provider::create`.
    pub async fn create(&self, wish: &CheckoutOrder) -> Result<Checkout, ProviderError> {
        let idempotency = Some(format!("topup-{}", wish.topup));
        let sent = Sent { media_type: FORM, text: order::checkout(wish, &self.account.brand), idempotency };
        let session: Session = self.interface.post("/v1/checkout/sessions", sent).await?;
        let (Some(payment), Some(url)) = (reading::id(&session.id), session.url.clone()) else {
            return Err(ProviderError::Unreachable("its checkout has no id or no address".into()));
        };
        let expires_at = session.expires_at.and_then(|s| DateTime::from_timestamp(s, 0)).unwrap_or(wish.expires_at);
        Ok(Checkout { payment: payment.to_owned(), url, expires_at })
    }

    /// As `Provider::fetch`.
    ///
    /// # Errors
    /// As `Provider::fetch`.
    pub async fn fetch(&self, payment: &str) -> Result<Option<PaymentFact>, ProviderError> {
        let Some(session) = self.session(payment).await? else { return Ok(None) };
        let Some(intent) = session.payment_intent.as_ref().filter(|_| session.is_paid()) else {
            return Ok(Some(session.fact(Vec::new(), Vec::new())));
        };
        let only = [("payment_intent", intent.id().to_owned())];
        let refunds: Vec<RefundAnswer> = self.all("/v1/refunds", &only, |r: &RefundAnswer| &r.id).await?;
        let disputes: Vec<DisputeAnswer> = self.all("/v1/disputes", &only, |d: &DisputeAnswer| &d.id).await?;
        let refunds = refunds.iter().map(RefundAnswer::refund).collect();
        Ok(Some(session.fact(refunds, disputes.iter().map(DisputeAnswer::dispute).collect())))
    }

    /// The checkout that a payment's id belongs to; `None` for a payment of something else.
    ///
    /// # Errors
    /// `Unreachable`.
    pub async fn checkout_of(&self, named: &str) -> Result<Option<String>, ProviderError> {
        if !named.starts_with(INTENT) {
            return Ok(Some(named.to_owned()));
        }
        let pairs = [("payment_intent", named.to_owned()), ("limit", "1".to_owned())];
        let page: Option<Page<Session>> = self.interface.get(&order::path("/v1/checkout/sessions", &pairs)).await?;
        Ok(page.and_then(|page| page.data.into_iter().next()).map(|session| session.id))
    }

    /// As `Provider::cancel`: a checkout that is not open any more refuses, and `fetch` says why.
    ///
    /// # Errors
    /// As `Provider::cancel`.
    pub async fn cancel(&self, payment: &str) -> Result<(), ProviderError> {
        let payment = reading::id(payment).ok_or_else(|| no_id(payment))?;
        let sent = Sent { media_type: FORM, text: String::new(), idempotency: None };
        let path = format!("/v1/checkout/sessions/{payment}/expire");
        match self.interface.post::<Session>(&path, sent).await {
            Err(ProviderError::Unreachable(why)) => Err(ProviderError::Unreachable(why)),
            Ok(_) | Err(ProviderError::Refused(_)) => Ok(()),
        }
    }

    /// As `Provider::list`. What was given back or disputed of these payments came after them, so two more lists from
    /// the same moment on hold it all.
    ///
    /// # Errors
    /// As `Provider::list`.
    pub async fn list(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<PaymentFact>, ProviderError> {
        let since = [("created[gte]", from.timestamp().to_string())];
        let expanded = ("expand[]", "data.payment_intent".to_owned());
        let span = [since[0].clone(), ("created[lt]", to.timestamp().to_string()), expanded];
        let sessions: Vec<Session> = self.all("/v1/checkout/sessions", &span, |s: &Session| &s.id).await?;
        let mut refunds: HashMap<String, Vec<Refund>> = HashMap::new();
        for one in self.all("/v1/refunds", &since, |r: &RefundAnswer| &r.id).await? {
            let Some(intent) = &one.payment_intent else { continue };
            refunds.entry(intent.id().to_owned()).or_default().push(one.refund());
        }
        let mut disputes: HashMap<String, Vec<Dispute>> = HashMap::new();
        for one in self.all("/v1/disputes", &since, |d: &DisputeAnswer| &d.id).await? {
            let Some(intent) = &one.payment_intent else { continue };
            disputes.entry(intent.id().to_owned()).or_default().push(one.dispute());
        }
        let fact = |session: Session| {
            let intent = session.payment_intent.as_ref().map(Intent::id).unwrap_or_default().to_owned();
            let (back, disputed) = (refunds.remove(&intent), disputes.remove(&intent));
            session.fact(back.unwrap_or_default(), disputed.unwrap_or_default())
        };
        Ok(sessions.into_iter().map(fact).collect())
    }

    /// As `Provider::refund`.
    ///
    /// # Errors
    /// As `Provider::refund`; `Refused` too where nothing was paid, or for parts of a cent.
    pub async fn refund(&self, payment: &str, intent: IntentId, amount: Cost) -> Result<(), ProviderError> {
        let refused = |why: &str| ProviderError::Refused(why.to_owned());
        let session = self.session(payment).await?.ok_or_else(|| refused("it does not know this payment"))?;
        let paid = session.payment_intent.as_ref().filter(|_| session.is_paid());
        let paid = paid.ok_or_else(|| refused("nothing was paid"))?;
        let text = order::refund(paid.id(), intent, amount)
            .ok_or_else(|| refused("an amount in whole cents is given back"))?;
        let sent = Sent { media_type: FORM, text, idempotency: Some(format!("refund-{intent}")) };
        self.interface.post::<Done>("/v1/refunds", sent).await.map(drop)
    }

    /// As `Provider::verify`.
    pub fn verify(&self, header: &str, raw: &[u8], now_s: i64) -> Option<Notice> {
        let is_authentic = signature::is_authentic(header, raw, &self.account.notice_secrets, now_s);
        is_authentic.then(|| event::read(raw, self.account.live))
    }

    async fn session(&self, payment: &str) -> Result<Option<Session>, ProviderError> {
        let Some(payment) = reading::id(payment) else { return Ok(None) };
        let path = format!("/v1/checkout/sessions/{payment}");
        self.interface.get(&order::path(&path, &[("expand[]", "payment_intent".to_owned())])).await
    }

    /// Every row of a list, page by page.
    async fn all<T: DeserializeOwned>(
        &self,
        path: &str,
        only: &[(&str, String)],
        id: impl Fn(&T) -> &String,
    ) -> Result<Vec<T>, ProviderError> {
        let mut all: Vec<T> = Vec::new();
        for _ in 0..MOST_PAGES {
            let mut pairs = only.to_vec();
            pairs.push(("limit", PAGE.to_string()));
            pairs.extend(all.last().map(|last| ("starting_after", id(last).clone())));
            let page: Option<Page<T>> = self.interface.get(&order::path(path, &pairs)).await?;
            let page = page.ok_or_else(|| ProviderError::Unreachable(format!("{path} is not there")))?;
            let is_whole = !page.has_more || page.data.is_empty();
            all.extend(page.data);
            if is_whole {
                return Ok(all);
            }
        }
        Err(ProviderError::Unreachable(format!("{path} has no end")))
    }
}

fn no_id(payment: &str) -> ProviderError {
    ProviderError::Unreachable(format!("{:.20} is no id of a payment", payment.escape_debug().to_string()))
}
