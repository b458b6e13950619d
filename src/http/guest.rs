//! Whether anybody we know uses a connection. Where every place is taken, a connection on which no key ever came gives
//! way to the next one: idle strangers keep no key holder out.

use std::cell::Cell;
use std::future::Future;
use std::rc::Rc;

tokio::task_local! {
    static HERE: Guest;
}

/// A connection, as its listener and the requests on it share it.
#[derive(Clone, Default)]
pub struct Guest(Rc<Cell<bool>>);

impl Guest {
    /// Serves a connection, so that `welcome` is about it.
    pub fn serve<F: Future>(&self, connection: F) -> impl Future<Output = F::Output> + use<F> {
        HERE.scope(self.clone(), connection)
    }

    /// True once a valid key came on it.
    pub fn is_known(&self) -> bool {
        self.0.get()
    }
}

/// Whoever sent the request that is served now has shown a valid key. Means nothing where connections are not counted so.
pub fn welcome() {
    let _ = HERE.try_with(|guest| guest.0.set(true));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_connection_is_known_once_a_key_came_on_it_and_no_other_is() {
        let (one, other) = (Guest::default(), Guest::default());
        welcome();
        one.serve(async {
            tokio::task::yield_now().await;
            welcome();
        })
        .await;
        assert!(one.is_known() && !other.is_known());
    }
}
