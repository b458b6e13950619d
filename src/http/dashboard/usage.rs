//! `/usage`: what clients spent, what it cost and what was earned, by day, key and model, with every request.

use std::collections::HashSet;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::domain::ids::KeyId;
use crate::domain::line_state::LineState;
use crate::domain::tally::Tally;
use crate::http::dashboard::page::Page;
use crate::http::dashboard::state::Dashboard;
use crate::http::dashboard::usage_chart::{self, RANKED, Rank};
use crate::http::dashboard::usage_wanted::{Range, Wanted};
use crate::http::dashboard::usage_words::{self, Line};
use crate::http::dashboard::visit::Visit;
use crate::http::json::error::JsonError;
use crate::http::page::chart::Chart;
use crate::http::page::parts::{Choice, Link, Pager};
use crate::http::page::words;
use crate::store::error::StoreError;
use crate::store::views::usage::{RankedKey, Ranking, Usage, UsageAsk};
use crate::store::views::usage_lines::{LinePlace, LinesPage};

/// Requests a page.
const LINES: usize = 50;
/// Keys in the filter, newest first; the others are reached from their own pages.
const KEYS: i64 = 50;

#[derive(Template)]
#[template(path = "usage.html")]
struct UsageTemplate {
    page: Page,
    usage: UsagePage,
    chart: Chart,
    lines: Vec<Line>,
    list: Pager,
}

#[derive(Clone, Debug, Default)]
struct UsagePage {
    ranges: Vec<Link>,
    range: &'static str,
    period: String,
    key_choices: Vec<Choice>,
    models: Vec<Choice>,
    states: Vec<Choice>,
    spent: String,
    spent_exact: String,
    cost: String,
    cost_exact: String,
    profit: String,
    profit_exact: String,
    /// "1,982 calls"
    calls: String,
    /// "3.9 M tokens in, 812 k out"
    tokens: String,
    /// "40% of what clients spent"
    share: String,
    metrics: Vec<Link>,
    /// "By day", "By hour"
    by: &'static str,
    ranks: Vec<Rank>,
    custom: bool,
    since: String,
    until: String,
    filtered: bool,
    has_lines: bool,
    csv: String,
    nothing: &'static str,
    nothing_hint: &'static str,
    nothing_href: &'static str,
    nothing_word: &'static str,
}

/// `GET /usage?range&from&to&key&model&state&show&cursor`.
pub async fn show(http: HttpRequest, dash: Data<Dashboard>) -> Result<HttpResponse, JsonError> {
    let visit = Visit::open(&http, &dash).await?;
    let wanted = Wanted::of(&visit).await?;
    let ask = UsageAsk {
        account: visit.account,
        key: wanted.key.as_ref(),
        model: wanted.model.as_deref(),
        state: wanted.state,
        span: &wanted.span,
        now: visit.look.at,
    };
    let ranking = wanted.key.is_none().then_some(Ranking { metric: wanted.metric, most: RANKED });
    let ((usage, lines), models, keys) = tokio::try_join!(
        sums_and_lines(&dash, &wanted, &ask, ranking),
        dash.usage.models(visit.account),
        dash.usage.key_names(visit.account, wanted.key.map(|key| key.key()), KEYS)
    )?;
    let total = usage.total().unwrap_or_default();
    let live_url = visit.live("page=usage");
    visit.show(&UsageTemplate {
        page: Page { live_url, ..visit.page("usage").await? },
        chart: usage_chart::chart(&wanted, &usage, total),
        usage: shown(&wanted, &usage, total, models, keys),
        lines: lines.lines.iter().map(|line| usage_words::line(visit.look.at, line)).collect(),
        list: pager(&visit, &wanted, &lines),
    })
}

/// The sums, and the lines beside them: those of a filter are looked for only where the sums say that there are any.
async fn sums_and_lines(
    dash: &Dashboard,
    wanted: &Wanted,
    ask: &UsageAsk<'_>,
    ranking: Option<Ranking>,
) -> Result<(Usage, LinesPage), StoreError> {
    if ask.model.is_none() && ask.state.is_none() {
        let lines = wanted.lines();
        return tokio::try_join!(dash.usage.read(ask, ranking), dash.usage_lines.page(&lines, wanted.place, LINES));
    }
    let usage = dash.usage.read(ask, ranking).await?;
    let lines = match wanted.lines_of(&usage) {
        Some(lines) => dash.usage_lines.page(&lines, wanted.place, LINES).await?,
        None => LinesPage::default(),
    };
    Ok((usage, lines))
}

fn shown(wanted: &Wanted, usage: &Usage, total: Tally, models: Vec<String>, names: Vec<(KeyId, String)>) -> UsagePage {
    let (nothing, nothing_hint, nothing_href, nothing_word) = nothing(wanted, &models);
    UsagePage {
        ranges: wanted.ranges(),
        range: wanted.range.word(),
        period: wanted.period(),
        key_choices: key_choices(wanted, names, &usage.keys),
        models: model_choices(wanted, models),
        states: state_choices(wanted),
        spent: words::dollars_up(total.price.usd()),
        spent_exact: words::dollars_9(total.price.usd()),
        cost: words::dollars_up(total.cost.usd()),
        cost_exact: words::dollars_9(total.cost.usd()),
        profit: words::dollars(total.profit().usd()),
        profit_exact: words::dollars_9(total.profit().usd()),
        calls: words::counted(total.calls, "call", "calls"),
        tokens: tokens(total),
        share: share(total),
        metrics: usage_chart::metrics(wanted),
        by: if wanted.range == Range::Day { "By hour" } else { "By day" },
        ranks: usage_chart::ranks(wanted, usage, total),
        custom: wanted.range == Range::Custom,
        since: wanted.since.to_string(),
        until: wanted.until.to_string(),
        filtered: wanted.is_filtered(),
        has_lines: total.calls > 0,
        csv: wanted.href("/usage.csv", &[("show", "")]),
        nothing,
        nothing_hint,
        nothing_href,
        nothing_word,
    }
}

fn tokens(total: Tally) -> String {
    match total.tokens() {
        0 => "No tokens".to_owned(),
        _ => format!("{} tokens in, {} out", words::short_count(total.tokens_in()), words::short_count(total.output)),
    }
}

fn share(total: Tally) -> String {
    match total.price.nanos() {
        0 => "Nothing spent yet".to_owned(),
        spent => format!("{} of what clients spent", words::percent(total.profit().nanos(), spent)),
    }
}

/// Title, hint, link and its words of a page without calls.
fn nothing(wanted: &Wanted, models: &[String]) -> (&'static str, &'static str, &'static str, &'static str) {
    if models.is_empty() && !wanted.is_filtered() {
        let hint = "Send the client message, and the first call of your client shows here within a second.";
        return ("No calls yet", hint, "/api", "Back to API");
    }
    if wanted.is_filtered() {
        return ("No calls match", "Nothing in this period fits the filter.", "/usage", "Clear the filter");
    }
    ("No calls in this period", "Choose a longer one.", "/usage?range=90d", "Show 90 days")
}

/// The newest keys, those with the most usage, and the chosen one.
fn key_choices(wanted: &Wanted, mut names: Vec<(KeyId, String)>, ranked: &[RankedKey]) -> Vec<Choice> {
    let listed: HashSet<KeyId> = names.iter().map(|(key, _)| *key).collect();
    names.extend(ranked.iter().filter(|r| !listed.contains(&r.key)).map(|r| (r.key, r.label.clone())));
    let chosen = wanted.key.map(|key| key.key());
    let keys = names.iter().map(|(key, label)| choice(&key.to_string(), label, Some(*key) == chosen));
    [choice("", "All keys", chosen.is_none())].into_iter().chain(keys).collect()
}

fn model_choices(wanted: &Wanted, mut models: Vec<String>) -> Vec<Choice> {
    if let Some(model) = wanted.model.as_ref().filter(|model| !models.contains(model)) {
        models.push(model.clone());
    }
    let all = choice("", "All models", wanted.model.is_none());
    let each = models.iter().map(|model| choice(model, model, wanted.model.as_ref() == Some(model)));
    [all].into_iter().chain(each).collect()
}

fn state_choices(wanted: &Wanted) -> Vec<Choice> {
    let all = choice("", "All states", wanted.state.is_none());
    let each = LineState::ALL.map(|s| choice(s.word(), usage_words::state(s), wanted.state == Some(s)));
    [all].into_iter().chain(each).collect()
}

fn choice(value: &str, word: &str, chosen: bool) -> Choice {
    Choice { value: value.to_owned(), word: word.to_owned(), chosen, hint: String::new() }
}

fn pager(visit: &Visit<'_>, wanted: &Wanted, page: &LinesPage) -> Pager {
    let href = |place: Option<LinePlace>| match place {
        Some(place) => {
            let cursor = visit.dash.manage.cursors.make(&wanted.list(), &place.text());
            wanted.href("/usage", &[("cursor", &cursor)])
        }
        None => String::new(),
    };
    let (newer, older) = (href(page.newer), href(page.older));
    Pager {
        pages: !newer.is_empty() || !older.is_empty(),
        range: match page.unfinished {
            true => "Few match here; Older searches on".to_owned(),
            false => format!("{LINES} requests a page"),
        },
        newer,
        newer_word: "Newer".to_owned(),
        older,
        older_word: "Older".to_owned(),
    }
}
