//! A key's requests: newest first, by model, page by page.

use crate::domain::ids::CallId;
use crate::domain::line_state::LineState;
use crate::http::json::error::JsonError;
use crate::http::page::parts::{Choice, Pager};
use crate::http::page::words;
use crate::http::portal::pages::period::Period;
use crate::http::portal::pages::visit::Visit;
use crate::store::views::portal::{ClientLine, ClientLinePage};
use crate::store::views::scope::BoundKey;

/// Requests of a page.
const PAGE: i64 = 50;

#[derive(Clone, Debug, Default)]
pub struct PortalLine {
    pub at_iso: String,
    /// Today "09:41:07", else "22 Nov 21:14"; UTC
    pub at: String,
    pub request_id: String,
    pub model: String,
    /// "1,204"
    pub input: String,
    pub output: String,
    /// Read and written: "30,011"
    pub cache: String,
    /// 6 decimals: "$0.019215"
    pub price: String,
    /// Ok, estimated, partial, you left, cut by budget, not billed
    pub state: String,
    /// Muted, warn
    pub tone: String,
}

#[derive(Clone, Debug, Default)]
pub struct PortalLines {
    pub models: Vec<Choice>,
    pub csv: String,
    pub has_rows: bool,
    pub rows: Vec<PortalLine>,
    pub nothing: String,
}

/// Which requests are shown.
pub struct Filter {
    pub period: Period,
    /// Empty: all.
    pub model: String,
    before: Option<CallId>,
}

impl Filter {
    /// As the address of a page says; what it cannot mean is left out.
    pub fn of(visit: &Visit<'_>, key: &BoundKey) -> Self {
        let period = Period::read(&visit.query("days"), visit.look.at);
        let model = visit.query("model");
        let place = visit.portal.cursors.read(&list(key, &model), &visit.query("cursor"));
        Filter { period, model, before: place.and_then(|place| place.parse().ok()).map(CallId) }
    }

    /// `&model=…`, or empty.
    pub fn of_model(&self) -> String {
        if self.model.is_empty() {
            return String::new();
        }
        let model: String = form_urlencoded::byte_serialize(self.model.as_bytes()).collect();
        format!("&model={model}")
    }

    /// The part of the list after `before`.
    pub fn page(&self, before: Option<CallId>, limit: i64) -> ClientLinePage {
        let model = (!self.model.is_empty()).then(|| self.model.clone());
        ClientLinePage { from: Some(self.period.from()), to: None, model, before, limit }
    }
}

/// The requests of a page and what leads on from it.
pub async fn read(
    visit: &Visit<'_>,
    key: &BoundKey,
    filter: &Filter,
    models: Vec<String>,
) -> Result<(PortalLines, Pager), JsonError> {
    // A model that was not used is not looked for through every request of the period.
    let is_used = filter.model.is_empty() || models.contains(&filter.model);
    let mut found = if is_used {
        visit.portal.views.lines(key.key(), &filter.page(filter.before, PAGE + 1)).await?
    } else {
        Vec::new()
    };
    let more = i64::try_from(found.len()).is_ok_and(|n| n > PAGE);
    found.truncate(usize::try_from(PAGE).unwrap_or(usize::MAX));
    let (path, query) = (format!("/keys/{}", key.key()), format!("?days={}{}", filter.period.days, filter.of_model()));
    let older = found.last().filter(|_| more).map(|last| {
        let cursor = visit.portal.cursors.make(&list(key, &filter.model), &last.call.to_string());
        format!("{path}{query}&cursor={cursor}#h-lines")
    });
    let newer = if filter.before.is_some() { format!("{path}{query}#h-lines") } else { String::new() };
    let pager = Pager {
        pages: more || filter.before.is_some(),
        range: format!("{PAGE} requests a page"),
        newer,
        newer_word: "Newest".to_owned(),
        older: older.unwrap_or_default(),
        older_word: "Older".to_owned(),
    };
    let lines = PortalLines {
        models: choices(models, &filter.model),
        csv: format!("{path}/usage.csv{query}"),
        has_rows: !found.is_empty(),
        rows: found.iter().map(|line| shown(visit, line)).collect(),
        nothing: match filter.model.as_str() {
            "" => format!("No requests in the last {} days.", filter.period.days),
            _ => format!("No requests to this model in the last {} days.", filter.period.days),
        },
    };
    Ok((lines, pager))
}

/// A cursor counts for the list it was made for alone.
fn list(key: &BoundKey, model: &str) -> String {
    format!("portal-lines:{}:{model}", key.key())
}

fn choices(mut models: Vec<String>, chosen: &str) -> Vec<Choice> {
    if !chosen.is_empty() && !models.iter().any(|model| model == chosen) {
        models.push(chosen.to_owned());
    }
    let choice = |value: String, word: String| {
        let chosen = value == chosen;
        Choice { value, word, chosen, hint: String::new() }
    };
    let all = choice(String::new(), "All models".to_owned());
    std::iter::once(all).chain(models.into_iter().map(|model| choice(model.clone(), model))).collect()
}

fn shown(visit: &Visit<'_>, line: &ClientLine) -> PortalLine {
    let (state, tone) = state_words(line.state);
    PortalLine {
        at_iso: words::iso(line.at),
        at: words::clock_or_day(visit.look.at, line.at),
        request_id: line.call.request_id(),
        model: line.model.clone(),
        input: words::count(line.input),
        output: words::count(line.output),
        cache: words::count(line.cache_read.saturating_add(line.cache_write)),
        price: words::dollars_6(line.price.usd()),
        state: state.to_owned(),
        tone: tone.to_owned(),
    }
}

/// How a request was measured, in a client's words, and how loud they are.
pub fn state_words(state: LineState) -> (&'static str, &'static str) {
    match state {
        LineState::Measured => ("ok", "muted"),
        LineState::Estimated => ("estimated", "warn"),
        LineState::Partial => ("partial", "warn"),
        LineState::ClientLeft => ("you left", "warn"),
        LineState::CutByBudget => ("cut by budget", "warn"),
        LineState::NotBilled => ("not billed", "muted"),
    }
}
