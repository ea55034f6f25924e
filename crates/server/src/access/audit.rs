//! The audit page: who changed what, when, from what to what.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use store::Role;

use super::Signed;
use crate::{App, Fault, Page, templates};

/// Rows on a page.
const ROWS: u32 = 50;
/// Characters of a value that are shown; the API has them whole.
const SHOWN: usize = 400;

struct Line {
    at: Timestamp,
    who: String,
    what: String,
    connection: String,
    before: String,
    after: String,
}

#[derive(Template)]
#[template(path = "access/audit.html")]
struct Audit {
    page: Page,
    lines: Vec<Line>,
    older: Option<i64>,
}

pub fn router() -> Router<App> {
    Router::new().route("/audit", get(show))
}

#[derive(Deserialize)]
struct Place {
    before: Option<i64>,
}

async fn show(
    State(app): State<App>,
    page: Page,
    signed: Signed,
    Query(place): Query<Place>,
) -> Result<Response, Fault> {
    signed.require(Role::Administrator)?;
    let rows = app.store.audit_rows(place.before, ROWS)?;
    let full = u32::try_from(rows.len()).is_ok_and(|rows| rows == ROWS);
    let older = rows.last().filter(|_| full).map(|row| row.id);
    let t = page.t;
    let lines = rows.into_iter().map(|row| {
        let key = format!("access-what-{}", row.entry.what);
        let changed = changed(row.entry.before, row.entry.after);
        Line {
            at: row.entry.at,
            who: row.entry.who,
            // What other areas note may have no text of its own yet; its short name then stands for it.
            what: if t.has(&key) { t.get(&key) } else { row.entry.what },
            connection: row.connection.map(|id| id.as_str().to_owned()).unwrap_or_default(),
            before: changed.0,
            after: changed.1,
        }
    });
    let lines = lines.collect();
    Ok(templates::html(&Audit { page, lines, older }))
}

/// Of two objects, only the members that differ; and of each value no more than fits a page.
fn changed(before: Option<Value>, after: Option<Value>) -> (String, String) {
    let (before, after) = match (before, after) {
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            let only = |one: &serde_json::Map<String, Value>, other: &serde_json::Map<String, Value>| {
                let differs = one.iter().filter(|(name, value)| other.get(*name) != Some(*value));
                Some(Value::Object(differs.map(|(name, value)| (name.clone(), value.clone())).collect()))
            };
            (only(&before, &after), only(&after, &before))
        }
        both => both,
    };
    (in_words(before), in_words(after))
}

fn in_words(value: Option<Value>) -> String {
    let text = match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::Object(members)) => {
            let lines = members.iter().map(|(name, value)| format!("{name}: {}", plain(value)));
            lines.collect::<Vec<_>>().join("\n")
        }
        Some(other) => plain(&other),
    };
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_differs_is_shown() {
        let before = json!({ "email": "a@b.example", "role": "viewer" });
        let after = json!({ "email": "a@b.example", "role": "operator" });
        assert_eq!(changed(Some(before), Some(after)), ("role: viewer".into(), "role: operator".into()));
        let long = in_words(Some(json!("é".repeat(SHOWN + 1))));
        assert_eq!(long.chars().count(), SHOWN + 1);
    }
}
