//! People's pages through the whole program, by their forms.

mod billing;
mod key_changes;
mod key_money;
mod key_refusals;
mod top_up;
mod usage;
