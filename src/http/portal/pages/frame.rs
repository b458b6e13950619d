//! The frame of every portal page.

use crate::http::page::parts::{Link, Notice};

/// What every portal page carries. Nothing in it comes from a reseller but the portal name and logo text.
#[derive(Clone, Debug, Default)]
pub struct PortalPage {
    pub csrf: String,
    pub path: String,
    pub back: String,
    /// "/live?key=…"
    pub live_url: String,
    pub email: String,
    pub has_keys: bool,
    /// Of the key shown; "Your keys" elsewhere
    pub key_name: String,
    pub key_links: Vec<Link>,
    pub theme: String,
    pub theme_action: String,
    /// The portal name
    pub brand: String,
    /// Logo text, 1 to 3 characters
    pub logo: String,
    pub home: String,
    pub support: String,
    pub css: String,
    pub js: String,
    pub icon: String,
    pub now: String,
    pub notice: Notice,
}
