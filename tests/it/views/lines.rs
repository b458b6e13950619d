//! Lists of requests: every filter, page by page there and back, held against the calls.

use crate::views::past::{KEYS, Past, PastCall, now, random_calls};
use chrono::{DateTime, TimeDelta, Utc};
use derouter::domain::ids::CallId;
use derouter::domain::line_state::LineState;
use derouter::store::views::usage_lines::{LineAsk, LineDetail, LinePlace, LinesPage, UsageLineViews};
use rand::SeedableRng;
use rand::rngs::SmallRng;

/// Which of the lines.
#[derive(Clone, Copy, Debug)]
struct Filter {
    key: Option<usize>,
    model: Option<&'static str>,
    state: Option<LineState>,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

fn filters() -> Vec<Filter> {
    let now = now();
    let all = Filter { key: None, model: None, state: None, from: now - TimeDelta::days(60), to: now };
    let part = Filter { from: now - TimeDelta::days(20), to: now - TimeDelta::days(3), ..all };
    let mut filters = vec![all, part, Filter { model: Some("n"), ..part }, Filter { key: Some(3), ..all }];
    filters.push(Filter { key: Some(3), model: Some("m"), ..all });
    for state in LineState::ALL {
        let of = Filter { state: Some(state), ..all };
        filters.extend([of, Filter { key: Some(3), ..of }, Filter { model: Some("o"), ..of }]);
    }
    filters
}

/// By definition: newest beginning first, of those that ended in the span.
fn wanted(calls: &[PastCall], filter: &Filter, until: Option<DateTime<Utc>>) -> Vec<CallId> {
    let longest = TimeDelta::minutes(75);
    let earliest = filter.from - longest;
    let is_unusual = filter.state.is_some_and(|state| state != LineState::Measured);
    // An unusual call that a crash cut is listed once the hour in which it was found has its mark.
    let is_late = |call: &PastCall| until.is_some_and(|until| call.ended >= until && call.began < until - longest);
    let is_wanted = |call: &PastCall| {
        filter.key.is_none_or(|key| key == call.key)
            && filter.model.is_none_or(|model| model == call.model)
            && filter.state.is_none_or(|state| state == call.state)
            && (filter.from..filter.to).contains(&call.ended)
            && call.began >= earliest
            && !(is_unusual && is_late(call))
    };
    let found = calls.iter().enumerate().filter(|(_, call)| is_wanted(call));
    let mut ids: Vec<CallId> = found.map(|(number, call)| Past::id(number, call)).collect();
    ids.sort_unstable_by_key(|id| std::cmp::Reverse(*id));
    ids
}

fn ids(page: &LinesPage) -> Vec<CallId> {
    page.lines.iter().map(|line| line.call).collect()
}

/// Every page to the end, and back again.
async fn walked(views: &UsageLineViews, ask: &LineAsk) -> Vec<CallId> {
    let page = async |from| views.page(ask, from, 7).await.expect("a page");
    let mut pages = vec![page(None).await];
    while let Some(older) = pages.last().and_then(|last| last.older) {
        assert_eq!(LinePlace::parse(&older.text()), Some(older));
        pages.push(page(Some(older)).await);
    }
    let mut at = pages.len() - 1;
    let mut back = pages[at].newer;
    while let Some(newer) = back {
        let found = page(Some(newer)).await;
        at -= 1;
        assert_eq!(ids(&found), ids(&pages[at]));
        back = found.newer;
    }
    assert!(at == 0 || pages[at].lines.is_empty(), "the way back ends at the newest page");
    pages.iter().flat_map(ids).collect()
}

async fn compare(past: &Past, calls: &[PastCall], when: &str) {
    let views = UsageLineViews::new(past.desk.pool.clone());
    let (_, until) = past.marks().await;
    for filter in filters() {
        let key = match filter.key {
            Some(key) => Some(past.owned(key).await),
            None => None,
        };
        let Filter { model, state, from, to, .. } = filter;
        let ask = LineAsk { account: past.account, key, model: model.map(str::to_owned), state, from, to };
        assert_eq!(walked(&views, &ask).await, wanted(calls, &filter, until), "{when}, {filter:?}");
        // An export looks at every call, and at few at a time.
        let (few, mut found, mut place) = (views.clone().looking_at(20), Vec::new(), None);
        loop {
            let batch = few.batch(&ask, place, 7).await.expect("a batch");
            found.extend(ids(&batch));
            place = batch.older;
            if place.is_none() {
                break;
            }
        }
        assert_eq!(found, wanted(calls, &filter, None), "{when}, exported, {filter:?}");
    }
}

#[tokio::test]
async fn pages_hold_each_line_of_a_filter_once_in_both_directions() {
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let mut random = SmallRng::seed_from_u64(seed);
    let mut past = Past::open(KEYS).await;
    let mut calls = random_calls(&mut random, 300, 60);
    past.settle(&calls).await;
    past.mark().await;
    let recent: Vec<PastCall> = (1..60).map(|s| PastCall::at(now() - TimeDelta::seconds(s))).collect();
    past.settle(&recent).await;
    calls.extend(recent);
    compare(&past, &calls, "with marks").await;
    past.audit().await;
}

#[tokio::test]
async fn unusual_calls_of_an_account_without_marks_are_found_too() {
    let mut past = Past::open(KEYS).await;
    let at = |state, hours| PastCall { state, ..PastCall::at(now() - TimeDelta::hours(hours)) };
    let calls = [at(LineState::Partial, 300), at(LineState::Measured, 200), at(LineState::Partial, 1)];
    past.settle(&calls).await;
    compare(&past, &calls, "without marks").await;
    past.audit().await;
}

#[tokio::test]
async fn a_search_that_finds_little_says_so_and_goes_on() {
    let mut past = Past::open(1).await;
    let model = |minutes: i64| if minutes % 10 == 9 { "n" } else { "m" };
    let at = |minutes| PastCall { model: model(minutes), ..PastCall::at(now() - TimeDelta::minutes(minutes)) };
    let calls: Vec<PastCall> = (1..=40).rev().map(at).collect();
    past.settle(&calls).await;
    let views = UsageLineViews::new(past.desk.pool.clone()).looking_at(12);
    let (from, to) = (now() - TimeDelta::hours(2), now());
    let ask = LineAsk { account: past.account, key: None, model: Some("n".to_owned()), state: None, from, to };
    let (mut place, mut sizes) = (None, Vec::new());
    loop {
        let page = views.page(&ask, place, 3).await.expect("a page");
        sizes.push((page.lines.len(), page.unfinished));
        place = page.older;
        if place.is_none() {
            break;
        }
    }
    assert_eq!(sizes, [(1, true), (1, true), (1, true), (1, false)]);
    past.audit().await;
}

#[tokio::test]
async fn one_call_shows_all_that_is_known_of_it_to_its_owner_alone() {
    let mut past = Past::open(1).await;
    let call = PastCall { state: LineState::ClientLeft, ..PastCall::at(now() - TimeDelta::minutes(5)) };
    past.settle(std::slice::from_ref(&call)).await;
    let (views, id) = (UsageLineViews::new(past.desk.pool.clone()), Past::id(0, &call));
    let line = views.one(past.account, id).await.expect("an answer").expect("its own");
    assert_eq!((line.call, line.label.as_str(), line.state), (id, "test", LineState::ClientLeft));
    assert_eq!((line.cache_write, line.detail), (40, LineDetail::default()));
    let stranger = past.desk.account().await;
    assert!(views.one(stranger, id).await.expect("an answer").is_none());
    past.audit().await;
}
