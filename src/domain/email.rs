//! An e-mail address in its one normal form: trimmed, lower case, the domain in its ASCII (IDNA) form.
//!
//! Only what any mail server takes is taken: a dot-atom before the `@`, a host name with a dot after it. What reaches
//! a mail header is therefore free of line breaks, quotes and brackets (`faults.md` K9).

use std::fmt;
use thiserror::Error;

/// Longest address (RFC 5321 §4.5.3.1.3, less the angle brackets).
const MAX_LEN: usize = 254;
/// Longest part before the `@` (RFC 5321 §4.5.3.1.1).
const MAX_LOCAL: usize = 64;

/// A text that is no address we can write to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("type an e-mail address such as you@example.com")]
pub struct MalformedAddress;

/// A normal address. `Debug` and `Display` do not show it whole: logs carry no addresses.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Reads an address as a person typed it.
    ///
    /// # Errors
    /// `MalformedAddress` for two `@`, control characters, a local part beyond ASCII, a domain IDNA refuses or one
    /// without a dot, and for more than 254 characters.
    pub fn parse(typed: &str) -> Result<Self, MalformedAddress> {
        let typed = typed.trim_matches(' ');
        if typed.len() > 4 * MAX_LEN {
            return Err(MalformedAddress);
        }
        let (local, domain) = typed.split_once('@').ok_or(MalformedAddress)?;
        if !is_dot_atom(local) || local.len() > MAX_LOCAL {
            return Err(MalformedAddress);
        }
        let address = format!("{}@{}", local.to_ascii_lowercase(), ascii_domain(domain)?);
        if address.len() > MAX_LEN { Err(MalformedAddress) } else { Ok(EmailAddress(address)) }
    }

    /// The whole address: for the mail, for the row, for its owner.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address without its plus tag: tells one person's addresses apart from many persons', for referral and bonus
    /// checks. Never used to sign in: some servers deliver tagged addresses to other people.
    pub fn folded(&self) -> String {
        let (local, domain) = self.0.split_once('@').expect("a normal address has one @");
        let person = local.split_once('+').map_or(local, |(person, _tag)| person);
        format!("{person}@{domain}")
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (local, domain) = self.0.split_once('@').expect("a normal address has one @");
        write!(f, "{}…@{domain}", &local[..1])
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmailAddress({self})")
    }
}

/// RFC 5322 §3.2.3: atoms of printable ASCII, joined by single dots.
fn is_dot_atom(text: &str) -> bool {
    let atom = |part: &str| !part.is_empty() && part.bytes().all(is_atom_byte);
    text.split('.').all(atom)
}

fn is_atom_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&byte)
}

fn ascii_domain(domain: &str) -> Result<String, MalformedAddress> {
    let ascii = idna::domain_to_ascii_strict(domain).map_err(|_| MalformedAddress)?;
    let last = ascii.rsplit('.').next().unwrap_or_default();
    // A last label of digits is an IP address written as a name.
    let named = ascii.contains('.') && last.bytes().any(|b| b.is_ascii_alphabetic());
    if named && !ascii.ends_with('.') { Ok(ascii) } else { Err(MalformedAddress) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h08_every_spelling_of_an_address_has_one_normal_form() {
        let rows = [
            ("you@shop.com", "you@shop.com"),
            ("  You@Shop.COM ", "you@shop.com"),
            ("you+tag@shop.com", "you+tag@shop.com"),
            ("you@bücher.example", "you@xn--bcher-kva.example"),
            ("you@BÜCHER.example", "you@xn--bcher-kva.example"),
            ("you@ｓｈｏｐ.com", "you@shop.com"),
            ("o'neil@shop.co.uk", "o'neil@shop.co.uk"),
        ];
        for (typed, normal) in rows {
            assert_eq!(EmailAddress::parse(typed).map(|a| a.0), Ok(normal.to_owned()), "{typed}");
        }
    }

    #[test]
    fn h08_odd_addresses_are_refused() {
        let long = format!("{}@shop.com", "a".repeat(65));
        let longer = format!("a@{}.com", vec!["b".repeat(60); 5].join("."));
        let bad = [
            "",
            "@",
            "a@",
            "@b.com",
            "a",
            "a@b",
            "a@@b.com",
            "a@b@c.com",
            "a b@c.com",
            "a@b .com",
            "a\r\nBcc: x@y.z@c.com",
            "a@c.com\r\nBcc: x@y.z",
            "a\0@b.com",
            "a@b.com\0",
            "\"a\"@b.com",
            "a..b@c.com",
            ".a@c.com",
            "<a@c.com>",
            "a@[127.0.0.1]",
            "a@127.0.0.1",
            "a@b_c.com",
            "a@b.com.",
            "а@shop.com",
            "ａ@shop.com",
            "a\t@b.com",
            &long,
            &longer,
        ];
        for typed in bad {
            assert_eq!(EmailAddress::parse(typed), Err(MalformedAddress), "{typed:?}");
        }
    }

    #[test]
    fn homoglyph_domains_are_other_addresses_and_tags_fold() {
        let latin = EmailAddress::parse("a@apple.com").expect("latin");
        let cyrillic = EmailAddress::parse("a@аpple.com").expect("cyrillic");
        assert_ne!(latin, cyrillic);
        assert_eq!(EmailAddress::parse("a+b+c@apple.com").expect("tagged").folded(), "a@apple.com");
        assert_eq!(format!("{latin:?}"), "EmailAddress(a…@apple.com)");
    }
}
