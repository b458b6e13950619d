//! Logs: one line an event, a sentence and its fields (`style.md` §7). Secrets and bodies never come here.

use std::fmt::{self, Write as _};

use thiserror::Error;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

use crate::config::settings::{Log, LogFormat};

/// User text in a log line is cut after this many characters, so that nobody fills the disk with one header.
const SHOWN_CHARS: usize = 256;

/// Why logging did not start.
#[derive(Debug, Error)]
pub enum TelemetryError {
    #[error("setting log.filter is not a list of levels such as info,sqlx=warn")]
    Filter(#[source] ParseError),
    #[error("logging was started before")]
    Twice(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Starts logging to standard error for the whole process; standard output stays for answers of commands.
///
/// # Errors
/// `Filter` if the setting cannot be read, `Twice` if the process logs already.
pub fn start(log: &Log) -> Result<(), TelemetryError> {
    let filter = EnvFilter::try_new(&log.filter).map_err(TelemetryError::Filter)?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    let started = match log.format {
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
        LogFormat::Text => lines.with_ansi(false).try_init(),
    };
    started.map_err(TelemetryError::Twice)
}

/// User text as it may stand in a log line: control characters escaped, cut at 256 characters.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a>(pub &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars().take(SHOWN_CHARS) {
            match character {
                c if c.is_control() => write!(f, "{}", c.escape_unicode())?,
                // Bidi controls reorder a line for whoever reads it.
                '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                    f.write_char('\u{fffd}')?
                }
                c => f.write_char(c)?,
            }
        }
        if self.0.chars().nth(SHOWN_CHARS).is_some() { f.write_char('…') } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k08_newlines_ansi_and_long_text_stay_one_short_line() {
        assert_eq!(Shown("a\nb\u{1b}[31m").to_string(), "a\\u{a}b\\u{1b}[31m");
        let long = "x".repeat(1_000_000);
        assert_eq!(Shown(&long).to_string().chars().count(), 257);
        assert_eq!(Shown("safe\u{202e}evil").to_string(), "safe\u{fffd}evil");
    }
}
