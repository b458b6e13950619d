//! What the dashboard's handlers need.

use crate::http::manage::state::ManageState;
use crate::http::page::stage::Stage;
use crate::store::preferences::PreferenceStore;
use crate::store::views::account_totals::AccountTotalsViews;
use crate::store::views::key_list::KeyListViews;
use crate::store::views::movements::MovementViews;

/// Shared by all workers.
#[derive(Clone)]
pub struct Dashboard {
    pub stage: Stage,
    /// The books and views of management; the same that its JSON uses.
    pub manage: ManageState,
    pub key_list: KeyListViews,
    pub totals: AccountTotalsViews,
    pub movements: MovementViews,
    /// What resellers chose under Settings.
    pub preferences: PreferenceStore,
}
