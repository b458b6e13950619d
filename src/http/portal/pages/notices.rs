//! What a page says after something was done: `did` in its address names a sentence of this list and nothing else.

use crate::http::page::parts::Notice;

const DONE: [(&str, &str); 5] = [
    ("bound", "The key is bound to your address."),
    ("named", "The name is saved."),
    ("saved", "Your mail alerts are saved."),
    ("unbound", "The key left your list. Paste it again to have it back."),
    ("ended", "The session is signed out."),
];

/// The notice of a `did`; none for a foreign one.
pub fn of(did: &str) -> Notice {
    let Some((_, text)) = DONE.iter().find(|(word, _)| *word == did) else { return Notice::default() };
    Notice { text: (*text).to_owned(), tone: "good".to_owned(), icon: "check".to_owned(), ..Notice::default() }
}

/// The same `did` for the page that comes next, as `?did=…`; empty for a foreign one.
pub fn carried(did: &str) -> String {
    DONE.iter().find(|(word, _)| *word == did).map(|(word, _)| format!("?did={word}")).unwrap_or_default()
}
