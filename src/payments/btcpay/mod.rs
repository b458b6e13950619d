//! Crypto through a BTCPay Server of one's own: invoices of its Greenfield interface, of whose answers only what is named
//! here is read.

pub mod event;
pub mod invoice;
pub mod provider;
pub mod signature;
