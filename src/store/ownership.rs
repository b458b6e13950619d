//! Who owns the shards: this boot, under an epoch that fences every older one.

use crate::domain::ids::{BootId, CallId, NodeId, SHARDS};
use crate::store::error::StoreError;
use sqlx::{PgPool, Row};
use std::path::Path;
use std::sync::Arc;
use uuid::Uuid;

/// What this boot owns.
#[derive(Clone)]
pub struct Ownership {
    pub node: NodeId,
    pub boot: BootId,
    /// Epoch by shard.
    pub epochs: Arc<[i64]>,
}

/// The node's id, kept in its data folder; made at the first start.
pub fn node_id(data: &Path) -> Result<NodeId, StoreError> {
    let file = data.join("node_id");
    match std::fs::read_to_string(&file) {
        Ok(text) => {
            let damaged = |_| std::io::Error::other(format!("{} is damaged; restore it from a backup", file.display()));
            return Ok(NodeId(text.trim().parse().map_err(damaged)?));
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    let id = Uuid::new_v4();
    // Renamed when whole: half an id would make this another node, and its own notes and spool a stranger's.
    let draft = file.with_extension("new");
    std::fs::write(&draft, id.to_string()).and_then(|()| std::fs::File::open(&draft)?.sync_all())?;
    std::fs::rename(&draft, &file)?;
    Ok(NodeId(id))
}

/// Takes all shards: epochs grow by one, which waits for a running batch of an older boot and fences its next.
pub async fn take(pool: &PgPool, node: NodeId, boot: BootId, address: &str) -> Result<Ownership, StoreError> {
    let mut transaction = pool.begin().await?;
    sqlx::query(include_str!("sql/upsert_node.sql"))
        .bind(node.0)
        .bind(boot.0)
        .bind(address)
        .execute(&mut *transaction)
        .await?;
    let rows = sqlx::query(include_str!("sql/take_shards.sql")).bind(node.0).fetch_all(&mut *transaction).await?;
    transaction.commit().await?;
    let mut epochs = vec![0; usize::from(SHARDS)];
    for row in rows {
        let shard: i16 = row.try_get(0)?;
        epochs[usize::try_from(shard).expect("a shard is 0 to 4095")] = row.try_get(1)?;
    }
    Ok(Ownership { node, boot, epochs: epochs.into() })
}

/// A call that an older boot of this node had dispatched and not settled.
pub struct Orphan {
    pub call: CallId,
    pub account: crate::domain::ids::AccountId,
    pub key: crate::domain::ids::KeyId,
    pub bound: crate::domain::money::Cost,
    pub model: String,
    pub at: chrono::DateTime<chrono::Utc>,
}

/// Notes of older boots of this node.
pub async fn orphans(pool: &PgPool, ownership: &Ownership) -> Result<Vec<Orphan>, StoreError> {
    let rows = sqlx::query(include_str!("sql/orphans.sql"))
        .bind(ownership.node.0)
        .bind(ownership.boot.0)
        .fetch_all(pool)
        .await?;
    rows.iter()
        .map(|r| {
            let bound: i64 = r.try_get(3)?;
            Ok(Orphan {
                call: CallId(r.try_get(0)?),
                account: crate::domain::ids::AccountId(r.try_get(1)?),
                key: crate::domain::ids::KeyId(r.try_get(2)?),
                bound: crate::domain::money::Cost::from_nanos(bound),
                model: r.try_get(4)?,
                at: r.try_get(5)?,
            })
        })
        .collect()
}
