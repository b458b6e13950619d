//! The trail in words: what was done on the account, by whom, from where.

use serde_json::Value;

use crate::domain::money::Usd;
use crate::http::dashboard::visit::Visit;
use crate::http::json::error::JsonError;
use crate::http::page::parts::Pager;
use crate::http::page::words;
use crate::store::views::audit::AuditRow;

/// Acts of one page.
const SHOWN: i64 = 20;

/// One act.
#[derive(Clone, Debug, Default)]
pub struct Act {
    /// "2026-11-23 09:41"
    pub at: String,
    pub at_iso: String,
    /// You, Account Key, Operator
    pub actor: String,
    pub what: String,
    pub ip: String,
}

/// The acts of this request's page, newest first.
///
/// # Errors
/// 422 for a cursor that is not of this list.
pub async fn page(visit: &Visit<'_>) -> Result<(Vec<Act>, Pager), JsonError> {
    let (views, list, cursor) = (&visit.dash.manage, format!("acts:{}", visit.account), visit.query("cursor"));
    let before = match cursor.as_str() {
        "" => None,
        cursor => Some(place(views.cursors.read(&list, cursor))?),
    };
    let mut rows = views.audit.list(visit.account, before, SHOWN + 1).await?;
    let more = rows.len() > usize::try_from(SHOWN).unwrap_or(usize::MAX);
    rows.truncate(usize::try_from(SHOWN).unwrap_or(usize::MAX));
    let older = rows.last().filter(|_| more).map(|last| views.cursors.make(&list, &last.id.to_string()));
    let pager = Pager {
        pages: more || before.is_some(),
        range: format!("{SHOWN} acts a page"),
        newer: before.map(|_| "/settings#h-trail".to_owned()).unwrap_or_default(),
        newer_word: "Newest".to_owned(),
        older: older.map(|cursor| format!("/settings?cursor={cursor}#h-trail")).unwrap_or_default(),
        older_word: "Older".to_owned(),
    };
    Ok((rows.iter().map(shown).collect(), pager))
}

fn place(read: Option<String>) -> Result<i64, JsonError> {
    let place = read.and_then(|place| place.parse().ok());
    place.ok_or_else(|| JsonError::invalid("cursor", "This link does not belong to your list. Open Settings again."))
}

fn shown(row: &AuditRow) -> Act {
    let actor = match row.actor.as_str() {
        "reseller" => "You",
        "account_key" => "Account Key",
        "operator" => "Operator",
        _ => "Somebody",
    };
    Act {
        at: row.at.format("%Y-%m-%d %H:%M").to_string(),
        at_iso: words::iso(row.at),
        actor: actor.to_owned(),
        what: what(row),
        ip: row.ip.clone(),
    }
}

fn what(row: &AuditRow) -> String {
    let key = row.label.as_deref().unwrap_or("a key");
    let said = |field: &str| row.detail.as_ref().and_then(|detail| detail.get(field)).unwrap_or(&Value::Null);
    let amount = |field: &str| said(field).as_str().and_then(|typed| Usd::parse(typed).ok()).map(words::dollars);
    match row.action.as_str() {
        "signed_in" => "Signed in".to_owned(),
        "signed_out" => "Signed out".to_owned(),
        "stepped_up" => "Confirmed with a code".to_owned(),
        "session_revoked" => "Signed out a session".to_owned(),
        "sessions_revoked" => "Signed out everywhere".to_owned(),
        "key_created" => match (amount("budget"), amount("cost")) {
            (Some(budget), Some(cost)) => format!("Created {key}, {budget} for {cost}"),
            _ => format!("Created {key}"),
        },
        "key_topped_up" => match amount("amount") {
            Some(amount) => format!("Topped up {key} by {amount}"),
            None => format!("Topped up {key}"),
        },
        "key_changed" => format!("Renamed a key to {}", said("label").as_str().unwrap_or(key)),
        "key_paused" => format!("Paused {key}"),
        "key_resumed" => format!("Resumed {key}"),
        "key_rotated" => format!("Rotated {key}"),
        "key_deleted" => format!("Deleted {key}"),
        "account_key_made" => format!("Made the Account Key {}…", said("hint").as_str().unwrap_or_default()),
        "account_key_first_used" => format!("First use from {}", row.ip),
        "preferences_saved" => format!("Changed {}", changed(said("before"), said("after"))),
        other => in_words(other),
    }
}

/// Which parts of the settings differ: "alerts", "portal name and logo".
fn changed(before: &Value, after: &Value) -> String {
    let parts = [
        ("exact_times", "times"),
        ("shortcuts", "shortcuts"),
        ("low_balance", "the low-balance alert"),
        ("message", "the client message"),
        ("portal_name", "the portal name"),
        ("logo", "the logo"),
    ];
    let differs = |field: &str| before.get(field) != after.get(field);
    let named: Vec<&str> = parts.into_iter().filter(|(field, _)| differs(field)).map(|(_, words)| words).collect();
    if named.is_empty() { "settings".to_owned() } else { named.join(", ") }
}

/// A stored word that has no sentence: `top_up_started` as "Top up started".
fn in_words(action: &str) -> String {
    let text = action.replace('_', " ");
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_act_is_a_sentence_with_the_label_of_today() {
        let (none, label) = (Value::Null, Some("acme"));
        let rows = [
            ("key_created", label, json!({ "budget": "100", "cost": "60" }), "Created acme, $100.00 for $60.00"),
            ("key_topped_up", label, json!({ "amount": "1250.5" }), "Topped up acme by $1,250.50"),
            ("key_changed", label, json!({ "label": "old", "paused": null }), "Renamed a key to old"),
            ("key_paused", None, none.clone(), "Paused a key"),
            ("account_key_made", None, json!({ "hint": "sk-ant-9f27b" }), "Made the Account Key sk-ant-9f27b…"),
            (
                "preferences_saved",
                None,
                json!({ "before": { "logo": null, "message": null }, "after": { "logo": "ak", "message": "x" } }),
                "Changed the client message, the logo",
            ),
            ("something_new", None, none, "Something new"),
        ];
        for (action, label, detail, words) in rows {
            let row = AuditRow {
                id: 1,
                at: chrono::DateTime::UNIX_EPOCH,
                actor: "reseller".into(),
                action: action.into(),
                object: None,
                label: label.map(str::to_owned),
                detail: Some(detail),
                ip: String::new(),
                user_agent: String::new(),
            };
            assert_eq!(what(&row), words);
        }
    }
}
