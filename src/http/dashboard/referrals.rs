//! `/referrals`: the reseller's link, its tier, its referees and what they earn it.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::DateTime;
use uuid::Uuid;

use crate::domain::referral::Tiers;
use crate::http::dashboard::page::Page;
use crate::http::dashboard::referral_chart;
use crate::http::dashboard::referral_line::{CommissionLine, RefereeLine};
use crate::http::dashboard::state::Dashboard;
use crate::http::dashboard::visit::Visit;
use crate::http::json::error::JsonError;
use crate::http::manage::{referrals, show};
use crate::http::page::chart::Chart;
use crate::http::page::parts::Pager;
use crate::http::page::words;
use crate::store::views::referrals::{CommissionRow, RefereeRow, ReferralSummary};

/// Referees, and lines, on one page.
const SHOWN: usize = 25;

/// A bracket of commission.
#[derive(Clone, Debug, Default)]
pub struct TierRow {
    /// "$1,000 to $5,000"
    pub range: String,
    /// "10%"
    pub rate: String,
    pub current: bool,
}

/// What `referrals.html` says above its lists.
#[derive(Clone, Debug, Default)]
pub struct Referrals {
    /// "https://dash.example/login?ref=3f9c02ab77de"
    pub link: String,
    /// "2 resellers"
    pub referees: String,
    /// What all referees consumed, as tiers count it
    pub referred: String,
    pub referred_exact: String,
    pub pending: String,
    pub pending_exact: String,
    /// "The first of it on 1 Dec"; empty
    pub pending_note: String,
    pub paid: String,
    pub paid_exact: String,
    /// "10%"
    pub rate: String,
    /// "$300.00 more to 15%"; "The highest tier"
    pub next: String,
    /// Way through the tier, per cent
    pub share: String,
    pub tiers: Vec<TierRow>,
    /// "7 days"; empty: at once
    pub hold_back: String,
    pub has_referees: bool,
    pub has_lines: bool,
    pub csv: String,
}

#[derive(Template)]
#[template(path = "referrals.html")]
struct ReferralsPage {
    page: Page,
    referrals: Referrals,
    referees: Vec<RefereeLine>,
    more: Pager,
    lines: Vec<CommissionLine>,
    list: Pager,
    chart: Chart,
}

/// `GET /referrals?cursor&referees`.
pub async fn show(http: HttpRequest, dash: Data<Dashboard>) -> Result<HttpResponse, JsonError> {
    let visit = Visit::open(&http, &dash).await?;
    let (whose, limit) = (visit.account, i64::try_from(SHOWN + 1).unwrap_or(i64::MAX));
    let (before, after) = (lines_place(&visit), referees_place(&visit));
    let span = referral_chart::span(visit.look.at);
    let views = &dash.manage.referrals.views;
    let (balance, summary) = tokio::try_join!(visit.balance(), async { Ok(views.summary(whose).await?) })?;
    let (mut found, mut rows, days) = tokio::try_join!(
        views.referees(whose, after, limit),
        views.lines(whose, before, limit),
        views.days(whose, span.from())
    )?;
    let more = referees_pager(&visit, &mut found, after.is_some());
    let list = lines_pager(&visit, &mut rows, before.is_some());
    visit.show(&ReferralsPage {
        page: visit.page_beside("referrals", &balance)?,
        referrals: head(&visit, &summary, !rows.is_empty()),
        referees: found.iter().map(|row| RefereeLine::of(&visit, row)).collect(),
        more,
        lines: rows.iter().map(|row| CommissionLine::of(visit.look.at, row)).collect(),
        list,
        chart: referral_chart::chart(&span, &days),
    })
}

fn head(visit: &Visit<'_>, summary: &ReferralSummary, has_lines: bool) -> Referrals {
    let terms = &visit.dash.manage.referrals;
    let pending_note = summary.due.map(|due| format!("The first of it on {}", words::day(visit.look.at, due)));
    let (rate, next, share) = standing(&terms.tiers, summary);
    Referrals {
        link: terms.link_of(&summary.code),
        referees: words::counted(summary.referees, "reseller", "resellers"),
        referred: words::dollars(summary.referred.usd()),
        referred_exact: words::dollars_9(summary.referred.usd()),
        pending: words::dollars(summary.pending.usd()),
        pending_exact: words::dollars_9(summary.pending.usd()),
        pending_note: pending_note.unwrap_or_default(),
        paid: words::dollars(summary.paid.usd()),
        paid_exact: words::dollars_9(summary.paid.usd()),
        rate,
        next,
        share,
        tiers: tier_rows(&terms.tiers, summary),
        hold_back: match terms.hold_back_days {
            0 => String::new(),
            days => words::counted(days.into(), "day", "days"),
        },
        has_referees: summary.referees > 0,
        has_lines,
        csv: "/referrals.csv".to_owned(),
    }
}

/// The rate of the next cent, the way to the next rate, and how much of the way is done.
fn standing(tiers: &Tiers, summary: &ReferralSummary) -> (String, String, String) {
    let (paid, place) = (tiers.paid(), tiers.place(summary.referred));
    let rate = show::rate(paid[place].rate_bp);
    let Some(next) = paid.get(place + 1) else { return (rate, "The highest tier".to_owned(), "100".to_owned()) };
    let left = words::dollars_up(next.from.saturating_sub(summary.referred).usd());
    let way = next.from.saturating_sub(paid[place].from).nanos();
    let gone = summary.referred.saturating_sub(paid[place].from).nanos();
    (rate, format!("{left} more to {}", show::rate(next.rate_bp)), words::share(gone, way))
}

fn tier_rows(tiers: &Tiers, summary: &ReferralSummary) -> Vec<TierRow> {
    let (paid, place) = (tiers.paid(), tiers.place(summary.referred));
    let whole = |at: usize| words::dollars(paid[at].from.usd()).trim_end_matches(".00").to_owned();
    let row = |at: usize| TierRow {
        range: match at + 1 {
            end if end < paid.len() => format!("{} to {}", whole(at), whole(end)),
            _ => format!("From {}", whole(at)),
        },
        rate: show::rate(paid[at].rate_bp),
        current: at == place,
    };
    (0..paid.len()).map(row).collect()
}

fn lines_list(visit: &Visit<'_>) -> String {
    format!("commission:{}", visit.account)
}

fn referees_list(visit: &Visit<'_>) -> String {
    format!("referees:{}", visit.account)
}

fn lines_place(visit: &Visit<'_>) -> Option<Uuid> {
    visit.dash.manage.cursors.read(&lines_list(visit), &visit.query("cursor"))?.parse().ok()
}

fn referees_place(visit: &Visit<'_>) -> Option<(DateTime<chrono::Utc>, Uuid)> {
    let place = visit.dash.manage.cursors.read(&referees_list(visit), &visit.query("referees"))?;
    referrals::place_of(&place)
}

fn lines_pager(visit: &Visit<'_>, rows: &mut Vec<CommissionRow>, is_further: bool) -> Pager {
    let more = rows.len() > SHOWN;
    rows.truncate(SHOWN);
    let last = rows.last().filter(|_| more).map(|row| row.id.to_string());
    pager(visit, ("cursor", &lines_list(visit), "lines"), last, is_further)
}

fn referees_pager(visit: &Visit<'_>, rows: &mut Vec<RefereeRow>, is_further: bool) -> Pager {
    let more = rows.len() > SHOWN;
    rows.truncate(SHOWN);
    let last = rows.last().filter(|_| more).map(referrals::place);
    pager(visit, ("referees", &referees_list(visit), "referees"), last, is_further)
}

fn pager(visit: &Visit<'_>, of: (&str, &str, &str), last: Option<String>, is_further: bool) -> Pager {
    let (name, list, rows) = of;
    let older = last.map(|place| format!("/referrals?{name}={}", visit.dash.manage.cursors.make(list, &place)));
    Pager {
        pages: older.is_some() || is_further,
        range: format!("{SHOWN} {rows} a page"),
        newer: if is_further { "/referrals".to_owned() } else { String::new() },
        newer_word: "Newest".to_owned(),
        older: older.unwrap_or_default(),
        older_word: "Older".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::Cost;

    fn summary(dollars: i64) -> ReferralSummary {
        let referred = Cost::from_nanos(dollars * 1_000_000_000);
        let nothing = Cost::ZERO;
        ReferralSummary { code: String::new(), referees: 1, referred, pending: nothing, due: None, paid: nothing }
    }

    #[test]
    fn the_tier_and_the_way_to_the_next_are_said_in_words() {
        let bounds = [0, 1_000, 5_000].map(|usd| Cost::from_nanos(usd * 1_000_000_000));
        let tiers = Tiers::of(&bounds, &[500, 1_000, 1_500], 1_250).expect("tiers");
        let rows = [
            (0, "5%", "$1,000.00 more to 10%", "0"),
            (250, "5%", "$750.00 more to 10%", "25"),
            (1_000, "10%", "$4,000.00 more to 12.5%", "0"),
            (5_000, "12.5%", "The highest tier", "100"),
        ];
        for (dollars, rate, next, share) in rows {
            let wanted = (rate.to_owned(), next.to_owned(), share.to_owned());
            assert_eq!(standing(&tiers, &summary(dollars)), wanted);
        }
        let shown: Vec<_> =
            tier_rows(&tiers, &summary(1_000)).into_iter().map(|r| (r.range, r.rate, r.current)).collect();
        let wanted =
            [("$0 to $1,000", "5%", false), ("$1,000 to $5,000", "10%", true), ("From $5,000", "12.5%", false)];
        assert_eq!(shown, wanted.map(|(range, rate, current)| (range.to_owned(), rate.to_owned(), current)));
    }
}
