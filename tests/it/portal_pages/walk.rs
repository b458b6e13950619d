//! Every page of the portal, out of its own table: a path with its ids filled in, and fields for each of its forms. A
//! page that comes into the table is walked at once; a new form fails here until it has an example.

use derouter::http::portal::pages::routes::TABLE;

/// The pages that are looked at, each with what a link to it may carry.
pub fn looked_at() -> Vec<&'static str> {
    TABLE.iter().filter(|(method, _)| *method == "get").map(|(_, pattern)| *pattern).collect()
}

/// The forms, those that end a session or a binding last.
pub fn forms() -> Vec<&'static str> {
    let mut forms: Vec<&str> = TABLE.iter().filter(|(method, _)| *method == "post").map(|(_, p)| *p).collect();
    forms.sort_by_key(|pattern| ENDS.iter().position(|end| end == pattern).map_or(0, |place| place + 1));
    forms
}

const ENDS: [&str; 4] =
    ["/account/sessions/{id}/revoke", "/keys/{id}/unbind", "/account/sign-out-everywhere", "/sign-out"];

/// What a link to a page may carry beside its path.
pub fn queries(pattern: &str) -> &'static [&'static str] {
    match pattern {
        "/keys/{id}" => &["", "?days=7", "?days=90&model=claude-opus-4-8", "?did=bound", "?model=none&cursor=00"],
        "/keys/{id}/usage.csv" => &["?days=90", "?model=claude-opus-4-8"],
        "/keys" | "/bind" | "/" => &["", "?did=unbound"],
        "/live" => &["?keys", "?key={id}"],
        _ => &[""],
    }
}

/// Fields that each form takes: such as do what it is for, and such as it refuses.
pub fn fields(pattern: &str) -> Vec<Vec<(&'static str, &'static str)>> {
    match pattern {
        "/sign-in" => vec![vec![("email", "new@acme.com"), ("next", "/keys")], vec![("email", "x")]],
        "/sign-in/code" => vec![vec![("email", "one@acme.com"), ("code", "000000")]],
        "/bind" => vec![vec![("key", "x"), ("name", "Acme")], vec![("key", ""), ("name", "a\u{202e}b")]],
        "/keys/{id}/alerts" => vec![vec![("at_80", "yes")], vec![("at_90", "yes")]],
        "/keys/{id}/name" => vec![vec![("name", "Acme prod")], vec![("name", "a\u{202e}b")]],
        "/theme" => vec![vec![("theme", "dark"), ("back", "/keys")], vec![("theme", "pink")]],
        "/keys/{id}/unbind" | "/account/sessions/{id}/revoke" => vec![vec![]],
        "/account/sign-out-everywhere" | "/sign-out" => vec![vec![]],
        other => panic!("the form {other} is walked only once it has example fields here"),
    }
}
