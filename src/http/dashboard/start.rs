//! What `/api` shows until the first client calls: three steps, done ones ticked, the next one as the primary button.

use crate::domain::money::Cost;
use crate::http::dashboard::account_card;
use crate::store::views::keys::KeyRow;

/// A step of the empty state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    pub title: &'static str,
    pub text: &'static str,
    pub done: bool,
    /// "done" or empty
    pub look: &'static str,
    /// Empty: no button
    pub href: String,
    pub word: &'static str,
    /// "primary" for the next one
    pub btn: &'static str,
}

/// The steps with what they lead to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Start {
    pub title: &'static str,
    pub text: String,
    pub steps: Vec<Step>,
}

const TOP_UP: (&str, &str) = ("Top up your balance", "By card or crypto. The balance pays for the keys you create.");
const CREATE: (&str, &str) =
    ("Create your first key", "Two numbers: what your client may spend, and what it costs you.");
const SEND: (&str, &str) = ("Send the client message", "The key and a portal link in one text, ready to paste.");

impl Start {
    /// Before the first key.
    pub fn before_keys(available: Cost) -> Self {
        let mut steps = vec![
            step(TOP_UP, "/top-up".to_owned(), "Top Up"),
            step(CREATE, "/keys/new".to_owned(), "Create Key"),
            step(SEND, String::new(), ""),
        ];
        if account_card::is_empty(available) {
            steps[0].btn = "primary";
            let text = "You need a balance, a key and a message. It takes about five minutes.".to_owned();
            return Start { title: "Three steps to your first client", text, steps };
        }
        steps[0] = done(TOP_UP);
        steps[1].btn = "primary";
        Start { title: "Two steps left", text: "Your balance is ready to be cut into keys.".to_owned(), steps }
    }

    /// The first key is there and nobody has called with it.
    pub fn before_calls(first: &KeyRow) -> Self {
        let send = step(SEND, format!("/keys/{}/message", first.key), "Client message");
        let text = format!("{} is ready. Your client needs the key and the portal link.", first.label);
        let steps = vec![done(TOP_UP), done(CREATE), Step { btn: "primary", ..send }];
        Start { title: "One step left", text, steps }
    }
}

fn step((title, text): (&'static str, &'static str), href: String, word: &'static str) -> Step {
    Step { title, text, href, word, ..Step::default() }
}

fn done((title, text): (&'static str, &'static str)) -> Step {
    Step { title, text, done: true, look: "done", ..Step::default() }
}
