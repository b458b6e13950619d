//! Cuts a client key: makes its id and secret, asks the account, and gives the secret out this once.

use crate::actors::directory::Directory;
use crate::actors::messages::{Answer, AskError, CreateKey, KeyOpened, KeyRef};
use crate::domain::ids::{AccountId, KeyId};
use crate::domain::money::{Cost, Price};
use crate::domain::op::{Idem, NewKey, Refusal};
use crate::domain::ratio::Ratio;
use crate::domain::secret::ClientSecret;
use std::sync::Arc;
use uuid::Uuid;

/// What a reseller says of a new key.
#[derive(Clone, Debug)]
pub struct KeyOrder {
    /// 1 to 64 characters, checked by the caller.
    pub label: String,
    pub budget: Price,
    pub cost: Cost,
    pub rpm: i32,
    pub concurrency: i32,
}

/// A new key with its secret, which is shown once and stored nowhere.
pub struct KeyMade {
    pub key: KeyRef,
    pub secret: ClientSecret,
    pub ratio: Ratio,
    pub opened: KeyOpened,
}

impl Directory {
    /// Cuts a key from the account's balance.
    ///
    /// # Errors
    /// `Refusal` where the numbers make no ratio or the balance is too low; nothing is debited then.
    pub async fn create_key(
        &self,
        account: AccountId,
        order: KeyOrder,
        digest: impl Fn(&ClientSecret) -> [u8; 32],
        pepper_version: i16,
        idem: Idem,
        by: Option<Arc<str>>,
    ) -> Answer<KeyMade> {
        let ratio = match Ratio::of(order.cost, order.budget) {
            Ok(ratio) => ratio,
            Err(error) => return Ok(Err(Refusal::Ratio(error))),
        };
        let mut random = [0_u8; 32];
        // Without randomness there is no secret worth giving out.
        getrandom::fill(&mut random).map_err(|_| AskError::Unavailable)?;
        let (secret, key) = (ClientSecret::from_bytes(random), KeyId(Uuid::now_v7()));
        let new = NewKey {
            label: order.label,
            ratio,
            rpm: order.rpm,
            concurrency: order.concurrency,
            secret_digest: digest(&secret),
            pepper_version,
            hint: secret.hint().to_owned(),
        };
        let message = CreateKey { key, price: order.budget, cost: order.cost, new, idem, by };
        let opened = self.ask_account(account, message).await??;
        Ok(opened.map(|opened| KeyMade { key: KeyRef { account, key }, secret, ratio, opened }))
    }
}
