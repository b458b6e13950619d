//! What the dashboard's handlers need.

use crate::http::manage::state::ManageState;
use crate::http::page::stage::Stage;
use crate::store::preferences::PreferenceStore;

/// Shared by all workers.
#[derive(Clone)]
pub struct Dashboard {
    pub stage: Stage,
    /// The books and views of management; the same that its JSON uses.
    pub manage: ManageState,
    /// What resellers chose under Settings.
    pub preferences: PreferenceStore,
}
