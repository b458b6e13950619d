//! What the portal's handlers need beside the site itself.

use crate::actors::directory::Directory;
use crate::identity::bindings::Bindings;
use crate::identity::cursors::Cursors;
use crate::store::views::client_usage::ClientUsageViews;
use crate::store::views::portal::PortalViews;
use crate::store::views::portal_look::PortalLookViews;
use crate::store::views::scope::Scope;

/// Shared by all workers.
#[derive(Clone)]
pub struct PortalState {
    pub directory: Directory,
    pub bindings: Bindings,
    pub scope: Scope,
    pub views: PortalViews,
    pub usage: ClientUsageViews,
    pub looks: PortalLookViews,
    pub cursors: Cursors,
}
