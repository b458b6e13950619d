//! A validating cursor over JSON text: no tree, no copy, every byte looked at once.
//!
//! The caller walks what it wants to read and skips the rest; skipping checks as strictly as reading. Refused beyond
//! the grammar of RFC 8259: nesting deeper than `MAX_DEPTH`, half a surrogate pair, numbers no double can hold
//! (`faults.md` K10). Objects and arrays are walked by `enter_*` and then `next_*` until it says there is no more.

use crate::domain::plain_run::plain_len;
use memchr::memchr;
use std::borrow::Cow;
use thiserror::Error;

/// Nesting allowed in a body; deeper ones exist only to exhaust a stack.
pub const MAX_DEPTH: u16 = 128;
/// Digits before the decimal point beyond which a double overflows (the largest is 1.8e308).
const MAX_MAGNITUDE: i64 = 308;

/// What is not JSON, and where.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("{why} at byte {at}")]
pub struct Fault {
    pub at: usize,
    pub why: &'static str,
}

/// What kind of value comes next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Object,
    Array,
    Text,
    Number,
    Bool,
    Null,
}

/// A string as it stands in the text, checked but not yet decoded.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    quoted: &'a str,
    escaped: bool,
}

impl<'a> Text<'a> {
    /// The bytes between the quotes, escapes still in place.
    pub fn raw(self) -> &'a str {
        &self.quoted[1..self.quoted.len() - 1]
    }

    /// The string itself; borrowed unless it holds an escape.
    pub fn decode(self) -> Cow<'a, str> {
        match self.escaped {
            false => Cow::Borrowed(self.raw()),
            true => Cow::Owned(serde_json::from_str(self.quoted).expect("the scanner checked this string")),
        }
    }

    /// How many characters the decoded string has.
    pub fn chars(self) -> u64 {
        let raw = self.raw();
        let mut count = raw.chars().count() as u64;
        let mut rest = raw.as_bytes();
        while let Some(at) = memchr(b'\\', rest) {
            let (written, stands_for) = match rest[at + 1] {
                // The second half of a pair belongs to the character its first half already counted.
                b'u' if is_low_half(&rest[at + 2..at + 4]) => (6, 0),
                b'u' => (6, 1),
                _ => (2, 1),
            };
            count -= written as u64 - stands_for;
            rest = &rest[at + written..];
        }
        count
    }
}

/// A cursor over one JSON text.
pub struct Scanner<'a> {
    text: &'a str,
    at: usize,
    depth: u16,
    /// True between an opening bracket and its first member: no comma is due there.
    fresh: bool,
}

impl<'a> Scanner<'a> {
    pub fn new(text: &'a str) -> Self {
        Scanner { text, at: 0, depth: 0, fresh: false }
    }

    /// Where the next byte is read.
    pub fn at(&self) -> usize {
        self.at
    }

    /// The kind of the next value, which stays unread.
    pub fn kind(&mut self) -> Result<Kind, Fault> {
        match self.peek() {
            Some(b'"') => Ok(Kind::Text),
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::Array),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(b't' | b'f') => Ok(Kind::Bool),
            Some(b'n') => Ok(Kind::Null),
            Some(_) => self.fault("a value was expected"),
            None => self.fault("the text ends too early"),
        }
    }

    /// Reads the `{` of an object; then call `next_key` until it says `None`.
    pub fn enter_object(&mut self) -> Result<(), Fault> {
        self.enter(b'{', "an object was expected")
    }

    /// Reads the `[` of an array; then call `next_item` until it says `false`.
    pub fn enter_array(&mut self) -> Result<(), Fault> {
        self.enter(b'[', "an array was expected")
    }

    /// The next field's name, with its value next to be read; `None` after the closing brace.
    pub fn next_key(&mut self) -> Result<Option<Text<'a>>, Fault> {
        if !self.next_member(b'}')? {
            return Ok(None);
        }
        self.peek();
        let key = self.text()?;
        self.expect(b':', "a colon was expected")?;
        Ok(Some(key))
    }

    /// True with the next item to be read; false after the closing bracket.
    pub fn next_item(&mut self) -> Result<bool, Fault> {
        self.next_member(b']')
    }

    /// Reads a string.
    pub fn text(&mut self) -> Result<Text<'a>, Fault> {
        self.expect(b'"', "a text in quotes was expected")?;
        let start = self.at - 1;
        let mut escaped = false;
        loop {
            self.at += plain_len(&self.bytes()[self.at..]);
            match self.bytes().get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                Some(_) => return self.fault("a control character stands unescaped in a text"),
                None => return self.fault("a text never ends"),
            }
            escaped = true;
        }
        self.at += 1;
        Ok(Text { quoted: &self.text[start..self.at], escaped })
    }

    /// Reads a number and gives its digits as they stand.
    pub fn number(&mut self) -> Result<&'a str, Fault> {
        self.peek();
        let start = self.at;
        self.eat(b'-');
        let whole = self.digits()?;
        if whole > 1 && self.bytes()[self.at - whole] == b'0' {
            return self.fault("a number starts with a needless zero");
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        let exponent = self.exponent()?;
        if (whole as i64).saturating_add(exponent) > MAX_MAGNITUDE {
            return self.fault("a number is too large");
        }
        Ok(&self.text[start..self.at])
    }

    /// Reads `true` or `false`.
    pub fn boolean(&mut self) -> Result<bool, Fault> {
        let value = self.peek() == Some(b't');
        self.word(if value { "true" } else { "false" })?;
        Ok(value)
    }

    /// Reads a `null` if one is next, and says whether it was.
    pub fn null(&mut self) -> Result<bool, Fault> {
        if self.peek() != Some(b'n') {
            return Ok(false);
        }
        self.word("null")?;
        Ok(true)
    }

    /// Reads and checks one whole value without keeping anything of it.
    pub fn skip(&mut self) -> Result<(), Fault> {
        match self.kind()? {
            Kind::Text => self.text().map(drop),
            Kind::Number => self.number().map(drop),
            Kind::Bool => self.boolean().map(drop),
            Kind::Null => self.word("null"),
            Kind::Object => {
                self.enter_object()?;
                while self.next_key()?.is_some() {
                    self.skip()?;
                }
                Ok(())
            }
            Kind::Array => {
                self.enter_array()?;
                while self.next_item()? {
                    self.skip()?;
                }
                Ok(())
            }
        }
    }

    /// Checks that nothing but white space is left.
    pub fn end(&mut self) -> Result<(), Fault> {
        match self.peek() {
            None => Ok(()),
            Some(_) => self.fault("something follows the end of the JSON value"),
        }
    }

    fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    fn fault<T>(&self, why: &'static str) -> Result<T, Fault> {
        Err(Fault { at: self.at, why })
    }

    /// The next byte that is not white space.
    fn peek(&mut self) -> Option<u8> {
        loop {
            match self.bytes().get(self.at) {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                other => return other.copied(),
            }
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.bytes().get(self.at) == Some(&byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8, why: &'static str) -> Result<(), Fault> {
        self.peek();
        if self.eat(byte) { Ok(()) } else { self.fault(why) }
    }

    fn word(&mut self, word: &str) -> Result<(), Fault> {
        if !self.bytes()[self.at..].starts_with(word.as_bytes()) {
            return self.fault("a value was expected");
        }
        self.at += word.len();
        Ok(())
    }

    fn enter(&mut self, open: u8, why: &'static str) -> Result<(), Fault> {
        self.expect(open, why)?;
        if self.depth == MAX_DEPTH {
            return self.fault("the JSON is nested deeper than 128 levels");
        }
        self.depth += 1;
        self.fresh = true;
        Ok(())
    }

    fn next_member(&mut self, close: u8) -> Result<bool, Fault> {
        let fresh = std::mem::replace(&mut self.fresh, false);
        if self.peek() == Some(close) {
            self.at += 1;
            self.depth -= 1;
            return Ok(false);
        }
        if !fresh {
            self.expect(b',', "a comma or a closing bracket was expected")?;
        }
        Ok(true)
    }

    fn digits(&mut self) -> Result<usize, Fault> {
        let count = self.bytes()[self.at..].iter().take_while(|b| b.is_ascii_digit()).count();
        self.at += count;
        if count == 0 { self.fault("a digit was expected") } else { Ok(count) }
    }

    fn exponent(&mut self) -> Result<i64, Fault> {
        if !self.eat(b'e') && !self.eat(b'E') {
            return Ok(0);
        }
        let negative = self.eat(b'-');
        if !negative {
            self.eat(b'+');
        }
        let start = self.at;
        self.digits()?;
        let size: i64 = self.text[start..self.at].parse().unwrap_or(i64::MAX);
        Ok(if negative { -size } else { size })
    }

    /// Reads one escape; a pair of `\u` halves counts as one.
    fn escape(&mut self) -> Result<(), Fault> {
        match self.bytes().get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => match self.unit()? {
                0xdc00..=0xdfff => return self.fault("half of a surrogate pair stands alone"),
                0xd800..=0xdbff if !matches!(self.unit(), Ok(0xdc00..=0xdfff)) => {
                    return self.fault("half of a surrogate pair stands alone");
                }
                _ => {}
            },
            _ => return self.fault("an escape is not one JSON knows"),
        }
        Ok(())
    }

    fn unit(&mut self) -> Result<u16, Fault> {
        let digits = self.bytes().get(self.at..self.at + 6).and_then(|b| b.strip_prefix(b"\\u"));
        let digits = digits.filter(|d| d.iter().all(u8::is_ascii_hexdigit)).and_then(|d| std::str::from_utf8(d).ok());
        match digits.map(|d| u16::from_str_radix(d, 16)) {
            Some(Ok(unit)) => {
                self.at += 6;
                Ok(unit)
            }
            _ => self.fault("an escape is not one JSON knows"),
        }
    }
}

fn is_low_half(hex: &[u8]) -> bool {
    hex[0].eq_ignore_ascii_case(&b'd') && matches!(hex[1].to_ascii_lowercase(), b'c'..=b'f')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<(), Fault> {
        let mut scan = Scanner::new(text);
        scan.skip()?;
        scan.end()
    }

    #[test]
    fn it_accepts_what_json_is_and_nothing_else() {
        let good = [
            r#"{"a":[1,-0,0.5,1e5,1E-400,12.25e+7],"b":{"c":null},"d":[true,false,[],{}]}"#,
            " \t\r\n\"x\\u00e9\\ud83d\\ude00\\n\\\"é中\" ",
            "1e307",
        ];
        for text in good {
            assert_eq!(check(text), Ok(()), "{text}");
        }
        let bad = "|{|[|]|[1,]|[,1]|[1 2]|{\"a\"}|{\"a\":}|{\"a\":1,}|{a:1}|{\"a\":1 \"b\":2}|01|-|1.|.5|+1|1e|1e400|-1e999\
                   |tru|nul|NaN|Infinity|'a'|\"|\"\\|\"\\x\"|\"\\u12\"|\"\\ud800\"|\"\\ud800x\"|\"\\ud800\\u0041\"|\"\\udc00\"\
                   |\"a\u{1}b\"|{} {}|1 2|[1}|{\"a\":1]|1e99999999999999999999|\"tab\there\"";
        for text in bad.split('|') {
            assert!(check(text).is_err(), "{text:?} was accepted");
            assert!(serde_json::from_str::<serde_json::Value>(text).is_err() || text.contains("\\ud"), "{text:?}");
        }
    }

    #[test]
    fn depth_is_bounded_whatever_is_sent() {
        for (levels, fine) in [(128, true), (129, false), (10_000, false)] {
            let text = "[".repeat(levels) + &"]".repeat(levels);
            assert_eq!(check(&text).is_ok(), fine, "{levels} levels");
            assert!(check(&r#"{"a":"#.repeat(10_000)).is_err());
        }
    }

    #[test]
    fn characters_are_counted_as_decoded() {
        for text in ["plain", "中é😀", r"a\nb\u0041\\u", r"\ud83d\ude00x\uD83D\uDE00", "", r"\\\\\u00e9"] {
            let quoted = format!("\"{text}\"");
            let found = Scanner::new(&quoted).text().expect("a string");
            assert_eq!(found.chars(), found.decode().chars().count() as u64, "{text}");
        }
    }
}
