//! A key as its client may see it: the one place where a live key's two sides become price alone.

use crate::actors::directory::Directory;
use crate::actors::messages::{AskError, KeyRef};
use crate::domain::money::Price;

/// A live key in client price; no other amount is in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClientKeyView {
    pub budget: Price,
    pub spent: Price,
    pub remaining: Price,
    /// Promised to running calls; part of `remaining` until they end.
    pub in_flight: Price,
    pub running: usize,
    /// Calls in any 60 s.
    pub rpm: i32,
    pub window_left: i32,
    /// Calls at once.
    pub concurrency: i32,
    /// Paused by its provider, or everything of its provider is.
    pub paused: bool,
}

impl Directory {
    /// The key as its actor sees it, in client price.
    pub async fn client_view(&self, key: KeyRef) -> Result<ClientKeyView, AskError> {
        let view = self.view_key(key).await?;
        Ok(ClientKeyView {
            budget: view.budget,
            spent: view.spent,
            remaining: view.remaining,
            in_flight: view.ratio.price_of_cost(view.held).min(view.remaining),
            running: view.running,
            rpm: view.rpm,
            window_left: view.window_left,
            concurrency: view.concurrency,
            paused: view.paused || view.frozen,
        })
    }
}
