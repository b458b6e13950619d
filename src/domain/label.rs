//! A short text that a person gives a thing: a key's label, a client's own name for a key (`faults.md` K4).

use std::fmt;
use thiserror::Error;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// What a person counts as characters.
const MAX_GRAPHEMES: usize = 64;
/// Bounds piles of combining marks, which count as one character; the column's CHECK says the same.
const MAX_CHARS: usize = 512;

/// Why a text is no label; the words are for the person who typed it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum LabelError {
    #[error("type a label of 1 to 64 characters")]
    Length,
    #[error("the label contains a control or direction character; type plain text")]
    Control,
}

/// NFC text of 1 to 64 graphemes without control, direction or invisible separator characters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label(String);

impl Label {
    /// Reads a label as typed; white space around it is cut.
    ///
    /// # Errors
    /// By `LabelError`.
    pub fn parse(typed: &str) -> Result<Self, LabelError> {
        // NFC at most triples a text; a longer one cannot become a label and is not worth normalising.
        if typed.len() > 16 * MAX_CHARS {
            return Err(LabelError::Length);
        }
        let text: String = typed.trim().nfc().collect();
        if text.chars().any(is_refused) {
            return Err(LabelError::Control);
        }
        let seen = text.chars().any(|c| !c.is_whitespace() && !is_joiner(c));
        let fits = text.graphemes(true).count() <= MAX_GRAPHEMES && text.chars().count() <= MAX_CHARS;
        if seen && fits { Ok(Label(text)) } else { Err(LabelError::Length) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Joiners, fillers and tags make emoji and some scripts readable; alone they show nothing.
pub(super) fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{34f}' | '\u{180b}'..='\u{180f}'
        | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{17b4}' | '\u{17b5}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Control, direction and invisible separator characters: no text of a person carries them.
pub(super) fn is_refused(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}'  // direction
            | '\u{00ad}' | '\u{200b}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{2064}'            // invisible
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k04_labels_are_one_to_sixty_four_graphemes_in_nfc() {
        let family = "👨\u{200d}👩\u{200d}👧\u{200d}👦";
        let good = [
            ("acme-corp-prod", "acme-corp-prod"),
            ("  spaced out  ", "spaced out"),
            ("e\u{301}", "é"),
            ("مرحبا", "مرحبا"),
            ("<script>{{7*7}}", "<script>{{7*7}}"),
            ("🏴\u{e0067}\u{e0062}\u{e007f}", "🏴\u{e0067}\u{e0062}\u{e007f}"),
        ];
        for (typed, label) in good {
            assert_eq!(Label::parse(typed).map(Label::into_string), Ok(label.to_owned()), "{typed:?}");
        }
        assert!(Label::parse(&family.repeat(64)).is_ok());
        assert!(Label::parse(&"x".repeat(64)).is_ok());
        assert_eq!(Label::parse(&"x".repeat(65)), Err(LabelError::Length));
        assert_eq!(Label::parse(&family.repeat(65)), Err(LabelError::Length));
        assert_eq!(Label::parse(&format!("a{}", "\u{301}".repeat(600))), Err(LabelError::Length));
    }

    #[test]
    fn k04_empty_control_and_direction_labels_are_refused() {
        for typed in ["", "   ", "\u{200d}", "\u{200d} \u{fe0f}", "\u{3164}", "\u{e0041}\u{e007f}"] {
            assert_eq!(Label::parse(typed), Err(LabelError::Length), "{typed:?}");
        }
        for typed in ["a\0b", "a\nb", "a\u{202e}b", "a\u{200b}b", "\u{feff}a", "a\u{2066}b", "a\u{1b}[31m"] {
            assert_eq!(Label::parse(typed), Err(LabelError::Control), "{typed:?}");
        }
    }
}
