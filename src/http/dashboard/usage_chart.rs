//! Chart and ranks of `/usage`.

use chrono::{DateTime, Utc};

use crate::domain::money::Usd;
use crate::domain::tally::{Metric, Tally};
use crate::http::dashboard::usage_wanted::{Range, Wanted};
use crate::http::page::chart::{self, Chart, Day, Row};
use crate::http::page::parts::Link;
use crate::http::page::words;
use crate::store::views::usage::Usage;

/// Rows of a rank besides "Other".
pub const RANKED: usize = 5;

/// A row of a rank.
#[derive(Clone, Debug, Default)]
pub struct RankRow {
    pub name: String,
    /// Empty for "Other"
    pub href: String,
    /// Width of the bar: per cent of the largest
    pub share: String,
    /// "$34.20"
    pub value: String,
    pub calls: String,
}

/// By key, by model: at most five rows and "Other".
#[derive(Clone, Debug, Default)]
pub struct Rank {
    /// "By key"
    pub title: String,
    /// "Key"
    pub head: String,
    /// The chart's metric: "Spent"
    pub value_head: String,
    pub rows: Vec<RankRow>,
}

/// What a rank is made of.
struct Ranked {
    name: String,
    href: String,
    amount: i64,
    calls: i64,
}

/// The metric's name on the page.
pub fn title(metric: Metric) -> &'static str {
    match metric {
        Metric::Spent => "Spent",
        Metric::Earned => "Earned",
        Metric::Calls => "Calls",
        Metric::Tokens => "Tokens",
    }
}

/// A figure of a metric in words.
pub fn figure(metric: Metric, amount: i64) -> String {
    match metric {
        Metric::Spent => words::dollars_up(Usd::from_nanos(amount)),
        Metric::Earned => words::dollars(Usd::from_nanos(amount)),
        Metric::Calls | Metric::Tokens => words::short_count(amount),
    }
}

/// The links to the other metrics.
pub fn metrics(wanted: &Wanted) -> Vec<Link> {
    let link = |metric: Metric| Link {
        href: wanted.href("/usage", &[("show", if metric == Metric::Spent { "" } else { metric.word() })]),
        word: title(metric).to_owned(),
        current: metric == wanted.metric,
        icon: String::new(),
    };
    Metric::ALL.map(link).to_vec()
}

/// The figure of bars with its table.
pub fn chart(wanted: &Wanted, usage: &Usage, total: Tally) -> Chart {
    let metric = wanted.metric;
    let steps: Vec<(DateTime<Utc>, Tally)> =
        wanted.span.edges().iter().copied().zip(usage.steps.iter().copied()).collect();
    let name = |at: DateTime<Utc>| step_name(wanted, at);
    let top = chart::ceiling(steps.iter().map(|(_, sum)| sum.amount(metric)).max().unwrap_or(0));
    let mut chart = Chart {
        id: "days".to_owned(),
        caption: caption(wanted, &steps, total),
        y_top: axis(metric, top),
        y_mid: axis(metric, top / 2),
        ticks: ticks(wanted, &steps),
        table_title: format!("{} {}", title(metric), wanted.length()),
        heads: ["Time (UTC)", "Spent", "Earned", "Calls", "Tokens"].map(str::to_owned).to_vec(),
        rows: steps.iter().map(|(at, sum)| row(name(*at), *sum)).collect(),
        ..Chart::default()
    };
    let bar = |(at, sum): &(DateTime<Utc>, Tally)| Day {
        amount: Some(sum.amount(metric)),
        words: format!(
            "{}: {}, {}",
            name(*at),
            figure(metric, sum.amount(metric)),
            words::counted(sum.calls, "call", "calls").to_lowercase()
        ),
    };
    chart.draw(steps.iter().map(bar).collect());
    chart
}

fn row(name: String, sum: Tally) -> Row {
    let figures = [Metric::Spent, Metric::Earned].map(|m| figure(m, sum.amount(m)));
    let numbers = [Metric::Calls, Metric::Tokens].map(|m| words::count(sum.amount(m)));
    Row { cells: [name].into_iter().chain(figures).chain(numbers).collect() }
}

fn axis(metric: Metric, amount: i64) -> String {
    if !metric.is_money() {
        return words::short_count(amount);
    }
    let text = words::dollars(Usd::from_nanos(amount));
    if amount > 0 && text == "$0.00" {
        return words::dollars_6(Usd::from_nanos(amount)).trim_end_matches('0').to_owned();
    }
    text.trim_end_matches(".00").to_owned()
}

fn step_name(wanted: &Wanted, at: DateTime<Utc>) -> String {
    match wanted.range {
        Range::Day => at.format("%-d %b %H:%M").to_string(),
        _ => words::day(wanted.now(), at),
    }
}

fn ticks(wanted: &Wanted, steps: &[(DateTime<Utc>, Tally)]) -> Vec<String> {
    let last = steps.len().saturating_sub(1);
    let mut places = vec![0, last / 2, last];
    places.dedup();
    places.into_iter().filter_map(|at| steps.get(at)).map(|(at, _)| step_name(wanted, *at)).collect()
}

/// "Spent $34.20 over 30 days, most on 19 Nov: $7.10"
fn caption(wanted: &Wanted, steps: &[(DateTime<Utc>, Tally)], total: Tally) -> String {
    let metric = wanted.metric;
    let whole = figure(metric, total.amount(metric));
    let said = match metric {
        Metric::Spent => format!("Clients spent {whole}"),
        Metric::Earned => format!("Earned {whole}"),
        Metric::Calls => format!("{whole} calls"),
        Metric::Tokens => format!("{whole} tokens"),
    };
    match steps.iter().max_by_key(|(_, sum)| sum.amount(metric)) {
        Some((at, most)) if most.amount(metric) > 0 && steps.len() > 1 => {
            let when = if wanted.range == Range::Day { "at" } else { "on" };
            let (name, most) = (step_name(wanted, *at), figure(metric, most.amount(metric)));
            format!("{said} {}, most {when} {name}: {most}", wanted.length())
        }
        _ => format!("{said} {}", wanted.length()),
    }
}

/// By key, unless one was asked for, and by model.
pub fn ranks(wanted: &Wanted, usage: &Usage, total: Tally) -> Vec<Rank> {
    let by_model = rank("By model", "Model", wanted, models(wanted, usage), total);
    if wanted.key.is_some() {
        return vec![by_model];
    }
    let keys = usage.keys.iter().map(|ranked| Ranked {
        name: ranked.label.clone(),
        href: wanted.href("/usage", &[("key", &ranked.key.to_string())]),
        amount: ranked.amount,
        calls: ranked.calls,
    });
    vec![rank("By key", "Key", wanted, keys.collect(), total), by_model]
}

fn models(wanted: &Wanted, usage: &Usage) -> Vec<Ranked> {
    let used = usage.models.iter().filter(|(_, sum)| sum.calls > 0);
    let mut models: Vec<Ranked> = used
        .map(|(model, sum)| Ranked {
            name: model.clone(),
            href: wanted.href("/usage", &[("model", model)]),
            amount: sum.amount(wanted.metric),
            calls: sum.calls,
        })
        .collect();
    models.sort_by(|a, b| b.amount.cmp(&a.amount).then_with(|| a.name.cmp(&b.name)));
    models.truncate(RANKED);
    models
}

fn rank(name: &str, head: &str, wanted: &Wanted, mut rows: Vec<Ranked>, total: Tally) -> Rank {
    let metric = wanted.metric;
    rows.truncate(RANKED);
    let listed = |figure: fn(&Ranked) -> i64| rows.iter().map(figure).fold(0_i64, i64::saturating_add);
    let other = Ranked {
        name: "Other".to_owned(),
        href: String::new(),
        amount: total.amount(metric).saturating_sub(listed(|r| r.amount)),
        calls: total.calls.saturating_sub(listed(|r| r.calls)),
    };
    if other.calls > 0 {
        rows.push(other);
    }
    let largest = rows.iter().map(|r| r.amount).max().unwrap_or(0);
    let row = |r: &Ranked| RankRow {
        name: r.name.clone(),
        href: r.href.clone(),
        share: words::share(r.amount, largest),
        value: figure(metric, r.amount),
        calls: words::count(r.calls),
    };
    Rank {
        title: name.to_owned(),
        head: head.to_owned(),
        value_head: title(metric).to_owned(),
        rows: rows.iter().map(row).collect(),
    }
}
