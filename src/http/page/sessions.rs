//! A person's sessions as both sites list them.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::domain::device;
use crate::http::page::parts::Session;
use crate::http::page::words;
use crate::store::sessions::ListedSession;

/// A session in the list below `folder` (`/settings`, `/account`), as it looks from the session `current`. `when` writes
/// the moment it was last seen.
pub fn shown(
    listed: &ListedSession,
    current: Uuid,
    folder: &str,
    now: DateTime<Utc>,
    when: impl Fn(DateTime<Utc>) -> String,
) -> Session {
    let this = listed.session == current;
    Session {
        device: device::device(&listed.user_agent),
        created: format!("{} {}", words::day(now, listed.created), listed.created.format("%H:%M UTC")),
        last_seen: if this { "now".to_owned() } else { when(listed.last_seen) },
        current: this,
        action: format!("{folder}/sessions/{}/revoke", listed.session),
    }
}
