//! The chart of a key's spending by day, and the pace of the last week.

use std::collections::HashMap;

use chrono::{NaiveDate, NaiveTime};

use crate::domain::money::{Price, Usd};
use crate::http::page::chart::{self, Chart, Day, Row};
use crate::http::page::parts::Link;
use crate::http::page::words;
use crate::http::portal::pages::period::Period;
use crate::store::views::client_usage::ClientDay;

/// Where no day reaches a dollar, amounts are shown more finely, and below a cent always: a day of small requests would
/// look free.
const DOLLAR: i64 = 1_000_000_000;
const CENT: i64 = 10_000_000;
/// A pace is told after so many days with use.
const PACE_DAYS: usize = 3;
/// Days of the week that a pace is taken from.
const WEEK: u64 = 7;
/// Beyond so many days a pace says nothing about a date.
const FAR_DAYS: i128 = 365;
const NOT_YET: &str =
    "No requests yet. Put the key into your program with one of the snippets, and the first request shows here.";

/// The chart card of a key.
#[derive(Clone, Debug, Default)]
pub struct Usage {
    pub ranges: Vec<Link>,
    /// Days shown; kept by the filter of requests
    pub days: String,
    /// "25 Oct to 23 Nov 2026"
    pub period: String,
    pub has_chart: bool,
    /// "No requests yet. …"
    pub nothing: String,
}

/// The card around the chart; `ever` says whether the key was used at all.
pub fn card(period: Period, days: &[ClientDay], ever: bool, ranges: Vec<Link>) -> Usage {
    let nothing = if ever { format!("No requests in the last {} days.", period.days) } else { NOT_YET.to_owned() };
    Usage {
        ranges,
        days: period.days.to_string(),
        period: period.text(),
        has_chart: days.iter().any(|day| day.day >= period.first()),
        nothing,
    }
}

/// Spending by day.
pub fn chart(period: Period, days: &[ClientDay]) -> Chart {
    let by_day: HashMap<NaiveDate, &ClientDay> = days.iter().map(|day| (day.day, day)).collect();
    let shown: Vec<(NaiveDate, Option<&ClientDay>)> =
        period.each().map(|date| (date, by_day.get(&date).copied())).collect();
    let price = |day: &Option<&ClientDay>| day.map_or(0, |day| day.price.nanos());
    let top = chart::ceiling(shown.iter().map(|(_, day)| price(day)).max().unwrap_or(0));
    let mut chart = Chart {
        id: "usage".to_owned(),
        caption: caption(period, top, &shown),
        y_top: axis(top),
        y_mid: axis(top / 2),
        ticks: ticks(period, &shown),
        table_title: "Spent by day".to_owned(),
        heads: ["Day (UTC)", "Spent", "Requests", "Tokens in", "Tokens out", "Cached"].map(str::to_owned).to_vec(),
        rows: shown.iter().rev().map(|(date, day)| row(period, *date, *day)).collect(),
        ..Chart::default()
    };
    let bars =
        shown.iter().map(|(date, day)| Day { amount: Some(price(day)), words: bar_words(period, top, *date, *day) });
    chart.draw(bars.collect());
    chart
}

fn caption(period: Period, top: i64, shown: &[(NaiveDate, Option<&ClientDay>)]) -> String {
    let used: Vec<&ClientDay> = shown.iter().filter_map(|(_, day)| *day).collect();
    let sum = used.iter().fold(Price::ZERO, |sum, day| sum.saturating_add(day.price));
    let spent = format!("Spent {} over {} days", amount(sum, top), period.days);
    match used.iter().max_by_key(|day| day.price) {
        Some(most) if used.len() > 1 => {
            format!("{spent}, most on {}: {}", day_words(period, most.day), amount(most.price, top))
        }
        Some(only) => format!("{spent}, all on {}", day_words(period, only.day)),
        None => spent,
    }
}

fn bar_words(period: Period, top: i64, date: NaiveDate, day: Option<&ClientDay>) -> String {
    let (price, calls) = day.map_or((Price::ZERO, 0), |day| (day.price, day.calls));
    let requests = words::counted(calls, "request", "requests").to_lowercase();
    format!("{}: {}, {requests}", day_words(period, date), amount(price, top))
}

fn row(period: Period, date: NaiveDate, day: Option<&ClientDay>) -> Row {
    let figures = day.map_or([0; 5], |d| [d.price.nanos(), d.calls, d.input, d.output, d.cache]);
    let counts = figures[1..].iter().map(|number| words::count(*number));
    let spent = words::dollars_6(Usd::from_nanos(figures[0]));
    Row { cells: [day_words(period, date), spent].into_iter().chain(counts).collect() }
}

fn ticks(period: Period, shown: &[(NaiveDate, Option<&ClientDay>)]) -> Vec<String> {
    let last = shown.len().saturating_sub(1);
    [0, last / 2, last].into_iter().filter_map(|at| shown.get(at)).map(|(date, _)| day_words(period, *date)).collect()
}

fn day_words(period: Period, date: NaiveDate) -> String {
    words::day(period.now, date.and_time(NaiveTime::MIN).and_utc())
}

/// What was spent, on a plot up to `top`: `$7.11`, rounded up as everywhere on the page; `$0.0150`, `$0.000374`.
fn amount(price: Price, top: i64) -> String {
    match price.nanos() {
        1..CENT => words::dollars_6(price.usd()),
        CENT.. if top < DOLLAR => words::dollars_4(price.usd()),
        _ => words::dollars_up(price.usd()),
    }
}

/// A round number beside the plot: `$8`, `$2.50`, `$0.004`.
fn axis(nanos: i64) -> String {
    let text = words::dollars_9(Usd::from_nanos(nanos));
    let text = text.trim_end_matches('0');
    match text.split_once('.') {
        Some((whole, "")) => whole.to_owned(),
        Some((whole, rest)) if rest.len() == 1 => format!("{whole}.{rest}0"),
        _ => text.to_owned(),
    }
}

/// "At this week’s pace: about 13 days left"; empty before three days with use.
pub fn pace(period: Period, days: &[ClientDay], remaining: Price) -> String {
    let today = period.now.date_naive();
    let age = |day: &ClientDay| today.signed_duration_since(day.day).num_days();
    let week: Vec<&ClientDay> =
        days.iter().filter(|day| (0..i64::try_from(WEEK).unwrap_or(7)).contains(&age(day))).collect();
    let used: Vec<&&ClientDay> = week.iter().filter(|day| day.price > Price::ZERO).collect();
    let spent: i128 = used.iter().map(|day| i128::from(day.price.nanos())).sum();
    let span = used.iter().map(|day| age(day) + 1).max().unwrap_or(0);
    if used.len() < PACE_DAYS || spent == 0 || remaining == Price::ZERO {
        return String::new();
    }
    let left = i128::from(remaining.nanos()) * i128::from(span) / spent;
    let words = match left {
        0 => "less than a day left".to_owned(),
        1 => "about 1 day left".to_owned(),
        2..=FAR_DAYS => format!("about {left} days left"),
        _ => "more than a year left".to_owned(),
    };
    format!("At this week’s pace: {words}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const USD: i64 = 1_000_000_000;

    fn period(days: &str) -> Period {
        Period::read(days, "2026-11-23T09:41:07Z".parse().expect("an instant"))
    }

    fn day(date: &str, nanos: i64) -> ClientDay {
        let day = date.parse().expect("a day");
        ClientDay { day, calls: 2, input: 1_204, output: 612, cache: 0, price: Price::from_nanos(nanos) }
    }

    #[test]
    fn a_chart_says_in_a_sentence_what_it_shows() {
        let days = [day("2026-11-19", 7_100_000_000), day("2026-11-23", 1)];
        let chart = chart(period("7"), &days);
        assert_eq!(chart.caption, "Spent $7.11 over 7 days, most on 19 Nov: $7.10");
        assert_eq!((chart.y_top.as_str(), chart.y_mid.as_str()), ("$8", "$4"));
        assert_eq!(chart.ticks, ["17 Nov", "20 Nov", "23 Nov"]);
        let words: Vec<&str> = chart.bars.iter().map(|bar| bar.words.as_str()).collect();
        assert_eq!(
            (words[2], words[3], words[6]),
            ("19 Nov: $7.10, 2 requests", "20 Nov: $0.00, no requests", "23 Nov: <$0.000001, 2 requests")
        );
        assert_eq!(chart.rows[4].cells, ["19 Nov", "$7.100000", "2", "1,204", "612", "0"]);
        assert_eq!((chart.rows.len(), chart.rows[0].cells.len() == chart.heads.len()), (7, true));
        let only = super::chart(period("30"), &days[..1]);
        assert_eq!(only.caption, "Spent $7.10 over 30 days, all on 19 Nov");
    }

    #[test]
    fn the_plot_is_labelled_as_finely_as_its_amounts() {
        let labels = [8 * USD, 5 * USD / 2, 4_000 * USD, USD / 2, 4_000_000, 2_500, 1].map(axis);
        assert_eq!(labels, ["$8", "$2.50", "$4,000", "$0.50", "$0.004", "$0.0000025", "$0.000000001"]);
    }

    #[test]
    fn a_pace_is_told_after_three_days_with_use() {
        let week = |amounts: &[i64]| -> Vec<ClientDay> {
            amounts.iter().enumerate().map(|(at, usd)| day(&format!("2026-11-{}", 23 - at), usd * USD)).collect()
        };
        let left = |usd: i64| Price::from_nanos(usd * USD);
        let rows = [
            (week(&[5, 5]), left(65), ""),
            (week(&[5, 5, 5]), left(65), "about 13 days left"),
            (week(&[5, 0, 5, 0, 0, 0, 25]), left(65), "about 13 days left"),
            (week(&[5, 5, 5]), left(5), "about 1 day left"),
            (week(&[5, 5, 5]), left(4), "less than a day left"),
            (week(&[1, 1, 1]), left(400), "more than a year left"),
            (week(&[5, 5, 5]), left(0), ""),
            // What is older than a week counts for nothing.
            (week(&[5, 5, 0, 0, 0, 0, 0, 90]), left(65), ""),
            (vec![], left(65), ""),
        ];
        for (days, left, words) in rows {
            let told = pace(period("90"), &days, left);
            assert_eq!(told.strip_prefix("At this week’s pace: ").unwrap_or(&told), words, "{days:?}");
        }
    }
}
