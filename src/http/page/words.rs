//! Figures and times as pages write them (`ui.md` §2). Amounts that can be spent round down.

use chrono::{DateTime, Datelike, Utc};

use crate::domain::dollars;
use crate::domain::money::Usd;

/// U+2212, as wide as a plus.
const MINUS: char = '\u{2212}';
/// Nano-dollars.
const CENT: i64 = 10_000_000;

/// `$1,234.56`, rounded down; `−$30.00` below zero.
pub fn dollars(amount: Usd) -> String {
    dollars::floor(amount)
}

/// `$34.20`, rounded up: what is spent or promised; beside a rest that is rounded down it adds up to the whole.
pub fn dollars_up(amount: Usd) -> String {
    dollars::ceil(amount)
}

/// `$200.0000`: in dialogs that debit.
pub fn dollars_4(amount: Usd) -> String {
    dollars::places(amount, 4)
}

/// Six decimals, for one request; `<$0.000001` for less.
pub fn dollars_6(amount: Usd) -> String {
    match amount.nanos() {
        1..1_000 => "<$0.000001".to_owned(),
        _ => dollars::places(amount, 6),
    }
}

/// To the nano-dollar: titles and details.
pub fn dollars_9(amount: Usd) -> String {
    dollars::places(amount, 9)
}

/// A change: `+$200.00`, `−$60.00`, `$0.00`.
pub fn change(amount: Usd) -> String {
    let text = dollars(amount);
    if amount.nanos() > 0 { format!("+{text}") } else { text }
}

/// What an act takes away: `−$60.0000`.
pub fn debit_4(amount: Usd) -> String {
    format!("{MINUS}{}", dollars_4(amount))
}

/// Spent as it adds up on the page: the budget less what is shown as remaining.
pub fn spent_beside(budget: Usd, remaining: Usd) -> Usd {
    let shown = remaining.nanos().div_euclid(CENT).saturating_mul(CENT);
    Usd::from_nanos(budget.nanos().saturating_sub(shown))
}

/// `1,204`.
pub fn count(number: i64) -> String {
    let text = dollars::grouped(&number.unsigned_abs().to_string());
    if number < 0 { format!("{MINUS}{text}") } else { text }
}

/// `812`, `3.9 k`, `3.9 M`, `2.1 B`: where the order of magnitude is what counts; rounded down.
pub fn short_count(number: i64) -> String {
    let scales = [(1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k")];
    let Some((unit, letter)) = scales.into_iter().find(|(unit, _)| number >= *unit) else { return count(number) };
    let (whole, tenth) = (number / unit, number % unit * 10 / unit);
    if whole >= 100 {
        format!("{} {letter}", dollars::grouped(&whole.to_string()))
    } else {
        format!("{whole}.{tenth} {letter}")
    }
}

/// `1 call`, `2 calls`, `No calls`.
pub fn counted(number: i64, one: &str, many: &str) -> String {
    match number {
        0 => format!("No {many}"),
        1 => format!("1 {one}"),
        _ => format!("{} {many}", count(number)),
    }
}

/// A share in per cent with one decimal, 0 to 100, for widths: `34.2`.
pub fn share(part: i64, whole: i64) -> String {
    if whole <= 0 {
        return "0".to_owned();
    }
    let mille = (i128::from(part.max(0)) * 1_000 / i128::from(whole)).min(1_000);
    if mille % 10 == 0 { format!("{}", mille / 10) } else { format!("{}.{}", mille / 10, mille % 10) }
}

/// A share in whole per cent, rounded down: `34%`.
pub fn percent(part: i64, whole: i64) -> String {
    let text = share(part, whole);
    format!("{}%", text.split('.').next().unwrap_or("0"))
}

/// For `<time datetime>`.
pub fn iso(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `2026-11-23 09:41 UTC`.
pub fn minute(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// `2026-11-23 09:41:07 UTC`.
pub fn second(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// `16 Nov`, with the year where it is another one: `16 Nov 2025`.
pub fn day(now: DateTime<Utc>, at: DateTime<Utc>) -> String {
    let form = if now.year() == at.year() { "%-d %b" } else { "%-d %b %Y" };
    at.format(form).to_string()
}

/// `09:41:07` today, else `22 Nov 21:14`.
pub fn clock_or_day(now: DateTime<Utc>, at: DateTime<Utc>) -> String {
    if now.date_naive() == at.date_naive() {
        return at.format("%H:%M:%S").to_string();
    }
    format!("{} {}", day(now, at), at.format("%H:%M"))
}

/// `just now`, `2 min ago`, `3 h ago`, `5 days ago`, then the day.
pub fn ago(now: DateTime<Utc>, at: DateTime<Utc>) -> String {
    let minutes = (now - at).num_minutes();
    match minutes {
        ..1 => "just now".to_owned(),
        1..60 => format!("{minutes} min ago"),
        60..1_440 => format!("{} h ago", minutes / 60),
        1_440..2_880 => "yesterday".to_owned(),
        2_880..10_080 => format!("{} days ago", minutes / 1_440),
        _ => day(now, at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(nanos: i64) -> Usd {
        Usd::from_nanos(nanos)
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    #[test]
    fn money_reads_as_people_write_it() {
        let rows = [
            (1_234_567_890_123, "$1,234.56", "$1,234.5678"),
            (-30_000_000_000, "−$30.00", "−$30.0000"),
            (-1, "−$0.01", "−$0.0001"),
            (999_999_999_999_999_000, "$999,999,999.99", "$999,999,999.9999"),
            (0, "$0.00", "$0.0000"),
        ];
        for (nanos, two, four) in rows {
            assert_eq!((dollars(usd(nanos)).as_str(), dollars_4(usd(nanos)).as_str()), (two, four));
        }
        assert_eq!((change(usd(200_000_000_000)), change(usd(-60_000_000_000))), ("+$200.00".into(), "−$60.00".into()));
        assert_eq!(
            [0, 1, 10_000_000, 34_195_000_001].map(|nanos| dollars_up(usd(nanos))),
            ["$0.00", "$0.01", "$0.01", "$34.20"]
        );
        let small = [0, 1, 999, 1_000, 19_215_000].map(|nanos| dollars_6(usd(nanos)));
        assert_eq!(small, ["$0.000000", "<$0.000001", "<$0.000001", "$0.000001", "$0.019215"]);
    }

    #[test]
    fn what_is_shown_adds_up() {
        let (budget, remaining) = (usd(100_000_000_000), usd(65_799_999_999));
        assert_eq!(dollars(remaining), "$65.79");
        assert_eq!(dollars(spent_beside(budget, remaining)), "$34.21");
    }

    #[test]
    fn counts_and_shares_are_rounded_down() {
        let counts = [0, 812, 1_204, 3_987_000, 812_345, 2_100_000_000].map(short_count);
        assert_eq!(counts, ["0", "812", "1.2 k", "3.9 M", "812 k", "2.1 B"]);
        assert_eq!([(342, 1000), (1, 0), (2, 1), (1, 1000)].map(|(p, w)| share(p, w)), ["34.2", "0", "100", "0.1"]);
        assert_eq!(percent(349, 1000), "34%");
        assert_eq!([0, 1, 1_982].map(|n| counted(n, "call", "calls")), ["No calls", "1 call", "1,982 calls"]);
    }

    #[test]
    fn times_are_near_or_exact() {
        let now = at("2026-11-23T09:41:07Z");
        let rows = [
            ("2026-11-23T09:41:00Z", "just now", "09:41:00"),
            ("2026-11-23T09:39:00Z", "2 min ago", "09:39:00"),
            ("2026-11-22T21:14:00Z", "12 h ago", "22 Nov 21:14"),
            ("2026-11-22T09:00:00Z", "yesterday", "22 Nov 09:00"),
            ("2026-11-16T09:00:00Z", "16 Nov", "16 Nov 09:00"),
            ("2025-11-16T09:00:00Z", "16 Nov 2025", "16 Nov 2025 09:00"),
        ];
        for (then, near, exact) in rows {
            assert_eq!((ago(now, at(then)).as_str(), clock_or_day(now, at(then)).as_str()), (near, exact), "{then}");
        }
    }
}
