//! The price book and the cost of a call: exact, rounded up once (`ledger.md` §4, `wire.md` §8 and §12).
//!
//! A book is immutable and belongs to a day; a change makes a new book with one version more. Nothing unpriced is
//! admitted; if an answer reports something unpriced all the same, the dearest rate of its kind is used and the
//! operator is told.

use crate::domain::money::Cost;
use crate::domain::outcome::Flags;
use crate::domain::price_row::{Day, PriceBookError, PriceRow, PriceText, Rates, WEB_SEARCH};
use crate::domain::quote::{ATTOS_PER_NANO, MOST, Quote, QuoteRefusal, nanos_up, scale_of};
use crate::domain::request::ModelRequest;
use crate::domain::usage::{Iteration, IterationKind, Reading, Usage};
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::Arc;
use thiserror::Error;

/// Every version of every model, and which of them holds today.
#[derive(Clone, Debug)]
pub struct PriceBook {
    today: Day,
    texts: Vec<PriceText>,
    rows: HashMap<Arc<str>, Arc<PriceRow>>,
    offered: Vec<Arc<PriceRow>>,
}

/// What the operator is told of a call whose price is doubtful.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum PriceAlarm {
    #[error("the upstream served `{0}`, which has no price; the requested model's was used")]
    UnpricedModel(Arc<str>),
    #[error("the upstream reported the service tier `{0}`, which has no price; the dearest was used")]
    UnpricedTier(String),
    #[error("the upstream reported the speed `{0}`, which has no price; the dearest was used")]
    UnpricedSpeed(String),
    #[error("the upstream reported the region `{0}`, which has no price; the dearest was used")]
    UnpricedGeo(String),
    #[error("the upstream reported tokens of a kind the model has no price for; its dearest was used")]
    UnpricedTokens,
    #[error("the upstream reported searches, which have no price with this model; they were not charged")]
    UnpricedSearch,
    #[error("the upstream reported numbers that are none; they were left out")]
    OddUsage,
    #[error("the upstream ended an answer without saying what it used; the output was estimated")]
    NoUsage,
    #[error("the cost of a call is beyond every amount")]
    Overflow,
}

/// What a call costs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Priced {
    pub cost: Cost,
    /// `ESTIMATED` where a count or a rate is ours.
    pub flags: Flags,
    /// The model that was served, which a usage line names.
    pub model: Arc<str>,
    pub alarm: Option<PriceAlarm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BookText {
    model: Vec<PriceText>,
}

impl PriceBook {
    /// Reads a price book file as it stands on `today`.
    ///
    /// # Errors
    /// By `PriceBookError`, naming the model and the field.
    pub fn from_toml(text: &str, today: Day) -> Result<Self, PriceBookError> {
        let book: BookText = toml::from_str(text).map_err(|e| PriceBookError::Unreadable(e.to_string()))?;
        PriceBook::of(book.model, today)
    }

    /// The book of all these versions, as it stands on `today`: per model the latest that is in effect.
    ///
    /// # Errors
    /// As `from_toml`.
    pub fn of(texts: Vec<PriceText>, today: Day) -> Result<Self, PriceBookError> {
        let mut rows: HashMap<Arc<str>, Arc<PriceRow>> = HashMap::new();
        let mut versions = std::collections::HashSet::new();
        for text in &texts {
            if !versions.insert((text.id.as_str(), text.version)) {
                return Err(PriceBookError::Twice { model: text.id.clone(), version: text.version });
            }
            let row = PriceRow::read(text, today)?;
            let later = |old: &Arc<PriceRow>| (row.effective_from, row.version) > (old.effective_from, old.version);
            if row.effective_from <= today && rows.get(&row.id).is_none_or(later) {
                rows.insert(row.id.clone(), Arc::new(row));
            }
        }
        let mut offered: Vec<_> = rows.values().filter(|row| row.enabled).cloned().collect();
        offered.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(PriceBook { today, texts, rows, offered })
    }

    /// The same versions as they stand on another day: future prices begin, withdrawn models leave.
    ///
    /// # Errors
    /// As `of`; in fact none, for these texts were read before.
    pub fn on(&self, today: Day) -> Result<Self, PriceBookError> {
        PriceBook::of(self.texts.clone(), today)
    }

    /// The book with one more version of a model; `text.version` is set to the next one.
    ///
    /// # Errors
    /// As `of`.
    pub fn with(&self, mut text: PriceText, today: Day) -> Result<Self, PriceBookError> {
        let versions = self.texts.iter().filter(|t| t.id == text.id).map(|t| t.version);
        text.version = versions.max().unwrap_or(0).saturating_add(1);
        let mut texts = self.texts.clone();
        texts.push(text);
        PriceBook::of(texts, today)
    }

    /// The day this book is read for.
    pub fn today(&self) -> Day {
        self.today
    }

    /// All versions as written, in the order they came.
    pub fn texts(&self) -> &[PriceText] {
        &self.texts
    }

    /// The row of a model that is offered.
    pub fn find(&self, model: &str) -> Option<Arc<PriceRow>> {
        self.rows.get(model).filter(|row| row.enabled).cloned()
    }

    /// The models that are offered, by name.
    pub fn models(&self) -> impl Iterator<Item = &Arc<PriceRow>> {
        self.offered.iter()
    }

    /// Bounds the cost of a request.
    ///
    /// # Errors
    /// By `QuoteRefusal`: the model, or something the request asks of it, has no price.
    pub fn quote(&self, request: &ModelRequest) -> Result<Quote, QuoteRefusal> {
        match self.rows.get(request.model.as_str()).filter(|row| row.enabled) {
            Some(row) => Quote::of(row, request),
            None => Err(QuoteRefusal::UnknownModel(request.model.clone())),
        }
    }

    /// Prices what an answer reported, by the row of the model that served it.
    pub fn price(&self, quote: &Quote, reading: &Reading) -> Priced {
        let mut till = Till { attos: Some(0), alarm: None, estimated: reading.estimated };
        let row = self.served(quote, &reading.served_model, &mut till);
        let main = Terms::of(&row, reading, &mut till);
        till.add(&row, &main, &reading.usage);
        till.searches(&row, quote.row(), reading.usage.web_searches);
        for iteration in &reading.iterations {
            let row = self.iterated(quote, &row, iteration, &mut till);
            let terms = Terms::of(&row, reading, &mut till);
            till.add(&row, &terms, &iteration.usage);
        }
        till.doubt(reading.missing, PriceAlarm::NoUsage);
        till.doubt(reading.odd, PriceAlarm::OddUsage);
        till.total(reading.served_model.clone())
    }

    /// The row of the model that answered, or of the one that was asked if that has none. A withdrawn model has one
    /// still, and a dated name of the requested model is that model.
    fn served(&self, quote: &Quote, model: &Arc<str>, till: &mut Till) -> Arc<PriceRow> {
        if **model == *quote.model() {
            return quote.row().clone();
        }
        if let Some(row) = self.rows.get(model) {
            return row.clone();
        }
        till.doubt(undated(model) != quote.model(), PriceAlarm::UnpricedModel(model.clone()));
        quote.row().clone()
    }

    fn iterated(&self, quote: &Quote, main: &Arc<PriceRow>, part: &Iteration, till: &mut Till) -> Arc<PriceRow> {
        match (part.kind, &part.model) {
            (IterationKind::Advisor, Some(model)) => self.served(quote, model, till),
            (IterationKind::Advisor, None) => {
                till.doubt(true, PriceAlarm::UnpricedModel("advisor".into()));
                main.clone()
            }
            (IterationKind::Compaction, _) => main.clone(),
        }
    }
}

/// A model name without its date: `claude-opus-5` of `claude-opus-5-20270101`.
fn undated(model: &str) -> &str {
    match model.rsplit_once('-') {
        Some((name, date)) if date.len() == 8 && date.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => model,
    }
}

/// What an answer says of how it was served, as prices.
struct Terms {
    /// `Some` for a service tier with rates of its own.
    tier: Option<Rates>,
    /// Millionths.
    scale: u128,
}

impl Terms {
    fn of(row: &PriceRow, reading: &Reading, till: &mut Till) -> Terms {
        let tier = match reading.tier.as_deref() {
            None | Some("standard" | "default") => None,
            Some(name) => {
                let priced = row.tier(name);
                till.doubt(priced.is_none(), PriceAlarm::UnpricedTier(name.to_owned()));
                priced.or_else(|| Some(row.service_tiers.iter().fold(row.rates, |all, (_, r)| all.dearer(*r))))
            }
        };
        let fast = match reading.speed.as_deref() {
            None | Some("standard") => None,
            Some(speed) => {
                let unpriced = speed != "fast" || row.fast.is_none();
                till.doubt(unpriced, PriceAlarm::UnpricedSpeed(speed.to_owned()));
                row.fast
            }
        };
        let geo = match reading.geo.as_deref() {
            None | Some("" | "global" | "not_available") => None,
            Some(geo) => {
                till.doubt(geo != "us" || row.geo_us.is_none(), PriceAlarm::UnpricedGeo(geo.to_owned()));
                row.geo_us
            }
        };
        Terms { tier, scale: scale_of(fast, geo) }
    }

    /// The rates of a part with this much input. No source says how a service tier and a long context go together,
    /// so the dearer rate counts.
    fn rates(&self, row: &PriceRow, total_input: u64) -> Rates {
        let by_input = row.rates_at(total_input);
        match self.tier {
            None => by_input,
            Some(tier) if by_input == row.rates => tier,
            Some(tier) => tier.dearer(by_input),
        }
    }
}

/// The sum of a call while it is added up: `None` once it left `u128`.
struct Till {
    attos: Option<u128>,
    alarm: Option<PriceAlarm>,
    estimated: bool,
}

impl Till {
    /// Notes a doubt, if there is one: the first is told, each marks the line.
    fn doubt(&mut self, there_is: bool, alarm: PriceAlarm) {
        if there_is {
            self.estimated = true;
            self.alarm.get_or_insert(alarm);
        }
    }

    fn put(&mut self, count: u64, attos_each: Option<u128>) {
        let line = attos_each.and_then(|each| u128::from(count).checked_mul(each));
        self.attos = self.attos.zip(line).and_then(|(sum, line)| sum.checked_add(line));
    }

    /// Adds the tokens of one part; its own input decides its long-context tier.
    fn add(&mut self, row: &PriceRow, terms: &Terms, usage: &Usage) {
        let rates = terms.rates(row, usage.total_input());
        let parts = [
            (usage.input, Some(rates.input)),
            (usage.output, Some(rates.output)),
            (usage.cache_read, rates.cache_read),
            (usage.cache_write_5m, rates.cache_write_5m),
            (usage.cache_write_1h, rates.cache_write_1h),
        ];
        for (tokens, rate) in parts.into_iter().filter(|(tokens, _)| *tokens > 0) {
            self.doubt(rate.is_none(), PriceAlarm::UnpricedTokens);
            self.put(tokens, u128::from(rate.unwrap_or(rates.dearest())).checked_mul(terms.scale));
        }
    }

    /// Adds searches, which no multiplier touches.
    fn searches(&mut self, row: &PriceRow, requested: &PriceRow, count: u64) {
        if count == 0 {
            return;
        }
        let price = row.tool_price(WEB_SEARCH).or(requested.tool_price(WEB_SEARCH));
        self.doubt(price.is_none(), PriceAlarm::UnpricedSearch);
        self.put(count, u128::from(price.unwrap_or(0)).checked_mul(ATTOS_PER_NANO));
    }

    fn total(mut self, model: Arc<str>) -> Priced {
        let cost = nanos_up(self.attos);
        self.doubt(cost.is_none(), PriceAlarm::Overflow);
        let flags = if self.estimated { Flags::ESTIMATED } else { Flags::NONE };
        Priced { cost: cost.unwrap_or(MOST), flags, model, alarm: self.alarm }
    }
}
