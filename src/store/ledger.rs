//! The ledger in Postgres: the only caller of `commit_batch` and its lean sisters, and the loads that rebuild actors.

use crate::domain::ids::{AccountId, BootId, CallId, KeyId, NodeId};
use crate::domain::money::{Cost, Price};
use crate::domain::outcome::Outcome;
use crate::store::columns;
use crate::store::error::StoreError;
use crate::store::journal::{Batch, Journal, LoadedAccount, LoadedKey, Position, SettledCall};
use crate::store::pool::LaneConnector;
use crate::store::rows;
use futures_util::future::LocalBoxFuture;
use sqlx::Row;
use sqlx::postgres::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;

/// A lane's journal on one Postgres connection.
pub struct PgJournal {
    node: NodeId,
    boot: BootId,
    connector: LaneConnector,
    /// `None` after the connection was lost, until `reconnect`.
    connection: Option<PgConnection>,
}

impl PgJournal {
    /// A journal that connects at first use.
    pub fn new(node: NodeId, boot: BootId, connector: LaneConnector) -> Self {
        PgJournal { node, boot, connector, connection: None }
    }

    /// The connection, opened if there is none; opening is certain not to have written anything.
    async fn connection(&mut self) -> Result<&mut PgConnection, StoreError> {
        if self.connection.is_none() {
            self.connection = Some(self.connector.connect().await?);
        }
        Ok(self.connection.as_mut().expect("opened above"))
    }

    /// Drops the connection after an error that leaves its state in doubt.
    fn keep_or_drop<T>(&mut self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if result.as_ref().is_err_and(StoreError::is_connection_lost) {
            self.connection = None;
        }
        result
    }

    async fn commit_now(&mut self, batch: &Batch) -> Result<Vec<(AccountId, i64)>, StoreError> {
        let (statement, args) = columns::statement(self.node.0, self.boot.0, batch)?;
        let connection = self.connection().await?;
        let rows = sqlx::query_with(statement, args).fetch_all(connection).await?;
        rows.iter().map(|r| Ok((AccountId(r.try_get(0)?), r.try_get(1)?))).collect()
    }

    async fn load_accounts_now(&mut self, ids: &[AccountId]) -> Result<Vec<LoadedAccount>, StoreError> {
        let ids: Vec<Uuid> = ids.iter().map(|i| i.0).collect();
        let connection = self.connection().await?;
        let accounts =
            sqlx::query(include_str!("sql/load_accounts.sql")).bind(&ids).fetch_all(&mut *connection).await?;
        let keys = sqlx::query(include_str!("sql/load_account_keys.sql")).bind(&ids).fetch_all(connection).await?;
        let accounts = accounts.iter().filter_map(|r| sound(rows::loaded_account(r)));
        let mut loaded: HashMap<AccountId, LoadedAccount> = accounts.map(|a| (a.account, a)).collect();
        for (account, key, funding) in keys.iter().filter_map(|r| sound(rows::key_funding(r))) {
            if let Some(account) = loaded.get_mut(&account) {
                account.keys.push((key, funding));
            }
        }
        Ok(loaded.into_values().collect())
    }

    async fn load_keys_now(&mut self, ids: &[KeyId]) -> Result<Vec<LoadedKey>, StoreError> {
        let ids: Vec<Uuid> = ids.iter().map(|i| i.0).collect();
        let connection = self.connection().await?;
        let rows = sqlx::query(include_str!("sql/load_keys.sql")).bind(&ids).fetch_all(connection).await?;
        Ok(rows.iter().filter_map(|r| sound(rows::loaded_key(r))).collect())
    }

    async fn positions_now(&mut self, ids: &[AccountId]) -> Result<Vec<Position>, StoreError> {
        let ids: Vec<Uuid> = ids.iter().map(|i| i.0).collect();
        let connection = self.connection().await?;
        let rows = sqlx::query(include_str!("sql/positions.sql")).bind(&ids).fetch_all(connection).await?;
        rows.iter()
            .map(|r| Ok(Position { account: AccountId(r.try_get(0)?), last_seq: r.try_get(1)?, epoch: r.try_get(2)? }))
            .collect()
    }

    async fn blocked_now(&mut self, ids: &[AccountId]) -> Result<Vec<AccountId>, StoreError> {
        let wanted: Vec<Uuid> = ids.iter().map(|i| i.0).collect();
        let connection = self.connection().await?;
        let free = sqlx::query(include_str!("sql/unlocked_accounts.sql")).bind(&wanted).fetch_all(connection).await?;
        let free: Vec<Uuid> = free.iter().map(|r| r.try_get(0)).collect::<Result<_, _>>()?;
        Ok(ids.iter().copied().filter(|i| !free.contains(&i.0)).collect())
    }

    async fn settled_now(&mut self, call: CallId) -> Result<Option<SettledCall>, StoreError> {
        let connection = self.connection().await?;
        let row = sqlx::query(include_str!("sql/settled_call.sql")).bind(call.0).fetch_optional(connection).await?;
        row.map(|r| {
            let (charge, line): (i64, i64) = (r.try_get(1)?, r.try_get(2)?);
            let outcome = Outcome::from_code(r.try_get(3)?).ok_or_else(|| StoreError::broken_row("call", call.0))?;
            Ok(SettledCall {
                seq: r.try_get(0)?,
                outcome,
                charge: Cost::from_nanos(charge),
                line: Price::from_nanos(line),
            })
        })
        .transpose()
    }
}

/// A row that breaks a rule of its book is absent, so only its owner is out of service, and the operator is told.
fn sound<T>(row: Result<T, StoreError>) -> Option<T> {
    row.inspect_err(|error| tracing::error!(%error, "a row breaks a rule of its book; its account is out of service"))
        .ok()
}

impl Journal for PgJournal {
    fn commit<'a>(&'a mut self, batch: &'a Batch) -> LocalBoxFuture<'a, Result<Vec<(AccountId, i64)>, StoreError>> {
        Box::pin(async move {
            let result = self.commit_now(batch).await;
            self.keep_or_drop(result)
        })
    }

    fn load_accounts<'a>(
        &'a mut self,
        ids: &'a [AccountId],
    ) -> LocalBoxFuture<'a, Result<Vec<LoadedAccount>, StoreError>> {
        Box::pin(async move {
            let result = self.load_accounts_now(ids).await;
            self.keep_or_drop(result)
        })
    }

    fn load_keys<'a>(&'a mut self, ids: &'a [KeyId]) -> LocalBoxFuture<'a, Result<Vec<LoadedKey>, StoreError>> {
        Box::pin(async move {
            let result = self.load_keys_now(ids).await;
            self.keep_or_drop(result)
        })
    }

    fn positions<'a>(&'a mut self, ids: &'a [AccountId]) -> LocalBoxFuture<'a, Result<Vec<Position>, StoreError>> {
        Box::pin(async move {
            let result = self.positions_now(ids).await;
            self.keep_or_drop(result)
        })
    }

    fn blocked<'a>(&'a mut self, ids: &'a [AccountId]) -> LocalBoxFuture<'a, Result<Vec<AccountId>, StoreError>> {
        Box::pin(async move {
            let result = self.blocked_now(ids).await;
            self.keep_or_drop(result)
        })
    }

    fn settled<'a>(&'a mut self, call: CallId) -> LocalBoxFuture<'a, Result<Option<SettledCall>, StoreError>> {
        Box::pin(async move {
            let result = self.settled_now(call).await;
            self.keep_or_drop(result)
        })
    }

    fn reconnect(&mut self) -> LocalBoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            self.connection = None;
            // It locks no row, and a database that may not be written refuses it all the same.
            let writable = self.positions_now(&[]).await;
            self.keep_or_drop(writable).map(|_| ())
        })
    }
}
