//! Forms of the portal as a browser without script sends them, and where its answers lead.

use crate::support::browser::{Answer, Browser};

impl Browser {
    /// Opens a page and sends one of its forms to `action`.
    pub async fn fill(&mut self, page: &str, action: &str, fields: &[(&str, &str)]) -> Answer {
        let shown = self.open(page).await;
        assert!(shown.text.contains(&format!("action=\"{action}\"")), "{page} has no form to {action}: {}", shown.text);
        self.submit(&shown, action, fields).await
    }

    /// Sends a form with exactly these fields.
    pub async fn send_form(&mut self, action: &str, fields: &[(&str, &str)]) -> Answer {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.post_form(action, form).await
    }

    /// A page that is shown.
    pub async fn page(&mut self, path: &str) -> String {
        self.open(path).await.text
    }
}

/// Where an answer leads.
pub fn way(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.header("location").unwrap_or_default())
}

/// The first address after a mark on a page, as a browser would follow it.
pub fn link_after(page: &str, mark: &str) -> Option<String> {
    let (_, rest) = page.split_once(mark)?;
    let (_, rest) = rest.split_once("href=\"")?;
    let href = rest.split('"').next()?.replace("&#38;", "&");
    Some(href.split('#').next()?.to_owned())
}
