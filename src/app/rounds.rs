//! A small task beside the listeners: says that this boot lives, and turns the price book's page at midnight UTC.

use crate::app::build;
use crate::clock::Clock;
use crate::domain::pricing::PriceBook;
use crate::store::ownership::Ownership;
use crate::store::upkeep::Upkeep;
use arc_swap::ArcSwap;
use std::sync::Arc;
use std::time::Duration;

/// How often the node's row is written: the checker calls one stale after a minute.
const BEAT: Duration = Duration::from_secs(20);
const DAY_US: i64 = 86_400_000_000;

/// Works until its task is dropped.
pub async fn run(upkeep: Upkeep, ownership: Ownership, prices: Arc<ArcSwap<PriceBook>>, clock: Clock) {
    loop {
        if let Err(error) = upkeep.beat(&ownership).await {
            tracing::warn!(%error, "this node's row could not be written");
        }
        turn_page(&prices, &clock);
        tokio::time::sleep(BEAT.min(until_midnight(clock.wall_us()))).await;
    }
}

/// Prices of the future begin on their day, and models leave after theirs. A book of today stays as it is.
fn turn_page(prices: &ArcSwap<PriceBook>, clock: &Clock) {
    let today = build::day(clock.now_utc().date_naive());
    if prices.load().today() == today {
        return;
    }
    prices.rcu(|book| match book.on(today) {
        Ok(turned) => Arc::new(turned),
        Err(error) => {
            tracing::error!(%error, "the price book cannot be read for today; yesterday's holds");
            book.clone()
        }
    });
}

/// A moment more than that, so that it is the next day then.
fn until_midnight(now_us: i64) -> Duration {
    let left = DAY_US - now_us.rem_euclid(DAY_US);
    Duration::from_micros(u64::try_from(left).unwrap_or(0)) + Duration::from_millis(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::price_row::Day;

    #[test]
    fn a_price_of_the_future_begins_at_midnight() {
        // 2026-07-31 at 23:59:59.
        let clock = Clock::manual(1_785_542_399_000_000);
        let text = |version: u32, from: &str, input: &str| {
            format!(
                "[[model]]\nid = \"m\"\nprovider = \"anthropic\"\ndisplay_name = \"M\"\nversion = {version}\n\
                 effective_from = \"{from}\"\nusd_per_million_tokens = {{ input = \"{input}\", output = \"5\" }}\n"
            )
        };
        let book = text(1, "2026-01-01", "1") + &text(2, "2026-08-01", "2");
        let today = Day::parse("2026-07-31").expect("a day");
        let prices = ArcSwap::from_pointee(PriceBook::from_toml(&book, today).expect("a book"));
        let input = || prices.load().find("m").expect("a row").rates.input;
        turn_page(&prices, &clock);
        assert_eq!(input(), 1_000_000);
        let wait = until_midnight(clock.wall_us());
        assert_eq!(wait, Duration::from_millis(1_001));
        clock.step_wall(i64::try_from(wait.as_micros()).expect("a second"));
        turn_page(&prices, &clock);
        assert_eq!((input(), prices.load().today()), (2_000_000, Day::parse("2026-08-01").expect("a day")));
    }
}
