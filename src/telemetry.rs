//! Logs: one line an event, a sentence and its fields (`style.md` §7). Secrets and bodies never come here.

use std::fmt::{self, Write as _};
use std::io;

use serde_json::Value;
use thiserror::Error;
use tracing::Subscriber;
use tracing::field::Field;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt::format::{Writer, debug_fn};
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::settings::{Log, LogFormat};

/// User text in a log line is cut after this many characters, so that nobody fills the disk with one header.
const SHOWN_CHARS: usize = 256;

/// A line of JSON up to so many bytes cannot hold a text worth cutting beside its fields.
const LONG_LINE: usize = 1_024;

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
    subscriber(log.format, filter, io::stderr).try_init().map_err(|error| TelemetryError::Twice(error.into()))
}

/// What writes events to `sink`: whatever a field holds, an event is one line that no terminal obeys.
fn subscriber<W: io::Write + 'static>(
    format: LogFormat,
    filter: EnvFilter,
    sink: impl Fn() -> W + Send + Sync + 'static,
) -> Box<dyn Subscriber + Send + Sync> {
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_target(false).with_ansi(false);
    match format {
        LogFormat::Json => Box::new(lines.json().flatten_event(true).with_writer(move || Short(sink())).finish()),
        LogFormat::Text => Box::new(lines.fmt_fields(debug_fn(field).delimited(" ")).with_writer(sink).finish()),
    }
}

/// One field of a line of text.
fn field(line: &mut Writer<'_>, field: &Field, value: &dyn fmt::Debug) -> fmt::Result {
    let value = format!("{value:?}");
    match field.name() {
        "message" => write!(line, "{}", Shown(&value)),
        name => write!(line, "{name}={}", Shown(&value)),
    }
}

/// Writes lines of JSON; the texts of one that is longer than `LONG_LINE` are cut as `Shown` cuts them.
struct Short<W>(W);

impl<W: io::Write> io::Write for Short<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match serde_json::from_slice::<Value>(line) {
            Ok(mut event) if line.len() > LONG_LINE => {
                cut_texts(&mut event);
                self.0.write_all(format!("{event}\n").as_bytes())?;
            }
            _ => self.0.write_all(line)?,
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn cut_texts(value: &mut Value) {
    match value {
        Value::String(text) => *text = Shown(text).to_string(),
        Value::Object(fields) => fields.values_mut().for_each(cut_texts),
        Value::Array(items) => items.iter_mut().for_each(cut_texts),
        _ => {}
    }
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
    use parking_lot::Mutex;
    use std::sync::Arc;

    /// Lines that a program would have written.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn lines_of(format: LogFormat, events: impl FnOnce()) -> Vec<String> {
        let kept = Kept::default();
        let sink = kept.clone();
        let subscriber = subscriber(format, EnvFilter::new("info"), move || sink.clone());
        tracing::subscriber::with_default(subscriber, events);
        let bytes = kept.0.lock().clone();
        String::from_utf8(bytes).expect("text").lines().map(str::to_owned).collect()
    }

    #[test]
    fn k08_whatever_a_field_holds_an_event_is_one_short_line() {
        let long = "x".repeat(1_000_000);
        let hostile = ["a\nb", "a\r\n2020-01-01 ERROR forged", "\u{1b}[31mred\u{7}", "\u{202e}evil", &long];
        for format in [LogFormat::Text, LogFormat::Json] {
            for text in hostile {
                let lines = lines_of(format, || tracing::warn!(shown = %text, debugged = ?text, "{text}"));
                assert_eq!(lines.len(), 1, "{lines:?}");
                assert!(lines[0].chars().count() < 1_024, "{} characters", lines[0].len());
                assert!(!lines[0].chars().any(char::is_control), "{lines:?}");
                let is_json = serde_json::from_str::<Value>(&lines[0]).is_ok_and(|event| event["level"] == "WARN");
                assert_eq!(is_json, format == LogFormat::Json, "{lines:?}");
            }
        }
    }

    #[test]
    fn an_event_shows_its_sentence_and_its_fields() {
        let event = || tracing::error!(call.id = %"c-1", attempts = 3, "a call was cut");
        let text = &lines_of(LogFormat::Text, event)[0];
        assert!(text.ends_with("ERROR a call was cut call.id=c-1 attempts=3"), "{text}");
        let json: Value = serde_json::from_str(&lines_of(LogFormat::Json, event)[0]).expect("JSON");
        assert_eq!((&json["message"], &json["attempts"]), (&"a call was cut".into(), &3.into()));
    }

    #[test]
    fn k08_newlines_ansi_and_long_text_stay_one_short_line() {
        assert_eq!(Shown("a\nb\u{1b}[31m").to_string(), "a\\u{a}b\\u{1b}[31m");
        let long = "x".repeat(1_000_000);
        assert_eq!(Shown(&long).to_string().chars().count(), 257);
        assert_eq!(Shown("safe\u{202e}evil").to_string(), "safe\u{fffd}evil");
    }
}
