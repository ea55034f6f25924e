//! Changes that wait: what they are, what they would do, and applying or forgetting them.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use engine::Settings;
use jiff::Timestamp;
use store::{ConnectionRow, Role};

use super::draft::{Draft, draft, keep, settings_of};
use super::{Difference, differences};
use crate::control::see_done;
use crate::jobs::{Answer, Standing, Task};
use crate::layout::see;
use crate::plan_view::{PlanView, plan_view};
use crate::{App, Fault, Page, Signed, control, templates};

#[derive(Template)]
#[template(path = "settings/changes.html")]
struct ChangesPage {
    page: Page,
    id: String,
    who: String,
    at: Timestamp,
    differences: Vec<Difference>,
    running: bool,
    seconds: i64,
    planned: bool,
    failed: Option<String>,
    plan: Option<PlanView>,
    stale: bool,
    may_change: bool,
}

pub fn router() -> Router<App> {
    Router::new()
        .route("/c/{connection}/changes", get(changes))
        .route("/c/{connection}/fields", get(fields))
        .route("/c/{connection}/changes/plan", post(plan))
        .route("/c/{connection}/changes/apply", post(apply_draft))
        .route("/c/{connection}/changes/discard", post(discard))
}

/// Sets a plan of the changes to work.
pub(super) fn begin(app: &App, row: &ConnectionRow, draft: &Draft) -> Result<u64, Fault> {
    plan_settings(app, row, draft.settings.clone())
}

/// Finds out in the background what settings would change; answers the number of the job.
///
/// # Errors
/// When the connection is not open.
pub fn plan_settings(app: &App, row: &ConnectionRow, settings: Settings) -> Result<u64, Fault> {
    let engine = control::engine_of(app, &row.id)?;
    Ok(app.jobs.begin(&row.id, Task::Settings, (app.now)(), async move {
        let plan = engine.plan(Some(settings)).await.map_err(|error| error.to_string())?;
        Ok(Answer::Plan(plan.into()))
    }))
}

async fn changes(State(app): State<App>, page: Page) -> Result<Response, Fault> {
    let row = page.connection()?.clone();
    let t = page.t;
    let Some(draft) = draft(&app, &row)? else {
        return Ok(see(&format!("/c/{}/contacts", row.id.as_str())));
    };
    let standing = settings_of(&row)?;
    let job = app.jobs.latest(&row.id, |task| *task == Task::Settings).filter(|job| job.began >= draft.at);
    let mut view = ChangesPage {
        id: row.id.as_str().to_owned(),
        differences: differences(t, &standing, &draft.settings),
        running: job.as_ref().is_some_and(crate::jobs::Job::is_running),
        seconds: job
            .as_ref()
            .map_or(0, |job| (app.now)().as_second().saturating_sub(job.began.as_second()).max(0)),
        planned: job.is_some(),
        failed: None,
        plan: None,
        stale: draft.base != row.settings,
        may_change: page.may("administrator"),
        who: draft.who,
        at: draft.at,
        page,
    };
    match job.map(|job| job.standing) {
        Some(Standing::Done(Answer::Plan(plan))) => view.plan = Some(plan_view(t, &row.id, &plan)),
        Some(Standing::Failed(why)) => view.failed = Some(why),
        _ => {}
    }
    Ok(templates::html(&view))
}

async fn plan(State(app): State<App>, signed: Signed, page: Page) -> Result<Response, Fault> {
    signed.require(Role::Administrator)?;
    let row = page.connection()?;
    if let Some(waiting) = draft(&app, row)? {
        begin(&app, row, &waiting)?;
    }
    Ok(see(&format!("/c/{}/changes", row.id.as_str())))
}

async fn apply_draft(State(app): State<App>, signed: Signed, page: Page) -> Result<Response, Fault> {
    signed.require(Role::Administrator)?;
    let row = page.connection()?.clone();
    let waiting = draft(&app, &row)?.ok_or_else(|| Fault::conflict("There are no changes to apply."))?;
    if waiting.base != row.settings {
        return Err(Fault::conflict(
            "The settings were changed elsewhere since these changes were begun. Discard them, and make them again.",
        ));
    }
    apply(&app, &signed, &row, &waiting.settings).await?;
    keep(&app, &row, None)?;
    Ok(see_done(&format!("/c/{}/health", row.id.as_str()), "settings-done-applied"))
}

/// Keeps settings and works under them, after they were found to fit.
///
/// # Errors
/// When they do not fit, or the connection is not open. Then nothing is changed.
pub async fn apply(
    app: &App,
    signed: &Signed,
    row: &ConnectionRow,
    settings: &Settings,
) -> Result<(), Fault> {
    let engine = control::engine_of(app, &row.id)?;
    engine.check_settings(settings).await.map_err(Fault::refused)?;
    control::supervisor(app)?.change_settings(&row.id, settings).await.map_err(Fault::failed)?;
    let after = serde_json::to_value(settings).map_err(Fault::failed)?;
    Ok(app.note(signed, Some(&row.id), "settings", Some(row.settings.clone()), Some(after))?)
}

async fn discard(State(app): State<App>, signed: Signed, page: Page) -> Result<Response, Fault> {
    signed.require(Role::Administrator)?;
    let row = page.connection()?;
    keep(&app, row, None)?;
    Ok(see_done(&format!("/c/{}/contacts", row.id.as_str()), "settings-done-discarded"))
}

#[derive(Template)]
#[template(path = "settings/fields.html")]
struct FieldsPart {
    place: usize,
    hubspot: Vec<(String, String)>,
    salesforce: Vec<(String, String)>,
    segments: Vec<String>,
    chosen: Option<String>,
}

#[derive(serde::Deserialize)]
struct Place {
    place: usize,
}

/// The fields to choose from, for the rows of new mappings.
async fn fields(
    State(app): State<App>,
    signed: Signed,
    page: Page,
    axum::extract::Query(Place { place }): axum::extract::Query<Place>,
) -> Result<Response, Fault> {
    // It costs calls of both platforms.
    signed.require(Role::Administrator)?;
    let row = page.connection()?;
    let settings = match draft(&app, row)? {
        Some(draft) => draft.settings,
        None => settings_of(row)?,
    };
    let mapping = settings.objects.get(place).ok_or_else(Fault::not_found)?;
    let engine = control::engine_of(&app, &row.id)?;
    let fields = engine
        .fields_of(&mapping.hubspot_object, &mapping.salesforce_object)
        .await
        .map_err(Fault::conflict)?;
    let named =
        |fields: Vec<model::Field>| fields.into_iter().map(|field| (field.name, field.label)).collect();
    let t = page.t;
    let segments = engine.segments(&mapping.hubspot_object).await.map_err(Fault::conflict)?;
    let named_segment = |segment: &engine::Segment| match segment.size {
        Some(size) => t.with2("settings-segment-size", "name", &segment.name, "count", size),
        None => segment.name.clone(),
    };
    let chosen = mapping.segment.as_ref().and_then(|id| segments.iter().find(|segment| segment.id == *id));
    let chosen = chosen.map(named_segment);
    let segments =
        segments.iter().map(|segment| format!("{} · {}", segment.id, named_segment(segment))).collect();
    let part = FieldsPart {
        segments,
        chosen,
        place,
        hubspot: named(fields.hubspot),
        salesforce: named(fields.salesforce),
    };
    Ok(templates::html(&part))
}
