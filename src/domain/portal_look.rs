//! The name and logo text a reseller's clients read at the top of their portal. Never an address: clients do not learn
//! who sells to them.

use thiserror::Error;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use crate::domain::label::{self, Label, LabelError};

/// What a person counts as characters.
const MAX_LOGO: usize = 3;
/// Bounds piles of combining marks and emoji families; the column's CHECK says the same.
const MAX_LOGO_CHARS: usize = 64;

/// Why a text is no portal name; the words are for the person who typed it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum NameError {
    #[error("Type a name of 1 to 64 characters.")]
    Length,
    #[error("The name contains a control or direction character. Type plain text.")]
    Control,
    #[error("This looks like an e-mail address. Your clients would read it; type a name instead.")]
    Address,
}

/// Why a text is no logo; the words are for the person who typed it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("Type 1 to 3 characters.")]
pub struct LogoError;

/// A name of 1 to 64 graphemes, plain as a label, that is no address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PortalName(Label);

/// One to three graphemes without white space.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Logo(String);

/// What stands in place of the platform's own portal name; `None` is that name.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PortalLook {
    pub name: Option<PortalName>,
    pub logo: Option<Logo>,
}

impl PortalName {
    /// Reads a name as typed; white space around it is cut.
    ///
    /// # Errors
    /// By `NameError`. Every kind of `@` counts as an address, also the wide ones that read the same.
    pub fn parse(typed: &str) -> Result<Self, NameError> {
        let name = Label::parse(typed).map_err(|error| match error {
            LabelError::Length => NameError::Length,
            LabelError::Control => NameError::Control,
        })?;
        if name.as_str().nfkc().any(|c| c == '@') { Err(NameError::Address) } else { Ok(PortalName(name)) }
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl Logo {
    /// Reads a logo text as typed; white space around it is cut.
    ///
    /// # Errors
    /// `LogoError` for none or more than three characters, white space between them, control and direction characters.
    pub fn parse(typed: &str) -> Result<Self, LogoError> {
        if typed.len() > 16 * MAX_LOGO_CHARS {
            return Err(LogoError);
        }
        let text: String = typed.trim().nfc().collect();
        let plain = text.chars().all(|c| !label::is_refused(c) && !c.is_whitespace());
        let seen = text.chars().any(|c| !label::is_joiner(c));
        let fits = text.graphemes(true).count() <= MAX_LOGO && text.chars().count() <= MAX_LOGO_CHARS;
        if plain && seen && fits { Ok(Logo(text)) } else { Err(LogoError) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_portal_name_is_plain_and_no_address() {
        for name in ["Acme API", "apikey.cloud", "مرحبا", "<b>&amp;", &"x".repeat(64)] {
            assert_eq!(PortalName::parse(name).map(|n| n.as_str().to_owned()), Ok(name.to_owned()));
        }
        let rows = [
            ("", NameError::Length),
            ("  ", NameError::Length),
            (&"x".repeat(65), NameError::Length),
            ("a\u{202e}b", NameError::Control),
            ("you@shop.com", NameError::Address),
            ("you＠shop.com", NameError::Address),
            ("you﹫shop.com", NameError::Address),
        ];
        for (typed, why) in rows {
            assert_eq!(PortalName::parse(typed), Err(why), "{typed:?}");
        }
    }

    #[test]
    fn a_logo_is_one_to_three_characters_as_people_count_them() {
        let family = "👨\u{200d}👩\u{200d}👧\u{200d}👦";
        for typed in ["a", "ak", "abc", " ab ", "e\u{301}", family, &family.repeat(3)] {
            assert!(Logo::parse(typed).is_ok(), "{typed:?}");
        }
        for typed in ["", "abcd", "a b", "\u{200d}", "a\u{202e}", &family.repeat(4), &"a\u{301}".repeat(99)] {
            assert_eq!(Logo::parse(typed), Err(LogoError), "{typed:?}");
        }
    }
}
