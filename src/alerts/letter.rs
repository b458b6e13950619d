//! A mail of a few paragraphs, as text and as HTML. Nothing of a person's text can end a header or open a tag.

/// A mail being written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Letter {
    subject: String,
    parts: Vec<Part>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Part {
    Words(String),
    Link { word: String, url: String },
}

impl Letter {
    /// A letter without a paragraph.
    pub fn about(subject: &str) -> Self {
        Letter { subject: subject.chars().filter(|c| !c.is_control()).collect(), parts: Vec::new() }
    }

    /// Adds a paragraph.
    #[must_use]
    pub fn say(mut self, words: impl Into<String>) -> Self {
        self.parts.push(Part::Words(words.into()));
        self
    }

    /// Adds a paragraph that leads somewhere: never to a sign-in by itself, mail scanners click links.
    #[must_use]
    pub fn link(mut self, word: &str, url: impl Into<String>) -> Self {
        self.parts.push(Part::Link { word: word.to_owned(), url: url.into() });
        self
    }

    pub fn subject(&self) -> &str {
        &self.subject
    }

    pub fn text(&self) -> String {
        let parts = self.parts.iter().map(|part| match part {
            Part::Words(words) => words.clone(),
            Part::Link { word, url } => format!("{word}: {url}"),
        });
        parts.collect::<Vec<_>>().join("\n\n") + "\n"
    }

    pub fn html(&self) -> String {
        let parts = self.parts.iter().map(|part| match part {
            Part::Words(words) => format!("<p>{}</p>", escaped(words)),
            Part::Link { word, url } => format!("<p><a href=\"{}\">{}</a></p>", escaped(url), escaped(word)),
        });
        format!("<!doctype html><html lang=\"en\"><body>{}</body></html>", parts.collect::<String>())
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_says_the_same_twice_and_nothing_of_it_is_markup() {
        let letter = Letter::about("A\r\nBcc: x").say("<b>1 & 2</b>").link("Look", "https://x.example/?a=\"&b");
        assert_eq!(letter.subject(), "ABcc: x");
        assert_eq!(letter.text(), "<b>1 & 2</b>\n\nLook: https://x.example/?a=\"&b\n");
        assert!(letter.html().contains("<p>&lt;b&gt;1 &amp; 2&lt;/b&gt;</p>"), "{}", letter.html());
        assert!(letter.html().contains("href=\"https://x.example/?a=&quot;&amp;b\""), "{}", letter.html());
    }
}
