//! What the dashboard's handlers need.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::domain::pricing::PriceBook;
use crate::http::manage::state::ManageState;
use crate::http::page::stage::Stage;
use crate::store::preferences::PreferenceStore;
use crate::store::views::account_totals::AccountTotalsViews;
use crate::store::views::key_list::KeyListViews;
use crate::store::views::movements::MovementViews;
use crate::store::views::usage::UsageViews;
use crate::store::views::usage_lines::UsageLineViews;

/// Shared by all workers.
#[derive(Clone)]
pub struct Dashboard {
    pub stage: Stage,
    /// The books and views of management; the same that its JSON uses.
    pub manage: ManageState,
    pub key_list: KeyListViews,
    pub totals: AccountTotalsViews,
    pub usage: UsageViews,
    pub usage_lines: UsageLineViews,
    /// What meters cost, for the details of a request.
    pub prices: Arc<ArcSwap<PriceBook>>,
    pub movements: MovementViews,
    /// What resellers chose under Settings.
    pub preferences: PreferenceStore,
}
