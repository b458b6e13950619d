//! The list of keys on `/api`: which ones, in which order, from where on.

use crate::domain::ids::AccountId;
use crate::http::dashboard::key_card::Key;
use crate::http::dashboard::visit::Visit;
use crate::http::page::parts::Choice;
use crate::http::page::words;
use crate::identity::cursors::Cursors;
use crate::store::views::key_list::{KeyAsk, KeyCounts, KeyFilter, KeyOrdering, KeyPlace, KeysPage};

/// Keys a page.
pub const PAGE: usize = 50;
/// So many keys are cards; more are a table.
const MOST_CARDS: i64 = 12;

/// The list of /api with its search.
#[derive(Clone, Debug, Default)]
pub struct KeyList {
    /// "Client Keys (1)"
    pub tab: String,
    pub rows: Vec<Key>,
    /// Above 12 keys in all
    pub as_table: bool,
    pub q: String,
    pub states: Vec<Choice>,
    pub sorts: Vec<Choice>,
    /// "No key matches “acmee”."
    pub nothing: String,
    pub nothing_hint: String,
    pub clear_href: String,
    pub pages: bool,
    /// "50 keys a page"
    pub range: String,
    pub newer: String,
    pub newer_word: String,
    pub older: String,
    pub older_word: String,
}

/// What the address asks for; what it does not understand, it leaves out.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub search: String,
    pub filter: KeyFilter,
    pub ordering: KeyOrdering,
    from: Option<KeyPlace>,
}

/// The words of the filters, in their order.
fn state_word(filter: KeyFilter) -> &'static str {
    match filter {
        KeyFilter::Open => "All states",
        KeyFilter::Active => "Active",
        KeyFilter::Paused => "Paused",
        KeyFilter::Low => "Need attention",
        KeyFilter::UsedUp => "Used up",
        KeyFilter::Closing => "Closing",
        KeyFilter::Deleted => "Deleted keys",
    }
}

fn sort_word(ordering: KeyOrdering) -> &'static str {
    match ordering {
        KeyOrdering::Recent => "Newest",
        KeyOrdering::Label => "Label",
        KeyOrdering::Spent => "Most spent",
        KeyOrdering::Remaining => "Most left",
        KeyOrdering::Profit => "Most earned",
        KeyOrdering::Used => "Nearest to used up",
    }
}

/// "Client Keys (1,311)"
pub fn tab(open: i64) -> String {
    format!("Client Keys ({})", words::count(open))
}

impl Wanted {
    /// Of `?q&state&sort&cursor`.
    pub fn of(visit: &Visit<'_>) -> Self {
        let wanted = Wanted {
            search: visit.query("q").trim().to_owned(),
            filter: KeyFilter::parse(&visit.query("state")).unwrap_or_default(),
            ordering: KeyOrdering::parse(&visit.query("sort")).unwrap_or_default(),
            from: None,
        };
        let place = visit.dash.manage.cursors.read(&wanted.list(visit.account), &visit.query("cursor"));
        Wanted { from: place.and_then(|place| KeyPlace::parse(&place)), ..wanted }
    }

    /// What the view is asked.
    pub fn ask(&self) -> KeyAsk {
        // Whoever copies a masked key copies its dots.
        let search = self.search.trim_end_matches('…').to_owned();
        KeyAsk { search, filter: self.filter, ordering: self.ordering, from: self.from.clone(), limit: PAGE }
    }

    /// Whether it is the whole list from its beginning.
    pub fn is_plain(&self) -> bool {
        self.search.is_empty() && self.filter == KeyFilter::Open && self.from.is_none()
    }

    /// The list that a cursor belongs to: another search or order is another list.
    fn list(&self, account: AccountId) -> String {
        format!("keys-page:{account}:{}:{}:{}", self.filter.word(), self.ordering.word(), self.search)
    }

    /// The address of the same list, from a place on; what is as ever is left out.
    fn href(&self, account: AccountId, cursors: &Cursors, place: Option<&KeyPlace>) -> String {
        let Some(place) = place else { return String::new() };
        let mut query = form_urlencoded::Serializer::new(String::new());
        let cursor = cursors.make(&self.list(account), &place.text());
        let (filter, ordering) = (self.filter.word(), self.ordering.word());
        for (name, value, usual) in
            [("q", self.search.as_str(), ""), ("state", filter, "open"), ("sort", ordering, "recent")]
        {
            if value != usual {
                query.append_pair(name, value);
            }
        }
        format!("/api?{}", query.append_pair("cursor", &cursor).finish())
    }

    /// The list as the page shows it.
    pub fn list_of(&self, visit: &Visit<'_>, counts: &KeyCounts, page: &KeysPage, rows: Vec<Key>) -> KeyList {
        let cursors = &visit.dash.manage.cursors;
        let href = |place| self.href(visit.account, cursors, place);
        let (newer, older) = (href(page.newer.as_ref()), href(page.older.as_ref()));
        let (newer_word, older_word) =
            if self.ordering == KeyOrdering::Recent { ("Newer", "Older") } else { ("Previous", "Next") };
        let number = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let (nothing, nothing_hint) = if rows.is_empty() { self.nothing(counts) } else { Default::default() };
        KeyList {
            tab: tab(counts.open),
            as_table: !rows.is_empty() && number.max(counts.open) > MOST_CARDS,
            rows,
            q: self.search.clone(),
            states: KeyFilter::ALL.map(|f| choice(f.word(), state_word(f), f == self.filter)).to_vec(),
            sorts: KeyOrdering::ALL.map(|o| choice(o.word(), sort_word(o), o == self.ordering)).to_vec(),
            nothing,
            nothing_hint,
            clear_href: "/api".to_owned(),
            pages: !newer.is_empty() || !older.is_empty(),
            range: format!("{PAGE} keys a page"),
            newer,
            newer_word: newer_word.to_owned(),
            older,
            older_word: older_word.to_owned(),
        }
    }

    /// What stands in place of an empty list, and what to do about it.
    fn nothing(&self, counts: &KeyCounts) -> (String, String) {
        let (nothing, hint) = match self.filter {
            _ if !self.search.is_empty() => {
                let nothing = format!("No key matches “{}”.", self.search);
                return (nothing, "Search looks at labels and at the start of keys, such as sk-ant-12345.".to_owned());
            }
            _ if self.from.is_some() => ("This page of the list is empty.", "Its keys have moved since."),
            KeyFilter::Open if counts.deleted > 0 => {
                ("No keys now.", "Create one for your next client. Deleted ones are under the filter “Deleted keys”.")
            }
            KeyFilter::Open => ("No keys now.", "Create one for your next client."),
            KeyFilter::Active => ("No active keys.", "Paused and deleted keys refuse calls."),
            KeyFilter::Paused => ("No paused keys.", "Pause stops a key at once and keeps its budget."),
            KeyFilter::Low => ("No key needs attention.", "Keys with a fifth of their budget left show up here."),
            KeyFilter::UsedUp => ("No key is used up.", "Keys whose budget is spent show up here."),
            KeyFilter::Closing => ("No key is closing.", "Deleted keys whose calls still finish show up here."),
            KeyFilter::Deleted => ("No deleted keys.", "What is deleted stays here with its figures."),
        };
        (nothing.to_owned(), hint.to_owned())
    }
}

fn choice(value: &str, word: &str, chosen: bool) -> Choice {
    Choice { value: value.to_owned(), word: word.to_owned(), chosen, hint: String::new() }
}
