//! People's pages through the whole program, by their forms.

mod api_page;
mod billing;
mod foreign;
mod key_changes;
mod key_money;
mod key_refusals;
mod live;
mod top_up;
mod usage;
mod walkthrough;
