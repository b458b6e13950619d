//! What resellers chose under Settings. A saved form is one commit with its line in the audit trail; a form sent again
//! changes nothing and says nothing.

use serde_json::{Value, json};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgPool, Row};

use crate::domain::client_message::MessageTemplate;
use crate::domain::ids::AccountId;
use crate::domain::money::Cost;
use crate::domain::portal_look::{Logo, PortalLook, PortalName};
use crate::domain::preference::{Change, Display, LowAlert, Preferences};
use crate::domain::trail::{Action, Trail};
use crate::store::audit::{self, Act};
use crate::store::error::StoreError;

/// Rows of preferences.
#[derive(Clone)]
pub struct PreferenceStore {
    pool: PgPool,
}

impl PreferenceStore {
    pub fn new(pool: PgPool) -> Self {
        PreferenceStore { pool }
    }

    /// What a reseller chose, or the defaults.
    pub async fn get(&self, account: AccountId) -> Result<Preferences, StoreError> {
        let query = sqlx::query(include_str!("sql/find_preference.sql")).bind(account.0);
        let found = query.fetch_optional(&self.pool).await?;
        found.map_or_else(|| Ok(Preferences::default()), |row| read(&row))
    }

    /// Saves one form; false if it changed nothing.
    pub async fn save(&self, account: AccountId, change: Change, trail: &Trail) -> Result<bool, StoreError> {
        let mut work = self.pool.begin().await?;
        sqlx::query(include_str!("sql/open_preference.sql")).bind(account.0).execute(&mut *work).await?;
        let locked = sqlx::query(include_str!("sql/lock_preference.sql")).bind(account.0).fetch_one(&mut *work).await?;
        let before = read(&locked)?;
        let after = before.with(change);
        if after == before {
            return Ok(false);
        }
        write(&mut work, account, &after).await?;
        if after.low != before.low {
            let rearm = sqlx::query(include_str!("sql/rearm_balance.sql")).bind(account.0);
            rearm.bind(after.low.below.nanos()).execute(&mut *work).await?;
        }
        let detail = json!({ "before": told(&before), "after": told(&after) });
        let act = Act::of(Action::PreferencesSaved).within(account).saying(detail);
        audit::record(&mut work, trail, &act).await?;
        work.commit().await?;
        Ok(true)
    }
}

async fn write(on: &mut PgConnection, account: AccountId, chosen: &Preferences) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/save_preference.sql"))
        .bind(account.0)
        .bind(chosen.display.exact_times)
        .bind(chosen.display.single_keys)
        .bind(chosen.low.on)
        .bind(chosen.low.below.nanos())
        .bind(chosen.message.as_ref().map(MessageTemplate::as_str))
        .bind(chosen.look.name.as_ref().map(PortalName::as_str))
        .bind(chosen.look.logo.as_ref().map(Logo::as_str))
        .execute(on)
        .await?;
    Ok(())
}

fn read(row: &PgRow) -> Result<Preferences, StoreError> {
    let message: Option<String> = row.try_get("message")?;
    Ok(Preferences {
        display: Display { exact_times: row.try_get("exact_times")?, single_keys: row.try_get("single_keys")? },
        low: LowAlert { on: row.try_get("low_on")?, below: Cost::from_nanos(row.try_get("low_below")?) },
        // A text that an older rule took and today's does not is the standard one until it is saved again.
        message: message.and_then(|text| MessageTemplate::parse(&text).ok()),
        look: look(row)?,
    })
}

/// The columns `portal_name` and `logo` of any row.
pub(in crate::store) fn look(row: &PgRow) -> Result<PortalLook, StoreError> {
    let (name, logo): (Option<String>, Option<String>) = (row.try_get("portal_name")?, row.try_get("logo")?);
    Ok(PortalLook {
        name: name.and_then(|text| PortalName::parse(&text).ok()),
        logo: logo.and_then(|text| Logo::parse(&text).ok()),
    })
}

/// What the trail says of a choice; `null` is the default.
fn told(chosen: &Preferences) -> Value {
    json!({
        "exact_times": chosen.display.exact_times,
        "shortcuts": chosen.display.single_keys,
        "low_balance": { "on": chosen.low.on, "below": chosen.low.below.to_string() },
        "message": chosen.message.as_ref().map(MessageTemplate::as_str),
        "portal_name": chosen.look.name.as_ref().map(PortalName::as_str),
        "logo": chosen.look.logo.as_ref().map(Logo::as_str),
    })
}
