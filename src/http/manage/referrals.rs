//! What a reseller earns by those it brought: link, tier, referees and the statement of commission. Referees are masked
//! before they leave the store.

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use crate::domain::referral::Tiers;
use crate::http::json::answer;
use crate::http::json::error::JsonError;
use crate::http::json::query::Params;
use crate::http::manage::caller;
use crate::http::manage::show;
use crate::http::manage::state::ManageState;
use crate::store::views::referrals::{CommissionRow, RefereeRow, ReferralSummary};

/// A referrer's standing.
#[derive(Serialize)]
struct ShownReferrals {
    link: String,
    code: String,
    referees: i64,
    /// Cumulative consumption of the referees: what tiers go by.
    referred: String,
    pending: String,
    /// When the first pending line is due.
    first_due_at: Option<DateTime<Utc>>,
    paid: String,
    hold_back_days: u32,
    tier: ShownTier,
    next_tier: Option<NextTier>,
}

/// The bracket that the next consumed cent falls into.
#[derive(Serialize)]
struct ShownTier {
    from: String,
    rate: String,
}

#[derive(Serialize)]
struct NextTier {
    #[serde(flatten)]
    tier: ShownTier,
    /// Consumption until it begins.
    left: String,
}

/// A referee, as its referrer may see it.
#[derive(Serialize)]
struct ShownReferee {
    name: String,
    joined_at: DateTime<Utc>,
    referred: String,
}

/// A line of commission.
#[derive(Serialize)]
struct ShownCommission {
    id: Uuid,
    referee: String,
    referred: String,
    commission: String,
    state: &'static str,
    at: DateTime<Utc>,
    due_at: DateTime<Utc>,
}

/// `GET /api/v1/referrals`.
pub async fn standing(http: HttpRequest, state: Data<ManageState>) -> Result<HttpResponse, JsonError> {
    let caller = caller::reseller(&http, &state).await?;
    let terms = &state.referrals;
    let summary = terms.views.summary(caller.account).await?;
    let (tier, next_tier) = tiers(&terms.tiers, &summary);
    Ok(answer::ok(&ShownReferrals {
        link: terms.link_of(&summary.code),
        referees: summary.referees,
        referred: show::cost(summary.referred),
        pending: show::cost(summary.pending),
        first_due_at: summary.due,
        paid: show::cost(summary.paid),
        hold_back_days: terms.hold_back_days,
        code: summary.code,
        tier,
        next_tier,
    }))
}

/// `GET /api/v1/referrals/referees?cursor=&limit=`: latest first.
pub async fn referees(http: HttpRequest, state: Data<ManageState>) -> Result<HttpResponse, JsonError> {
    let caller = caller::reseller(&http, &state).await?;
    let (list, params) = (format!("referees:{}", caller.account), Params::read(&http, &["cursor", "limit"])?);
    let (after, limit) = (params.cursor(&state.cursors, &list)?.and_then(|place| place_of(&place)), params.limit()?);
    let rows = state.referrals.views.referees(caller.account, after, limit).await?;
    let full = i64::try_from(rows.len()).is_ok_and(|n| n == limit);
    let next = rows.last().filter(|_| full).map(|last| state.cursors.make(&list, &place(last)));
    let referees: Vec<ShownReferee> = rows.into_iter().map(referee).collect();
    Ok(answer::ok(&serde_json::json!({ "referees": referees, "next_cursor": next })))
}

/// `GET /api/v1/referrals/lines?cursor=&limit=`: every line of commission, newest first.
pub async fn lines(http: HttpRequest, state: Data<ManageState>) -> Result<HttpResponse, JsonError> {
    let caller = caller::reseller(&http, &state).await?;
    let (list, params) = (format!("commission:{}", caller.account), Params::read(&http, &["cursor", "limit"])?);
    let (before, limit) = (params.cursor(&state.cursors, &list)?.and_then(|c| c.parse().ok()), params.limit()?);
    let rows = state.referrals.views.lines(caller.account, before, limit).await?;
    let full = i64::try_from(rows.len()).is_ok_and(|n| n == limit);
    let next = rows.last().filter(|_| full).map(|last| state.cursors.make(&list, &last.id.to_string()));
    let lines: Vec<ShownCommission> = rows.into_iter().map(line).collect();
    Ok(answer::ok(&serde_json::json!({ "lines": lines, "next_cursor": next })))
}

/// A referee's place in the list, as its cursor has it.
pub fn place(row: &RefereeRow) -> String {
    format!("{}.{}", row.joined.timestamp_micros(), row.id)
}

/// What `place` has made; `None` for anything else.
pub fn place_of(text: &str) -> Option<(DateTime<Utc>, Uuid)> {
    let (micros, id) = text.split_once('.')?;
    Some((DateTime::from_timestamp_micros(micros.parse().ok()?)?, id.parse().ok()?))
}

fn tiers(tiers: &Tiers, summary: &ReferralSummary) -> (ShownTier, Option<NextTier>) {
    let (paid, at) = (tiers.paid(), tiers.place(summary.referred));
    let shown = |at: usize| ShownTier { from: show::cost(paid[at].from), rate: show::rate(paid[at].rate_bp) };
    let next = paid
        .get(at + 1)
        .map(|next| NextTier { tier: shown(at + 1), left: show::cost(next.from.saturating_sub(summary.referred)) });
    (shown(at), next)
}

fn referee(row: RefereeRow) -> ShownReferee {
    ShownReferee { name: row.masked, joined_at: row.joined, referred: show::cost(row.referred) }
}

fn line(row: CommissionRow) -> ShownCommission {
    ShownCommission {
        id: row.id,
        referee: row.masked,
        referred: show::cost(row.length),
        commission: show::cost(row.amount),
        state: row.state.word(),
        at: row.at,
        due_at: row.due,
    }
}
