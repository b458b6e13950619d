//! Composes the message an ask gets by its script. The same ask and script give the same message.

use serde_json::{Value, json};

use crate::upstream::sandbox::ask::Ask;
use crate::upstream::sandbox::block::Block;
use crate::upstream::sandbox::script::{BlockKind, Script};
use crate::upstream::sandbox::usage::{self, UsageReport};

/// Characters of the request an echo repeats.
const ECHOED: usize = 80;
/// Deltas of a text unless scripted.
const DELTAS: usize = 4;
const THOUGHT: &str = "The user speaks to a sandbox. A short answer will do.";

/// A message, ready to be streamed or sent whole.
pub struct Answer {
    pub id: String,
    pub model: String,
    pub blocks: Vec<Block>,
    pub stop_reason: String,
    pub usage: UsageReport,
}

/// Composes the answer.
pub fn compose(ask: &Ask, script: &Script) -> Answer {
    let mark = ask.fingerprint ^ script.seed;
    let kinds = kinds_of(ask, script);
    let blocks: Vec<Block> = kinds.iter().flat_map(|kind| build(*kind, ask, script, mark)).collect();
    let output_tokens = blocks.iter().map(tokens_of).sum::<u64>().max(1);
    Answer {
        id: format!("msg_sandbox_{mark:016x}"),
        model: script.model.clone().unwrap_or_else(|| ask.model.clone()),
        stop_reason: script.stop_reason.clone().unwrap_or_else(|| stop_reason(&blocks, ask, script).to_owned()),
        usage: usage::report(ask, output_tokens, script.usage.as_ref()),
        blocks,
    }
}

impl Answer {
    /// The message as a buffered body.
    pub fn whole(&self) -> Vec<u8> {
        let blocks: Vec<String> = self.blocks.iter().map(Block::whole).collect();
        self.envelope(&blocks.join(","), &json!(self.stop_reason).to_string(), self.usage.whole.as_deref()).into_bytes()
    }

    /// The message as `message_start` shows it.
    pub fn opening(&self) -> String {
        self.envelope("", "null", self.usage.start.as_deref())
    }

    fn envelope(&self, blocks: &str, stop_reason: &str, usage: Option<&str>) -> String {
        let (id, model) = (&self.id, json!(self.model));
        let usage = usage.map(|usage| format!(",\"usage\":{usage}")).unwrap_or_default();
        format!(
            "{{\"id\":\"{id}\",\"type\":\"message\",\"role\":\"assistant\",\"model\":{model},\"content\":[{blocks}],\
             \"stop_reason\":{stop_reason},\"stop_sequence\":null{usage}}}"
        )
    }
}

/// The answer of `/v1/messages/count_tokens`.
pub fn count_tokens(ask: &Ask, script: &Script) -> Vec<u8> {
    let scripted = script.usage.as_ref().and_then(|usage| usage.get("input_tokens")).cloned();
    let count = scripted.unwrap_or_else(|| ask.input_tokens().into());
    json!({ "input_tokens": count }).to_string().into_bytes()
}

fn kinds_of(ask: &Ask, script: &Script) -> Vec<BlockKind> {
    let mut kinds = match &script.blocks {
        Some(kinds) => kinds.clone(),
        None if ask.wants_tool => vec![BlockKind::ToolUse],
        None => vec![BlockKind::Text],
    };
    // A tool's result ends the round: a standing script that calls a tool would call it for ever.
    if ask.first_tool.is_none() || ask.brings_tool_result {
        kinds.retain(|kind| *kind != BlockKind::ToolUse);
    }
    if kinds.is_empty() {
        kinds.push(BlockKind::Text);
    }
    kinds
}

fn build(kind: BlockKind, ask: &Ask, script: &Script, mark: u64) -> Vec<Block> {
    match kind {
        BlockKind::Text => vec![text(ask, script, mark)],
        BlockKind::Thinking => vec![Block::Thinking { text: THOUGHT, signature: format!("c2FuZGJveA{mark:016x}") }],
        BlockKind::ToolUse => vec![Block::ToolUse {
            id: format!("toolu_sandbox_{mark:016x}"),
            name: ask.first_tool.clone().unwrap_or_default(),
            input: script.input.as_ref().map_or_else(|| r#"{"city":"Paris"}"#.to_owned(), Value::to_string),
        }],
        BlockKind::WebSearch => {
            let id = format!("srvtoolu_sandbox_{mark:016x}");
            vec![Block::SearchCall { id: id.clone() }, Block::SearchResult { call_id: id }]
        }
        BlockKind::Compaction => vec![Block::Compaction { summary: "What was said before, in short." }],
    }
}

fn text(ask: &Ask, script: &Script, mark: u64) -> Block {
    if let Some(tokens) = script.tokens {
        return Block::Words { count: limited(u64::from(tokens), ask), seed: mark };
    }
    let text = script.text.clone().unwrap_or_else(|| echo(&ask.said));
    Block::Text { text, deltas: script.chunks.unwrap_or(DELTAS) }
}

fn echo(said: &str) -> String {
    let said = said.trim();
    let end = said.char_indices().nth(ECHOED).map_or(said.len(), |(at, _)| at);
    format!("The sandbox heard you say: {}", &said[..end])
}

fn limited(tokens: u64, ask: &Ask) -> u64 {
    ask.max_tokens.map_or(tokens, |most| tokens.min(most))
}

fn tokens_of(block: &Block) -> u64 {
    match block {
        Block::Words { count, .. } => *count,
        Block::Text { text, .. } => text.len().div_ceil(4) as u64,
        Block::Thinking { text, .. } => text.len().div_ceil(4) as u64,
        Block::ToolUse { input, name, .. } => (input.len() + name.len()).div_ceil(4) as u64,
        Block::SearchCall { .. } => 6,
        Block::SearchResult { .. } | Block::Compaction { .. } => 0,
    }
}

fn stop_reason(blocks: &[Block], ask: &Ask, script: &Script) -> &'static str {
    let shortened = script.tokens.is_some_and(|tokens| u64::from(tokens) > limited(u64::from(tokens), ask));
    match blocks.last() {
        _ if shortened => "max_tokens",
        Some(Block::ToolUse { .. }) => "tool_use",
        _ => "end_turn",
    }
}
