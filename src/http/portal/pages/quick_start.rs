//! How to use the key: snippets with the right address and `YOUR_KEY` in place of a key, which no page ever carries.

/// A cheap model to try first.
const MODEL: &str = "claude-haiku-4-5";

/// Text to copy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Snippet {
    /// Claude Code, curl, Python, TypeScript
    pub title: &'static str,
    pub code: String,
}

/// The snippets for an API at this origin.
pub fn snippets(api_url: &str) -> Vec<Snippet> {
    [("Claude Code", CLAUDE_CODE), ("curl", CURL), ("Python", PYTHON), ("TypeScript", TYPESCRIPT)]
        .into_iter()
        .map(|(title, text)| Snippet { title, code: text.replace("{url}", api_url).replace("{model}", MODEL) })
        .collect()
}

const CLAUDE_CODE: &str = "\
export ANTHROPIC_BASE_URL={url}
export ANTHROPIC_AUTH_TOKEN=YOUR_KEY
claude";

const CURL: &str = r#"curl {url}/v1/messages \
  -H 'x-api-key: YOUR_KEY' \
  -H 'anthropic-version: 2023-06-01' \
  -H 'content-type: application/json' \
  -d '{"model": "{model}",
       "max_tokens": 64,
       "messages": [{"role": "user",
                     "content": "Hello"}]}'"#;

const PYTHON: &str = r#"from anthropic import Anthropic

client = Anthropic(
    base_url="{url}",
    api_key="YOUR_KEY",
)
answer = client.messages.create(
    model="{model}",
    max_tokens=64,
    messages=[{"role": "user", "content": "Hello"}],
)
print(answer.content[0].text)"#;

const TYPESCRIPT: &str = r#"import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic({
  baseURL: "{url}",
  apiKey: "YOUR_KEY",
});
const answer = await client.messages.create({
  model: "{model}",
  max_tokens: 64,
  messages: [{ role: "user", content: "Hello" }],
});
console.log(answer.content);"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_snippet_names_the_address_and_no_key() {
        for snippet in snippets("https://api.example") {
            assert!(snippet.code.contains("https://api.example") && snippet.code.contains("YOUR_KEY"), "{snippet:?}");
            assert!(!snippet.code.contains("{url}") && !snippet.code.contains("{model}"), "{snippet:?}");
        }
    }
}
