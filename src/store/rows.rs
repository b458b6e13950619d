//! Rows to books, checked on the way in: a row that breaks a rule of its book quarantines its account.

use crate::domain::account::KeyFunding;
use crate::domain::ids::{AccountId, KeyId};
use crate::domain::key::{KeyBook, KeyStatus};
use crate::domain::money::{Cost, Price};
use crate::domain::ratio::Ratio;
use crate::store::error::StoreError;
use crate::store::journal::{LoadedAccount, LoadedKey};
use sqlx::Row;
use sqlx::postgres::PgRow;

/// A key's row as its actor takes it.
///
/// # Errors
/// `StoreError` if a column is missing or the numbers break an invariant of the book.
pub fn loaded_key(row: &PgRow) -> Result<LoadedKey, StoreError> {
    let book = KeyBook {
        key: KeyId(row.try_get("key_id")?),
        account: AccountId(row.try_get("account_id")?),
        ratio: ratio(row)?,
        status: status(row.try_get("status")?)?,
        budget: Price::from_nanos(row.try_get("budget")?),
        funded: Cost::from_nanos(row.try_get("funded")?),
        posted: Cost::from_nanos(row.try_get("posted")?),
        refunded: Cost::from_nanos(row.try_get("refunded")?),
        spent: Price::from_nanos(row.try_get("spent_price")?),
        loaded_seq: row.try_get("last_seq")?,
    };
    checked(&book)?;
    Ok(LoadedKey {
        paused: row.try_get("paused")?,
        rpm: row.try_get("rpm_limit")?,
        concurrency: row.try_get("concurrency_limit")?,
        frozen: row.try_get("frozen")?,
        last_seq: book.loaded_seq,
        book,
    })
}

fn checked(book: &KeyBook) -> Result<(), StoreError> {
    let used = book.posted.checked_add(book.refunded);
    let sound = used.is_some_and(|u| u <= book.funded)
        && book.spent <= book.budget
        && book.spent.nanos() >= book.posted.nanos();
    if sound { Ok(()) } else { Err(StoreError::broken_row("client_key", book.key.0)) }
}

/// An account's row without its keys.
pub fn loaded_account(row: &PgRow) -> Result<LoadedAccount, StoreError> {
    let account = AccountId(row.try_get("account_id")?);
    let main = Cost::from_nanos(row.try_get("main")?);
    let receivable = Cost::from_nanos(row.try_get("receivable")?);
    let deposits = Cost::from_nanos(row.try_get("deposits")?);
    let granted = Cost::from_nanos(row.try_get("granted")?);
    let reversals = Cost::from_nanos(row.try_get("reversals")?);
    if main < Cost::ZERO || receivable < Cost::ZERO || (main > Cost::ZERO && receivable > Cost::ZERO) {
        return Err(StoreError::broken_row("account", account.0));
    }
    let (last_seq, freezes) = (row.try_get("last_seq")?, row.try_get("freezes")?);
    Ok(LoadedAccount { account, last_seq, main, receivable, deposits, granted, reversals, freezes, keys: Vec::new() })
}

/// An open key as its account knows it.
pub fn key_funding(row: &PgRow) -> Result<(AccountId, KeyId, KeyFunding), StoreError> {
    let funding = KeyFunding {
        ratio: ratio(row)?,
        budget: Price::from_nanos(row.try_get("budget")?),
        funded: Cost::from_nanos(row.try_get("funded")?),
        closing: status(row.try_get("status")?)? != KeyStatus::Active,
    };
    Ok((AccountId(row.try_get("account_id")?), KeyId(row.try_get("key_id")?), funding))
}

fn ratio(row: &PgRow) -> Result<Ratio, StoreError> {
    let (cost, price) = (row.try_get("ratio_cost")?, row.try_get("ratio_price")?);
    let ratio = Ratio::of(Cost::from_nanos(cost), Price::from_nanos(price));
    match ratio {
        Ok(ratio) if ratio.parts() == (cost, price) => Ok(ratio),
        _ => Err(StoreError::broken_row("client_key", row.try_get("key_id")?)),
    }
}

fn status(code: i16) -> Result<KeyStatus, StoreError> {
    match code {
        1 => Ok(KeyStatus::Active),
        2 => Ok(KeyStatus::Closing),
        3 => Ok(KeyStatus::Closed),
        _ => Err(StoreError::broken_row("client_key.status", uuid::Uuid::nil())),
    }
}
