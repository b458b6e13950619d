//! A mail of a few parts, told twice: as text and as HTML in one calm layout. Both say the same, for both come from the
//! same parts; nothing of a person's text can end a header or open a tag.

use askama::Template;

/// A mail being written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Letter {
    brand: String,
    subject: String,
    parts: Vec<Part>,
    /// Quiet lines below: why it came, how to stop it.
    notes: Vec<String>,
    /// The last line of the text alone, which phones read.
    tail: String,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Part {
    Words(String),
    /// Digits to be typed.
    Code(String),
    Facts(Vec<(String, String)>),
    /// What the mail asks for; at most one a letter.
    Button {
        word: String,
        url: String,
    },
    Link {
        word: String,
        url: String,
    },
}

#[derive(Template)]
#[template(path = "mail/letter.html")]
struct Html<'a> {
    letter: &'a Letter,
    opening: &'a str,
}

#[derive(Template)]
#[template(path = "mail/letter.txt")]
struct Text<'a> {
    letter: &'a Letter,
}

impl Letter {
    /// A letter of `brand` without a part yet.
    pub fn of(brand: &str, subject: &str) -> Self {
        let one_line = |text: &str| text.chars().filter(|c| !c.is_control()).collect();
        let (parts, notes, tail) = (Vec::new(), Vec::new(), String::new());
        Letter { brand: one_line(brand), subject: one_line(subject), parts, notes, tail }
    }

    /// Adds a paragraph.
    #[must_use]
    pub fn say(mut self, words: impl Into<String>) -> Self {
        self.parts.push(Part::Words(words.into()));
        self
    }

    /// Adds a code that a person types.
    #[must_use]
    pub fn code(mut self, digits: &str) -> Self {
        self.parts.push(Part::Code(digits.to_owned()));
        self
    }

    /// Adds a small table of words and values.
    #[must_use]
    pub fn facts(mut self, rows: &[(&str, String)]) -> Self {
        self.parts.push(Part::Facts(rows.iter().map(|(word, value)| ((*word).to_owned(), value.clone())).collect()));
        self
    }

    /// Adds what the letter asks for: never a sign-in by itself, mail scanners click links.
    #[must_use]
    pub fn button(mut self, word: &str, url: impl Into<String>) -> Self {
        self.parts.push(Part::Button { word: word.to_owned(), url: url.into() });
        self
    }

    /// Adds a line that leads somewhere, as `button` does.
    #[must_use]
    pub fn link(mut self, word: &str, url: impl Into<String>) -> Self {
        self.parts.push(Part::Link { word: word.to_owned(), url: url.into() });
        self
    }

    /// Adds a quiet line at the end.
    #[must_use]
    pub fn note(mut self, words: impl Into<String>) -> Self {
        self.notes.push(words.into());
        self
    }

    /// Ends the text, and the text alone, with a line that phones read.
    #[must_use]
    pub fn tail(mut self, line: impl Into<String>) -> Self {
        self.tail = line.into();
        self
    }

    pub fn subject(&self) -> &str {
        &self.subject
    }

    pub fn text(&self) -> String {
        let text = Text { letter: self }.render().expect("a text has room for a letter");
        text.trim_end().to_owned() + "\n"
    }

    pub fn html(&self) -> String {
        Html { letter: self, opening: self.opening() }.render().expect("a text has room for a letter")
    }

    /// What lists of mails show beside the subject.
    fn opening(&self) -> &str {
        let words = |part: &Part| matches!(part, Part::Words(_));
        match self.parts.iter().find(|part| words(part)) {
            Some(Part::Words(text)) => text,
            _ => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_says_the_same_twice_and_nothing_of_it_is_markup() {
        let letter = Letter::of("<B>\n", "A\r\nBcc: x")
            .say("<b>1 & 2</b>")
            .facts(&[("Amount", "$1.00".to_owned()), ("By", "<i>".to_owned())])
            .code("012345")
            .button("Look", "https://x.example/?a=\"&b")
            .note("Why it came.")
            .tail("@x #012345");
        assert_eq!(letter.subject(), "ABcc: x");
        let text = "<B>\n\n<b>1 & 2</b>\n\nAmount: $1.00\nBy: <i>\n\n    012345\n\nLook: https://x.example/?a=\"&b\n\n\
                    Why it came.\n\n@x #012345\n";
        assert_eq!(letter.text(), text);
        let html = letter.html();
        for said in ["&#60;b&#62;1 &#38; 2&#60;/b&#62;", "$1.00", "&#60;i&#62;", "012345", "Why it came.", "Look"] {
            assert!(html.contains(said), "{said} in {html}");
        }
        assert!(html.contains("href=\"https://x.example/?a=&#34;&#38;b\""), "{html}");
        assert!(!html.contains("<b>") && !html.contains("<i>") && !html.contains("@x #"), "{html}");
    }
}
