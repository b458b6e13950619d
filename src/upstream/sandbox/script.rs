//! How one answer shall go: the knobs a test or a user's message can turn.
//!
//! A script is JSON. `scenario` names a row of `scenario.rs` to start from; the other knobs override it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::upstream::sandbox::fault::{End, Fault};
use crate::upstream::sandbox::scenario;

/// What opens a script inside a user's message; `]]` closes it.
const OPENING: &str = "[[sandbox ";

/// The knobs of one answer. The default is an ordinary good answer.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Script {
    /// The answer's text; without it the last user message is echoed.
    pub text: Option<String>,
    /// Makes the answer this many one-token words, at most the request's `max_tokens`.
    pub tokens: Option<u32>,
    /// Content blocks in order; without it one text, or a tool call when the request forces one.
    pub blocks: Option<Vec<BlockKind>>,
    /// Arguments of the tool call.
    pub input: Option<Value>,
    /// Deltas a text is divided into.
    pub chunks: Option<usize>,
    /// Writes the body in pieces of this many bytes.
    pub chunk_bytes: Option<usize>,
    /// Pause after each event, or after each piece when `chunk_bytes` is set.
    pub delay_ms: u64,
    /// Pause before the head.
    pub first_byte_ms: u64,
    pub status: Option<u16>,
    pub headers: BTreeMap<String, String>,
    /// Sent instead of a message: a string as it is, anything else as JSON.
    pub body: Option<Value>,
    /// Sent in the error envelope; `{credential}` stands for the credential the sandbox asks for.
    pub error: Option<ErrorText>,
    /// Answers before the request's body was read; only a standing script can.
    pub early: bool,
    /// Events sent before the fault bites.
    pub after: Option<usize>,
    pub fault: Option<Fault>,
    /// How the body ends where the fault bites, if not as the fault's row says.
    pub end: Option<End>,
    /// Size of what `huge_line` sends.
    pub bytes: Option<u64>,
    /// How far off `wrong_content_length` is.
    pub length_off: Option<i64>,
    /// The model the answer names; without it the requested one.
    pub model: Option<String>,
    pub stop_reason: Option<String>,
    /// Changes ids and words, so that equal requests can get different answers.
    pub seed: u64,
    /// See `usage.rs`.
    pub usage: Option<Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    Text,
    Thinking,
    ToolUse,
    WebSearch,
    Compaction,
}

#[derive(Debug, Clone, Deserialize)]
pub struct ErrorText {
    #[serde(rename = "type")]
    pub kind: String,
    pub message: String,
}

/// Why a script cannot be played; the text goes to whoever wrote it.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    #[error("a sandbox script is a JSON object, such as {{\"scenario\":\"ok\"}}")]
    NotAnObject,
    #[error("there is no sandbox scenario named {0:?}")]
    UnknownScenario(String),
    #[error("this sandbox script cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    #[error("a sandbox script in a message ends with ]]")]
    NotClosed,
}

impl Script {
    /// Reads a script, laid over the scenario it names.
    ///
    /// # Errors
    /// If it is no object, names no known scenario, or has a knob that does not exist.
    pub fn parse(script: Value) -> Result<Self, ScriptError> {
        let Value::Object(mut knobs) = script else { return Err(ScriptError::NotAnObject) };
        let mut laid = match knobs.remove("scenario") {
            Some(Value::String(name)) => named(&name)?,
            Some(_) => return Err(ScriptError::NotAnObject),
            None => Map::new(),
        };
        laid.extend(knobs);
        Ok(serde_json::from_value(Value::Object(laid))?)
    }

    /// Whether the answer takes its time, so that its connection should keep no spare memory.
    pub fn is_slow(&self) -> bool {
        self.delay_ms > 0 || self.first_byte_ms > 0
    }
}

/// Finds a script inside a message text; returns it with the text around it.
///
/// # Errors
/// As [`Script::parse`], and if the closing brackets are missing.
pub fn find_in(text: &str) -> Result<Option<(Script, String)>, ScriptError> {
    let Some(at) = text.find(OPENING) else { return Ok(None) };
    let rest = &text[at + OPENING.len()..];
    let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
    let value = values.next().ok_or(ScriptError::NotClosed)??;
    let after = rest[values.byte_offset()..].trim_start();
    let after = after.strip_prefix("]]").ok_or(ScriptError::NotClosed)?;
    Ok(Some((Script::parse(value)?, format!("{}{}", &text[..at], after))))
}

fn named(name: &str) -> Result<Map<String, Value>, ScriptError> {
    let json = scenario::find_scenario(name).ok_or_else(|| ScriptError::UnknownScenario(name.to_owned()))?;
    Ok(serde_json::from_str(json)?)
}
