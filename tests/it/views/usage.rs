//! Sums of usage: with marks and without, by every filter, they are those of the calls.

use crate::views::past::{KEYS, Past, PastCall, now, random_calls};
use chrono::TimeDelta;
use derouter::domain::ids::KeyId;
use derouter::domain::line_state::LineState;
use derouter::domain::span::Span;
use derouter::domain::tally::{Metric, Tally};
use derouter::store::views::usage::{Ranking, Usage, UsageAsk, UsageViews};
use rand::SeedableRng;
use rand::rngs::SmallRng;
use std::collections::BTreeMap;

/// What is asked for, of which a table is made.
#[derive(Clone, Copy, Debug)]
struct Filter {
    key: Option<usize>,
    model: Option<&'static str>,
    state: Option<LineState>,
    metric: Metric,
}

fn filters() -> Vec<Filter> {
    let none = Filter { key: None, model: None, state: None, metric: Metric::Spent };
    let mut filters: Vec<Filter> = Metric::ALL.map(|metric| Filter { metric, ..none }).into();
    filters.push(Filter { model: Some("n"), ..none });
    filters.push(Filter { key: Some(2), ..none });
    filters.push(Filter { key: Some(2), model: Some("m"), ..none });
    for state in LineState::ALL {
        filters.push(Filter { state: Some(state), metric: Metric::Calls, ..none });
        filters.push(Filter { state: Some(state), model: Some("o"), metric: Metric::Tokens, ..none });
        filters.push(Filter { state: Some(state), key: Some(2), ..none });
    }
    filters
}

/// The sums by their definition alone.
fn expected(past: &Past, calls: &[PastCall], filter: Filter, span: &Span, most: usize) -> Usage {
    let mut usage = Usage { steps: vec![Tally::default(); span.steps()], ..Usage::default() };
    let mut keys: BTreeMap<KeyId, Tally> = BTreeMap::new();
    for call in calls {
        let is_asked = filter.key.is_none_or(|key| key == call.key)
            && filter.model.is_none_or(|model| model == call.model)
            && filter.state.is_none_or(|state| state == call.state);
        let step = span.edges().windows(2).position(|edge| edge[0] <= call.ended && call.ended < edge[1]);
        let (true, Some(step)) = (is_asked, step) else { continue };
        let add = |sum: &mut Tally| *sum = sum.plus(call.tally()).expect("small numbers");
        add(&mut usage.steps[step]);
        add(usage.models.entry(call.model.to_owned()).or_default());
        add(keys.entry(past.keys[call.key]).or_default());
    }
    let mut amounts: Vec<i64> = keys.values().map(|sum| sum.amount(filter.metric)).filter(|a| *a > 0).collect();
    amounts.sort_unstable_by_key(|amount| std::cmp::Reverse(*amount));
    amounts.truncate(most);
    let ranked = |amount: i64| {
        let (key, sum) = keys.iter().find(|(_, sum)| sum.amount(filter.metric) == amount).expect("it is from there");
        derouter::store::views::usage::RankedKey { key: *key, label: "test".into(), amount, calls: sum.calls }
    };
    if filter.key.is_none() {
        usage.keys = amounts.into_iter().map(ranked).collect();
    }
    usage
}

async fn compare(past: &Past, calls: &[PastCall], when: &str) {
    let views = UsageViews::new(past.desk.pool.clone());
    let now = now();
    for span in [Span::last_days(now, 30), Span::last_hours(now, 24), Span::last_days(now, 1), Span::last_days(now, 90)]
    {
        for filter in filters() {
            let key = match filter.key {
                Some(key) => Some(past.owned(key).await),
                None => None,
            };
            let (key, model, state) = (key.as_ref(), filter.model, filter.state);
            let ask = UsageAsk { account: past.account, key, model, state, span: &span, now };
            let read = views.read(&ask, Some(Ranking { metric: filter.metric, most: 5 })).await.expect("sums");
            let wanted = expected(past, calls, filter, &span, 5);
            // Keys of the same amount may stand in any order.
            let amounts = |usage: &Usage| usage.keys.iter().map(|key| key.amount).collect::<Vec<_>>();
            assert_eq!((&read.steps, &read.models), (&wanted.steps, &wanted.models), "{when}, {filter:?}, {span:?}");
            assert_eq!(amounts(&read), amounts(&wanted), "{when}, {filter:?}, {span:?}");
            let is_there = |key| read.keys.contains(key) || filter.metric == Metric::Calls;
            assert!(wanted.keys.iter().all(is_there), "{when}, {filter:?}: {:?} {:?}", read.keys, wanted.keys);
        }
    }
}

#[tokio::test]
async fn sums_are_those_of_the_calls_whether_marked_or_not() {
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let mut random = SmallRng::seed_from_u64(seed);
    let mut past = Past::open(KEYS).await;
    let mut calls = random_calls(&mut random, 400, 95);
    past.settle(&calls).await;
    compare(&past, &calls, "without a mark").await;
    past.mark().await;
    past.audit().await;
    let (marks, until) = past.marks().await;
    assert!(marks > 60 && until.is_some(), "{marks} marks until {until:?}");
    compare(&past, &calls, "with marks").await;
    let late = random_calls(&mut random, 60, 40);
    past.settle(&late).await;
    calls.extend(late);
    compare(&past, &calls, "with late calls").await;
    past.mark().await;
    past.audit().await;
    compare(&past, &calls, "with marks made again").await;
}

#[tokio::test]
async fn an_account_without_a_call_has_sums_of_nothing() {
    let past = Past::open(KEYS).await;
    compare(&past, &[], "without a call").await;
    past.mark().await;
    assert_eq!(past.marks().await, (0, None));
    past.audit().await;
}

#[tokio::test]
async fn models_are_those_of_the_marks_and_since() {
    let mut past = Past::open(1).await;
    let views = UsageViews::new(past.desk.pool.clone());
    let call = |model, hours| PastCall { model, ..PastCall::at(now() - TimeDelta::hours(hours)) };
    past.settle(&[call("z", 900), call("a", 50)]).await;
    assert_eq!(views.models(past.account).await.expect("models"), ["a", "z"]);
    past.mark().await;
    past.settle(&[call("k", 0)]).await;
    assert_eq!(views.models(past.account).await.expect("models"), ["a", "k", "z"]);
    past.audit().await;
}
