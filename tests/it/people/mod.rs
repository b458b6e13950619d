//! People's JSON through the whole program: sign-in, sessions, portal, management.

mod account_key_page;
pub mod alerts;
mod described;
mod guide_page;
mod leaks;
mod mail;
mod management;
mod money;
mod money_mails;
mod new_device;
mod portal;
mod portal_look;
mod reference;
mod sessions;
mod settings_page;
mod sign_in;
mod smtp;
mod sweep;
mod tenancy;
mod walkthrough;
