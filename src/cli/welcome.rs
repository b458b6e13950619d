//! What the server prints when it is ready: where it listens, and what to try next.

use crate::app::build::Parts;
use crate::app::serve::Listening;
use crate::config::settings::{Profile, UpstreamKind};
use std::fmt::Write;

/// The text, for people.
pub fn text(parts: &Parts, listening: &[Listening]) -> String {
    let settings = &parts.settings;
    let mut text = format!("{} is ready.\n\n", settings.brand.name);
    for site in listening {
        let _ = writeln!(text, "  {:<12} http://{}", site.name, site.addr);
    }
    if let Some(sandbox) = &parts.sandbox {
        let _ = writeln!(text, "  {:<12} http://{}  (the simulated provider)", "sandbox", sandbox.addr());
    }
    if settings.profile == Profile::Dev {
        let api = listening.first().map(|api| format!("http://{}", api.addr)).unwrap_or_default();
        text.push_str(&next_steps(parts, &api));
    }
    text
}

fn next_steps(parts: &Parts, api: &str) -> String {
    let settings = &parts.settings;
    let provider = match settings.upstream.kind {
        UpstreamKind::Sandbox => "simulated provider",
        UpstreamKind::Anthropic => "real provider",
    };
    let data = settings.data_dir.display();
    format!(
        r#"
Profile dev: {provider}, no real payments, data in {data}. Try next, in another terminal:

  ./run account create                                    # prints an account
  ./run account deposit ACCOUNT 200                       # pays 200 dollars in
  ./run key create ACCOUNT acme --budget 100 --cost 60    # cuts a key; its secret is shown once
  curl {api}/v1/messages -H 'anthropic-version: 2023-06-01' -H "x-api-key: SECRET" \
    -d '{{"model":"claude-haiku-4-5","max_tokens":64,"messages":[{{"role":"user","content":"Hello"}}]}}'
  ./run doctor                                            # says what is not as it should be

Ctrl-C stops it in order."#
    )
}
