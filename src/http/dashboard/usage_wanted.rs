//! What the address of `/usage` asks for: a period, a filter, what the chart shows. What it does not understand, it
//! leaves out.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::domain::ids::AccountId;
use crate::domain::line_state::LineState;
use crate::domain::span::Span;
use crate::domain::tally::{Metric, Tally};
use crate::http::dashboard::visit::Visit;
use crate::http::json::error::JsonError;
use crate::http::page::parts::Link;
use crate::store::views::scope::OwnedKey;
use crate::store::views::usage::Usage;
use crate::store::views::usage_lines::{LineAsk, LinePlace};

/// The period of a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Range {
    Day,
    Week,
    #[default]
    Month,
    Quarter,
    Custom,
}

/// What is asked for.
pub struct Wanted {
    pub range: Range,
    pub span: Span,
    pub key: Option<OwnedKey>,
    pub model: Option<String>,
    pub state: Option<LineState>,
    pub metric: Metric,
    pub place: Option<LinePlace>,
    pub account: AccountId,
    now: DateTime<Utc>,
    /// A custom period, as the fields have it.
    pub since: NaiveDate,
    pub until: NaiveDate,
}

impl Range {
    pub const ALL: [Range; 5] = [Range::Day, Range::Week, Range::Month, Range::Quarter, Range::Custom];

    /// The word in links.
    pub fn word(self) -> &'static str {
        match self {
            Range::Day => "24h",
            Range::Week => "7d",
            Range::Month => "30d",
            Range::Quarter => "90d",
            Range::Custom => "custom",
        }
    }

    /// The word on the page.
    pub fn title(self) -> &'static str {
        match self {
            Range::Day => "24 h",
            Range::Week => "7 d",
            Range::Month => "30 d",
            Range::Quarter => "90 d",
            Range::Custom => "Custom",
        }
    }

    fn span(self, now: DateTime<Utc>, since: NaiveDate, until: NaiveDate) -> Span {
        match self {
            Range::Day => Span::last_hours(now, 24),
            Range::Week => Span::last_days(now, 7),
            Range::Month => Span::last_days(now, 30),
            Range::Quarter => Span::last_days(now, 90),
            Range::Custom => Span::days(since, until).unwrap_or_else(|| Span::last_days(now, 30)),
        }
    }
}

impl Wanted {
    /// Of `?range&from&to&key&model&state&show&cursor`.
    ///
    /// # Errors
    /// 404 for a key that is not the reseller's.
    pub async fn of(visit: &Visit<'_>) -> Result<Self, JsonError> {
        let now = visit.look.at;
        let range = visit.query("range");
        let range = Range::ALL.into_iter().find(|r| r.word() == range).unwrap_or_default();
        let (since, until) = dates(visit, now);
        let filled = |text: String| Some(text).filter(|text| !text.is_empty());
        let key = match filled(visit.query("key")) {
            Some(raw) => Some(visit.key(&raw).await?),
            None => None,
        };
        let state = visit.query("state");
        let mut wanted = Wanted {
            range,
            span: range.span(now, since, until),
            key,
            model: filled(visit.query("model")),
            state: LineState::ALL.into_iter().find(|s| s.word() == state),
            metric: Metric::parse(&visit.query("show")).unwrap_or(Metric::Spent),
            place: None,
            account: visit.account,
            now,
            since,
            until,
        };
        let place = visit.dash.manage.cursors.read(&wanted.list(), &visit.query("cursor"));
        wanted.place = place.and_then(|text| LinePlace::parse(&text));
        Ok(wanted)
    }

    /// The calls of the period, as lines.
    pub fn lines(&self) -> LineAsk {
        LineAsk {
            account: self.account,
            key: self.key,
            model: self.model.clone(),
            state: self.state,
            from: self.span.from(),
            to: self.span.to(),
        }
    }

    /// The calls of the steps that have any, as lines, so that no page searches where there are none; `None` where all
    /// steps are empty.
    pub fn lines_of(&self, usage: &Usage) -> Option<LineAsk> {
        let has_calls = |step: &Tally| step.calls > 0;
        let first = usage.steps.iter().position(has_calls)?;
        let last = usage.steps.iter().rposition(has_calls)?;
        let edges = self.span.edges();
        Some(LineAsk { from: *edges.get(first)?, to: *edges.get(last + 1)?, ..self.lines() })
    }

    pub fn is_filtered(&self) -> bool {
        self.key.is_some() || self.model.is_some() || self.state.is_some()
    }

    /// The list that a cursor belongs to: another filter or period is another list.
    pub fn list(&self) -> String {
        format!("usage:{}:{}", self.account, self.query(&[("show", "")]))
    }

    /// The address of the same page with some parameters changed; an empty text takes one away.
    pub fn href(&self, path: &str, changes: &[(&str, &str)]) -> String {
        match self.query(changes) {
            query if query.is_empty() => path.to_owned(),
            query => format!("{path}?{query}"),
        }
    }

    fn query(&self, changes: &[(&str, &str)]) -> String {
        let key = self.key.map(|key| key.key().to_string()).unwrap_or_default();
        let (since, until) = (self.since.to_string(), self.until.to_string());
        let custom = self.range == Range::Custom;
        let now = [
            ("range", if self.range == Range::Month { "" } else { self.range.word() }),
            ("from", if custom { since.as_str() } else { "" }),
            ("to", if custom { until.as_str() } else { "" }),
            ("key", key.as_str()),
            ("model", self.model.as_deref().unwrap_or_default()),
            ("state", self.state.map_or("", LineState::word)),
            ("show", if self.metric == Metric::Spent { "" } else { self.metric.word() }),
            ("cursor", ""),
        ];
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in now {
            let value = changes.iter().find(|(n, _)| *n == name).map_or(value, |(_, changed)| changed);
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        query.finish()
    }

    /// The links to the other periods.
    pub fn ranges(&self) -> Vec<Link> {
        let link = |range: Range| {
            let word = if range == Range::Month { "" } else { range.word() };
            let (since, until) = (self.since.to_string(), self.until.to_string());
            let (from, to) = if range == Range::Custom { (since.as_str(), until.as_str()) } else { ("", "") };
            Link {
                href: self.href("/usage", &[("range", word), ("from", from), ("to", to)]),
                word: range.title().to_owned(),
                current: range == self.range,
                icon: String::new(),
            }
        };
        Range::ALL.map(link).to_vec()
    }

    /// "25 Oct to 23 Nov 2026"
    pub fn period(&self) -> String {
        if self.range == Range::Day {
            return format!("{} to now", self.span.from().format("%-d %b %H:%M"));
        }
        let last = self.span.to() - TimeDelta::nanoseconds(1);
        format!("{} to {}", self.span.from().format("%-d %b"), last.format("%-d %b %Y"))
    }

    /// "over 30 days", for a sentence.
    pub fn length(&self) -> String {
        let steps = self.span.steps();
        match (self.range, steps) {
            (Range::Day, _) => "in the last 24 hours".to_owned(),
            (_, 1) => "on that day".to_owned(),
            _ => format!("over {steps} days"),
        }
    }

    /// The instant at which the page was asked for.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }
}

/// A custom period: by default the last seven days; turned round where it was typed the wrong way.
fn dates(visit: &Visit<'_>, now: DateTime<Utc>) -> (NaiveDate, NaiveDate) {
    let today = now.date_naive();
    let typed = |name: &str| visit.query(name).parse::<NaiveDate>().ok();
    let until = typed("to").unwrap_or(today);
    let since = typed("from").unwrap_or(until - TimeDelta::days(6));
    if since <= until { (since, until) } else { (until, since) }
}
