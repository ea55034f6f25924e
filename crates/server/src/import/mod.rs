//! Import: records that a person chooses, brought to the other side. It is planned and shown before it is done.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use axum::{Form, Router};
use engine::{Chosen, Import, Settings};
use model::Side;
use serde::Deserialize;
use store::{ConnectionRow, Role};

use crate::history::{moment, object_of};
use crate::jobs::Task;
use crate::layout::see;
use crate::texts::Texts;
use crate::work::begin_import;
use crate::{App, Fault, Page, Signed, control, said, templates};

#[derive(Template)]
#[template(path = "import/import.html")]
struct ImportPage {
    page: Page,
    id: String,
    objects: Vec<(String, String)>,
    unfinished: Option<String>,
    latest: Option<u64>,
}

pub fn router() -> Router<App> {
    Router::new().route("/c/{connection}/import", get(form).post(plan))
}

/// What is to be imported, as a form says it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    object: String,
    condition: String,
    created_since: String,
    modified_since: String,
    ids: String,
    resume: Option<String>,
}

async fn form(State(app): State<App>, page: Page) -> Result<Response, Fault> {
    let row = page.connection()?.clone();
    let t = page.t;
    let engine = app.supervisor.as_ref().and_then(|all| all.connection(&row.id));
    let unfinished = match engine {
        Some(engine) => engine.unfinished_import().map_err(Fault::failed)?,
        None => None,
    };
    let of_import = |task: &Task| matches!(task, Task::Import { .. });
    let view = ImportPage {
        id: row.id.as_str().to_owned(),
        objects: objects(t, &row),
        unfinished: unfinished.map(|import| in_words(t, &import)),
        latest: app.jobs.latest(&row.id, of_import).map(|job| job.id),
        page,
    };
    Ok(templates::html(&view))
}

/// The objects in step, Salesforce's first: that is where most are imported from.
fn objects(t: Texts, row: &ConnectionRow) -> Vec<(String, String)> {
    let settings: Option<Settings> = serde_json::from_value(row.settings.clone()).ok();
    let mappings: Vec<_> = settings
        .into_iter()
        .flat_map(|settings| settings.objects)
        .filter(|mapping| mapping.enabled)
        .collect();
    let mut objects: Vec<(String, String)> = Vec::new();
    for side in [Side::Salesforce, Side::HubSpot] {
        for mapping in &mappings {
            let object = mapping.object(side);
            let value = format!("{}:{object}", side.as_str());
            if !objects.iter().any(|(known, _)| *known == value) {
                objects.push((value, format!("{side}: {}", said::object(t, side, object))));
            }
        }
    }
    objects
}

/// An import in words.
#[must_use]
pub fn in_words(t: Texts, import: &Import) -> String {
    let object = format!("{} {}", import.from, said::object(t, import.from, &import.object));
    match (&import.chosen.ids, &import.chosen.condition) {
        (Some(ids), _) => t.with2("import-words-ids", "object", object, "count", ids.len()),
        (None, Some(condition)) => {
            t.with2("import-words-where", "object", object, "condition", said::short(condition))
        }
        (None, None) => t.with("import-words-all", "object", object),
    }
}

/// The ids of a text, one a line or separated by commas.
///
/// # Errors
/// When one is no id of that side.
pub fn ids(text: &str, side: Side) -> Result<Option<Vec<String>>, Fault> {
    let mut ids = Vec::new();
    for id in text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';')).filter(|id| !id.is_empty()) {
        let long = match side {
            Side::HubSpot => id.chars().all(|digit| digit.is_ascii_digit()).then(|| id.to_owned()),
            Side::Salesforce => model::salesforce_id_18(id),
        };
        ids.push(long.ok_or_else(|| Fault::refused(format!("'{id}' is no record id of {side}.")))?);
    }
    Ok(Some(ids).filter(|ids| !ids.is_empty()))
}

fn import_of(asked: &Asked) -> Result<Import, Fault> {
    let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let (from, object) = object_of(&asked.object)
        .ok_or_else(|| Fault::refused("Choose the object whose records are imported."))?;
    let since = |text: &str| some(text).map(|text| moment(&text)).transpose();
    Ok(Import {
        from,
        object,
        chosen: Chosen {
            condition: some(&asked.condition),
            created_since: since(&asked.created_since)?,
            modified_since: since(&asked.modified_since)?,
            ids: ids(&asked.ids, from)?,
        },
    })
}

async fn plan(
    State(app): State<App>,
    signed: Signed,
    page: Page,
    Form(asked): Form<Asked>,
) -> Result<Response, Fault> {
    signed.require(Role::Operator)?;
    let row = page.connection()?;
    let unfinished = control::engine_of(&app, &row.id)?.unfinished_import().map_err(Fault::failed)?;
    let job = match (unfinished, asked.resume.is_some()) {
        (Some(left), true) => resume(&app, &signed, row, in_words(page.t, &left))?,
        (None, true) => return Err(Fault::conflict("There is no import to go on with.")),
        (Some(_), false) => {
            return Err(Fault::conflict("Another import is not finished. Go on with it first."));
        }
        (None, false) => {
            let import = import_of(&asked)?;
            let what = in_words(page.t, &import);
            begin_import(&app, &signed, &row.id, import, what, false)?
        }
    };
    Ok(see(&format!("/c/{}/work/{job}", row.id.as_str())))
}

/// Goes on with the import that was cut short.
fn resume(app: &App, signed: &Signed, row: &ConnectionRow, what: String) -> Result<u64, Fault> {
    let engine = control::engine_of(app, &row.id)?;
    app.note(signed, Some(&row.id), "import", None, Some(serde_json::json!({ "resumed": what })))?;
    let task = Task::Import { what, import: serde_json::Value::Null, apply: true };
    Ok(app.jobs.begin(&row.id, task, (app.now)(), async move {
        let summary = engine.import(None).await.map_err(|error| error.to_string())?;
        let summary = serde_json::to_value(summary).map_err(|error| error.to_string())?;
        Ok(crate::jobs::Answer::Import(summary.into()))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_taken_as_people_paste_them() {
        assert_eq!(ids("1, 2\n3;", Side::HubSpot).unwrap(), Some(vec!["1".into(), "2".into(), "3".into()]));
        assert_eq!(ids(" \n", Side::HubSpot).unwrap(), None);
        let long = ids("001D000000IRFma", Side::Salesforce).unwrap().unwrap();
        assert_eq!(long, ["001D000000IRFmaIAH"]);
        assert!(ids("Ada", Side::HubSpot).is_err());
        assert!(ids("12", Side::Salesforce).is_err());
    }

    #[test]
    fn what_is_imported_is_read_from_the_form() {
        let asked = Asked {
            object: "salesforce:Contact".into(),
            condition: " Email != null ".into(),
            created_since: "2026-01-01T00:00".into(),
            ..Asked::default()
        };
        let import = import_of(&asked).unwrap();
        assert_eq!((import.from, import.object.as_str()), (Side::Salesforce, "Contact"));
        assert_eq!(import.chosen.condition.as_deref(), Some("Email != null"));
        assert!(import.chosen.created_since.is_some() && import.chosen.ids.is_none());
        assert!(import_of(&Asked::default()).is_err());
    }
}
