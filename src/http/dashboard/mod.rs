//! The reseller's pages. Each handler opens a `Visit` (session, look, frame), asks the books or the views, and renders
//! one template; each form is one handler that shows it and one that does it.

pub mod account_card;
pub mod account_key;
pub mod account_key_rotate;
pub mod acts;
pub mod api;
pub mod guide;
pub mod key_card;
pub mod key_created;
pub mod key_delete;
pub mod key_list;
pub mod key_message;
pub mod key_new;
pub mod key_page;
pub mod key_pause;
pub mod key_preview;
pub mod key_rename;
pub mod key_rotate;
pub mod key_top_up;
pub mod live;
pub mod money_form;
pub mod notices;
pub mod open_key;
pub mod page;
pub mod profit_card;
pub mod receipt;
pub mod routes;
pub mod session;
pub mod settings;
pub mod settings_forms;
pub mod start;
pub mod state;
pub mod step_up;
pub mod top_up;
pub mod top_up_line;
pub mod visit;
