//! What a person asked for that takes a while: an undo or an import, planned first, shown, then done.

mod undo_view;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Form, Router};
use engine::UndoScope;
use model::{ConnectionId, Side};
use serde::Deserialize;
use serde_json::json;
use store::Role;

use self::undo_view::{UndoView, undo_view};
use crate::history::moment;
use crate::jobs::{Answer, Job, Standing, Task};
use crate::layout::see;
use crate::plan_view::{PlanView, plan_view};
use crate::{App, Fault, Page, Signed, control, templates};

#[derive(Template)]
#[template(path = "work/job.html")]
struct JobPage {
    page: Page,
    id: String,
    job: u64,
    title: String,
    subject: String,
    running: bool,
    seconds: i64,
    failed: Option<String>,
    plan: Option<PlanView>,
    undo: Option<UndoView>,
    imported: Option<ImportView>,
    progress: Option<ImportView>,
    /// What may be done next: the text of the button, and whether later edits can be taken back too.
    next: Option<String>,
    can_force: bool,
    applied: bool,
    undo_class: &'static str,
}

/// How far an import has come.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ImportView {
    /// Records chosen.
    pub chosen: u64,
    /// Made on the other side.
    pub imported: u64,
    /// Linked with one that was there.
    pub linked: u64,
    /// In step before.
    pub in_step: u64,
    /// Left alone.
    pub skipped: u64,
    /// Not imported because something stands against it.
    pub refused: u64,
    /// The refusals.
    pub refusals: Vec<RefusalView>,
}

/// A record that could not be imported.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct RefusalView {
    /// Its id.
    pub record: String,
    /// The field.
    pub field: Option<String>,
    /// What happened.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

pub fn router() -> Router<App> {
    Router::new()
        .route("/c/{connection}/undo", post(plan_undo))
        .route("/c/{connection}/work/{job}", get(job).post(apply))
}

/// What is to be taken back, as a form says it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Scope {
    side: String,
    object: String,
    record: String,
    run: String,
    since: String,
}

impl Scope {
    fn scope(&self) -> Result<UndoScope, Fault> {
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        match (given(&self.record), given(&self.run), given(&self.since)) {
            (Some(record), None, None) => Ok(match (self.side.as_str(), given(&self.object)) {
                ("hubspot", Some(object)) => UndoScope::RecordOf { side: Side::HubSpot, object, record },
                ("salesforce", Some(object)) => {
                    UndoScope::RecordOf { side: Side::Salesforce, object, record }
                }
                _ => UndoScope::Record(record),
            }),
            (None, Some(run), None) => Ok(UndoScope::Run(run)),
            (None, None, Some(since)) => Ok(UndoScope::Since(moment(&since)?)),
            _ => Err(Fault::refused("Name one record, one run or one time to take back.")),
        }
    }
}

async fn plan_undo(
    State(app): State<App>,
    signed: Signed,
    page: Page,
    Form(form): Form<Scope>,
) -> Result<Response, Fault> {
    signed.require(Role::Operator)?;
    let row = page.connection()?;
    let job = begin_undo(&app, &signed, &row.id, form.scope()?, false, false)?;
    Ok(see(&format!("/c/{}/work/{job}", row.id.as_str())))
}

/// Plans an undo, or does it; answers the number of the job.
///
/// # Errors
/// When the connection is not open.
pub fn begin_undo(
    app: &App,
    signed: &Signed,
    id: &ConnectionId,
    scope: UndoScope,
    force: bool,
    apply: bool,
) -> Result<u64, Fault> {
    let engine = control::engine_of(app, id)?;
    if apply {
        let what = json!({ "scope": format!("{scope:?}"), "force": force });
        app.note(signed, Some(id), "undo", None, Some(what))?;
    }
    let task = Task::Undo { scope: scope.clone(), force, apply };
    Ok(app.jobs.begin(id, task, (app.now)(), async move {
        let done =
            if apply { engine.undo(&scope, force).await } else { engine.plan_undo(&scope, force).await };
        done.map(|plan| Answer::Undo(plan.into())).map_err(|error| error.to_string())
    }))
}

/// Plans an import, or does it; answers the number of the job.
///
/// # Errors
/// When the connection is not open.
pub fn begin_import(
    app: &App,
    signed: &Signed,
    id: &ConnectionId,
    import: engine::Import,
    what: String,
    apply: bool,
) -> Result<u64, Fault> {
    let engine = control::engine_of(app, id)?;
    let kept = serde_json::to_value(&import).map_err(Fault::failed)?;
    if apply {
        app.note(signed, Some(id), "import", None, Some(kept.clone()))?;
    }
    let task = Task::Import { what, import: kept, apply };
    Ok(app.jobs.begin(id, task, (app.now)(), async move {
        if apply {
            let summary = engine.import(Some(import)).await.map_err(|error| error.to_string())?;
            let summary = serde_json::to_value(summary).map_err(|error| error.to_string())?;
            return Ok(Answer::Import(summary.into()));
        }
        let plan = engine.plan_import(import).await.map_err(|error| error.to_string())?;
        Ok(Answer::Plan(plan.into()))
    }))
}

async fn job(
    State(app): State<App>,
    page: Page,
    Path((_, number)): Path<(String, u64)>,
) -> Result<Response, Fault> {
    let row = page.connection()?.clone();
    let job = found(&app, &row.id, number)?;
    let view = job_page(&app, page, &row.id, job)?;
    Ok(templates::html(&view))
}

fn found(app: &App, id: &ConnectionId, number: u64) -> Result<Job, Fault> {
    app.jobs.job(id, number).ok_or_else(|| Fault::new(axum::http::StatusCode::NOT_FOUND, "fault-no-job"))
}

fn job_page(app: &App, page: Page, id: &ConnectionId, job: Job) -> Result<JobPage, Fault> {
    let t = page.t;
    let (kind, subject, applied) = match &job.task {
        Task::Settings => ("settings", String::new(), false),
        Task::Undo { scope, apply, .. } => {
            let subject = match scope {
                UndoScope::Record(record) | UndoScope::RecordOf { record, .. } => {
                    t.with("work-undo-record", "record", record)
                }
                UndoScope::Run(run) => t.with("work-undo-run", "run", run),
                UndoScope::Since(since) => t.with("work-undo-since", "since", since.to_string()),
            };
            ("undo", subject, *apply)
        }
        Task::Import { what, apply, .. } => ("import", what.clone(), *apply),
    };
    let title = t.get(&format!("work-{kind}-{}", if applied { "done" } else { "plan" }));
    let mut view = JobPage {
        id: id.as_str().to_owned(),
        job: job.id,
        title,
        subject,
        running: job.is_running(),
        seconds: (app.now)().as_second().saturating_sub(job.began.as_second()).max(0),
        failed: None,
        plan: None,
        undo: None,
        imported: None,
        progress: None,
        next: None,
        can_force: false,
        applied,
        undo_class: "",
        page,
    };
    match job.standing {
        Standing::Running if applied && kind == "import" => view.progress = progress(app, id)?,
        Standing::Running => {}
        Standing::Failed(why) => view.failed = Some(why),
        Standing::Done(Answer::Plan(plan)) => {
            let something = !plan.counts.is_empty();
            view.next = (kind == "import" && something).then(|| t.get("work-import-do"));
            view.plan = Some(plan_view(t, id, &plan));
        }
        Standing::Done(Answer::Undo(plan)) => {
            let possible = plan.to_do() + plan.conflicts();
            view.next = (!applied && possible > 0).then(|| t.get("work-undo-do"));
            view.undo_class = match plan.failed() {
                _ if !applied => "",
                0 => "done",
                _ => "warning",
            };
            view.can_force = !applied && plan.conflicts() > 0;
            view.undo = Some(undo_view(t, id, &plan));
        }
        Standing::Done(Answer::Import(summary)) => {
            view.imported = serde_json::from_value((*summary).clone()).ok();
        }
    }
    view.next = view.next.filter(|_| view.page.may("operator"));
    Ok(view)
}

/// How far the import that is at work has come, as it is kept.
fn progress(app: &App, id: &ConnectionId) -> Result<Option<ImportView>, Fault> {
    let kept: Option<serde_json::Value> = app.store.setting(&format!("import:{}", id.as_str()))?;
    let summary = kept.and_then(|kept| kept.get("summary").cloned());
    Ok(summary.and_then(|summary| serde_json::from_value(summary).ok()))
}

#[derive(Deserialize)]
struct Apply {
    #[serde(default)]
    force: Option<String>,
}

async fn apply(
    State(app): State<App>,
    signed: Signed,
    page: Page,
    Path((_, number)): Path<(String, u64)>,
    Form(form): Form<Apply>,
) -> Result<Response, Fault> {
    signed.require(Role::Operator)?;
    let row = page.connection()?;
    let seen = found(&app, &row.id, number)?;
    let job = match seen.task {
        Task::Undo { scope, apply: false, .. } => {
            begin_undo(&app, &signed, &row.id, scope, form.force.is_some(), true)?
        }
        Task::Import { what, import, apply: false } => {
            let import = serde_json::from_value(import).map_err(Fault::failed)?;
            begin_import(&app, &signed, &row.id, import, what, true)?
        }
        _ => return Err(Fault::conflict("This is done already.")),
    };
    Ok(see(&format!("/c/{}/work/{job}", row.id.as_str())))
}
