//! The few fields of a request body that money or tenancy depends on, read in one pass over the raw bytes.
//!
//! Nothing is changed here but by `with_max_tokens`, a splice at the recorded range; every other byte goes out as it
//! came. A read field given twice is refused, so that we and the upstream cannot read different values (`wire.md` §4).
//! This file knows the Messages dialect; what stands inside `messages`, `system` and `tools` is `content.rs`.

use crate::domain::content::{Content, ServerTool};
use crate::domain::request_error::RequestError;
use crate::domain::scan::{Fault, Kind, Scanner};
use std::ops::Range;

/// Longest model name taken; the longest in the price book has 30.
const MAX_MODEL_LEN: usize = 256;
/// What tool definitions add to a prompt beyond their own bytes: the provider's preamble, at most 700 tokens.
const TOOL_PREAMBLE_TOKENS: u64 = 1_000;

/// What a request says about its own price.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ModelRequest {
    pub model: String,
    pub stream: bool,
    /// The stated limit of output tokens, and where its digits stand in the body.
    pub max_tokens: Option<(u64, Range<usize>)>,
    /// Where a missing `max_tokens` may be inserted: behind the opening brace.
    pub insert_at: usize,
    pub thinking_budget: Option<u64>,
    pub speed_fast: bool,
    pub geo: Option<String>,
    pub service_tier: Option<String>,
    pub server_tools: Vec<ServerTool>,
    /// Upper bound of input tokens from text: a token covers at least one byte.
    pub text_bytes: u64,
    pub images: u32,
    pub documents: u32,
    /// Upper bound of the pages of all documents.
    pub pages: u64,
    pub cache_control: bool,
    pub cache_write_1h: bool,
}

/// Every field of the top level that is read; a second occurrence of any is refused.
const READ: [&str; 21] = [
    "model",
    "stream",
    "max_tokens",
    "messages",
    "system",
    "tools",
    "thinking",
    "speed",
    "inference_geo",
    "service_tier",
    "cache_control",
    "n",
    "max_completion_tokens",
    "max_output_tokens",
    "container",
    "billing_policy",
    "thread",
    "previous_message_id",
    "previous_response_id",
    "conversation",
    "background",
];

/// Reads a Messages body.
///
/// # Errors
/// By `RequestError`: not JSON (the whole text is checked), a read field twice, of the wrong type or missing, a field
/// that reaches what other tenants of the upstream's organisation own.
pub fn parse(body: &[u8]) -> Result<ModelRequest, RequestError> {
    let text = std::str::from_utf8(body)
        .map_err(|e| Fault { at: e.valid_up_to(), why: "a byte is no part of any UTF-8 text" })?;
    let mut scan = Scanner::new(text);
    let mut found = ModelRequest { insert_at: text.find('{').map_or(0, |at| at + 1), ..ModelRequest::default() };
    let mut content = Content::default();
    fields(&mut scan, "", &READ, |scan, field| found.read(scan, field, &mut content))?;
    scan.end()?;
    if found.model.is_empty() {
        return Err(RequestError::Missing { field: "model", want: MODEL });
    }
    found.take(content, body.len() as u64);
    Ok(found)
}

/// The same body with `max_tokens` set to `tokens`: only its number differs, or it is inserted as the first field.
pub fn with_max_tokens(body: &[u8], request: &ModelRequest, tokens: u64) -> Vec<u8> {
    let (range, text) = match &request.max_tokens {
        Some((_, range)) => (range.clone(), tokens.to_string()),
        None => (request.insert_at..request.insert_at, format!("\"max_tokens\":{tokens},")),
    };
    [&body[..range.start], text.as_bytes(), &body[range.end..]].concat()
}

/// Walks one object: hands each field of `table` to `read`, skips the others, refuses a second occurrence. Names are
/// compared decoded, for `"mod\u0065l"` is `model` to every other reader too.
pub fn fields<'a>(
    scan: &mut Scanner<'a>,
    place: &'static str,
    table: &[&'static str],
    mut read: impl FnMut(&mut Scanner<'a>, &'static str) -> Result<(), RequestError>,
) -> Result<(), RequestError> {
    let mut seen = 0_u32;
    scan.enter_object()?;
    while let Some(key) = scan.next_key()? {
        let name = key.decode();
        let Some(bit) = table.iter().position(|field| *field == name) else {
            scan.skip()?;
            continue;
        };
        if seen & (1 << bit) != 0 {
            return Err(RequestError::Twice { place, field: table[bit] });
        }
        seen |= 1 << bit;
        read(scan, table[bit])?;
    }
    Ok(())
}

/// A whole number as it stands: digits only, so neither `1e3` nor `1.0` nor `-1`.
pub fn whole(scan: &mut Scanner<'_>, field: &'static str) -> Result<u64, RequestError> {
    let wrong = RequestError::Wrong { field, want: "a whole number such as 4096" };
    match scan.kind()? {
        Kind::Number => scan.number()?.parse().map_err(|_| wrong),
        _ => Err(wrong),
    }
}

/// A text, or nothing for `null`.
pub fn optional_text(scan: &mut Scanner<'_>, field: &'static str) -> Result<Option<String>, RequestError> {
    match scan.kind()? {
        Kind::Text => Ok(Some(scan.text()?.decode().into_owned())),
        Kind::Null => scan.skip().map(|()| None).map_err(Into::into),
        _ => Err(RequestError::Wrong { field, want: "a text in quotes" }),
    }
}

const MODEL: &str = "the name of a model from GET /v1/models";
const CROSSING: &str = "it reaches into what others of this service share; send the whole conversation in `messages`";
const OTHER_DIALECT: &str = "this endpoint takes the output limit in `max_tokens` alone";

impl ModelRequest {
    fn read(&mut self, scan: &mut Scanner<'_>, field: &'static str, content: &mut Content) -> Result<(), RequestError> {
        match field {
            "model" => self.model = model(scan)?,
            "stream" => self.stream = flag(scan, "stream")?,
            "max_tokens" => self.max_tokens = Some(limit(scan)?),
            "messages" => content.messages(scan)?,
            "system" => content.blocks(scan)?,
            "tools" => content.tools(scan)?,
            "cache_control" => content.cache_control(scan)?,
            "thinking" => self.thinking_budget = thinking(scan)?,
            "speed" => self.speed_fast = fast(scan)?,
            "inference_geo" => self.geo = optional_text(scan, "inference_geo")?,
            "service_tier" => self.service_tier = optional_text(scan, "service_tier")?,
            "n" => one_answer(scan)?,
            "background" if !flag(scan, "background")? => {}
            "background" => return Err(RequestError::Unsupported { field, why: CROSSING }),
            "max_completion_tokens" | "max_output_tokens" => only_null(scan, field, OTHER_DIALECT)?,
            _ => only_null(scan, field, CROSSING)?,
        }
        Ok(())
    }

    fn take(&mut self, content: Content, body_len: u64) {
        let preamble = if content.has_tools { TOOL_PREAMBLE_TOKENS } else { 0 };
        self.text_bytes = body_len.saturating_sub(content.encoded_bytes).saturating_add(preamble);
        self.images = content.images;
        self.documents = content.documents;
        self.pages = content.pages;
        self.cache_control = content.cached;
        self.cache_write_1h = content.cached_1h;
        self.server_tools = content.server_tools;
    }
}

fn model(scan: &mut Scanner<'_>) -> Result<String, RequestError> {
    let name = optional_text(scan, "model")?.unwrap_or_default();
    match name.len() {
        1..=MAX_MODEL_LEN => Ok(name),
        _ => Err(RequestError::Wrong { field: "model", want: MODEL }),
    }
}

fn flag(scan: &mut Scanner<'_>, field: &'static str) -> Result<bool, RequestError> {
    match scan.kind()? {
        Kind::Bool => Ok(scan.boolean()?),
        Kind::Null => scan.skip().map(|()| false).map_err(Into::into),
        _ => Err(RequestError::Wrong { field, want: "true or false" }),
    }
}

fn limit(scan: &mut Scanner<'_>) -> Result<(u64, Range<usize>), RequestError> {
    let tokens = whole(scan, "max_tokens")?;
    let end = scan.at();
    // `whole` took digits alone, so the number is as long as it prints, unless zeros lead, which JSON refuses.
    let start = end - tokens.to_string().len();
    Ok((tokens, start..end))
}

fn thinking(scan: &mut Scanner<'_>) -> Result<Option<u64>, RequestError> {
    let mut budget = None;
    if scan.null()? {
        return Ok(None);
    }
    if scan.kind()? != Kind::Object {
        return Err(RequestError::Wrong { field: "thinking", want: "an object" });
    }
    fields(scan, "thinking.", &["budget_tokens"], |scan, _| {
        if !scan.null()? {
            budget = Some(whole(scan, "thinking.budget_tokens")?);
        }
        Ok(())
    })?;
    Ok(budget)
}

fn fast(scan: &mut Scanner<'_>) -> Result<bool, RequestError> {
    match optional_text(scan, "speed")?.as_deref() {
        Some("fast") => Ok(true),
        None | Some("standard") => Ok(false),
        Some(_) => Err(RequestError::Wrong { field: "speed", want: "\"standard\" or \"fast\"" }),
    }
}

/// The Messages dialect knows one answer a call; a body that asks for more was meant for another dialect.
fn one_answer(scan: &mut Scanner<'_>) -> Result<(), RequestError> {
    if scan.null()? || whole(scan, "n")? == 1 {
        return Ok(());
    }
    Err(RequestError::Unsupported { field: "n", why: "this endpoint gives one answer a call; leave it out" })
}

fn only_null(scan: &mut Scanner<'_>, field: &'static str, why: &'static str) -> Result<(), RequestError> {
    if scan.null()? { Ok(()) } else { Err(RequestError::Unsupported { field, why }) }
}
