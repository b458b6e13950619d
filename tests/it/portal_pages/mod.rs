//! The client's pages through the whole program: what they show, what their forms do, and what they must never say.

mod account;
mod binding;
mod export;
mod foreign;
mod form;
mod key_page;
mod leaks;
mod names;
mod states;
mod walk;
