//! Tables for spreadsheets: RFC 4180, and no cell that a spreadsheet would run as a formula.

/// What makes a spreadsheet read a cell as a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// One line of a table, with its end.
pub fn line(cells: &[&str]) -> String {
    let written: Vec<String> = cells.iter().map(|text| cell(text)).collect();
    format!("{}\r\n", written.join(","))
}

/// A cell as text; one that begins like a formula gets an apostrophe, which spreadsheets read as "this is text".
fn cell(text: &str) -> String {
    let text = if text.starts_with(FORMULA) { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_none_breaks_its_line() {
        let rows = [
            ("claude-haiku-4-5", "claude-haiku-4-5"),
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("=\"a\",b", "\"'=\"\"a\"\",b\""),
            ("a,b", "\"a,b\""),
            ("a\r\nb", "\"a\r\nb\""),
            ("", ""),
        ];
        for (text, written) in rows {
            assert_eq!(cell(text), written);
        }
        assert_eq!(line(&["a", "1", "x,y"]), "a,1,\"x,y\"\r\n");
    }
}
