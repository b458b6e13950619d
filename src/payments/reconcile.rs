//! The comparison of providers' lists with our orders: what a look can settle is settled, the rest is an alarm, and the
//! result is kept even when it is clean.

use crate::domain::ids::TopupId;
use crate::domain::money::Cost;
use crate::domain::payment::PaymentFact;
use crate::domain::reconcile::{self, DifferenceKind};
use crate::payments::desk::PaymentDesk;
use crate::payments::error::LookError;
use crate::payments::provider::Provider;
use crate::store::payments::TopupRow;
use crate::store::reconciliations::Gross;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::collections::HashMap;
use uuid::Uuid;

/// Days that the daily comparison goes back: a weekend and a holiday.
pub const DAYS: i64 = 4;
/// Most days of a comparison by hand: notices are kept as long.
pub const MOST_DAYS: i64 = 90;

/// Something that does not agree, or did not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    pub kind: DifferenceKind,
    pub provider: &'static str,
    pub payment: String,
    /// `None`: we have no order of it.
    pub topup: Option<TopupId>,
    /// Credited here.
    pub ours: Option<Cost>,
    /// Received there.
    pub theirs: Option<Cost>,
    /// A look has settled it.
    pub is_settled: bool,
}

/// The result of one comparison.
#[derive(Clone, Debug)]
pub struct Comparison {
    pub run: Uuid,
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
    pub gross: Vec<Gross>,
    pub differences: Vec<Difference>,
}

impl Comparison {
    /// Differences that a person must look at.
    pub fn remaining(&self) -> usize {
        self.differences.iter().filter(|d| !d.is_settled).count()
    }

    /// What was credited, as it is kept and shown.
    pub fn gross_json(&self) -> Value {
        let row = |g: &Gross| json!({ "day": g.day, "provider": g.provider, "orders": g.orders, "credited": g.credited.to_string() });
        self.gross.iter().map(row).collect()
    }

    /// What did not agree, as it is kept and shown.
    pub fn differences_json(&self) -> Value {
        let amount = |a: Option<Cost>| a.map(|a| a.to_string());
        let row = |d: &Difference| {
            json!({
                "kind": d.kind.word(), "provider": d.provider, "payment": d.payment, "topup": d.topup,
                "credited": amount(d.ours), "received": amount(d.theirs), "settled": d.is_settled,
            })
        };
        self.differences.iter().map(row).collect()
    }
}

impl PaymentDesk {
    /// Compares the last days, 1 to `MOST_DAYS`, and keeps the result.
    ///
    /// # Errors
    /// If a provider or our store is away: a part of a comparison is none.
    pub async fn reconcile(&self, days: i64) -> Result<Comparison, LookError> {
        assert!((1..=MOST_DAYS).contains(&days), "the caller has checked the days");
        let until = self.clock().now_utc();
        let from = until - TimeDelta::days(days);
        let mut differences = Vec::new();
        for provider in self.0.providers.each() {
            self.compare_provider(provider, from, until, &mut differences).await?;
        }
        let gross = self.0.reconciliations.gross(from, until).await?;
        let result = Comparison { run: Uuid::now_v7(), from, until, gross, differences };
        let (gross, differences) = (result.gross_json(), result.differences_json());
        self.0.reconciliations.keep(result.run, (from, until), &gross, &differences).await?;
        sound(&result);
        Ok(result)
    }

    async fn compare_provider(
        &self,
        provider: &Provider,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
        found: &mut Vec<Difference>,
    ) -> Result<(), LookError> {
        let listed = provider.list(from, until).await?;
        let mut theirs: HashMap<String, PaymentFact> = listed.into_iter().map(|f| (f.payment.clone(), f)).collect();
        for id in self.0.reconciliations.orders(provider.name(), from, until).await? {
            let Some(row) = self.0.store.find(id).await? else { continue };
            let Some(payment) = row.payment.clone() else { continue };
            // Its clock is not ours: what its list leaves out is asked for alone.
            let fact = match theirs.remove(&payment) {
                Some(fact) => Some(fact),
                None => provider.fetch(&payment).await?,
            };
            found.extend(self.compare_order(provider, row, fact).await?);
        }
        for (payment, fact) in theirs {
            let row = self.0.store.of_payment(provider.name(), &payment).await?;
            found.extend(match row {
                Some(row) => self.compare_order(provider, row, Some(fact)).await?,
                None => no_order(provider, payment, &fact),
            });
        }
        Ok(())
    }

    async fn compare_order(
        &self,
        provider: &Provider,
        row: TopupRow,
        fact: Option<PaymentFact>,
    ) -> Result<Option<Difference>, LookError> {
        let Some(fact) = fact else { return Ok(unknown_there(provider, &row)) };
        let Some(kind) = self.judge(&row, &fact).await? else { return Ok(None) };
        let mut difference = difference(provider, &row, Some(&fact), kind);
        if kind.may_settle() {
            let looked = self.look(row).await?;
            difference.is_settled = self.judge(&looked, &fact).await?.is_none();
            difference.ours = looked.order.credited;
        }
        Ok(Some(difference))
    }

    async fn judge(&self, row: &TopupRow, fact: &PaymentFact) -> Result<Option<DifferenceKind>, LookError> {
        let done = self.0.take_backs.done(row.order.id).await?;
        Ok(reconcile::compare(&row.order, fact, &done, self.0.live))
    }

    /// The comparison of each day, once.
    pub(super) async fn reconcile_if_due(&self) -> Result<(), LookError> {
        if self.0.reconciliations.is_due().await? {
            self.reconcile(DAYS).await?;
        }
        Ok(())
    }
}

fn difference(provider: &Provider, row: &TopupRow, fact: Option<&PaymentFact>, kind: DifferenceKind) -> Difference {
    Difference {
        kind,
        provider: provider.name(),
        payment: row.payment.clone().unwrap_or_default(),
        topup: Some(row.order.id),
        ours: row.order.credited,
        theirs: fact.and_then(|f| f.received.usd()),
        is_settled: false,
    }
}

fn unknown_there(provider: &Provider, row: &TopupRow) -> Option<Difference> {
    row.order.credited.map(|_| difference(provider, row, None, DifferenceKind::UnknownThere))
}

/// A payment of another program at the same provider is none of ours, unless it names an order.
fn no_order(provider: &Provider, payment: String, fact: &PaymentFact) -> Option<Difference> {
    let theirs = fact.received.usd();
    let is_ours = fact.topup.is_some() && theirs.is_some();
    let kind = DifferenceKind::NoOrder;
    let (provider, topup) = (provider.name(), fact.topup);
    is_ours.then_some(Difference { kind, provider, payment, topup, ours: None, theirs, is_settled: false })
}

/// One error in the log for each difference that remains.
fn sound(result: &Comparison) {
    for d in result.differences.iter().filter(|d| !d.is_settled) {
        tracing::error!(
            run.id = %result.run, payment.id = d.payment, provider = d.provider, reason = d.kind.word(),
            "a provider's books and ours differ; a person must look at it"
        );
    }
}
