//! Choosing how to sync one thing after the other: contacts, activities, objects with their fields, properties to be made.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::get;
use axum::{Form, Router};
use engine::setup::{Segment, Setup, SetupError, Step};
use engine::{Activity, ActivityMapping, CreateAs, Settings};
use model::{Field, Kind, ObjectMapping, Side};
use serde::Deserialize;

use super::{Frame, of, words};
use crate::layout::{escaped, see};
use crate::mappings::{self, Filter, Sent, Table};
use crate::{App, Fault, Page, Signed, templates};

pub fn router() -> Router<App> {
    Router::new()
        .route("/setup/{draft}/sync/contacts", get(contacts).post(set_contacts))
        .route("/setup/{draft}/sync/activities", get(activities).post(set_activities))
        .route("/setup/{draft}/sync/objects", get(objects).post(set_object))
        .route("/setup/{draft}/sync/properties", get(properties).post(set_properties))
}

/// The kinds of activity, with the task type that each becomes where nothing else is chosen.
const ACTIVITIES: [(Activity, &str, &str); 14] = [
    (Activity::FormSubmission, "form-submission", "Other"),
    (Activity::MarketingEmailSent, "marketing-email-sent", "Email"),
    (Activity::MarketingEmailOpened, "marketing-email-opened", "Email"),
    (Activity::MarketingEmailClicked, "marketing-email-clicked", "Email"),
    (Activity::SalesEmailSent, "sales-email-sent", "Email"),
    (Activity::SalesEmailOpened, "sales-email-opened", "Email"),
    (Activity::SalesEmailClicked, "sales-email-clicked", "Email"),
    (Activity::Call, "call", "Call"),
    (Activity::Meeting, "meeting", "Meeting"),
    (Activity::Note, "note", "Other"),
    (Activity::Task, "task", "Other"),
    (Activity::Sequence, "sequence", "Other"),
    (Activity::DocumentViewed, "document-viewed", "Other"),
    (Activity::IntegrationEvent, "integration-event", "Other"),
];

/// The set-up, its settings, and what surrounds its pages.
fn opened<'a>(
    app: &'a App,
    signed: &Signed,
    page: &Page,
    draft: &str,
    problem: Option<String>,
) -> Result<(&'a Setup, Settings, Frame), Fault> {
    let answers = super::answers(app, signed, draft)?;
    let setup = of(app, signed)?;
    if !answers.is_open(Step::Sync) {
        return Err(Fault::conflict(page.t.get("setup-refused-too-early")));
    }
    let settings = setup.settings(draft).map_err(Fault::failed)?;
    let mut frame = Frame::of(&page.t, draft, &answers, Step::Sync, problem);
    frame.next = Some(format!("/setup/{draft}/review"));
    Ok((setup, settings, frame))
}

#[derive(Template)]
#[template(path = "setup/contacts.html")]
struct Contacts {
    page: Page,
    frame: Frame,
    /// The segment that is chosen; empty for all contacts.
    chosen: String,
    /// The same, where it is not among those shown.
    elsewhere: Option<String>,
    segments: Vec<Segment>,
    text: String,
    as_lead: bool,
}

#[derive(Deserialize)]
struct Find {
    #[serde(default)]
    text: String,
}

async fn contacts(
    State(app): State<App>,
    signed: Signed,
    page: Page,
    Path(draft): Path<String>,
    Query(find): Query<Find>,
) -> Result<Response, Fault> {
    let (setup, settings, mut frame) = opened(&app, &signed, &page, &draft, None)?;
    let segments = match setup.segments(&draft, &find.text).await {
        Ok(segments) => segments,
        Err(error) => {
            frame.problem = Some(words(&page.t, &error));
            Vec::new()
        }
    };
    let mapping = settings.objects.iter().find(|mapping| mapping.hubspot_object == "contacts");
    let chosen = mapping.and_then(|mapping| mapping.segment.clone()).unwrap_or_default();
    let here = chosen.is_empty() || segments.iter().any(|segment| segment.id == chosen);
    let elsewhere = (!here).then(|| chosen.clone());
    let as_lead = settings.create_contacts_as == CreateAs::Lead;
    Ok(templates::html(&Contacts { page, frame, chosen, elsewhere, segments, text: find.text, as_lead }))
}

#[derive(Deserialize)]
struct ChosenContacts {
    #[serde(default)]
    act: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    segment: String,
    #[serde(default)]
    become_as: String,
}

async fn set_contacts(
    State(app): State<App>,
    signed: Signed,
    page: Page,
    Path(draft): Path<String>,
    Form(form): Form<ChosenContacts>,
) -> Result<Response, Fault> {
    let (setup, mut settings, _) = opened(&app, &signed, &page, &draft, None)?;
    for mapping in settings.objects.iter_mut().filter(|mapping| mapping.hubspot_object == "contacts") {
        mapping.segment = Some(form.segment.clone()).filter(|segment| !segment.is_empty());
    }
    settings.create_contacts_as = if form.become_as == "lead" { CreateAs::Lead } else { CreateAs::Contact };
    setup.choose(&draft, settings).map_err(Fault::failed)?;
    if form.act == "find" {
        return Ok(see(&format!("/setup/{draft}/sync/contacts?text={}", escaped(&form.text))));
    }
    Ok(see(&format!("/setup/{draft}/sync/activities")))
}

#[derive(Template)]
#[template(path = "setup/activities.html")]
struct Activities {
    page: Page,
    frame: Frame,
    tasks: bool,
    rows: Vec<ActivityRow>,
    types: Vec<String>,
}

struct ActivityRow {
    name: &'static str,
    label: String,
    on: bool,
    task_type: String,
}

/// The values of the field *Type* of tasks; none where the connected user does not see it.
async fn task_types(setup: &Setup, draft: &str) -> Result<Vec<String>, SetupError> {
    let fields = setup.connection(draft)?.fields(Side::Salesforce, "Task").await?;
    let kind = fields.into_iter().find(|field| field.name == "Type").map(|field| field.kind);
    Ok(match kind {
        Some(Kind::Choice(list)) => {
            list.options.into_iter().filter(|option| option.active).map(|option| option.value).collect()
        }
        _ => Vec::new(),
    })
}

async fn activities(
    State(app): State<App>,
    signed: Signed,
    page: Page,
    Path(draft): Path<String>,
) -> Result<Response, Fault> {
    let (setup, settings, mut frame) = opened(&app, &signed, &page, &draft, None)?;
    let types = match task_types(setup, &draft).await {
        Ok(types) => types,
        Err(error) => {
            frame.problem = Some(words(&page.t, &error));
            Vec::new()
        }
    };
    let row = |(activity, name, usual): (Activity, &'static str, &str)| {
        let known = settings.activities.timeline.iter().find(|known| known.activity == activity);
        ActivityRow {
            name,
            label: page.t.get(&format!("setup-activity-{name}")),
            on: known.is_some_and(|known| known.enabled),
            task_type: known.map_or_else(|| usual.to_owned(), |known| known.task_type.clone()),
        }
    };
    let rows = ACTIVITIES.into_iter().map(row).collect();
    let tasks = settings.activities.salesforce_tasks;
    Ok(templates::html(&Activities { page, frame, tasks, rows, types }))
}

async fn set_activities(
    State(app): State<App>,
    signed: Signed,
    page: Page,
    Path(draft): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Fault> {
    let (setup, mut settings, _) = opened(&app, &signed, &page, &draft, None)?;
    let given = |name: &str| sent.iter().find(|(sent, _)| sent == name).map(|(_, value)| value.as_str());
    settings.activities.salesforce_tasks = given("tasks").is_some();
    let row = |(activity, name, usual): (Activity, &str, &str)| ActivityMapping {
        activity,
        enabled: given(&format!("on:{name}")).is_some(),
        task_type: given(&format!("type:{name}"))
            .map(str::trim)
            .filter(|given| !given.is_empty())
            .unwrap_or(usual)
            .to_owned(),
    };
    settings.activities.timeline = ACTIVITIES.into_iter().map(row).collect();
    setup.choose(&draft, settings).map_err(Fault::failed)?;
    Ok(see(&format!("/setup/{draft}/sync/objects")))
}

#[derive(Template)]
#[template(path = "setup/objects.html")]
struct Objects {
    page: Page,
    frame: Frame,
    tabs: Vec<Tab>,
    of: String,
    name: String,
    enabled: bool,
    table: Table,
}

/// One pair of objects.
struct Tab {
    text: String,
    address: String,
    here: bool,
}

/// By what a pair of objects is known in addresses.
fn key(mapping: &ObjectMapping) -> String {
    format!("{}-{}", mapping.hubspot_object, mapping.salesforce_object)
}

#[derive(Deserialize)]
struct Which {
    #[serde(default)]
    of: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    rule: String,
}

/// The fields of both objects of a mapping.
async fn fields(
    setup: &Setup,
    draft: &str,
    mapping: &ObjectMapping,
) -> Result<(Vec<Field>, Vec<Field>), SetupError> {
    let connection = setup.connection(draft)?;
    let hubspot = connection.fields(Side::HubSpot, &mapping.hubspot_object).await?;
    let salesforce = connection.fields(Side::Salesforce, &mapping.salesforce_object).await?;
    Ok((hubspot, salesforce))
}

async fn objects(
    State(app): State<App>,
    signed: Signed,
    page: Page,
    Path(draft): Path<String>,
    Query(which): Query<Which>,
) -> Result<Response, Fault> {
    show_object(&app, &signed, page, &draft, which, None).await
}

async fn show_object(
    app: &App,
    signed: &Signed,
    page: Page,
    draft: &str,
    which: Which,
    problem: Option<String>,
) -> Result<Response, Fault> {
    let (setup, settings, mut frame) = opened(app, signed, &page, draft, problem)?;
    let mapping = settings
        .objects
        .iter()
        .find(|mapping| key(mapping) == which.of)
        // People come for contacts first; companies stand before them because they are written first.
        .or_else(|| settings.objects.iter().find(|mapping| mapping.hubspot_object == "contacts"))
        .or(settings.objects.first())
        .ok_or_else(Fault::not_found)?;
    let (hubspot, salesforce) = match fields(setup, draft, mapping).await {
        Ok(fields) => fields,
        Err(error) => {
            frame.problem = Some(words(&page.t, &error));
            (Vec::new(), Vec::new())
        }
    };
    let text = |object: &str| page.t.get(&format!("setup-object-{}", known(object)));
    let title = |mapping: &ObjectMapping| {
        format!("{} ↔ {}", text(&mapping.hubspot_object), mapping.salesforce_object)
    };
    let tabs = settings.objects.iter().map(|other| Tab {
        text: title(other),
        address: format!("/setup/{draft}/sync/objects?of={}", key(other)),
        here: key(other) == key(mapping),
    });
    let filter = Filter { text: which.text, rule: which.rule };
    let view = Objects {
        tabs: tabs.collect(),
        of: key(mapping),
        name: title(mapping),
        enabled: mapping.enabled,
        table: mappings::table(&page.t, mapping, &hubspot, &salesforce, filter),
        page,
        frame,
    };
    Ok(templates::html(&view))
}

/// Objects that have a name of their own in the catalogue.
fn known(object: &str) -> &str {
    match object {
        "contacts" | "companies" | "deals" | "tickets" => object,
        _ => "other",
    }
}

async fn set_object(
    State(app): State<App>,
    signed: Signed,
    page: Page,
    Path(draft): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Fault> {
    let (setup, mut settings, _) = opened(&app, &signed, &page, &draft, None)?;
    let given = |name: &str| {
        sent.iter().find(|(sent, _)| sent == name).map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let which = Which { of: given("of"), text: given("text"), rule: given("rule") };
    let mapping = settings.objects.iter_mut().find(|mapping| key(mapping) == which.of);
    let mapping = mapping.ok_or_else(Fault::not_found)?;
    let changed = match fields(setup, &draft, mapping).await {
        Ok((hubspot, salesforce)) => mappings::change(mapping, &sent, &hubspot, &salesforce, &page.t),
        Err(error) => Err(words(&page.t, &error)),
    };
    mapping.enabled = !given("enabled").is_empty();
    if let Err(problem) = changed {
        return show_object(&app, &signed, page, &draft, which, Some(problem)).await;
    }
    setup.choose(&draft, settings).map_err(Fault::failed)?;
    if given("act") == "next" {
        return Ok(see(&format!("/setup/{draft}/sync/properties")));
    }
    let address = format!(
        "/setup/{draft}/sync/objects?of={}&text={}&rule={}",
        escaped(&which.of),
        escaped(&which.text),
        escaped(&which.rule)
    );
    Ok(see(&address))
}

#[derive(Template)]
#[template(path = "setup/properties.html")]
struct Properties {
    page: Page,
    frame: Frame,
    make: bool,
    rows: Vec<PropertyRow>,
}

/// A property that would be made.
struct PropertyRow {
    object: String,
    label: String,
    name: String,
    field: String,
    kind: &'static str,
}

async fn properties(
    State(app): State<App>,
    signed: Signed,
    page: Page,
    Path(draft): Path<String>,
) -> Result<Response, Fault> {
    let (setup, _, mut frame) = opened(&app, &signed, &page, &draft, None)?;
    let answers = super::answers(&app, &signed, &draft)?;
    let suggested = match setup.suggestions(&draft).await {
        Ok(suggested) => suggested,
        Err(error) => {
            frame.problem = Some(words(&page.t, &error));
            Vec::new()
        }
    };
    let mut rows = Vec::new();
    for found in &suggested {
        for new in &found.new_properties {
            let made_for = found.mappings.iter().find(|known| known.mapping.hubspot == new.name);
            let field = made_for.map(|known| known.mapping.salesforce.clone()).unwrap_or_default();
            rows.push(PropertyRow {
                object: new.object.clone(),
                label: new.label.clone(),
                name: new.name.clone(),
                field: format!("{}.{field}", found.salesforce_object),
                kind: new.kind,
            });
        }
    }
    Ok(templates::html(&Properties { page, frame, make: !answers.leave_properties, rows }))
}

#[derive(Deserialize)]
struct Make {
    make: Option<String>,
}

async fn set_properties(
    State(app): State<App>,
    signed: Signed,
    page: Page,
    Path(draft): Path<String>,
    Form(form): Form<Make>,
) -> Result<Response, Fault> {
    let (setup, _, _) = opened(&app, &signed, &page, &draft, None)?;
    setup.make_properties(&draft, form.make.is_some()).map_err(Fault::failed)?;
    Ok(see(&format!("/setup/{draft}/review")))
}
