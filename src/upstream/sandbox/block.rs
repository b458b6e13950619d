//! The content blocks of an answer, streamed and whole.

use serde_json::json;

/// Words of an answer made to length; each counts as one token.
const WORDS: [&str; 16] = [
    "amber ", "birch ", "cedar ", "delta ", "ember ", "fjord ", "grove ", "heron ", "inlet ", "juniper ", "kelp ",
    "lagoon ", "meadow ", "nectar ", "orchid ", "pebble ",
];

/// One content block.
pub enum Block {
    /// A text in so many deltas.
    Text {
        text: String,
        deltas: usize,
    },
    /// A text of so many words, made as it is sent: an open slow stream holds none of it.
    Words {
        count: u64,
        seed: u64,
    },
    Thinking {
        text: &'static str,
        signature: String,
    },
    ToolUse {
        id: String,
        name: String,
        input: String,
    },
    SearchCall {
        id: String,
    },
    SearchResult {
        call_id: String,
    },
    Compaction {
        summary: &'static str,
    },
}

impl Block {
    /// Number of deltas the block is streamed in.
    pub fn deltas(&self) -> u64 {
        match self {
            Self::Text { text, deltas } => (*deltas).clamp(1, text.len().max(1)) as u64,
            Self::Words { count, .. } => *count,
            Self::Thinking { .. } | Self::ToolUse { .. } => 2,
            Self::SearchCall { .. } | Self::Compaction { .. } => 1,
            Self::SearchResult { .. } => 0,
        }
    }

    /// The block as `content_block_start` shows it: empty, where deltas will fill it.
    pub fn opening(&self) -> String {
        match self {
            Self::Text { .. } | Self::Words { .. } => r#"{"type":"text","text":""}"#.to_owned(),
            Self::Thinking { .. } => r#"{"type":"thinking","thinking":"","signature":""}"#.to_owned(),
            Self::ToolUse { id, name, .. } => {
                json!({"type": "tool_use", "id": id, "name": name, "input": {}}).to_string()
            }
            Self::SearchCall { id } => {
                json!({"type": "server_tool_use", "id": id, "name": "web_search", "input": {}}).to_string()
            }
            Self::SearchResult { .. } => self.whole(),
            Self::Compaction { .. } => r#"{"type":"compaction","content":""}"#.to_owned(),
        }
    }

    /// Delta number `index` of [`Self::deltas`].
    pub fn delta(&self, index: u64) -> String {
        match self {
            Self::Text { text, .. } => text_delta(piece(text, index as usize, self.deltas() as usize)),
            Self::Words { seed, .. } => text_delta(word(*seed, index)),
            Self::Thinking { text, .. } if index == 0 => {
                json!({"type": "thinking_delta", "thinking": text}).to_string()
            }
            Self::Thinking { signature, .. } => json!({"type": "signature_delta", "signature": signature}).to_string(),
            Self::ToolUse { input, .. } => input_delta(piece(input, index as usize, 2)),
            Self::SearchCall { .. } => input_delta(r#"{"query":"sandbox"}"#),
            Self::SearchResult { .. } => String::new(),
            Self::Compaction { summary } => json!({"type": "compaction_delta", "content": summary}).to_string(),
        }
    }

    /// The block as a buffered answer shows it.
    pub fn whole(&self) -> String {
        match self {
            Self::Text { text, .. } => json!({"type": "text", "text": text}).to_string(),
            Self::Words { count, seed } => {
                let text: String = (0..*count).map(|index| word(*seed, index)).collect();
                json!({"type": "text", "text": text}).to_string()
            }
            Self::Thinking { text, signature } => {
                json!({"type": "thinking", "thinking": text, "signature": signature}).to_string()
            }
            Self::ToolUse { id, name, input } => {
                let (id, name) = (json!(id), json!(name));
                format!("{{\"type\":\"tool_use\",\"id\":{id},\"name\":{name},\"input\":{input}}}")
            }
            Self::SearchCall { id } => {
                json!({"type": "server_tool_use", "id": id, "name": "web_search", "input": {"query": "sandbox"}})
                    .to_string()
            }
            Self::SearchResult { call_id } => json!({
                "type": "web_search_tool_result",
                "tool_use_id": call_id,
                "content": [{
                    "type": "web_search_result",
                    "title": "Sandbox",
                    "url": "https://example.com/",
                    "encrypted_content": "c2FuZGJveA==",
                    "page_age": null,
                }],
            })
            .to_string(),
            Self::Compaction { summary } => json!({"type": "compaction", "content": summary}).to_string(),
        }
    }
}

fn text_delta(text: &str) -> String {
    let mut delta = String::from(r#"{"type":"text_delta","text":"#);
    delta.push_str(&json!(text).to_string());
    delta.push('}');
    delta
}

fn input_delta(part: &str) -> String {
    json!({"type": "input_json_delta", "partial_json": part}).to_string()
}

/// Piece `index` of `count` nearly equal pieces, never cutting a character.
fn piece(text: &str, index: usize, count: usize) -> &str {
    let edge = |index: usize| {
        let at = text.len() * index / count;
        (at..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
    };
    &text[edge(index)..edge(index + 1)]
}

fn word(seed: u64, index: u64) -> &'static str {
    let mixed = seed.wrapping_add(index).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    WORDS[(mixed >> 60) as usize]
}
