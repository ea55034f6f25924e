//! A connection's state as one JSON object, for programs.

use jiff::Timestamp;
use model::{ConnectionId, Side};
use serde_json::{Value, json};
use store::Store;

/// A connection's state as one JSON object: what `tandem status --json` prints.
///
/// # Errors
/// When the store cannot be read.
pub fn status_of(
    store: &Store,
    connection: &ConnectionId,
    now: Timestamp,
) -> Result<Value, store::StoreError> {
    let row = store.connection(connection)?;
    let marks = store.mark_counts(connection, now)?;
    let count = |side: Side, due: bool| -> u64 {
        let of_side = marks.iter().filter(|((at, _), _)| *at == side);
        of_side.map(|(_, counts)| if due { counts.due } else { counts.waiting }).sum()
    };
    let links: Vec<Value> = store
        .link_counts(connection)?
        .into_iter()
        .map(|(hubspot, salesforce, links)| json!({"hubspot": hubspot, "salesforce": salesforce, "links": links}))
        .collect();
    let errors: Vec<Value> = store
        .error_summary(connection)?
        .into_iter()
        .map(|summary| {
            json!({
                "category": summary.category, "errors": summary.errors, "records": summary.records,
                "first_seen": summary.first_seen, "last_seen": summary.last_seen,
            })
        })
        .collect();
    let run = store.runs(connection, 1)?.into_iter().next();
    // How the budget stood when it was last kept, with the calls as they are counted now.
    let mut budget: Value =
        store.setting(&format!("budget:{}", connection.as_str()))?.unwrap_or_else(|| json!({}));
    if let Some(budget) = budget.as_object_mut() {
        budget.insert("used".into(), json!(store.calls_of_last_day(connection, Side::Salesforce, now)?));
        budget.insert("hubspot_used".into(), json!(store.calls_of_last_day(connection, Side::HubSpot, now)?));
        let held =
            budget.get("held_until").and_then(Value::as_str).and_then(|at| at.parse::<Timestamp>().ok());
        if held.is_none_or(|until| until <= now) {
            budget.insert("held_until".into(), Value::Null);
        }
    }
    Ok(json!({
        "budget": budget,
        "connection": row.as_ref().map(|row| row.id.as_str().to_owned()),
        "name": row.as_ref().map(|row| row.name.clone()),
        "state": row.as_ref().map(|row| row.state.as_str()),
        "state_reason": row.as_ref().and_then(|row| row.state_reason.clone()),
        "hubspot_account": row.as_ref().map(|row| row.hubspot_account.clone()),
        "salesforce_org": row.as_ref().map(|row| row.salesforce_org.clone()),
        "links": links,
        "marks": {
            "hubspot": {"due": count(Side::HubSpot, true), "waiting": count(Side::HubSpot, false)},
            "salesforce": {"due": count(Side::Salesforce, true), "waiting": count(Side::Salesforce, false)},
        },
        "errors": errors,
        "last_run": run.map(|run| json!({
            "run": run.id, "kind": run.kind, "started_at": run.started_at, "finished_at": run.finished_at, "outcome": run.outcome,
            "figures": run.figures,
        })),
    }))
}
