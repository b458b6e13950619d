//! BTCPay Server as a provider: invoices of one store, and its notices.

use crate::domain::payment::PaymentFact;
use crate::payments::btcpay::invoice::{Invoice, PaymentMethod, last_payment_us, opening};
use crate::payments::btcpay::{event, signature};
use crate::payments::error::ProviderError;
use crate::payments::interface::{Interface, Sent};
use crate::payments::provider::{CheckoutOrder, Notice};
use crate::payments::reading;
use crate::store::payments::Checkout;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde_json::json;
use std::time::Duration;

const JSON: &str = "application/json";
/// Rows of a page of a list.
const PAGE: usize = 100;
/// Pages of one list: 50,000 rows are more than four days of any installation.
const MOST_PAGES: usize = 500;

/// What an installation knows of its store.
#[derive(Clone)]
pub struct BtcpayStore {
    pub base_url: String,
    /// Where its checkouts are.
    pub checkout_origin: String,
    pub store: String,
    pub key: SecretString,
    /// Secrets of its notices; several while one replaces another.
    pub notice_secrets: Vec<SecretString>,
    /// Whether its coins are worth anything: the server does not say.
    pub live: bool,
    /// How long an invoice may be paid.
    pub lives: Duration,
}

/// The provider; clones are the same one.
#[derive(Clone)]
pub struct Btcpay {
    store: BtcpayStore,
    interface: Interface,
}

impl Btcpay {
    pub fn new(store: BtcpayStore) -> Self {
        let interface = Interface::new(&store.base_url, "token", &store.key);
        Btcpay { store, interface }
    }

    pub fn checkout_origin(&self) -> String {
        self.store.checkout_origin.clone()
    }

    /// As `Provider::create`. There are no idempotency keys: an invoice that an earlier try opened is looked for first.
    ///
    /// # Errors
    /// As `Provider::create`.
    pub async fn create(&self, order: &CheckoutOrder) -> Result<Checkout, ProviderError> {
        let topup = order.topup.to_string();
        let known: Option<Vec<Invoice>> = self.interface.get(&self.path(&format!("?orderId={topup}"))).await?;
        let mut known = known.into_iter().flatten().filter(|invoice| invoice.order_id() == Some(&topup));
        let invoice = match known.next() {
            Some(invoice) => invoice,
            None => {
                let minutes = i64::try_from(self.store.lives.as_secs().div_ceil(60)).unwrap_or(i64::MAX);
                let sent = Sent { media_type: JSON, text: opening(order, minutes), idempotency: None };
                self.interface.post(&self.path(""), sent).await?
            }
        };
        let (Some(payment), Some(url)) = (reading::id(&invoice.id), invoice.checkout_link.clone()) else {
            return Err(ProviderError::Unreachable("its invoice has no id or no address".into()));
        };
        let expires_at = invoice.expires_s().and_then(|s| DateTime::from_timestamp(s, 0));
        Ok(Checkout { payment: payment.to_owned(), url, expires_at: expires_at.unwrap_or(order.expires_at) })
    }

    /// As `Provider::fetch`.
    ///
    /// # Errors
    /// As `Provider::fetch`.
    pub async fn fetch(&self, payment: &str) -> Result<Option<PaymentFact>, ProviderError> {
        match self.invoice(payment).await? {
            Some(invoice) => self.fact(&invoice).await.map(Some),
            None => Ok(None),
        }
    }

    /// As `Provider::cancel`: an invoice that nobody has paid anything for is marked invalid; another is left alone.
    ///
    /// # Errors
    /// As `Provider::cancel`.
    pub async fn cancel(&self, payment: &str) -> Result<(), ProviderError> {
        let Some(invoice) = self.invoice(payment).await?.filter(Invoice::is_untouched) else { return Ok(()) };
        let text = json!({ "status": "Invalid" }).to_string();
        let sent = Sent { media_type: JSON, text, idempotency: None };
        match self.interface.post::<Invoice>(&self.path(&format!("/{}/status", invoice.id)), sent).await {
            Err(ProviderError::Unreachable(why)) => Err(ProviderError::Unreachable(why)),
            Ok(_) | Err(ProviderError::Refused(_)) => Ok(()),
        }
    }

    /// As `Provider::list`.
    ///
    /// # Errors
    /// As `Provider::list`.
    pub async fn list(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<PaymentFact>, ProviderError> {
        let mut facts = Vec::new();
        for page in 0..MOST_PAGES {
            let (start, end, skip) = (from.timestamp(), to.timestamp(), page * PAGE);
            // An archived invoice is one somebody put out of sight, not one that never was.
            let query = format!("?startDate={start}&endDate={end}&skip={skip}&take={PAGE}&includeArchived=true");
            let rows: Option<Vec<Invoice>> = self.interface.get(&self.path(&query)).await?;
            let rows = rows.ok_or_else(|| ProviderError::Unreachable("the store is not there".into()))?;
            let is_last = rows.len() < PAGE;
            for invoice in &rows {
                facts.push(self.fact(invoice).await?);
            }
            if is_last {
                return Ok(facts);
            }
        }
        Err(ProviderError::Unreachable("the list of invoices has no end".into()))
    }

    /// As `Provider::verify`.
    pub fn verify(&self, header: &str, raw: &[u8]) -> Option<Notice> {
        let is_authentic = signature::is_authentic(header, raw, &self.store.notice_secrets);
        is_authentic.then(|| event::read(raw, &self.store.store))
    }

    async fn fact(&self, invoice: &Invoice) -> Result<PaymentFact, ProviderError> {
        if !invoice.is_paid_late() {
            return Ok(invoice.fact(self.store.live, None));
        }
        let path = self.path(&format!("/{}/payment-methods", invoice.id));
        let methods: Option<Vec<PaymentMethod>> = self.interface.get(&path).await?;
        Ok(invoice.fact(self.store.live, last_payment_us(&methods.unwrap_or_default())))
    }

    /// The invoice, if it is of our store.
    async fn invoice(&self, payment: &str) -> Result<Option<Invoice>, ProviderError> {
        let Some(payment) = reading::id(payment) else { return Ok(None) };
        let found: Option<Invoice> = self.interface.get(&self.path(&format!("/{payment}"))).await?;
        let is_ours = |i: &Invoice| i.store_id.as_deref().is_none_or(|s| s == self.store.store) && i.id == payment;
        Ok(found.filter(is_ours))
    }

    fn path(&self, rest: &str) -> String {
        format!("/api/v1/stores/{}/invoices{rest}", self.store.store)
    }
}
