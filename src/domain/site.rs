//! The sites people sign in to, and what a one-time code is good for: a code of one purpose is worth nothing for another.

use uuid::Uuid;

use crate::domain::ids::{AccountId, UserId};

/// A site with sessions of its own; its cookie is unknown to the other.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Site {
    /// Resellers.
    Dashboard,
    /// Their clients.
    Portal,
}

impl Site {
    /// The stored word.
    pub fn word(self) -> &'static str {
        match self {
            Site::Dashboard => "dashboard",
            Site::Portal => "portal",
        }
    }
}

/// What a code proves.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Purpose {
    SignIn(Site),
    /// A fresh proof inside a reseller's session, before a dangerous act.
    StepUp,
}

impl Purpose {
    /// The stored word.
    pub fn word(self) -> &'static str {
        match self {
            Purpose::SignIn(site) => site.word(),
            Purpose::StepUp => "step_up",
        }
    }
}

/// Whose session it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Person {
    Reseller(AccountId),
    User(UserId),
}

impl Person {
    pub fn id(self) -> Uuid {
        match self {
            Person::Reseller(account) => account.0,
            Person::User(user) => user.0,
        }
    }
}
