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
        let at = |name| listening.iter().find(|l| l.name == name).map(|l| format!("http://{}", l.addr));
        let at = |name| at(name).unwrap_or_default();
        text.push_str(&next_steps(parts, &at("api"), &at("dashboard"), &at("portal"), &at("console")));
    }
    text
}

fn next_steps(parts: &Parts, api: &str, dashboard: &str, portal: &str, console: &str) -> String {
    let settings = &parts.settings;
    let provider = match settings.upstream.kind {
        UpstreamKind::Sandbox => "simulated provider",
        UpstreamKind::Anthropic => "real provider",
    };
    let data = settings.data_dir.display();
    format!(
        r#"
Profile dev: {provider}, simulated payments, data in {data}. Try next, in a browser:

  {dashboard}    sign in with any address, top up, create a key, copy it
  {portal}    sign in as the client and bind that key
  {console}/_dev/outbox    the sign-in codes: mails stay here

and in another terminal, with that key:

  curl {api}/v1/messages -H 'anthropic-version: 2023-06-01' -H "x-api-key: KEY" \
    -d '{{"model":"claude-haiku-4-5","max_tokens":64,"messages":[{{"role":"user","content":"Hello"}}]}}'
  ./run doctor                                            # says what is not as it should be

Ctrl-C stops it in order."#
    )
}
