//! The chart of `/referrals`: commission by UTC day, what was undone left out.

use chrono::{DateTime, Utc};

use crate::domain::money::{Cost, Usd};
use crate::domain::span::Span;
use crate::http::page::chart::{self, Chart, Day, Row};
use crate::http::page::words;
use crate::store::views::referrals::CommissionDay;

/// UTC days in the chart, today included.
const DAYS: u64 = 30;

/// The days that the chart tells of.
pub fn span(now: DateTime<Utc>) -> Span {
    Span::last_days(now, DAYS)
}

/// The figure of bars with its table.
pub fn chart(span: &Span, found: &[CommissionDay]) -> Chart {
    let of = |at: &DateTime<Utc>| found.iter().find(|day| day.day == at.date_naive());
    let days: Vec<(String, Cost, Cost)> = span
        .edges()
        .iter()
        // The last edge is tomorrow's midnight.
        .take(span.steps())
        .map(|at| {
            (
                words::day(span.to(), *at),
                of(at).map_or(Cost::ZERO, |d| d.amount),
                of(at).map_or(Cost::ZERO, |d| d.length),
            )
        })
        .collect();
    let highest = days.iter().map(|(_, amount, _)| amount.nanos()).max().unwrap_or(0);
    let top = chart::ceiling(highest);
    let name = |at: usize| days.get(at).map(|(name, ..)| name.clone()).unwrap_or_default();
    let last = days.len().saturating_sub(1);
    let mut chart = Chart {
        id: "days".to_owned(),
        caption: caption(&days),
        y_top: axis(top),
        y_mid: axis(top / 2),
        ticks: vec![name(0), name(last / 2), name(last)],
        table_title: "Commission by day".to_owned(),
        heads: ["Day (UTC)", "Referred consumption", "Commission"].map(str::to_owned).to_vec(),
        rows: days
            .iter()
            .map(|(name, amount, length)| Row {
                cells: vec![name.clone(), words::dollars(length.usd()), words::dollars(amount.usd())],
            })
            .collect(),
        ..Chart::default()
    };
    let bar = |(name, amount, _): &(String, Cost, Cost)| Day {
        amount: Some(amount.nanos()),
        words: format!("{name}: {}", words::dollars(amount.usd())),
    };
    chart.draw(days.iter().map(bar).collect());
    chart
}

fn caption(days: &[(String, Cost, Cost)]) -> String {
    let total = days.iter().fold(Cost::ZERO, |sum, (_, amount, _)| sum.saturating_add(*amount));
    let best = days.iter().max_by_key(|(_, amount, _)| amount.nanos()).filter(|(_, amount, _)| *amount > Cost::ZERO);
    let whole = format!("Commission of {} in {} days", words::dollars(total.usd()), days.len());
    match best {
        Some((name, amount, _)) => format!("{whole}, most on {name}: {}", words::dollars(amount.usd())),
        None => whole,
    }
}

fn axis(amount: i64) -> String {
    let text = words::dollars(Usd::from_nanos(amount));
    if amount > 0 && text == "$0.00" {
        return words::dollars_6(Usd::from_nanos(amount)).trim_end_matches('0').to_owned();
    }
    text.trim_end_matches(".00").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chart_ends_today_and_counts_its_days() {
        let now: DateTime<Utc> = "2026-11-24T20:20:00Z".parse().expect("an instant");
        let (amount, length) = (Cost::from_nanos(300_000_000), Cost::from_nanos(6_000_000_000));
        let chart = chart(&span(now), &[CommissionDay { day: now.date_naive(), amount, length }]);
        assert_eq!(chart.rows.len(), 30);
        assert_eq!(chart.ticks, ["26 Oct", "9 Nov", "24 Nov"]);
        assert_eq!(chart.caption, "Commission of $0.30 in 30 days, most on 24 Nov: $0.30");
    }
}
