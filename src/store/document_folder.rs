//! A folder of small texts, one file each, replaced whole: what a simulated party of the dev profile remembers.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The ending of a whole file; one without it was being written when its program died.
const ENDING: &str = "json";

/// The folder.
#[derive(Clone, Debug)]
pub struct DocumentFolder {
    path: PathBuf,
}

impl DocumentFolder {
    /// The folder at a path, made if it is not there.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn open(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        Ok(DocumentFolder { path: path.to_owned() })
    }

    /// Every text, in no order.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn read_all(&self) -> io::Result<Vec<String>> {
        let mut texts = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let path = entry?.path();
            if path.extension().is_some_and(|e| e == ENDING) {
                texts.push(fs::read_to_string(path)?);
            }
        }
        Ok(texts)
    }

    /// Writes a text under a name of letters, digits and underscores, in place of the one before.
    ///
    /// # Errors
    /// If it cannot be written; then the one before is still there.
    ///
    /// # Panics
    /// If the name is another: it would name a file elsewhere.
    pub fn write(&self, name: &str, text: &str) -> io::Result<()> {
        assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'), "a plain name");
        let draft = self.path.join(format!("{name}.new"));
        let mut file = fs::File::create(&draft)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, self.path.join(format!("{name}.{ENDING}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_replaced_whole_and_a_draft_is_none() {
        let temp = tempfile::tempdir().expect("a folder");
        let folder = DocumentFolder::open(&temp.path().join("texts")).expect("made");
        folder.write("one", "1").expect("written");
        folder.write("one", "2").expect("written");
        fs::write(temp.path().join("texts/two.new"), "half").expect("written");
        let again = DocumentFolder::open(&temp.path().join("texts")).expect("there");
        assert_eq!(again.read_all().expect("read"), ["2"]);
    }
}
