//! What stands inside `messages`, `system` and `tools`: counted for the hold, refused where it crosses tenants.
//!
//! Blocks are walked where the dialect puts blocks; a tool's `input` or a schema is the client's own data and is only
//! checked and skipped, whatever words it holds. Values of a shape the dialect does not know are left to the upstream.

use crate::domain::request::{fields, optional_text, whole};
use crate::domain::request_error::RequestError;
use crate::domain::scan::{Kind, Scanner};

/// Most pages the provider takes in one document.
const MAX_PAGES: u64 = 600;
/// Base64 bytes behind which one page is assumed at most; a page's own objects alone take about that much.
const BASE64_BYTES_PER_PAGE: u64 = 1_024;
/// Uses of a server tool held for where the request sets no `max_uses`.
const USES_UNSTATED: u64 = 5;
/// Tool types that run at the client and cost tokens only; every other type runs, and may cost, at the upstream.
const CLIENT_TOOLS: [&str; 5] = ["custom", "bash", "text_editor", "computer", "memory"];

/// A tool that runs at the upstream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServerTool {
    /// Its type without the date: `web_search` of `web_search_20250305`.
    pub family: String,
    /// How often it may run in this call.
    pub uses: u64,
}

/// What the walk has counted so far.
#[derive(Default)]
pub struct Content {
    pub images: u32,
    pub documents: u32,
    pub pages: u64,
    /// Bytes of images and documents, which are not text.
    pub encoded_bytes: u64,
    pub cached: bool,
    pub cached_1h: bool,
    pub has_tools: bool,
    pub server_tools: Vec<ServerTool>,
}

/// The `source` of an image or a document.
#[derive(Default)]
struct Source {
    kind: Option<String>,
    data_bytes: u64,
}

const FILES: &str = "files belong to the upstream's organisation; send the content itself as base64 or a url";

impl Content {
    /// Walks `messages`.
    pub fn messages(&mut self, scan: &mut Scanner<'_>) -> Result<(), RequestError> {
        each_object(scan, |scan| fields(scan, "messages[].", &["content"], |scan, _| self.blocks(scan)))
    }

    /// Walks a `content`: one text, or an array of blocks.
    pub fn blocks(&mut self, scan: &mut Scanner<'_>) -> Result<(), RequestError> {
        each_object(scan, |scan| self.block(scan))
    }

    /// Walks `tools`.
    pub fn tools(&mut self, scan: &mut Scanner<'_>) -> Result<(), RequestError> {
        each_object(scan, |scan| self.tool(scan))
    }

    /// Reads a cache mark. A `ttl` we do not know counts as the dearest.
    pub fn cache_control(&mut self, scan: &mut Scanner<'_>) -> Result<(), RequestError> {
        if scan.null()? {
            return Ok(());
        }
        self.cached = true;
        if scan.kind()? != Kind::Object {
            return Ok(scan.skip()?);
        }
        fields(scan, "cache_control.", &["type", "ttl"], |scan, field| {
            let value = optional_text(scan, "cache_control")?;
            self.cached_1h |= field == "ttl" && value.is_some_and(|ttl| ttl != "5m");
            Ok(())
        })
    }

    fn block(&mut self, scan: &mut Scanner<'_>) -> Result<(), RequestError> {
        let mut kind = None;
        let mut source = Source::default();
        let table = ["type", "source", "content", "cache_control", "file_id"];
        fields(scan, "content[].", &table, |scan, field| {
            match field {
                "type" => kind = optional_text(scan, "content[].type")?,
                "source" => source = self.source(scan)?,
                "content" => self.nested(scan)?,
                "cache_control" => self.cache_control(scan)?,
                _ => no_file(scan, "content[].file_id")?,
            }
            Ok(())
        })?;
        self.count(kind.as_deref(), &source);
        Ok(())
    }

    /// The blocks within a block: an array of them (tool results, documents), or one object of them (server tools).
    fn nested(&mut self, scan: &mut Scanner<'_>) -> Result<(), RequestError> {
        match scan.kind()? {
            Kind::Object => self.block(scan),
            _ => self.blocks(scan),
        }
    }

    fn source(&mut self, scan: &mut Scanner<'_>) -> Result<Source, RequestError> {
        let mut source = Source::default();
        if scan.kind()? != Kind::Object {
            scan.skip()?;
            return Ok(source);
        }
        fields(scan, "source.", &["type", "data", "url", "file_id", "content"], |scan, field| {
            match field {
                "type" => source.kind = optional_text(scan, "source.type")?,
                "data" if scan.kind()? == Kind::Text => source.data_bytes = scan.text()?.raw().len() as u64,
                "content" => self.blocks(scan)?,
                "file_id" => no_file(scan, "source.file_id")?,
                _ => scan.skip()?,
            }
            Ok(())
        })?;
        match source.kind.as_deref() {
            Some("file") => Err(RequestError::Unsupported { field: "source.type", why: FILES }),
            _ => Ok(source),
        }
    }

    fn count(&mut self, kind: Option<&str>, source: &Source) {
        match (kind, source.kind.as_deref()) {
            (Some("image"), from) => {
                self.images = self.images.saturating_add(1);
                self.encoded_bytes += if from == Some("base64") { source.data_bytes } else { 0 };
            }
            (Some("document"), Some("base64")) => {
                self.document(1 + (source.data_bytes / BASE64_BYTES_PER_PAGE));
                self.encoded_bytes += source.data_bytes;
            }
            // What stands behind a link is not known here, whatever kind of block holds it.
            (_, Some("url")) => self.document(MAX_PAGES),
            _ => {}
        }
    }

    fn document(&mut self, pages: u64) {
        self.documents = self.documents.saturating_add(1);
        self.pages = self.pages.saturating_add(pages.min(MAX_PAGES));
    }

    fn tool(&mut self, scan: &mut Scanner<'_>) -> Result<(), RequestError> {
        let (mut kind, mut uses) = (None, USES_UNSTATED);
        self.has_tools = true;
        fields(scan, "tools[].", &["type", "max_uses", "cache_control"], |scan, field| {
            match field {
                "type" => kind = optional_text(scan, "tools[].type")?,
                "max_uses" if !scan.null()? => uses = whole(scan, "tools[].max_uses")?,
                "cache_control" => self.cache_control(scan)?,
                _ => {}
            }
            Ok(())
        })?;
        let family = family(kind.as_deref().unwrap_or("custom"));
        if !CLIENT_TOOLS.contains(&family) {
            self.server_tools.push(ServerTool { family: family.to_owned(), uses });
        }
        Ok(())
    }
}

/// The name of a tool type without its date.
fn family(kind: &str) -> &str {
    match kind.rsplit_once('_') {
        Some((family, date)) if date.len() == 8 && date.bytes().all(|b| b.is_ascii_digit()) => family,
        _ => kind,
    }
}

fn no_file(scan: &mut Scanner<'_>, field: &'static str) -> Result<(), RequestError> {
    if scan.null()? { Ok(()) } else { Err(RequestError::Unsupported { field, why: FILES }) }
}

/// Hands each object of an array to `read`; anything else is skipped.
fn each_object<'a>(
    scan: &mut Scanner<'a>,
    mut read: impl FnMut(&mut Scanner<'a>) -> Result<(), RequestError>,
) -> Result<(), RequestError> {
    if scan.kind()? != Kind::Array {
        return Ok(scan.skip()?);
    }
    scan.enter_array()?;
    while scan.next_item()? {
        match scan.kind()? {
            Kind::Object => read(scan)?,
            _ => scan.skip()?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_date_is_taken_off_the_name_of_a_tool() {
        for (kind, name) in [
            ("web_search_20250305", "web_search"),
            ("web_search_2025030", "web_search_2025030"),
            ("web_search_2025o305", "web_search_2025o305"),
            ("web_search", "web_search"),
            ("custom", "custom"),
        ] {
            assert_eq!(family(kind), name);
        }
    }
}
