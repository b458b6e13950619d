//! Mails that nobody asked for at that moment: a key's budget runs out, a balance is low, money came or was taken back.

pub mod balance_mail;
pub mod key_mail;
pub mod money_mail;
pub mod money_round;
pub mod round;
