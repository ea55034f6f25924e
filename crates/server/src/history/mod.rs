//! What Tandem did: all of it, or what one run, object or time did; and the way to take it back.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use model::Side;
use serde::Deserialize;
use store::{HistoryFilter, HistoryScope, RunRow};

use crate::layout::escaped;
use crate::lines::{Line, lines};
use crate::{App, Fault, Page, said, templates};

/// Lines on a page.
pub const ROWS: u32 = 50;
/// Runs to choose from.
const RUNS: u32 = 30;

/// Which part of the history is asked for.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// Only what this run did.
    pub run: Option<String>,
    /// Only what was done to this record and the one it is linked to.
    pub record: Option<String>,
    /// Only of this object, such as `hubspot:contacts` or `salesforce:Contact`.
    pub object: Option<String>,
    /// Only from this moment on, such as `2026-11-24T08:00` in UTC.
    pub since: Option<String>,
    /// Only lines before the one of this number: the next page.
    pub before: Option<i64>,
}

fn some(text: &Option<String>) -> Option<String> {
    text.as_ref().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

impl Asked {
    /// As the store takes it.
    ///
    /// # Errors
    /// When the time or the object cannot be understood.
    pub fn scope(&self) -> Result<(HistoryScope, HistoryFilter), Fault> {
        let object = match some(&self.object) {
            Some(text) => Some(object_of(&text).ok_or_else(|| {
                Fault::refused(format!(
                    "'{text}' is no object; write hubspot:contacts or salesforce:Contact, for example."
                ))
            })?),
            None => None,
        };
        let since = some(&self.since).map(|text| moment(&text)).transpose()?;
        let (side, object) = object.map_or((None, None), |(side, object)| (Some(side), Some(object)));
        let scope =
            HistoryScope { side, object, run: some(&self.run), since, outcome: None, before: self.before };
        Ok((scope, HistoryFilter { record: some(&self.record), limit: Some(ROWS) }))
    }

    fn query(&self) -> String {
        let pairs =
            [("run", &self.run), ("record", &self.record), ("object", &self.object), ("since", &self.since)];
        let pairs = pairs.iter().filter_map(|(name, text)| Some(format!("{name}={}", escaped(&some(text)?))));
        pairs.collect::<Vec<_>>().join("&")
    }
}

/// A side and an object of the form `hubspot:contacts`.
#[must_use]
pub fn object_of(text: &str) -> Option<(Side, String)> {
    let (side, object) = text.split_once(':')?;
    match side {
        "hubspot" => Some((Side::HubSpot, object.to_owned())),
        "salesforce" => Some((Side::Salesforce, object.to_owned())),
        _ => None,
    }
}

/// A moment as forms and programs write it; without an offset, it is in UTC.
///
/// # Errors
/// When it is none.
pub fn moment(text: &str) -> Result<Timestamp, Fault> {
    let at = text.parse::<Timestamp>().ok();
    let at = at.or_else(|| TimeZone::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok());
    at.ok_or_else(|| Fault::refused(format!("'{text}' is no time; write it as 2026-11-24T08:00.")))
}

#[derive(Template)]
#[template(path = "history/history.html")]
struct History {
    page: Page,
    id: String,
    lines: Vec<Line>,
    runs: Vec<Run>,
    objects: Vec<(String, String, bool)>,
    record: String,
    since: String,
    asked: bool,
    undo: Option<Undo>,
    next: Option<String>,
}

/// What can be taken back of what is shown.
struct Undo {
    run: String,
    since: String,
}

struct Run {
    id: String,
    kind: String,
    at: String,
    chosen: bool,
}

pub fn router() -> Router<App> {
    Router::new().route("/c/{connection}/history", get(history))
}

async fn history(State(app): State<App>, page: Page, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let row = page.connection()?.clone();
    let t = page.t;
    let (scope, filter) = asked.scope()?;
    let found = app.store.history_within(&row.id, &scope, &filter)?;
    let first = found.first().map(|line| line.id).filter(|_| found.len() == ROWS as usize);
    let query = asked.query();
    let next = first.map(|before| format!("/c/{}/history?{query}&before={before}", row.id.as_str()));
    let chosen = |run: &RunRow| scope.run.as_deref() == Some(run.id.as_str());
    let runs = app.store.runs(&row.id, RUNS)?.into_iter().map(|run| Run {
        chosen: chosen(&run),
        kind: crate::said::run_kind(t, &run.kind),
        at: run.started_at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        id: run.id,
    });
    let mut objects: Vec<(String, String, bool)> = Vec::new();
    for kind in app.store.link_kinds(&row.id)? {
        for (side, object) in
            [(Side::HubSpot, kind.hubspot_object), (Side::Salesforce, kind.salesforce_object)]
        {
            let value = format!("{}:{object}", side.as_str());
            if !objects.iter().any(|(known, _, _)| *known == value) {
                let is_chosen = asked.object.as_deref() == Some(value.as_str());
                objects.push((value, format!("{side} {}", said::object(t, side, &object)), is_chosen));
            }
        }
    }
    // What is taken back is a run or a time: nothing less, for what is not shown would be taken back with it.
    let alone = scope.object.is_none() && filter.record.is_none();
    let undo = match (&scope.run, some(&asked.since)) {
        (Some(run), None) if alone => Some(Undo { run: run.clone(), since: String::new() }),
        (None, Some(since)) if alone => Some(Undo { run: String::new(), since }),
        _ => None,
    };
    let view = History {
        id: row.id.as_str().to_owned(),
        asked: !query.is_empty(),
        lines: lines(&app, t, &row.id, found)?,
        runs: runs.collect(),
        objects,
        record: some(&asked.record).unwrap_or_default(),
        since: some(&asked.since).unwrap_or_default(),
        undo: undo.filter(|_| page.may("operator")),
        next,
        page,
    };
    Ok(templates::html(&view))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_taken_as_forms_and_programs_write_it() {
        let expected: Timestamp = "2026-11-24T08:00:00Z".parse().unwrap();
        for text in
            ["2026-11-24T08:00", "2026-11-24T08:00:00Z", "2026-11-24T09:00:00+01:00", "2026-11-24 08:00:00"]
        {
            assert_eq!(moment(text).unwrap(), expected, "{text}");
        }
        assert!(moment("yesterday").is_err());
    }

    #[test]
    fn an_object_names_its_side() {
        assert_eq!(object_of("salesforce:My__c"), Some((Side::Salesforce, "My__c".to_owned())));
        assert_eq!(object_of("contacts"), None);
        let asked = Asked { object: Some("elsewhere:x".into()), ..Asked::default() };
        assert!(asked.scope().is_err());
    }
}
