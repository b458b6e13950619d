//! Reads pieces of an answer's JSON: labels, and how much text there is.

use crate::domain::scan::{Fault, Kind, Scanner};

/// Longest label (tier, speed, region, model, id) kept of an answer.
const MAX_LABEL: usize = 128;

/// Whether a text is worth keeping as a label.
pub fn short(text: &str) -> bool {
    (1..=MAX_LABEL).contains(&text.len())
}

/// Keeps a short text; anything else is skipped and leaves what was known.
pub fn label(scan: &mut Scanner<'_>, slot: &mut Option<String>) -> Result<(), Fault> {
    if scan.kind()? != Kind::Text {
        return scan.skip();
    }
    let text = scan.text()?.decode();
    if short(&text) {
        *slot = Some(text.into_owned());
    }
    Ok(())
}

/// Characters of generated text in a delta or a content block: shown text, thinking, a tool's input, a summary.
pub fn text_chars(scan: &mut Scanner<'_>) -> Result<u64, Fault> {
    let mut chars = 0;
    scan.enter_object()?;
    while let Some(key) = scan.next_key()? {
        match (key.raw(), scan.kind()?) {
            ("text" | "thinking" | "partial_json" | "content", Kind::Text) => chars += scan.text()?.chars(),
            ("input", Kind::Object) => {
                let start = scan.at();
                scan.skip()?;
                chars += (scan.at() - start) as u64;
            }
            _ => scan.skip()?,
        }
    }
    Ok(chars)
}

/// Whether a block's start already delivers something: all kinds do but the two that start empty.
pub fn starts_with_content(scan: &mut Scanner<'_>) -> Result<bool, Fault> {
    let mut starts = false;
    scan.enter_object()?;
    while let Some(key) = scan.next_key()? {
        match (key.raw(), scan.kind()?) {
            ("type", Kind::Text) => starts = !matches!(scan.text()?.raw(), "text" | "thinking"),
            _ => scan.skip()?,
        }
    }
    Ok(starts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_has_1_to_128_bytes() {
        for (length, kept) in [(0, false), (1, true), (128, true), (129, false)] {
            assert_eq!(short(&"m".repeat(length)), kept, "{length}");
        }
    }
}
