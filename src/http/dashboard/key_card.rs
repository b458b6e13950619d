//! A client key as its reseller sees it. The one place where a committed row and what runs on it become the texts of
//! card, row and key page; the live stream sends the same.

use chrono::{DateTime, Utc};

use crate::actors::open_calls::InFlight;
use crate::domain::key::KeyStatus;
use crate::domain::money::{Price, Usd};
use crate::domain::preference::Display;
use crate::http::page::words;
use crate::store::views::keys::KeyRow;

/// A client key as its reseller sees it: card, row and key page.
#[derive(Clone, Debug, Default)]
pub struct Key {
    pub id: String,
    pub label: String,
    /// "sk-ant-12345…"
    pub masked: String,
    /// Active, Paused by you, 12% left, Used up, Closing: 2 calls finishing, Deleted, Frozen
    pub state: String,
    /// Good, warn, bad or empty
    pub tone: &'static str,
    /// Dot, pause, alert, clock, bin, lock
    pub icon: &'static str,
    /// Client price
    pub budget: String,
    /// Budget − remaining as shown
    pub spent: String,
    pub spent_exact: String,
    /// Rounded down
    pub remaining: String,
    pub remaining_exact: String,
    pub cost: String,
    /// "40%", or "None" for an internal share
    pub margin: String,
    /// Cost equals budget: the card says "No markup (internal share)"
    pub internal: bool,
    pub profit: String,
    pub profit_exact: String,
    /// "2 · $0.31" or "None"
    pub flight: String,
    /// Width of the bar, 0 to 100, "34.2"
    pub used: String,
    /// "34%"
    pub used_text: String,
    /// "", "idle" (paused, closed), "warn" (20% left or less)
    pub bar_look: &'static str,
    /// "2 min ago" or "none yet"
    pub last_used: String,
    /// "2 min ago" or "not used yet"
    pub last_used_short: String,
    /// Empty: not used yet
    pub last_used_iso: String,
    /// "2026-11-23 09:39:11 UTC"
    pub last_used_exact: String,
    /// "16 Nov"
    pub created: String,
    pub created_iso: String,
    pub created_exact: String,
    /// "60 RPM · 5 concurrent"
    pub limits: String,
    /// Not closing, not deleted: has buttons
    pub open: bool,
    /// Pause or resume
    pub toggle: &'static str,
    pub toggle_word: &'static str,
    pub toggle_icon: &'static str,
    /// "primary" where it is low or used up
    pub top_up_look: &'static str,
    /// The same in the table: "primary" or "quiet"
    pub top_up_look_row: &'static str,
}

/// What a card is made of.
#[derive(Clone, Copy, Debug)]
pub struct KeyNow<'a> {
    /// As committed.
    pub row: &'a KeyRow,
    pub last_used: Option<DateTime<Utc>>,
    pub in_flight: InFlight,
    /// The whole account is.
    pub frozen: bool,
    pub display: Display,
}

/// State in a word, with tone, icon and the look of the bar.
struct Chip(String, &'static str, &'static str, &'static str);

/// The start of a secret: "sk-ant-12345…".
pub fn masked(hint: &str) -> String {
    format!("{hint}…")
}

impl KeyNow<'_> {
    /// The texts at this time.
    pub fn shown(&self, now: DateTime<Utc>) -> Key {
        let row = self.row;
        let open = row.status == KeyStatus::Active;
        let spent = self.spent();
        let Chip(state, tone, icon, bar_look) = self.chip();
        let low = open && self.is_low();
        let (toggle, toggle_word, toggle_icon) =
            if row.paused { ("resume", "Resume", "play") } else { ("pause", "Pause", "pause") };
        let internal = row.ratio.is_internal_share();
        let last = |text: fn(DateTime<Utc>) -> String| self.last_used.map(text).unwrap_or_default();
        let near = |at| if self.display.exact_times { words::minute(at) } else { words::ago(now, at) };
        let ago = self.last_used.map(near);
        Key {
            id: row.key.to_string(),
            label: row.label.clone(),
            masked: masked(&row.hint),
            state,
            tone,
            icon,
            budget: words::dollars(row.budget.usd()),
            spent: words::dollars(spent),
            spent_exact: words::dollars_9(row.spent.usd()),
            remaining: words::dollars(row.remaining().usd()),
            remaining_exact: words::dollars_9(row.remaining().usd()),
            cost: words::dollars(row.funded.usd()),
            margin: if internal { "None".to_owned() } else { row.ratio.margin() },
            internal,
            profit: words::dollars(row.profit().usd()),
            profit_exact: words::dollars_9(row.profit().usd()),
            flight: self.flight(),
            used: words::share(spent.nanos(), row.budget.nanos()),
            used_text: format!("{}%", self.used()),
            bar_look,
            last_used: ago.clone().unwrap_or_else(|| "none yet".to_owned()),
            last_used_short: ago.unwrap_or_else(|| "not used yet".to_owned()),
            last_used_iso: last(words::iso),
            last_used_exact: last(words::second),
            created: words::day(now, row.created),
            created_iso: words::iso(row.created),
            created_exact: words::second(row.created),
            limits: format!("{} RPM · {} concurrent", row.rpm, row.concurrency),
            open,
            toggle,
            toggle_word,
            toggle_icon,
            top_up_look: if low { "primary" } else { "" },
            top_up_look_row: if low { "primary" } else { "quiet" },
        }
    }

    fn chip(&self) -> Chip {
        let row = self.row;
        match row.status {
            KeyStatus::Closing => Chip(self.closing(), "", "clock", "idle"),
            KeyStatus::Closed => Chip("Deleted".to_owned(), "", "bin", "idle"),
            KeyStatus::Active if self.frozen => Chip("Frozen".to_owned(), "bad", "lock", "idle"),
            KeyStatus::Active if row.paused => Chip("Paused by you".to_owned(), "", "pause", "idle"),
            KeyStatus::Active if self.is_used_up() => Chip("Used up".to_owned(), "warn", "alert", "warn"),
            KeyStatus::Active if self.is_low() => Chip(self.left(), "warn", "alert", "warn"),
            KeyStatus::Active => Chip("Active".to_owned(), "good", "dot", ""),
        }
    }

    fn closing(&self) -> String {
        match i64::try_from(self.in_flight.calls).unwrap_or(i64::MAX) {
            0 => "Closing".to_owned(),
            calls => format!("Closing: {} finishing", words::counted(calls, "call", "calls")),
        }
    }

    fn flight(&self) -> String {
        match self.in_flight.calls {
            0 => "None".to_owned(),
            calls => format!("{calls} · {}", words::dollars(self.in_flight.held.usd())),
        }
    }

    /// What is shown as spent, so that it and what remains add up to the budget.
    fn spent(&self) -> Usd {
        words::spent_beside(self.row.budget.usd(), self.row.remaining().usd())
    }

    /// Whole per cent of the budget, rounded down.
    fn used(&self) -> i128 {
        i128::from(self.spent().nanos()) * 100 / i128::from(self.row.budget.nanos())
    }

    /// The rest of a hundred.
    fn left(&self) -> String {
        format!("{}% left", 100 - self.used())
    }

    /// Nothing is left that would be shown.
    fn is_used_up(&self) -> bool {
        words::dollars(self.row.remaining().usd()) == words::dollars(Price::ZERO.usd())
    }

    /// A fifth is left, or less.
    fn is_low(&self) -> bool {
        i128::from(self.row.remaining().nanos()) * 5 <= i128::from(self.row.budget.nanos())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::KeyId;
    use crate::domain::money::Cost;
    use crate::domain::ratio::Ratio;
    use uuid::Uuid;

    const CENT: i64 = 10_000_000;
    const DISPLAY: Display = Display { exact_times: false, single_keys: true };

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    /// The guide's key with this much spent, in cents.
    fn row(spent: i64) -> KeyRow {
        let (cost, budget) = (Cost::from_nanos(6_000 * CENT), Price::from_nanos(10_000 * CENT));
        let ratio = Ratio::of(cost, budget).expect("a ratio");
        let spent = Price::from_nanos(spent * CENT);
        KeyRow {
            key: KeyId(Uuid::nil()),
            label: "acme-corp-prod".to_owned(),
            hint: "sk-ant-12345".to_owned(),
            status: KeyStatus::Active,
            paused: false,
            rpm: 60,
            concurrency: 5,
            ratio,
            budget,
            spent,
            funded: cost,
            posted: ratio.cost_of_budget(spent).expect("a cost"),
            refunded: Cost::ZERO,
            created: at("2026-11-16T08:00:00Z"),
        }
    }

    fn shown(row: &KeyRow, calls: usize, frozen: bool) -> Key {
        let in_flight = InFlight { calls, held: Cost::from_nanos(31 * CENT) };
        let last_used = Some(at("2026-11-23T09:39:11Z"));
        KeyNow { row, last_used, in_flight, frozen, display: DISPLAY }.shown(at("2026-11-23T09:41:11Z"))
    }

    #[test]
    fn a_card_reads_as_the_guide_says() {
        let key = shown(&row(3_420), 2, false);
        let figures = [&key.budget, &key.spent, &key.remaining, &key.cost, &key.margin, &key.profit, &key.flight];
        assert_eq!(figures, ["$100.00", "$34.20", "$65.80", "$60.00", "40%", "$13.68", "2 · $0.31"]);
        assert_eq!([&key.used, &key.used_text, &key.masked], ["34.2", "34%", "sk-ant-12345…"]);
        let times = [&key.last_used, &key.last_used_exact, &key.created, &key.limits];
        assert_eq!(times, ["2 min ago", "2026-11-23 09:39:11 UTC", "16 Nov", "60 RPM · 5 concurrent"]);
    }

    #[test]
    fn what_is_spent_and_left_adds_up_where_both_are_rounded() {
        let mut row = row(0);
        row.spent = Price::from_nanos(1);
        let key = shown(&row, 0, false);
        assert_eq!([&key.spent, &key.remaining, &key.used_text], ["$0.01", "$99.99", "0%"]);
        assert_eq!((key.spent_exact.as_str(), key.remaining_exact.as_str()), ("$0.000000001", "$99.999999999"));
    }

    #[test]
    fn a_state_is_a_word_and_what_is_low_asks_for_more() {
        let with = |change: fn(&mut KeyRow)| {
            let mut row = row(9_000);
            change(&mut row);
            row
        };
        let rows = [
            (shown(&row(7_999), 0, false), "Active", "good", ""),
            (shown(&row(8_000), 0, false), "20% left", "warn", "primary"),
            (shown(&row(9_950), 0, false), "1% left", "warn", "primary"),
            (shown(&row(10_000), 0, false), "Used up", "warn", "primary"),
            (shown(&with(|r| r.paused = true), 0, false), "Paused by you", "", "primary"),
            (shown(&with(|r| r.paused = true), 0, true), "Frozen", "bad", "primary"),
            (shown(&with(|r| r.status = KeyStatus::Closing), 0, false), "Closing", "", ""),
            (shown(&with(|r| r.status = KeyStatus::Closing), 1, false), "Closing: 1 call finishing", "", ""),
            (shown(&with(|r| r.status = KeyStatus::Closed), 0, true), "Deleted", "", ""),
        ];
        for (key, state, tone, look) in rows {
            assert_eq!((key.state.as_str(), key.tone, key.top_up_look), (state, tone, look));
        }
        assert!(!shown(&with(|r| r.status = KeyStatus::Closing), 1, false).open);
    }

    #[test]
    fn a_share_without_markup_has_no_margin_and_a_new_key_no_call() {
        let mut row = row(0);
        (row.funded, row.ratio) =
            (Cost::from_nanos(10_000 * CENT), Ratio::of(Cost::from_nanos(1), Price::from_nanos(1)).expect("a ratio"));
        let now =
            KeyNow { row: &row, last_used: None, in_flight: InFlight::default(), frozen: false, display: DISPLAY };
        let key = now.shown(at("2026-11-23T09:41:11Z"));
        assert_eq!((key.internal, key.margin.as_str(), key.flight.as_str()), (true, "None", "None"));
        assert_eq!([&key.last_used, &key.last_used_short, &key.last_used_iso], ["none yet", "not used yet", ""]);
    }
}
