//! Paths and parameters that come back from a browser. `next` and `back` lead to pages of this site, never to another
//! place.

/// Method and pattern of every page of a site.
pub type Table = &'static [(&'static str, &'static str)];

/// Longest path that is followed.
const LONGEST: usize = 1_024;

/// The path, if it is one of a page that can be looked at; with its query.
pub fn page(table: Table, raw: &str) -> Option<String> {
    let plain = raw.len() <= LONGEST && raw.bytes().all(|b| b.is_ascii_graphic()) && !raw.contains('\\');
    let path = raw.split(['?', '#']).next().unwrap_or_default();
    let known = table.iter().any(|(method, pattern)| *method == "get" && fits(pattern, path));
    (plain && known).then(|| raw.to_owned())
}

/// A parameter of a query string; empty where it is absent. At most 512 characters, none of them a control one.
pub fn parameter(query: &str, name: &str) -> String {
    let found = form_urlencoded::parse(query.as_bytes()).find(|(n, _)| n == name).map(|(_, value)| value);
    found.map(|v| v.chars().filter(|c| !c.is_control()).take(512).collect()).unwrap_or_default()
}

/// The methods that the site's page of this path takes; none where there is no such page.
pub fn methods(table: Table, path: &str) -> Vec<String> {
    let known = table.iter().filter(|(_, pattern)| fits(pattern, path));
    let mut methods: Vec<String> = known.map(|(method, _)| method.to_uppercase()).collect();
    methods.sort();
    methods.dedup();
    methods
}

fn fits(pattern: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(w), Some(g)) if w == g || (w.starts_with('{') && !g.is_empty()) => {}
            _ => return false,
        }
    }
}

/// Registers pages and lists them: `pages! { get "/api" => api::show, … }` gives `TABLE` and `add`.
macro_rules! pages {
    ($($method:ident $pattern:literal => $handler:path),* $(,)?) => {
        /// Method and pattern of every page here.
        pub const TABLE: $crate::http::page::local::Table = &[$((stringify!($method), $pattern)),*];

        /// Adds the pages.
        pub fn add(config: &mut actix_web::web::ServiceConfig) {
            $(config.route($pattern, actix_web::web::$method().to($handler));)*
        }
    };
}

pub(crate) use pages;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h13_only_pages_of_this_site_are_followed() {
        let table: Table = &[("get", "/api"), ("get", "/keys/{id}/top-up"), ("post", "/sign-out")];
        let followed = ["/api", "/api?sort=label", "/keys/7/top-up?amount=5"];
        for path in followed {
            assert_eq!(page(table, path).as_deref(), Some(path));
        }
        let refused = [
            "",
            "//evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/\\evil.example",
            "/sign-out",
            "/keys//top-up",
            "/nowhere",
            "/api\r\nset-cookie: a=b",
            "api",
        ];
        for path in refused {
            assert_eq!(page(table, path), None, "{path}");
        }
    }
}
