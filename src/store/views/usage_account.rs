//! Usage of all keys of an account together.

use std::collections::BTreeMap;

use sqlx::Row;
use sqlx::postgres::{PgConnection, PgRow};

use crate::domain::tally::Tally;
use crate::domain::usage_mark::Part;
use crate::store::error::StoreError;
use crate::store::tally_row::tally;
use crate::store::usage_reach::Reach;
use crate::store::views::usage::{Ranking, Usage, UsageAsk, open_from};
use crate::store::views::usage_open::{self, OpenState};
use crate::store::views::usage_rank;

/// The sums; `None` if a late call is not in the marks.
pub async fn read(
    tx: &mut PgConnection,
    ask: &UsageAsk<'_>,
    reach: &Reach,
    ranking: Option<Ranking>,
) -> Result<Option<Usage>, StoreError> {
    let open = sqlx::query(include_str!("../sql/usage_open.sql"))
        .bind(ask.account.0)
        .bind(open_from(ask, reach))
        .bind(ask.span.edges())
        .fetch_all(&mut *tx)
        .await?;
    let calls = open.iter().try_fold(0, |sum, row| Ok::<_, StoreError>(sum + row.try_get::<i64, _>("calls")?))?;
    if reach.until.is_some() && reach.late(calls) != 0 {
        return Ok(None);
    }
    let states = match ask.state {
        Some(_) => usage_open::of_account(tx, ask, reach, calls).await?,
        None => Vec::new(),
    };
    let mut usage = Usage::empty(ask.span.steps());
    add_marked(tx, ask, reach, &mut usage).await?;
    add_open(ask, &open, &states, &mut usage)?;
    if let Some(ranking) = ranking {
        usage.keys = usage_rank::read(tx, ask, reach, &states, ranking).await?;
    }
    Ok(Some(usage))
}

/// What lies before the last mark: differences of the sums at the edges.
async fn add_marked(
    tx: &mut PgConnection,
    ask: &UsageAsk<'_>,
    reach: &Reach,
    usage: &mut Usage,
) -> Result<(), StoreError> {
    let Some(until) = reach.until.filter(|until| *until > ask.span.from()) else { return Ok(()) };
    let edges: Vec<_> = ask.span.edges().iter().map(|edge| *edge.min(&until)).collect();
    let (whole, off) = Part::holding(ask.state);
    let rows = sqlx::query(include_str!("../sql/usage_marks_at.sql"))
        .bind(ask.account.0)
        .bind(&edges)
        .bind(ask.model)
        .bind([whole.code(), off.unwrap_or(whole).code()])
        .fetch_all(tx)
        .await?;
    let broken = || StoreError::broken_row("usage_mark", ask.account.0);
    for (model, sums) in sums_at(&rows, edges.len(), whole)?.ok_or_else(broken)? {
        for (step, pair) in (1..).zip(sums.windows(2)) {
            let between = pair[1].minus(pair[0]).ok_or_else(broken)?;
            if between.calls > 0 {
                usage.add(step, &model, between).ok_or_else(broken)?;
            }
        }
    }
    Ok(())
}

/// By model, the sum up to each edge; `None` where sums contradict each other.
type SumsAt = BTreeMap<String, Vec<Tally>>;

fn sums_at(rows: &[PgRow], edges: usize, whole: Part) -> Result<Option<SumsAt>, StoreError> {
    let mut sums = SumsAt::new();
    let mut taken = Vec::new();
    for row in rows {
        let (place, model, state): (i64, String, i16) =
            (row.try_get("place")?, row.try_get("model")?, row.try_get("state")?);
        let place = usize::try_from(place - 1).unwrap_or(0);
        let of_model = sums.entry(model.clone()).or_insert_with(|| vec![Tally::default(); edges]);
        if state == whole.code() {
            let Some(sum) = of_model[place].plus(tally(row)?) else { return Ok(None) };
            of_model[place] = sum;
        } else {
            taken.push((place, model, tally(row)?));
        }
    }
    for (place, model, part) in taken {
        let Some(rest) = sums.get(&model).and_then(|of_model| of_model[place].minus(part)) else { return Ok(None) };
        sums.entry(model).and_modify(|of_model| of_model[place] = rest);
    }
    Ok(Some(sums))
}

/// What ended after the last mark.
fn add_open(ask: &UsageAsk<'_>, hours: &[PgRow], states: &[OpenState], usage: &mut Usage) -> Result<(), StoreError> {
    let broken = || StoreError::broken_row("usage_hour", ask.account.0);
    let is_asked = |model: &str| ask.model.is_none_or(|asked| asked == model);
    if let Some(state) = ask.state {
        for open in states.iter().filter(|open| open.state == state && is_asked(&open.model)) {
            usage.add(open.step, &open.model, open.tally).ok_or_else(broken)?;
        }
        return Ok(());
    }
    for row in hours {
        let model: String = row.try_get("model")?;
        if is_asked(&model) {
            usage.add(row.try_get("step")?, &model, tally(row)?).ok_or_else(broken)?;
        }
    }
    Ok(())
}
