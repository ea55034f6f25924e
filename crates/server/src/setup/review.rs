//! Which way to choose, the review of everything chosen, and the end.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::post;
use axum::{Form, Router};
use engine::Settings;
use engine::setup::{Answers, EmbedState, Outcome, PackageState, Preview, Setup, Step, Way};
use serde::Deserialize;

use super::{Frame, after, of};
use crate::control::see_done;
use crate::texts::Texts;
use crate::{App, Fault, Page, Signed, templates};

pub fn router() -> Router<App> {
    Router::new()
        .route("/setup/{draft}/sync/choose", post(choose))
        .route("/setup/{draft}/review/plan", post(plan))
        .route("/setup/{draft}/finish", post(finish))
}

/// One thing that was chosen.
pub(crate) struct Fact {
    pub name: String,
    pub value: String,
    /// Where it is changed.
    pub change: String,
}

#[derive(Template)]
#[template(path = "setup/sync.html")]
struct SyncPage {
    page: Page,
    frame: Frame,
    /// Which way was taken, if any.
    way: &'static str,
    facts: Vec<Fact>,
}

pub fn sync_page(setup: &Setup, page: Page, frame: Frame, answers: Answers) -> Response {
    let recommended = Answers { settings: None, way: None, ..answers.clone() };
    let settings = if answers.way == Some(Way::Advanced) {
        Settings::recommended()
    } else {
        setup.settings(&frame.draft).unwrap_or_else(|_| Settings::recommended())
    };
    let facts = facts(&page.t, &frame.draft, &settings, &recommended);
    let way = match answers.way {
        Some(Way::Recommended) => "recommended",
        Some(Way::Advanced) => "advanced",
        None => "",
    };
    templates::html(&SyncPage { page, frame, way, facts })
}

/// What settings say, in words.
pub(crate) fn facts(t: &Texts, draft: &str, settings: &Settings, answers: &Answers) -> Vec<Fact> {
    let address = |path: &str| format!("/setup/{draft}/{path}");
    let mut facts = Vec::new();
    let contacts = settings.objects.iter().find(|mapping| mapping.hubspot_object == "contacts");
    let segment = contacts.and_then(|mapping| mapping.segment.clone());
    facts.push(Fact {
        name: t.get("setup-fact-contacts"),
        value: match segment {
            Some(segment) => t.with("setup-fact-segment", "id", segment),
            None => t.get("setup-fact-all-contacts"),
        },
        change: address("sync/contacts"),
    });
    let become_lead = settings.create_contacts_as == engine::CreateAs::Lead;
    facts.push(Fact {
        name: t.get("setup-fact-new-contacts"),
        value: t.get(if become_lead { "setup-as-lead" } else { "setup-as-contact" }),
        change: address("sync/contacts"),
    });
    let crossing = settings.activities.timeline.iter().filter(|activity| activity.enabled).count();
    let tasks = t.get(if settings.activities.salesforce_tasks { "setup-on" } else { "setup-off" });
    facts.push(Fact {
        name: t.get("setup-fact-activities"),
        value: t.with2("setup-fact-activities-value", "tasks", tasks, "count", crossing),
        change: address("sync/activities"),
    });
    for mapping in &settings.objects {
        let state = if mapping.enabled { "setup-fact-mapped" } else { "setup-fact-mapped-off" };
        facts.push(Fact {
            name: format!("{} ↔ {}", mapping.hubspot_object, mapping.salesforce_object),
            value: t.with(state, "count", mapping.fields.len()),
            change: address(&format!(
                "sync/objects?of={}-{}",
                mapping.hubspot_object, mapping.salesforce_object
            )),
        });
    }
    facts.push(Fact {
        name: t.get("setup-fact-properties"),
        value: t.get(if answers.leave_properties {
            "setup-properties-left"
        } else {
            "setup-properties-made"
        }),
        change: address("sync/properties"),
    });
    facts
}

#[derive(Deserialize)]
struct Chosen {
    way: String,
}

async fn choose(
    State(app): State<App>,
    signed: Signed,
    page: Page,
    Path(draft): Path<String>,
    Form(form): Form<Chosen>,
) -> Result<Response, Fault> {
    let setup = of(&app, &signed)?;
    let done = if form.way == "recommended" {
        setup.take_recommended(&draft).map(|()| "review")
    } else {
        setup.settings(&draft).and_then(|settings| setup.choose(&draft, settings)).map(|()| "sync/contacts")
    };
    after(&app, &signed, page, &draft, Step::Sync, done).await
}

#[derive(Template)]
#[template(path = "setup/review.html")]
struct ReviewPage {
    page: Page,
    frame: Frame,
    facts: Vec<Fact>,
    /// Permissions that what was chosen needs and that are missing.
    failing: usize,
    asked: bool,
    running: bool,
    failed: Option<String>,
    lines: Vec<PlanLine>,
    read: Option<(u64, u64)>,
    brake: Vec<String>,
}

/// What would happen to the records of one object.
struct PlanLine {
    what: String,
    class: &'static str,
    records: u64,
    examples: Vec<String>,
}

pub fn review_page(setup: &Setup, page: Page, frame: Frame, answers: Answers) -> Response {
    let settings = setup.settings(&frame.draft).unwrap_or_else(|_| Settings::recommended());
    let t = page.t;
    let address = |step: Step| format!("/setup/{}/{}", frame.draft, step.as_str());
    let fact =
        |name: &str, value: String, step: Step| Fact { name: t.get(name), value, change: address(step) };
    let mut all = Vec::new();
    if let Some(account) = &answers.hubspot {
        let name = account.name.as_ref().map(|name| format!("{name}, ")).unwrap_or_default();
        all.push(fact("setup-step-hubspot", format!("{name}{}", account.id), Step::HubSpot));
    }
    if let Some(org) = &answers.salesforce {
        let name = org.name.as_ref().map(|name| format!("{name}, ")).unwrap_or_default();
        let value =
            t.with2("setup-fact-org", "org", format!("{name}{}", org.id), "user", org.username.clone());
        all.push(fact("setup-step-salesforce", value, Step::Salesforce));
    }
    let package = if matches!(answers.package, PackageState::Installed { .. }) {
        t.get("setup-package-installed")
    } else {
        t.get("setup-package-skipped")
    };
    all.push(fact("setup-step-package", package, Step::Package));
    let embed = match &answers.embed {
        EmbedState::Placed { pages } => pages.join(", "),
        EmbedState::Skipped | EmbedState::NotChosen => t.get("setup-embed-skipped"),
    };
    all.push(fact("setup-step-embed", embed, Step::Embed));
    let way = match answers.way {
        Some(Way::Advanced) => t.get("setup-advanced"),
        Some(Way::Recommended) | None => t.get("setup-recommended"),
    };
    all.push(fact("setup-step-sync", way, Step::Sync));
    all.extend(facts(&t, &frame.draft, &settings, &answers));
    let failing =
        answers.prerequisites.iter().filter(|row| row.finding == engine::setup::Finding::Fail).count();
    let mut view = ReviewPage {
        page,
        frame,
        facts: all,
        failing,
        asked: true,
        running: false,
        failed: None,
        lines: Vec::new(),
        read: None,
        brake: Vec::new(),
    };
    match setup.preview(&view.frame.draft) {
        Ok(Preview::NotAsked) => view.asked = false,
        Ok(Preview::Running) => view.running = true,
        Ok(Preview::Failed(told)) => view.failed = Some(told),
        Ok(Preview::Ready(outcome)) => show(&mut view, &outcome),
        Err(error) => view.failed = Some(error.to_string()),
    }
    templates::html(&view)
}

fn show(view: &mut ReviewPage, outcome: &Arc<Outcome>) {
    let t = view.page.t;
    view.read = Some((outcome.read.hubspot, outcome.read.salesforce));
    view.brake.clone_from(&outcome.brake);
    for count in &outcome.counts {
        let of = outcome.examples.iter().filter(|record| {
            record.side == count.side && record.object == count.object && record.action == count.action
        });
        let example = |record: &engine::PlannedRecord| {
            let who = record.record.clone().or_else(|| record.counterpart.clone()).unwrap_or_default();
            let fields = record.fields.iter().filter_map(|field| {
                let name = field.field.as_ref()?;
                let after = field.after.as_deref().unwrap_or(&field.reason);
                Some(format!("{name}: {after}"))
            });
            format!("{who} {}", fields.take(4).collect::<Vec<_>>().join(", "))
        };
        view.lines.push(PlanLine {
            what: t.with2(
                &format!("setup-plan-{}", count.action.as_str()),
                "object",
                count.object.clone(),
                "side",
                count.side.to_string(),
            ),
            class: count.side.as_str(),
            records: count.records,
            examples: of.map(example).collect(),
        });
    }
}

async fn plan(
    State(app): State<App>,
    signed: Signed,
    page: Page,
    Path(draft): Path<String>,
) -> Result<Response, Fault> {
    let done = of(&app, &signed)?.ask_preview(&draft);
    after(&app, &signed, page, &draft, Step::Review, done.map(|()| "review")).await
}

async fn finish(
    State(app): State<App>,
    signed: Signed,
    page: Page,
    Path(draft): Path<String>,
) -> Result<Response, Fault> {
    match of(&app, &signed)?.finish(&draft).await {
        Ok(id) => {
            app.note(&signed, Some(&id), "connect", None, None)?;
            Ok(see_done(&format!("/c/{}/health", id.as_str()), "setup-done-finished"))
        }
        Err(error) => after(&app, &signed, page, &draft, Step::Review, Err(error)).await,
    }
}
