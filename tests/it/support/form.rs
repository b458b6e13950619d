//! Pages as a person reads them, and forms as a browser sends them: with the token and operation id that their page
//! carries.

use awc::http::Method;

use crate::support::browser::{Answer, Browser};

/// How the templates write what HTML would read as its own.
const ESCAPES: [(&str, &str); 5] = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];

impl Answer {
    /// The value of the page's first field of this name; fails the test where there is none.
    pub fn value(&self, name: &str) -> String {
        let field = format!("name=\"{name}\"");
        let from = self.text.find(&field).unwrap_or_else(|| panic!("a field {name} in {}", self.text));
        let tag = &self.text[from..from + self.text[from..].find('>').expect("the end of a tag")];
        let value = tag.split_once("value=\"").map_or("", |(_, rest)| rest.split('"').next().unwrap_or_default());
        unescaped(value)
    }

    /// The page's text without its tags, one space where there is any.
    pub fn reads(&self) -> String {
        let mut text = String::new();
        for part in self.text.split('<') {
            text.push(' ');
            text.push_str(part.split_once('>').map_or(part, |(_, rest)| rest));
        }
        unescaped(&text).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Fails the test unless the page says all of these.
    pub fn says(&self, texts: &[&str]) {
        let page = self.reads();
        for text in texts {
            assert!(page.contains(text), "{text:?} in: {page}");
        }
    }

    /// Where a 303 leads.
    pub fn leads(&self) -> &str {
        assert_eq!(self.status, 303, "{}", self.text);
        self.header("location").expect("a location")
    }
}

impl Browser {
    /// Opens a page that must be there.
    pub async fn open(&mut self, path: &str) -> Answer {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer
    }

    /// Sends a page's form with these fields beside the hidden ones; nothing but the form proves where it is from.
    pub async fn submit(&mut self, page: &Answer, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("csrf", &page.value("csrf"));
        if page.text.contains("name=\"operation_id\"") {
            form.append_pair("operation_id", &page.value("operation_id"));
        }
        form.extend_pairs(fields);
        self.post_form(path, form.finish()).await
    }

    /// Opens a form and sends it.
    pub async fn fill_in(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.open(path).await;
        self.submit(&page, path, fields).await
    }

    /// Sends an encoded form.
    pub async fn post_form(&mut self, path: &str, form: String) -> Answer {
        let csrf = std::mem::take(&mut self.csrf);
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let answer = self.send(Method::POST, path, &headers, Some(form)).await;
        self.csrf = csrf;
        answer
    }

    /// Goes where a form led.
    pub async fn follow(&mut self, answer: &Answer) -> Answer {
        let path = answer.leads().to_owned();
        self.open(&path).await
    }
}

fn unescaped(text: &str) -> String {
    ESCAPES.iter().fold(text.to_owned(), |text, (written, read)| text.replace(written, read))
}
