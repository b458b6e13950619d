//! The simulated payment provider of the dev profile: a checkout that moves no money, and an interface of its own that
//! answers for it. What it was told is kept in files of its own, so it outlives the program and the database as a real
//! provider does. Production refuses it.

pub mod back;
pub mod courier;
pub mod event;
pub mod payment;
pub mod play;
pub mod provider;
