//! The providers of this installation: at most one a method.

use crate::domain::payment::Method;
use crate::payments::provider::Provider;

/// Who takes payments by which method.
#[derive(Clone, Default)]
pub struct Providers {
    pub card: Option<Provider>,
    pub crypto: Option<Provider>,
}

impl Providers {
    /// Who takes payments by a method.
    pub fn of(&self, method: Method) -> Option<&Provider> {
        match method {
            Method::Card => self.card.as_ref(),
            Method::Crypto => self.crypto.as_ref(),
        }
    }

    /// The provider of a stored or sent word.
    pub fn named(&self, name: &str) -> Option<&Provider> {
        self.all().find(|p| p.name() == name)
    }

    /// The methods that somebody takes.
    pub fn methods(&self) -> Vec<Method> {
        Method::ALL.into_iter().filter(|m| self.of(*m).is_some()).collect()
    }

    /// The origins people are sent to, each once.
    pub fn checkout_origins(&self) -> Vec<String> {
        let mut origins: Vec<String> = self.all().filter_map(Provider::checkout_origin).collect();
        origins.dedup();
        origins
    }

    /// Each provider once, whatever methods it takes.
    pub fn each(&self) -> Vec<&Provider> {
        let mut each: Vec<&Provider> = self.all().collect();
        each.dedup_by_key(|p| p.name());
        each
    }

    fn all(&self) -> impl Iterator<Item = &Provider> {
        self.card.iter().chain(&self.crypto)
    }
}
