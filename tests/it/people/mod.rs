//! People's JSON through the whole program: sign-in, sessions, portal, management.

pub mod alerts;
mod leaks;
mod mail;
mod management;
mod money;
mod portal;
mod reference;
mod sessions;
mod sign_in;
mod tenancy;
mod walkthrough;
