//! The text a reseller sends a client with a key: a template with three places that are filled in.
//!
//! Filling looks at the template once, so a label that reads `{key}` stays as it is.

use thiserror::Error;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use crate::domain::label;

/// The text of whoever has not written another.
pub const STANDARD: &str =
    "Hi {label}, Your API key: {key} To track usage, visit: {portal} (Sign in with your email OTP, bind the key once.)";
/// What a person counts as characters: a message, not a document.
const MAX_GRAPHEMES: usize = 1_000;
/// Bounds piles of combining marks, which count as one character; the column's CHECK says the same.
const MAX_CHARS: usize = 4_000;
/// A longer text in braces is prose, not a place.
const MAX_PLACE: usize = 32;

/// Why a text is no template; the words are for the person who typed it.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum TemplateError {
    #[error("The text needs {{key}} in it, or your client gets no key.")]
    NoKey,
    #[error("{{{0}}} is not filled in. Use {{key}}, {{portal}} and {{label}}.")]
    UnknownPlace(String),
    #[error("The text is too long. Keep it to 1,000 characters.")]
    Length,
    #[error("The text contains a control or direction character. Type plain text.")]
    Control,
}

/// A message with `{key}`, `{portal}` and `{label}` to be filled in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MessageTemplate(String);

/// What a message is filled with.
#[derive(Clone, Copy, Debug)]
pub struct Filling<'a> {
    /// The whole key where it is shown for the first time, else its first characters.
    pub key: &'a str,
    /// Where clients sign in.
    pub portal: &'a str,
    pub label: &'a str,
}

impl MessageTemplate {
    /// Reads a template as typed; white space around it is cut, line breaks become `\n`.
    ///
    /// # Errors
    /// By `TemplateError`.
    pub fn parse(typed: &str) -> Result<Self, TemplateError> {
        // NFC at most triples a text; a longer one cannot fit and is not worth normalising.
        if typed.len() > 16 * MAX_CHARS {
            return Err(TemplateError::Length);
        }
        let text: String = typed.replace("\r\n", "\n").trim().nfc().collect();
        if text.chars().any(|c| c != '\n' && label::is_refused(c)) {
            return Err(TemplateError::Control);
        }
        if text.graphemes(true).count() > MAX_GRAPHEMES || text.chars().count() > MAX_CHARS {
            return Err(TemplateError::Length);
        }
        if let Some(unknown) = places(&text).find(|place| !matches!(*place, "key" | "portal" | "label")) {
            return Err(TemplateError::UnknownPlace(unknown.to_owned()));
        }
        if !text.contains("{key}") {
            return Err(TemplateError::NoKey);
        }
        Ok(MessageTemplate(text))
    }

    /// The standard text.
    pub fn standard() -> Self {
        MessageTemplate(STANDARD.to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The message of one key.
    pub fn fill(&self, with: Filling<'_>) -> String {
        let (mut text, mut rest) = (String::new(), self.0.as_str());
        while let Some(open) = rest.find('{') {
            let (before, after) = rest.split_at(open);
            text.push_str(before);
            let Some((place, value)) = known(after, &with) else {
                text.push('{');
                rest = &after[1..];
                continue;
            };
            text.push_str(value);
            rest = &after[place.len()..];
        }
        text + rest
    }
}

/// The place at the start of `text`, and what goes there.
fn known<'a>(text: &str, with: &Filling<'a>) -> Option<(&'static str, &'a str)> {
    [("{key}", with.key), ("{portal}", with.portal), ("{label}", with.label)]
        .into_iter()
        .find(|(place, _)| text.starts_with(place))
}

/// What stands in braces like the name of a place: braces in prose are left alone.
fn places(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|rest| {
        let (name, _) = rest.split_once('}')?;
        let named = name.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '_' | '-'));
        (named && (1..=MAX_PLACE).contains(&name.chars().count())).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WITH: Filling<'_> = Filling { key: "sk-ant-1", portal: "https://apikey.cloud", label: "a {key} b" };

    #[test]
    fn the_standard_text_is_a_template_and_is_filled_once() {
        let standard = MessageTemplate::parse(STANDARD).expect("a template");
        assert_eq!(standard, MessageTemplate::standard());
        let filled = standard.fill(WITH);
        assert_eq!(
            filled,
            "Hi a {key} b, Your API key: sk-ant-1 To track usage, visit: https://apikey.cloud (Sign in with your email OTP, bind the key once.)"
        );
    }

    #[test]
    fn templates_keep_lines_and_braces_of_prose() {
        let rows = [
            ("  {key}  ", "sk-ant-1"),
            ("a\r\nb {key}", "a\nb sk-ant-1"),
            ("{\"x\": 1} {key} {", "{\"x\": 1} sk-ant-1 {"),
            ("{{key}}", "{sk-ant-1}"),
            ("{key}{key}{portal}", "sk-ant-1sk-ant-1https://apikey.cloud"),
        ];
        for (typed, filled) in rows {
            let template = MessageTemplate::parse(typed).unwrap_or_else(|e| panic!("{typed:?}: {e}"));
            assert_eq!(template.fill(WITH), filled, "{typed:?}");
        }
        assert!(MessageTemplate::parse(&("{key}".to_owned() + &"x".repeat(995))).is_ok());
    }

    #[test]
    fn a_text_that_would_not_do_is_refused_with_the_reason() {
        let long = "{key}".to_owned() + &"x".repeat(996);
        let pile = "{key}a".to_owned() + &"\u{301}".repeat(4_100);
        let rows = [
            ("", TemplateError::NoKey),
            ("Hi!", TemplateError::NoKey),
            ("{Key}", TemplateError::UnknownPlace("Key".into())),
            ("{key} {name}", TemplateError::UnknownPlace("name".into())),
            ("{ key }", TemplateError::UnknownPlace(" key ".into())),
            (&long, TemplateError::Length),
            (&pile, TemplateError::Length),
            ("{key} \u{202e}", TemplateError::Control),
            ("{key}\0", TemplateError::Control),
        ];
        for (typed, why) in rows {
            assert_eq!(MessageTemplate::parse(typed), Err(why), "{typed:?}");
        }
        let said = TemplateError::UnknownPlace("name".into()).to_string();
        assert_eq!(said, "{name} is not filled in. Use {key}, {portal} and {label}.");
    }
}
