//! The movements of a month as billing page and statement show them: what is asked for, the rows, the sums.

use crate::domain::money::Usd;
use crate::domain::month::Month;
use crate::http::dashboard::move_line::Move;
use crate::http::dashboard::state::Dashboard;
use crate::http::dashboard::visit::Visit;
use crate::http::json::error::JsonError;
use crate::http::page::parts::{Choice, Fact, Pager};
use crate::http::page::words;
use crate::store::views::movements::{MonthSums, Movement, MovementAsk, MovementGroup, MovementPage};

/// The lists and figures of both pages.
#[derive(Clone, Debug, Default)]
pub struct Moves {
    pub title: String,
    pub rows: Vec<Move>,
    pub has_rows: bool,
    pub months: Vec<Choice>,
    pub kinds: Vec<Choice>,
    pub csv: String,
    /// "/billing/statement?month=2026-11"
    pub statement: String,
    pub nothing: String,
    /// "November 2026"; the rest is for the statement
    pub period: String,
    pub account: String,
    pub opening: String,
    pub closing: String,
    /// Of the month, by kind
    pub sums: Vec<Fact>,
}

/// What a request asks for: `?month&cursor`, of some kind. What is no such thing is ignored, as links age.
pub struct Asked {
    pub month: Month,
    pub group: MovementGroup,
    months: Vec<Month>,
    before: Option<i64>,
    /// The list that a cursor belongs to.
    list: String,
}

impl Asked {
    /// Without a month: the newest one in which something moved.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn of(visit: &Visit<'_>, dash: &Dashboard, group: MovementGroup) -> Result<Self, JsonError> {
        let now = Month::of(visit.look.at);
        let mut months = dash.movements.months(visit.account).await?;
        if months.is_empty() {
            months.push(now);
        }
        let month = Month::parse(&visit.query("month")).filter(|month| months.contains(month) || *month == now);
        let month = month.unwrap_or(months[0]);
        let list = format!("moves:{}:{}:{}", visit.account, month.text(), group.word());
        let before = dash.manage.cursors.read(&list, &visit.query("cursor")).and_then(|place| place.parse().ok());
        Ok(Asked { month, group, months, before, list })
    }

    /// For the view.
    pub fn ask(&self, visit: &Visit<'_>, limit: i64) -> MovementAsk {
        MovementAsk { account: visit.account, month: self.month, group: self.group, before: self.before, limit }
    }

    /// Cuts the row that only says that there is more, and says where the rest is.
    pub fn pager(&self, dash: &Dashboard, path: &str, rows: &mut Vec<Movement>, shown: usize) -> Pager {
        let more = rows.len() > shown;
        rows.truncate(shown);
        let older =
            rows.last().filter(|_| more).map(|last| dash.manage.cursors.make(&self.list, &last.seq.to_string()));
        Pager {
            pages: more || self.before.is_some(),
            range: format!("{} movements a page", words::count(i64::try_from(shown).unwrap_or(i64::MAX))),
            newer: self.before.map(|_| self.href(path, "")).unwrap_or_default(),
            newer_word: "Newest".to_owned(),
            older: older.map(|cursor| self.href(path, &cursor)).unwrap_or_default(),
            older_word: "Older".to_owned(),
        }
    }

    /// A page of ours with this month and kind.
    pub fn href(&self, path: &str, cursor: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("month", &self.month.text());
        for (name, value) in [("kind", self.group.word()), ("cursor", cursor)] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        format!("{path}?{}", query.finish())
    }

    /// What both pages show of the rows.
    pub fn shown(&self, visit: &Visit<'_>, page: &MovementPage) -> Moves {
        let rows: Vec<Move> = page.rows.iter().map(Move::from).collect();
        let month = self.month.name();
        Moves {
            title: format!("Movements in {month}"),
            has_rows: !rows.is_empty(),
            rows,
            months: self.months(),
            kinds: self.kinds(),
            csv: self.href("/billing.csv", ""),
            statement: format!("/billing/statement?month={}", self.month.text()),
            nothing: self.nothing(),
            period: month,
            account: visit.account.to_string(),
            opening: words::dollars(page.sums.opening),
            closing: words::dollars(page.sums.closing),
            sums: sums(&page.sums),
        }
    }

    fn months(&self) -> Vec<Choice> {
        let mut months = self.months.clone();
        if !months.contains(&self.month) {
            months.insert(0, self.month);
        }
        let choice = |month: &Month| Choice {
            value: month.text(),
            word: month.name(),
            chosen: *month == self.month,
            ..Choice::default()
        };
        months.iter().map(choice).collect()
    }

    fn kinds(&self) -> Vec<Choice> {
        let word = |group| match group {
            MovementGroup::All => "All kinds",
            MovementGroup::Payments => "Payments",
            MovementGroup::Keys => "Keys created, topped up, deleted",
            MovementGroup::Back => "Returned from keys",
            MovementGroup::Other => "Everything else",
        };
        let choice = |group: MovementGroup| Choice {
            value: group.word().to_owned(),
            word: word(group).to_owned(),
            chosen: group == self.group,
            ..Choice::default()
        };
        MovementGroup::ALL.into_iter().map(choice).collect()
    }

    fn nothing(&self) -> String {
        match self.group {
            MovementGroup::All => format!("Nothing moved in {}.", self.month.name()),
            _ => format!("Nothing of this kind moved in {}.", self.month.name()),
        }
    }
}

/// What adds up from the opening to the closing balance; what did not happen is left out.
fn sums(sums: &MonthSums) -> Vec<Fact> {
    let rows = [
        ("Paid in", sums.paid_in),
        ("Taken back", sums.taken_back),
        ("Corrections", sums.corrected),
        ("Put into keys", sums.into_keys),
        ("Returned from keys", sums.from_keys),
    ];
    let moved = rows.into_iter().filter(|(_, amount)| *amount != Usd::default());
    moved.map(|(word, amount)| Fact { word: word.to_owned(), value: words::change(amount) }).collect()
}
