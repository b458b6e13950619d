//! What a call may cost at most, from the price row at admission: the base of its hold.
//!
//! Every rate is the dearest that this request can cause. The quote keeps its row: whatever the book says later, the
//! call is priced as it was admitted. All arithmetic is whole atto-USD (10⁻¹⁸) in `u128`, rounded to nano-USD once.

use crate::domain::money::Cost;
use crate::domain::price_row::{PriceRow, Rates, WEB_SEARCH};
use crate::domain::request::ModelRequest;
use std::sync::Arc;
use thiserror::Error;

/// Atto-USD in one nano-USD.
pub const ATTOS_PER_NANO: u128 = 1_000_000_000;
/// Input tokens that one use of a server tool may add: a fetched page is cut there by the provider's default.
const TOKENS_PER_TOOL_USE: u64 = 20_000;

/// Why a request has no price; nothing goes upstream then (`wire.md` §12).
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum QuoteRefusal {
    #[error("the model `{0}` is not offered here; GET /v1/models lists those that are")]
    UnknownModel(String),
    #[error("the tool `{0}` is not offered with this model; leave it out or choose another model")]
    UnpricedTool(String),
    #[error("the service tier `{0}` is not offered with this model; leave `service_tier` out")]
    UnpricedTier(String),
    #[error("`speed` \"fast\" is not offered with this model; leave it out")]
    UnpricedSpeed,
    #[error("`inference_geo` `{0}` is not offered with this model; leave it out")]
    UnpricedGeo(String),
    #[error("`cache_control` with this lifetime is not offered with this model; leave it out")]
    UnpricedCache,
}

impl QuoteRefusal {
    /// The `error_code` of `wire.md` §6: a 404 for a model, a 400 for a field.
    pub fn code(&self) -> &'static str {
        match self {
            QuoteRefusal::UnknownModel(_) => "model_not_found",
            _ => "unsupported_field",
        }
    }
}

/// The bounds of one call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Quote {
    row: Arc<PriceRow>,
    input_tokens: u64,
    input_bound: Cost,
    /// Atto-USD of one output token at most.
    output_rate: u128,
    max_output: u64,
    thinking_budget: Option<u64>,
}

impl Quote {
    /// Bounds a request by a row.
    ///
    /// # Errors
    /// By `QuoteRefusal`, for whatever in the request the row has no price for.
    pub fn of(row: &Arc<PriceRow>, request: &ModelRequest) -> Result<Self, QuoteRefusal> {
        let input_tokens = input_tokens(row, request);
        let rates = reachable(row, request, input_tokens)?;
        let scale = scale(row, request)?;
        let input_rate = u128::from(dearest_input(&rates, request)?) * scale;
        let searches = searches(row, request)?;
        let input = u128::from(input_tokens).checked_mul(input_rate).and_then(|a| a.checked_add(searches));
        let max_output = request.max_tokens.as_ref().map_or(row.max_output_tokens, |(n, _)| *n);
        Ok(Quote {
            row: row.clone(),
            input_tokens,
            input_bound: nanos_up(input).unwrap_or(MOST),
            output_rate: u128::from(rates.output) * scale,
            max_output: max_output.min(row.max_output_tokens),
            thinking_budget: request.thinking_budget,
        })
    }

    /// The row the call was admitted under.
    pub fn row(&self) -> &Arc<PriceRow> {
        &self.row
    }

    pub fn model(&self) -> &str {
        &self.row.id
    }

    /// Input tokens at most, all kinds together.
    pub fn input_tokens(&self) -> u64 {
        self.input_tokens
    }

    /// Cost of the input at most, searches included.
    pub fn input_bound(&self) -> Cost {
        self.input_bound
    }

    /// Cost of `tokens` of output at most, rounded up; saturates, and so is refused, where it leaves `Cost`.
    pub fn output_cost(&self, tokens: u64) -> Cost {
        nanos_up(u128::from(tokens).checked_mul(self.output_rate)).unwrap_or(MOST)
    }

    /// Output tokens that `cost` pays for, rounded down.
    pub fn tokens_affordable(&self, cost: Cost) -> u64 {
        let attos = u128::try_from(cost.nanos()).unwrap_or(0) * ATTOS_PER_NANO;
        u64::try_from(attos / self.output_rate).unwrap_or(u64::MAX)
    }

    /// Output tokens at most: what the request states, or the model can.
    pub fn max_output(&self) -> u64 {
        self.max_output
    }

    /// Cost of the whole call at most.
    pub fn worst_case(&self) -> Cost {
        self.input_bound.saturating_add(self.output_cost(self.max_output))
    }

    pub fn thinking_budget(&self) -> Option<u64> {
        self.thinking_budget
    }
}

/// The largest amount there is: a cost beyond it is refused like one that nobody can pay.
pub const MOST: Cost = Cost::from_nanos(i64::MAX);

/// Whole nano-USD of an exact sum, rounded **up**: the one rounding of a cost. `None` where it leaves `Cost`.
pub fn nanos_up(attos: Option<u128>) -> Option<Cost> {
    attos.and_then(|a| i64::try_from(a.div_ceil(ATTOS_PER_NANO)).ok()).map(Cost::from_nanos)
}

/// Millionths, from the product of two multipliers in thousandths.
pub fn scale_of(fast: Option<u64>, geo: Option<u64>) -> u128 {
    u128::from(fast.unwrap_or(1_000)) * u128::from(geo.unwrap_or(1_000))
}

fn input_tokens(row: &PriceRow, request: &ModelRequest) -> u64 {
    let uses = request.server_tools.iter().fold(0_u64, |sum, tool| sum.saturating_add(tool.uses));
    let parts = [
        u64::from(request.images).saturating_mul(row.max_tokens_per_image),
        request.pages.saturating_mul(row.max_tokens_per_page),
        uses.saturating_mul(TOKENS_PER_TOOL_USE),
    ];
    parts.into_iter().fold(request.text_bytes, u64::saturating_add).min(row.max_input_tokens)
}

/// Rate by rate the dearest of the tables that so much input can reach.
fn reachable(row: &PriceRow, request: &ModelRequest, input_tokens: u64) -> Result<Rates, QuoteRefusal> {
    let base = match request.service_tier.as_deref() {
        None | Some("auto" | "default" | "standard" | "standard_only") => row.rates,
        Some(tier) => row.tier(tier).ok_or_else(|| QuoteRefusal::UnpricedTier(tier.to_owned()))?,
    };
    let reached = row.long_context.iter().filter(|(above, _)| input_tokens > *above);
    Ok(reached.fold(base, |dearest, (_, rates)| dearest.dearer(*rates)))
}

fn scale(row: &PriceRow, request: &ModelRequest) -> Result<u128, QuoteRefusal> {
    let fast = match request.speed_fast {
        false => None,
        true => Some(row.fast.ok_or(QuoteRefusal::UnpricedSpeed)?),
    };
    let geo = match request.geo.as_deref() {
        None | Some("global") => None,
        Some("us") if row.geo_us.is_some() => row.geo_us,
        Some(geo) => return Err(QuoteRefusal::UnpricedGeo(geo.to_owned())),
    };
    Ok(scale_of(fast, geo))
}

/// The dearest kind of input token the request can cause: writes only where it asks for caching.
fn dearest_input(rates: &Rates, request: &ModelRequest) -> Result<u64, QuoteRefusal> {
    let mut dearest = rates.input.max(rates.cache_read.unwrap_or(0));
    if request.cache_control {
        dearest = dearest.max(rates.cache_write_5m.ok_or(QuoteRefusal::UnpricedCache)?);
    }
    if request.cache_write_1h {
        dearest = dearest.max(rates.cache_write_1h.ok_or(QuoteRefusal::UnpricedCache)?);
    }
    Ok(dearest)
}

/// Atto-USD of all searches the request allows.
fn searches(row: &PriceRow, request: &ModelRequest) -> Result<u128, QuoteRefusal> {
    let mut attos = 0_u128;
    for tool in &request.server_tools {
        let price = row.tool_price(&tool.family);
        let price = price.ok_or_else(|| QuoteRefusal::UnpricedTool(tool.family.clone()))?;
        let uses = if tool.family == WEB_SEARCH { tool.uses } else { 0 };
        let each = u128::from(price) * ATTOS_PER_NANO;
        // The number of uses is the client's word, and may be any.
        attos = attos.saturating_add(u128::from(uses).saturating_mul(each));
    }
    Ok(attos)
}
