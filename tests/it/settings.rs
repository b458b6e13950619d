//! A setting that nothing reads would be a promise nobody keeps.

use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn every_setting_is_read_by_some_part() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let settings = fs::read_to_string(root.join("config/settings.rs")).expect("the settings");
    let fields =
        settings.lines().filter_map(|line| line.strip_prefix("    pub ")?.split_once(": ").map(|(name, _)| name));
    let readers: Vec<String> = sources(&root).iter().map(|path| fs::read_to_string(path).expect("a source")).collect();
    let unread: Vec<&str> = fields.filter(|name| !readers.iter().any(|text| reads(text, name))).collect();
    assert!(unread.is_empty(), "no part reads {}", unread.join(", "));
}

/// The program's files without the settings themselves.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path());
    // Nor is a check of a value a use of it.
    let ours = entries.filter(|path| !path.ends_with("config/settings.rs") && !path.ends_with("config/rules.rs"));
    ours.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

fn reads(text: &str, field: &str) -> bool {
    text.match_indices(&format!(".{field}")).any(|(at, found)| {
        let after = text[at + found.len()..].chars().next();
        !after.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '(')
    })
}
