//! Mails that nobody asked for at that moment: a key's budget runs out, a reseller's balance is low.

pub mod balance_mail;
pub mod key_mail;
pub mod letter;
pub mod round;
