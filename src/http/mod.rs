//! What crosses the wire: routes by host, principals out of requests, answers in the caller's dialect.

pub mod dashboard;
pub mod dev_checkout;
pub mod dev_pages;
pub mod error;
pub mod guest;
pub mod health;
pub mod host;
pub mod json;
pub mod limits;
pub mod manage;
pub mod operator;
pub mod page;
pub mod portal;
pub mod principal;
pub mod proxy;
pub mod site;
pub mod strangers;
pub mod unread;
pub mod webhooks;
