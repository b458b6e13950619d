//! From how a call ended and what its meter read to the facts that are settled.

use crate::actors::call::{CallEnd, LiveCall};
use crate::actors::messages::SettleReceipt;
use crate::actors::settlement::Durable;
use crate::domain::call::Meters;
use crate::domain::ending::{Absorb, Arrived, Ending, Verdict, judge};
use crate::domain::money::Cost;
use crate::domain::outcome::Outcome;
use crate::domain::pricing::{PriceBook, Priced};
use crate::domain::usage::{Meter, Reading};
use serde::Serialize;
use tokio::sync::oneshot;

/// What is kept of a call beside its counts, for the operator and the usage page.
#[derive(Serialize)]
struct Detail<'a> {
    price_version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    requested: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upstream_id: Option<&'a str>,
    #[serde(skip_serializing_if = "is_zero")]
    cache_write_5m: u64,
    #[serde(skip_serializing_if = "is_zero")]
    cache_write_1h: u64,
    #[serde(skip_serializing_if = "is_zero")]
    web_searches: u64,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// Settles a call; the answer resolves when that is durable. `meter` is `None` where nothing was read.
pub fn settle(live: LiveCall, book: &PriceBook, ending: Ending, meter: Option<&Meter>) -> oneshot::Receiver<Durable> {
    let arrived = meter.map_or(Arrived::default(), arrived);
    let verdict = judge(ending, arrived);
    let end = match meter {
        Some(meter) => metered(&live, book, verdict, meter.reading()),
        None => unmetered(&live, verdict),
    };
    live.settle(end)
}

/// Waits until a settlement is durable: its receipt, or none of it where it waits in the spool. `None`: nowhere.
pub async fn wait(settled: oneshot::Receiver<Durable>) -> Option<Option<SettleReceipt>> {
    match settled.await {
        Ok(Durable::Committed(receipt)) => Some(Some(receipt)),
        Ok(Durable::Spooled) => Some(None),
        Ok(Durable::Nowhere) | Err(_) => None,
    }
}

fn arrived(meter: &Meter) -> Arrived {
    Arrived { start: meter.started(), content: meter.has_content(), usage: meter.started() }
}

fn metered(live: &LiveCall, book: &PriceBook, verdict: Verdict, reading: Reading) -> CallEnd {
    let priced = book.price(live.quote(), &reading);
    if let Some(alarm) = &priced.alarm {
        tracing::error!(call.id = %live.call(), ?alarm, "the price of an answer is doubtful; see the alarm");
    }
    let answered = verdict.outcome == Outcome::Answered;
    let usage = reading.usage;
    CallEnd {
        outcome: verdict.outcome,
        flags: if answered { verdict.flags.with(priced.flags) } else { verdict.flags },
        cost: if answered { priced.cost } else { Cost::ZERO },
        absorbed: absorbed(live, verdict, Some(&priced)),
        meters: Meters {
            input: usage.input,
            output: usage.output,
            cache_read: usage.cache_read,
            cache_write: usage.cache_write_5m + usage.cache_write_1h,
        },
        detail: detail(live, &priced, &reading),
        model: priced.model,
    }
}

fn unmetered(live: &LiveCall, verdict: Verdict) -> CallEnd {
    CallEnd {
        outcome: verdict.outcome,
        flags: verdict.flags,
        cost: Cost::ZERO,
        absorbed: absorbed(live, verdict, None),
        model: live.quote().row().id.clone(),
        meters: Meters::default(),
        detail: None,
    }
}

fn absorbed(live: &LiveCall, verdict: Verdict, priced: Option<&Priced>) -> Cost {
    match verdict.absorb {
        Absorb::Nothing => Cost::ZERO,
        Absorb::Reported => priced.map_or(Cost::ZERO, |p| p.cost),
        Absorb::InputBound => live.quote().input_bound(),
    }
}

fn detail(live: &LiveCall, priced: &Priced, reading: &Reading) -> Option<String> {
    let requested = live.quote().model();
    let detail = Detail {
        price_version: live.quote().row().version,
        requested: (requested != priced.model.as_ref()).then_some(requested),
        upstream_id: reading.upstream_id.as_deref(),
        cache_write_5m: reading.usage.cache_write_5m,
        cache_write_1h: reading.usage.cache_write_1h,
        web_searches: reading.usage.web_searches,
    };
    serde_json::to_string(&detail).ok()
}
