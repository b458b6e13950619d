//! What the operator's interface needs, and who may use it.

use crate::actors::directory::Directory;
use crate::domain::price_row::Day;
use crate::domain::pricing::PriceBook;
use crate::http::operator::answer::OperatorError;
use crate::identity::credentials::Credentials;
use crate::payments::desk::PaymentDesk;
use crate::payments::redemption::Redemptions;
use crate::store::accounts::AccountStore;
use crate::store::payments::PaymentStore;
use crate::store::people::PeopleStore;
use crate::store::prices::PriceStore;
use crate::store::take_backs::TakeBacks;
use crate::store::views::statement::StatementViews;
use actix_web::HttpRequest;
use arc_swap::ArcSwap;
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use subtle::ConstantTimeEq;
use tokio::sync::Mutex;

/// Shared by all workers.
#[derive(Clone)]
pub struct OperatorState {
    pub directory: Directory,
    pub prices: Arc<ArcSwap<PriceBook>>,
    pub payments: PaymentStore,
    pub desk: PaymentDesk,
    pub take_backs: TakeBacks,
    pub redemptions: Redemptions,
    pub price_store: PriceStore,
    /// Held by whoever adds a price.
    pub price_turn: Arc<Mutex<()>>,
    pub accounts: AccountStore,
    pub people: PeopleStore,
    pub statement: StatementViews,
    pub credentials: Credentials,
    pub pepper_version: i16,
    pub token: Arc<SecretString>,
}

impl OperatorState {
    /// The day as the price book counts, UTC.
    pub fn today(&self) -> Day {
        let date = self.directory.clock().now_utc().format("%Y-%m-%d").to_string();
        Day::parse(&date).expect("a date of our time has that form")
    }

    /// Refuses a request without this installation's operator token.
    pub fn authorize(&self, http: &HttpRequest) -> Result<(), OperatorError> {
        let sent = http.headers().get("authorization").and_then(|v| v.to_str().ok()).unwrap_or_default();
        let expected = format!("Bearer {}", self.token.expose_secret());
        if bool::from(sent.as_bytes().ct_eq(expected.as_bytes())) { Ok(()) } else { Err(OperatorError::not_allowed()) }
    }
}
