//! A key's figures as a client reads them: the one place where a row and its live view become texts. Pages and the live
//! stream show the same strings because both take them from here.

use crate::actors::client_view::ClientKeyView;
use crate::domain::budget_alert::{Level, Look};
use crate::domain::money::Price;
use crate::http::page::words;
use crate::store::views::portal::ClientKeyRow;

/// A key in client price.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PortalKey {
    pub id: String,
    /// The client's own name, or the masked key
    pub name: String,
    pub has_name: bool,
    pub masked: String,
    /// Active, Paused, 12% left, Used up, Closing, Closed
    pub state: String,
    pub tone: String,
    pub icon: String,
    pub budget: String,
    pub spent: String,
    pub spent_exact: String,
    pub remaining: String,
    pub remaining_exact: String,
    /// "$0.52" or "$0.00"
    pub flight: String,
    /// Width of the bar, per cent
    pub used: String,
    /// "34%"
    pub used_text: String,
    pub bar_look: String,
    /// "At this week’s pace: about 13 days left"; after 3 days with use
    pub pace: String,
    /// "Used up. Ask your provider for a top-up."
    pub advice: String,
    /// "last request 2 min ago"
    pub last_used: String,
}

/// Limits of a key and how much of them is used now.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Limits {
    pub minute: String,
    /// Calls in the last 60 s
    pub minute_now: String,
    /// Width of the bar, per cent
    pub minute_used: String,
    pub at_once: String,
    pub running: String,
    pub running_used: String,
}

/// Everything that ticks on a key's page.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct KeyFigures {
    pub key: PortalKey,
    pub limits: Limits,
    /// Its next request is let through, as far as the key itself goes.
    pub takes_requests: bool,
}

/// How a key stands; the strongest word that applies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Standing {
    Active,
    Low { per_cent: i64 },
    UsedUp,
    Paused,
    Closing { running: usize },
    Closed,
}

/// The amounts of a key, as committed or as its actor has them.
#[derive(Clone, Copy)]
struct Amounts {
    budget: Price,
    spent: Price,
    remaining: Price,
    in_flight: Price,
}

/// The figures of a key. Without a live view they are the committed ones: nothing in flight, no use of the limits.
/// `pace` and `last_used` stay empty.
pub fn figures(row: &ClientKeyRow, live: Option<&ClientKeyView>) -> KeyFigures {
    let amounts = live.map_or_else(|| committed(row), live_amounts);
    let standing = standing(row, live, &amounts);
    let masked = format!("{}…", row.hint);
    // What is left of a closed key went back to its provider: nothing of it can be spent.
    let gone = matches!(standing, Standing::Closing { .. } | Standing::Closed);
    let left = if gone { Price::ZERO } else { amounts.remaining };
    let (state, tone, icon) = chip(standing);
    let key = PortalKey {
        id: row.key.to_string(),
        name: row.name.clone().unwrap_or_else(|| masked.clone()),
        has_name: row.name.is_some(),
        masked,
        state,
        tone: tone.to_owned(),
        icon: icon.to_owned(),
        budget: words::dollars(amounts.budget.usd()),
        spent: words::dollars(words::spent_beside(amounts.budget.usd(), amounts.remaining.usd())),
        spent_exact: words::dollars_9(amounts.spent.usd()),
        remaining: words::dollars(left.usd()),
        remaining_exact: words::dollars_9(left.usd()),
        flight: words::dollars_up(amounts.in_flight.usd()),
        used: words::share(amounts.spent.nanos(), amounts.budget.nanos()),
        used_text: words::percent(amounts.spent.nanos(), amounts.budget.nanos()),
        bar_look: bar_look(standing).to_owned(),
        advice: advice(standing),
        pace: String::new(),
        last_used: String::new(),
    };
    let takes_requests = matches!(standing, Standing::Active | Standing::Low { .. });
    KeyFigures { key, limits: limits(row, live), takes_requests }
}

fn committed(row: &ClientKeyRow) -> Amounts {
    Amounts { budget: row.budget, spent: row.spent, remaining: row.remaining(), in_flight: Price::ZERO }
}

fn live_amounts(view: &ClientKeyView) -> Amounts {
    Amounts { budget: view.budget, spent: view.spent, remaining: view.remaining, in_flight: view.in_flight }
}

fn standing(row: &ClientKeyRow, live: Option<&ClientKeyView>, amounts: &Amounts) -> Standing {
    let level = Look { budget: amounts.budget, spent: amounts.spent }.level();
    let left = (amounts.remaining.nanos(), amounts.budget.nanos());
    match row.state {
        "closed" => Standing::Closed,
        "closing" => Standing::Closing { running: live.map_or(0, |view| view.running) },
        // A frozen account looks the same: why its calls stop is between the provider and its own provider.
        state if state == "paused" || live.is_some_and(|view| view.paused) => Standing::Paused,
        // The words of the mails too, so that a page never contradicts one.
        _ => match level {
            Level::UsedUp => Standing::UsedUp,
            Level::Low => Standing::Low { per_cent: whole_per_cent(left.0, left.1) },
            Level::Fine => Standing::Active,
        },
    }
}

fn whole_per_cent(part: i64, whole: i64) -> i64 {
    let per_cent = i128::from(part) * 100 / i128::from(whole.max(1));
    i64::try_from(per_cent).unwrap_or(0)
}

fn chip(standing: Standing) -> (String, &'static str, &'static str) {
    match standing {
        Standing::Active => ("Active".to_owned(), "good", "dot"),
        Standing::Low { per_cent: 0 } => ("Under 1% left".to_owned(), "warn", "alert"),
        Standing::Low { per_cent } => (format!("{per_cent}% left"), "warn", "alert"),
        Standing::UsedUp => ("Used up".to_owned(), "warn", "alert"),
        Standing::Paused => ("Paused".to_owned(), "", "pause"),
        Standing::Closing { .. } => ("Closing".to_owned(), "", "clock"),
        Standing::Closed => ("Closed".to_owned(), "", "lock"),
    }
}

fn bar_look(standing: Standing) -> &'static str {
    match standing {
        Standing::Active => "",
        Standing::Low { .. } | Standing::UsedUp => "warn",
        Standing::Paused | Standing::Closing { .. } | Standing::Closed => "idle",
    }
}

fn advice(standing: Standing) -> String {
    match standing {
        Standing::Active => String::new(),
        Standing::Low { .. } => "Running low. Ask your provider for a top-up before it stops.".to_owned(),
        Standing::UsedUp => "Used up. Ask your provider for a top-up.".to_owned(),
        Standing::Paused => "Paused. Ask your provider.".to_owned(),
        Standing::Closing { running: 0 } => "Closing: it takes no more requests.".to_owned(),
        Standing::Closing { running } => {
            let finishing = words::counted(i64::try_from(running).unwrap_or(i64::MAX), "request", "requests");
            format!("Closing: {finishing} finishing, and it takes no more.")
        }
        Standing::Closed => "Closed: it takes no more requests. Ask your provider for a new key.".to_owned(),
    }
}

fn limits(row: &ClientKeyRow, live: Option<&ClientKeyView>) -> Limits {
    let (minute, at_once) = live.map_or((row.rpm, row.concurrency), |view| (view.rpm, view.concurrency));
    let taken = live.map_or(0, |view| view.rpm.saturating_sub(view.window_left).max(0));
    let running = live.map_or(0, |view| i32::try_from(view.running).unwrap_or(i32::MAX));
    Limits {
        minute: words::count(minute.into()),
        minute_now: words::count(taken.into()),
        minute_used: words::share(taken.into(), minute.into()),
        at_once: words::count(at_once.into()),
        running: words::count(running.into()),
        running_used: words::share(running.into(), at_once.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::KeyId;
    use uuid::Uuid;

    const CENT: i64 = 10_000_000;

    fn row(state: &'static str, budget: i64, spent: i64) -> ClientKeyRow {
        ClientKeyRow {
            key: KeyId(Uuid::nil()),
            name: None,
            hint: "sk-ant-12345".to_owned(),
            state,
            budget: Price::from_nanos(budget),
            spent: Price::from_nanos(spent),
            rpm: 60,
            concurrency: 5,
            bound: chrono::DateTime::UNIX_EPOCH,
        }
    }

    fn view(budget: i64, spent: i64) -> ClientKeyView {
        ClientKeyView {
            budget: Price::from_nanos(budget),
            spent: Price::from_nanos(spent),
            remaining: Price::from_nanos(budget - spent),
            in_flight: Price::from_nanos(52 * CENT),
            running: 2,
            rpm: 60,
            window_left: 57,
            concurrency: 5,
            paused: false,
        }
    }

    #[test]
    fn a_key_says_how_it_stands_in_one_word() {
        let rows = [
            ("active", 0, "Active", "", ""),
            ("active", 7_999, "Active", "", ""),
            ("active", 8_000, "20% left", "warn", "Running low."),
            ("active", 8_801, "11% left", "warn", "Running low."),
            ("active", 9_999, "Under 1% left", "warn", "Running low."),
            ("active", 10_000, "Used up", "warn", "Used up."),
            ("paused", 10_000, "Paused", "idle", "Paused."),
            ("closing", 3_420, "Closing", "idle", "Closing"),
            ("closed", 3_420, "Closed", "idle", "Closed"),
        ];
        for (state, spent, word, look, advice) in rows {
            let key = figures(&row(state, 10_000 * CENT, spent * CENT), None).key;
            assert_eq!((key.state.as_str(), key.bar_look.as_str()), (word, look), "{state} {spent}");
            assert!(key.advice.starts_with(advice) && key.advice.is_empty() == advice.is_empty(), "{}", key.advice);
        }
    }

    #[test]
    fn what_is_shown_adds_up_to_the_budget() {
        let key = figures(&row("active", 100_000_000_000, 34_195_000_001), None).key;
        assert_eq!((key.budget.as_str(), key.remaining.as_str(), key.spent.as_str()), ("$100.00", "$65.80", "$34.20"));
        assert_eq!(
            (key.spent_exact.as_str(), key.used.as_str(), key.used_text.as_str()),
            ("$34.195000001", "34.1", "34%")
        );
    }

    #[test]
    fn the_actor_has_the_last_word_and_a_frozen_account_looks_paused() {
        let (old, live) = (row("active", 100 * CENT, 0), view(200 * CENT, 10 * CENT));
        let shown = figures(&old, Some(&live));
        assert_eq!((shown.key.budget.as_str(), shown.key.flight.as_str()), ("$2.00", "$0.52"));
        let limits = shown.limits;
        assert_eq!((limits.minute_now.as_str(), limits.minute_used.as_str()), ("3", "5"));
        assert_eq!((limits.running.as_str(), limits.running_used.as_str()), ("2", "40"));
        assert_eq!(figures(&old, Some(&ClientKeyView { paused: true, ..live })).key.state, "Paused");
    }

    #[test]
    fn nothing_is_left_on_a_closed_key_and_what_it_spent_stays() {
        let key = figures(&row("closed", 100_000_000_000, 34_200_000_000), None).key;
        assert_eq!((key.remaining.as_str(), key.spent.as_str()), ("$0.00", "$34.20"));
    }
}
