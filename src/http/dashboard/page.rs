//! The frame of every dashboard page: navigation, top bar, notices.

use crate::http::page::parts::Notice;

/// What every dashboard page carries.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The session's form token; before sign-in that of the challenge cookie, or empty
    pub csrf: String,
    /// Own path and query, "/api?sort=label": the theme switch comes back to it
    pub path: String,
    /// Api, usage, billing, referrals, settings, guide or empty
    pub nav: String,
    /// Where Close and Cancel of a dialog page lead
    pub back: String,
    /// "/live?page=api"; empty: nothing ticks here
    pub live_url: String,
    /// Top bar of small screens
    pub available: String,
    pub email: String,
    /// Cookie: system, light, dark
    pub theme: String,
    /// Where the theme switch posts
    pub theme_action: String,
    /// Setting: single-key shortcuts, on or off
    pub shortcuts: String,
    pub brand: String,
    /// Where the brand of sign-in and error pages leads
    pub home: String,
    pub support: String,
    /// Host of the portal as clients type it
    pub portal_host: String,
    /// With a hash of the content: "/static/derouter.css?v=1f3a"
    pub css: String,
    pub js: String,
    pub icon: String,
    /// Time of rendering; shown in print
    pub now: String,
    pub frozen: bool,
    /// "A payment of $200.00 is disputed."
    pub frozen_why: String,
    /// "The freeze lifts when the dispute is won or the amount is repaid."
    pub frozen_lift: String,
    pub notice: Notice,
}
