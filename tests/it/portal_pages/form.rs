//! Forms as a browser without script sends them: the token is the one that the page carried.

use awc::http::Method;

use crate::support::browser::{Answer, Browser};

impl Browser {
    /// Opens a page and sends one of its forms to `action`.
    pub async fn fill(&mut self, page: &str, action: &str, fields: &[(&str, &str)]) -> Answer {
        let shown = self.get(page).await;
        assert_eq!(shown.status, 200, "{page}: {}", shown.text);
        assert!(shown.text.contains(&format!("action=\"{action}\"")), "{page} has no form to {action}: {}", shown.text);
        let token = token_of(&shown.text);
        self.send_form(action, &[&[("csrf", token.as_str())], fields].concat()).await
    }

    /// Sends a form with exactly these fields.
    pub async fn send_form(&mut self, action: &str, fields: &[(&str, &str)]) -> Answer {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(fields);
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.send(Method::POST, action, &headers, Some(body.finish())).await
    }

    /// A page that is shown.
    pub async fn page(&mut self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.text
    }
}

/// The token of the first form on a page.
pub fn token_of(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"csrf\" value=\"").expect("a form with a token");
    rest.split('"').next().unwrap_or_default().to_owned()
}

/// Where an answer leads.
pub fn way(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.header("location").unwrap_or_default())
}

/// The first address after a mark on a page, as a browser would follow it.
pub fn link_after<'a>(page: &'a str, mark: &str) -> Option<String> {
    let (_, rest) = page.split_once(mark)?;
    let (_, rest): (&'a str, &'a str) = rest.split_once("href=\"")?;
    let href = rest.split('"').next()?.replace("&#38;", "&");
    Some(href.split('#').next()?.to_owned())
}
