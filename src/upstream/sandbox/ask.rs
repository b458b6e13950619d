//! What the sandbox understands of a request body: enough to answer plausibly, no more.

use std::borrow::Cow;
use std::hash::Hasher;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::upstream::sandbox::script::{self, Script, ScriptError};

/// A request for a message, read.
pub struct Ask {
    pub model: String,
    pub streamed: bool,
    pub max_tokens: Option<u64>,
    /// The last user message's text, its script taken out.
    pub said: String,
    pub script: Option<Script>,
    pub body_bytes: usize,
    /// The same for equal bodies.
    pub fingerprint: u64,
    pub first_tool: Option<String>,
    /// The request insists on a tool call.
    pub wants_tool: bool,
    /// The last message brings a tool's result, so the turn after a tool call has come.
    pub brings_tool_result: bool,
    pub speed: Option<String>,
    pub inference_geo: Option<String>,
}

/// Why a body is no request for a message.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    #[error("{0}")]
    Unreadable(#[from] serde_json::Error),
    #[error("messages: at least one message is required")]
    NoMessages,
    #[error(transparent)]
    Script(#[from] ScriptError),
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    model: Cow<'a, str>,
    #[serde(borrow)]
    messages: Vec<Message<'a>>,
    #[serde(default)]
    stream: bool,
    max_tokens: Option<u64>,
    #[serde(default)]
    tools: Vec<Tool>,
    tool_choice: Option<Kind>,
    speed: Option<String>,
    inference_geo: Option<String>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    role: Cow<'a, str>,
    #[serde(borrow)]
    content: &'a RawValue,
}

#[derive(Deserialize)]
struct Tool {
    name: Option<String>,
}

#[derive(Deserialize)]
struct Kind {
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Blocks(Vec<Block>),
}

#[derive(Deserialize)]
struct Block {
    #[serde(rename = "type")]
    kind: String,
    text: Option<String>,
}

impl Ask {
    /// Reads a body of `/v1/messages` or `/v1/messages/count_tokens`.
    ///
    /// # Errors
    /// If it is not such a body, or its script cannot be played.
    pub fn read(bytes: &[u8]) -> Result<Self, AskError> {
        let body: Body = serde_json::from_slice(bytes)?;
        let last = body.messages.iter().rfind(|message| message.role == "user").ok_or(AskError::NoMessages)?;
        let (texts, brings_tool_result) = texts_of(serde_json::from_str(last.content.get())?);
        let (said, script) = take_script(texts)?;
        Ok(Self {
            model: body.model.into_owned(),
            streamed: body.stream,
            max_tokens: body.max_tokens,
            said,
            script,
            body_bytes: bytes.len(),
            fingerprint: fingerprint(bytes),
            first_tool: body.tools.into_iter().find_map(|tool| tool.name),
            wants_tool: body.tool_choice.is_some_and(|choice| matches!(choice.kind.as_str(), "any" | "tool")),
            brings_tool_result,
            speed: body.speed,
            inference_geo: body.inference_geo,
        })
    }

    /// Input tokens by the sandbox's rule of thumb, four bytes of body a token.
    pub fn input_tokens(&self) -> u64 {
        self.body_bytes.div_ceil(4) as u64
    }
}

fn texts_of(content: Content) -> (Vec<String>, bool) {
    match content {
        Content::Text(text) => (vec![text], false),
        Content::Blocks(blocks) => {
            let brings_tool_result = blocks.iter().any(|block| block.kind == "tool_result");
            (blocks.into_iter().filter_map(|block| block.text).collect(), brings_tool_result)
        }
    }
}

/// Takes the script out of the text that has one; else the last text is what was said.
fn take_script(texts: Vec<String>) -> Result<(String, Option<Script>), ScriptError> {
    for text in texts.iter().rev() {
        if let Some((script, rest)) = script::find_in(text)? {
            return Ok((rest, Some(script)));
        }
    }
    Ok((texts.into_iter().next_back().unwrap_or_default(), None))
}

/// Not a digest: it only has to be equal for equal bodies, within one build.
fn fingerprint(bytes: &[u8]) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}
