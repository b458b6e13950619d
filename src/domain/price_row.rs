//! One row of the price book: what a model costs, exactly, from which day on.
//!
//! Rates are whole pico-USD per token, which is US dollars per million tokens with six decimals; multipliers are whole
//! thousandths. Both are read from decimal texts and never rounded: a text that does not fit is refused. A rate that a
//! row lacks is unpriced, never zero.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use thiserror::Error;

/// Output limit of a model whose source states none (two rows of the seed).
const MAX_OUTPUT_UNSTATED: u64 = 128_000;
/// Context window of a model whose source states none: the largest there is.
const MAX_INPUT_UNSTATED: u64 = 1_000_000;
/// Input tokens of one image at most: the provider scales down what is larger.
const IMAGE_TOKENS_UNSTATED: u64 = 5_000;
/// Input tokens of one document page at most: its picture and its text.
const PAGE_TOKENS_UNSTATED: u64 = 5_000;
/// Every number of a row is below this: a thousand million.
const MOST_USD: Decimal = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);
/// Providers whose dialect this program serves; rows of others load disabled.
const SERVED: [&str; 1] = ["anthropic"];
/// The one server tool whose uses an answer counts; only it may have a price other than 0.
pub const WEB_SEARCH: &str = "web_search";

/// A calendar day in UTC, `2026-11-30`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day([u8; 10]);

impl Day {
    /// Before every other day: the start of rows that were always there.
    pub const EVER: Day = Day(*b"0001-01-01");

    /// Reads `YYYY-MM-DD`, a day that the calendar has.
    pub fn parse(text: &str) -> Option<Self> {
        let day: [u8; 10] = text.as_bytes().try_into().ok()?;
        let shaped =
            day.iter().enumerate().all(|(i, b)| if matches!(i, 4 | 7) { *b == b'-' } else { b.is_ascii_digit() });
        (shaped && NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()).then_some(Day(day))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.0).expect("a day is ASCII"))
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for Day {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Day::parse(&text).ok_or_else(|| format!("`{text}` is no day; write it as 2026-11-30"))
    }
}

impl From<Day> for String {
    fn from(day: Day) -> String {
        day.to_string()
    }
}

/// What is wrong with a row; `Display` names the model and the field.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum PriceBookError {
    #[error("the price book is not readable: {0}")]
    Unreadable(String),
    #[error("price of {model}: `{field}` must be {want}")]
    Bad { model: String, field: &'static str, want: &'static str },
    #[error("price of {model}: version {version} is there twice; add a new version instead")]
    Twice { model: String, version: u32 },
}

/// Rates as written: US dollars per million tokens, decimal texts. The OpenAI names of the two write rates are read too.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateText {
    pub input: String,
    pub output: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<String>,
    #[serde(alias = "cache_write", skip_serializing_if = "Option::is_none")]
    pub cache_write_5m: Option<String>,
    #[serde(alias = "cache_write_12h", skip_serializing_if = "Option::is_none")]
    pub cache_write_1h: Option<String>,
}

/// The rates of requests whose total input is strictly above a threshold; they hold for the whole request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LongContextText {
    pub when_total_input_tokens_gt: u64,
    pub usd_per_million_tokens: RateText,
}

/// A row as written in the price book file or kept in a table; every version of a model is one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceText {
    pub id: String,
    pub provider: String,
    pub display_name: String,
    #[serde(default = "first")]
    pub version: u32,
    #[serde(default = "ever")]
    pub effective_from: Day,
    #[serde(default = "yes")]
    pub enabled: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deprecation_date: Option<Day>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_input_tokens: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens_per_image: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens_per_page: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed_fast_multiplier: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inference_geo_us_multiplier: Option<String>,
    pub usd_per_million_tokens: RateText,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub long_context: Vec<LongContextText>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub service_tiers: BTreeMap<String, RateText>,
    /// Server tools that are allowed, by family, with US dollars per 1000 uses.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub server_tools_usd_per_1000: BTreeMap<String, String>,
}

fn first() -> u32 {
    1
}

fn ever() -> Day {
    Day::EVER
}

fn yes() -> bool {
    true
}

/// Pico-USD per token, by what the token was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rates {
    pub input: u64,
    pub output: u64,
    pub cache_read: Option<u64>,
    pub cache_write_5m: Option<u64>,
    pub cache_write_1h: Option<u64>,
}

impl Rates {
    /// The dearer of two, rate by rate.
    pub fn dearer(self, other: Rates) -> Rates {
        Rates {
            input: self.input.max(other.input),
            output: self.output.max(other.output),
            cache_read: self.cache_read.max(other.cache_read),
            cache_write_5m: self.cache_write_5m.max(other.cache_write_5m),
            cache_write_1h: self.cache_write_1h.max(other.cache_write_1h),
        }
    }

    /// The dearest rate of all: for tokens of a kind the row does not price.
    pub fn dearest(self) -> u64 {
        let some = [self.cache_read, self.cache_write_5m, self.cache_write_1h].into_iter().flatten();
        some.fold(self.input.max(self.output), u64::max)
    }
}

/// A row ready to compute with; immutable, shared by the calls that were admitted under it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PriceRow {
    pub id: Arc<str>,
    pub provider: String,
    pub display_name: String,
    pub version: u32,
    pub effective_from: Day,
    /// Offered to clients on the day the book was read for.
    pub enabled: bool,
    pub max_input_tokens: u64,
    pub max_output_tokens: u64,
    pub max_tokens_per_image: u64,
    pub max_tokens_per_page: u64,
    pub rates: Rates,
    /// By threshold, ascending.
    pub long_context: Vec<(u64, Rates)>,
    pub service_tiers: Vec<(String, Rates)>,
    /// Thousandths.
    pub fast: Option<u64>,
    pub geo_us: Option<u64>,
    /// Nano-USD per use, by family.
    pub server_tools: Vec<(String, u64)>,
}

impl PriceRow {
    /// Computes the row of a text, as it stands on `today`.
    ///
    /// # Errors
    /// `Bad` for a number that is none, has too many decimals, or is 0 where that would give tokens away.
    pub fn read(text: &PriceText, today: Day) -> Result<Self, PriceBookError> {
        let model = &text.id;
        let past = text.deprecation_date.is_some_and(|day| day < today);
        let mut long_context = Vec::new();
        for tier in &text.long_context {
            long_context.push((tier.when_total_input_tokens_gt, rates(model, &tier.usd_per_million_tokens)?));
        }
        long_context.sort_by_key(|(above, _)| *above);
        let tiers = text.service_tiers.iter().map(|(name, r)| Ok((name.clone(), rates(model, r)?)));
        let tools = text.server_tools_usd_per_1000.iter().map(|(name, usd)| tool(model, name, usd));
        Ok(PriceRow {
            id: model.as_str().into(),
            provider: text.provider.clone(),
            display_name: text.display_name.clone(),
            version: text.version,
            effective_from: text.effective_from,
            enabled: text.enabled && !past && SERVED.contains(&text.provider.as_str()),
            max_input_tokens: limit(model, "max_input_tokens", text.max_input_tokens, MAX_INPUT_UNSTATED)?,
            max_output_tokens: limit(model, "max_output_tokens", text.max_output_tokens, MAX_OUTPUT_UNSTATED)?,
            max_tokens_per_image: text.max_tokens_per_image.unwrap_or(IMAGE_TOKENS_UNSTATED),
            max_tokens_per_page: text.max_tokens_per_page.unwrap_or(PAGE_TOKENS_UNSTATED),
            rates: rates(model, &text.usd_per_million_tokens)?,
            long_context,
            service_tiers: tiers.collect::<Result<_, _>>()?,
            fast: multiplier(model, "speed_fast_multiplier", text.speed_fast_multiplier.as_deref())?,
            geo_us: multiplier(model, "inference_geo_us_multiplier", text.inference_geo_us_multiplier.as_deref())?,
            server_tools: tools.collect::<Result<_, _>>()?,
        })
    }

    /// Nano-USD per use of a server tool; `None` if it is not priced here.
    pub fn tool_price(&self, family: &str) -> Option<u64> {
        self.server_tools.iter().find(|(name, _)| name == family).map(|(_, price)| *price)
    }

    /// The rates of a named service tier.
    pub fn tier(&self, name: &str) -> Option<Rates> {
        self.service_tiers.iter().find(|(tier, _)| tier == name).map(|(_, rates)| *rates)
    }

    /// The rates of a request with this much input: the tier it is strictly above, or the base.
    pub fn rates_at(&self, total_input: u64) -> Rates {
        let above = self.long_context.iter().rev().find(|(above, _)| total_input > *above);
        above.map_or(self.rates, |(_, rates)| *rates)
    }
}

fn bad(model: &str, field: &'static str, want: &'static str) -> PriceBookError {
    PriceBookError::Bad { model: model.to_owned(), field, want }
}

/// A plain decimal above 0 in whole units of 10⁻ᵖˡᵃᶜᵉˢ: exact, or nothing.
fn exact(text: &str, places: u32) -> Option<u64> {
    let digit = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_digit());
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if !plain || !digit(text.bytes().next()) || !digit(text.bytes().last()) {
        return None;
    }
    let value = Decimal::from_str_exact(text).ok().filter(|v| !v.is_zero() && *v < MOST_USD)?;
    let units = value.checked_mul(Decimal::from(10_u64.pow(places)))?;
    if units.is_integer() { units.to_u64() } else { None }
}

fn rate(model: &str, field: &'static str, text: &str) -> Result<u64, PriceBookError> {
    exact(text, 6).ok_or_else(|| bad(model, field, "US dollars per million tokens above 0, at most 6 decimals"))
}

fn rates(model: &str, text: &RateText) -> Result<Rates, PriceBookError> {
    let optional = |field, text: &Option<String>| text.as_deref().map(|t| rate(model, field, t)).transpose();
    Ok(Rates {
        input: rate(model, "input", &text.input)?,
        output: rate(model, "output", &text.output)?,
        cache_read: optional("cache_read", &text.cache_read)?,
        cache_write_5m: optional("cache_write_5m", &text.cache_write_5m)?,
        cache_write_1h: optional("cache_write_1h", &text.cache_write_1h)?,
    })
}

fn multiplier(model: &str, field: &'static str, text: Option<&str>) -> Result<Option<u64>, PriceBookError> {
    let read = |t| exact(t, 3).filter(|m| (1_000..=100_000).contains(m));
    text.map(|t| read(t).ok_or_else(|| bad(model, field, "from 1 to 100 with at most 3 decimals"))).transpose()
}

fn tool(model: &str, name: &str, usd: &str) -> Result<(String, u64), PriceBookError> {
    let want = "US dollars per 1000 uses with at most 6 decimals, and 0 for every tool but web_search";
    let nanos = if usd == "0" { Some(0) } else { exact(usd, 6).filter(|_| name == WEB_SEARCH) };
    nanos.map(|n| (name.to_owned(), n)).ok_or_else(|| bad(model, "server_tools_usd_per_1000", want))
}

fn limit(model: &str, field: &'static str, stated: Option<u64>, unstated: u64) -> Result<u64, PriceBookError> {
    match stated.unwrap_or(unstated) {
        0 => Err(bad(model, field, "at least 1")),
        tokens => Ok(tokens),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_a_plain_decimal_or_nothing() {
        assert_eq!((exact("1.25", 6), exact("0.000001", 6)), (Some(1_250_000), Some(1)));
        for odd in ["", ".", ".5", "5.", "1_0", "+5", "-5", "1e5", " 5", "0", "0.0000001"] {
            assert_eq!(exact(odd, 6), None, "{odd}");
        }
    }

    #[test]
    fn the_dearest_rate_is_found_wherever_it_stands() {
        let rates = |[input, output, read, short, long]: [u64; 5]| Rates {
            input,
            output,
            cache_read: Some(read),
            cache_write_5m: Some(short),
            cache_write_1h: Some(long),
        };
        for place in 0..5 {
            let mut all = [1, 2, 3, 4, 5];
            all[place] = 9;
            assert_eq!(rates(all).dearest(), 9, "{all:?}");
        }
    }
}
