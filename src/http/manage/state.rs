//! What management handlers need, and through which door their callers come.

use crate::actors::directory::Directory;
use crate::domain::referral::Tiers;
use crate::http::site::state::SiteState;
use crate::identity::account_key_uses::AccountKeyUses;
use crate::identity::credentials::Credentials;
use crate::identity::cursors::Cursors;
use crate::identity::key_desk::KeyDesk;
use crate::store::views::account_key::AccountKeyViews;
use crate::store::views::audit::AuditViews;
use crate::store::views::keys::KeyViews;
use crate::store::views::lines::LineViews;
use crate::store::views::portal::PortalViews;
use crate::store::views::referrals::ReferralViews;
use crate::store::views::scope::Scope;
use crate::store::views::statement::StatementViews;

/// How callers prove who they are: one way a host.
#[derive(Clone)]
pub enum Door {
    /// The dashboard: a session, and the guard against foreign pages. Keys mean nothing here.
    Session(Box<SiteState>),
    /// The API host: an Account Key. Cookies mean nothing here.
    Credential { credentials: Credentials, trusted_hops: usize, uses: AccountKeyUses },
}

/// Limits that a new key gets.
#[derive(Clone, Copy, Debug)]
pub struct NewKeyLimits {
    pub rpm: i32,
    pub concurrency: i32,
}

/// What referrers are told of, and by which terms they earn.
#[derive(Clone)]
pub struct Referrals {
    pub views: ReferralViews,
    pub tiers: Tiers,
    pub hold_back_days: u32,
    /// Where those who follow a link sign in: `https://dash.example/login`.
    pub sign_in: String,
}

impl Referrals {
    /// The link of the referrer with this code.
    pub fn link_of(&self, code: &str) -> String {
        format!("{}?ref={code}", self.sign_in)
    }
}

/// Shared by all workers of a host.
#[derive(Clone)]
pub struct ManageState {
    pub door: Door,
    pub desk: KeyDesk,
    pub directory: Directory,
    pub scope: Scope,
    pub keys: KeyViews,
    pub lines: LineViews,
    /// For a client key that asks about itself: price alone.
    pub portal: PortalViews,
    pub statement: StatementViews,
    pub account_key: AccountKeyViews,
    pub audit: AuditViews,
    pub referrals: Referrals,
    pub cursors: Cursors,
    pub new_key: NewKeyLimits,
}
