//! The page of a record: both sides next to each other, field by field, with rule, last change, and why; its errors; its
//! history; and what a person can do.

mod view;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use engine::Look;
use jiff::Timestamp;
use model::Side;
use store::{ErrorFilter, ErrorRow, Link, Role};

pub use view::{FieldOf, Record, record};

use crate::control::see_done;
use crate::errors::{Row, rows};
use crate::lines::{Line, lines, record_address};
use crate::texts::Texts;
use crate::{App, Fault, Page, Signed, control, said, templates};

/// Lines of history on the page.
const LINES: usize = 100;

#[derive(Template)]
#[template(path = "record/record.html")]
struct RecordPage {
    page: Page,
    id: String,
    here: String,
    record_id: String,
    side: &'static str,
    object: String,
    title: String,
    state: String,
    state_class: &'static str,
    agreed_at: Option<Timestamp>,
    due: String,
    sides: Vec<SideView>,
    is_pair: bool,
    fields: Vec<FieldView>,
    errors: Vec<Row>,
    lines: Vec<Line>,
    more_lines: bool,
    can_look: bool,
}

struct SideView {
    class: &'static str,
    name: String,
    object: String,
    id: String,
}

struct FieldView {
    label: String,
    names: String,
    rule: String,
    hubspot: String,
    salesforce: String,
    last: Option<LastView>,
}

struct LastView {
    at: Timestamp,
    what: String,
    why: String,
    who: String,
}

#[derive(Template)]
#[template(path = "record/look.html")]
struct LookPage {
    page: Page,
    back: String,
    title: String,
    at: Timestamp,
    missing: Vec<String>,
    fields: Vec<LookView>,
    changed: usize,
}

struct LookView {
    label: String,
    names: String,
    hubspot: String,
    salesforce: String,
    note: String,
}

pub fn router() -> Router<App> {
    Router::new()
        .route("/c/{connection}/record/{side}/{object}/{id}", get(page))
        .route("/c/{connection}/record/{side}/{object}/{id}/now", get(look))
        .route("/c/{connection}/record/{side}/{object}/{id}/sync", post(sync))
}

/// The path of these pages: the connection, and the record.
type Address = Path<(String, Side, String, String)>;

async fn page(
    State(app): State<App>,
    page: Page,
    Path((_, side, object, id)): Address,
) -> Result<Response, Fault> {
    let row = page.connection()?.clone();
    let t = page.t;
    let engine = app.supervisor.as_ref().and_then(|all| all.connection(&row.id));
    let (record, link) = record(&app, &row, engine.as_deref(), side, &object, &id)?;
    let errors = errors_of(&app, &row.id, side, &object, &id, link.as_ref())?;
    if link.is_none() && errors.is_empty() && record.history.is_empty() && record.due_at.is_none() {
        return Err(Fault::not_found());
    }
    let side_of = |side: Side, of: &Option<(String, String)>| {
        of.as_ref().map(|(object, id)| SideView {
            class: side.as_str(),
            name: side.to_string(),
            object: said::object(t, side, object),
            id: id.clone(),
        })
    };
    let sides = side_of(Side::HubSpot, &record.hubspot).into_iter();
    let sides = sides.chain(side_of(Side::Salesforce, &record.salesforce)).collect();
    let state = record.state.unwrap_or("single");
    let due = match record.due_at {
        Some(at) if at <= (app.now)() => t.get("record-due-now"),
        Some(at) => t.with("record-due-at", "at", at.strftime("%Y-%m-%d %H:%M UTC").to_string()),
        None => String::new(),
    };
    let mut history = record.history;
    let more_lines = history.len() > LINES;
    history.drain(..history.len().saturating_sub(LINES));
    let view = RecordPage {
        id: row.id.as_str().to_owned(),
        here: record_address(&row.id, side, &object, &id),
        record_id: id.clone(),
        side: side.as_str(),
        object: object.clone(),
        title: record.title,
        state: t.get(&format!("record-state-{}", state.replace('_', "-"))),
        state_class: match state {
            _ if !errors.is_empty() => "bad",
            "active" => "good",
            _ => "",
        },
        agreed_at: record.agreed_at,
        due,
        sides,
        is_pair: link.is_some(),
        fields: record.fields.into_iter().map(|field| field_view(t, field)).collect(),
        errors: rows(t, &row.id, errors),
        lines: lines(&app, t, &row.id, history)?,
        more_lines,
        can_look: link.is_some() && engine.is_some(),
        page,
    };
    Ok(templates::html(&view))
}

/// The errors of a record and of the one it is linked to.
///
/// # Errors
/// When the store cannot be read.
pub fn errors_of(
    app: &App,
    connection: &model::ConnectionId,
    side: Side,
    object: &str,
    id: &str,
    link: Option<&Link>,
) -> Result<Vec<ErrorRow>, Fault> {
    let of = |side: Side, object: &str, record: &str| {
        let filter = ErrorFilter {
            side: Some(side),
            object: Some(object.to_owned()),
            record: Some(record.to_owned()),
            ..ErrorFilter::default()
        };
        app.store.errors(connection, &filter)
    };
    let mut errors = of(side, object, id)?;
    if let Some(link) = link {
        let other = side.other();
        errors.extend(of(other, link.object(other), link.record(other))?);
    }
    Ok(errors)
}

fn named(labels: &model::Sides<String>, names: &model::Sides<String>) -> (String, String) {
    let label = if labels.hubspot == labels.salesforce {
        labels.hubspot.clone()
    } else {
        format!("{} ↔ {}", labels.hubspot, labels.salesforce)
    };
    (label, format!("{} ↔ {}", names.hubspot, names.salesforce))
}

fn field_view(t: Texts, field: FieldOf) -> FieldView {
    let (label, names) = named(&field.labels, &field.names);
    let value = |value: Option<String>| value.map(|value| said::short(&value)).unwrap_or_default();
    FieldView {
        label,
        names,
        rule: field.rule.map(|rule| said::rule(t, rule)).unwrap_or_default(),
        hubspot: value(field.agreed.hubspot),
        salesforce: value(field.agreed.salesforce),
        last: field.last.map(|last| LastView {
            at: last.at,
            what: t.with(&format!("record-last-{}", last.outcome), "side", last.side.to_string()),
            why: said::reason(t, &last.reason),
            who: said::cause(t, &last.cause),
        }),
    }
}

async fn look(
    State(app): State<App>,
    signed: Signed,
    page: Page,
    Path((_, side, object, id)): Address,
) -> Result<Response, Fault> {
    // It costs calls of both platforms.
    signed.require(Role::Operator)?;
    let row = page.connection()?.clone();
    let t = page.t;
    let link = app.store.link_of(&row.id, side, &object, &id)?.ok_or_else(Fault::not_found)?;
    let look = control::engine_of(&app, &row.id)?.look_at(&link).await.map_err(Fault::conflict)?;
    let missing = [Side::HubSpot, Side::Salesforce].into_iter().filter(|side| !look.there.get(*side));
    let view = LookPage {
        back: record_address(&row.id, side, &object, &id),
        title: Some(link.title()).filter(|title| !title.is_empty()).unwrap_or(id),
        at: look.at,
        missing: missing.map(|side| t.with("record-gone", "side", side.to_string())).collect(),
        changed: look.fields.iter().filter(|field| field.changed.hubspot || field.changed.salesforce).count(),
        fields: look_views(t, look),
        page,
    };
    Ok(templates::html(&view))
}

fn look_views(t: Texts, look: Look) -> Vec<LookView> {
    let views = look.fields.into_iter().map(|field| {
        let (label, names) = named(&field.pair.labels, &field.pair.names);
        let note = match (field.changed.hubspot, field.changed.salesforce) {
            (true, true) => t.get("record-both-changed"),
            (true, false) => t.with("record-changed", "side", "HubSpot"),
            (false, true) => t.with("record-changed", "side", "Salesforce"),
            (false, false) => String::new(),
        };
        LookView {
            label,
            names,
            hubspot: said::short(&field.now.hubspot.to_string()),
            salesforce: said::short(&field.now.salesforce.to_string()),
            note,
        }
    });
    views.collect()
}

async fn sync(
    State(app): State<App>,
    signed: Signed,
    page: Page,
    Path((_, side, object, id)): Address,
) -> Result<Response, Fault> {
    signed.require(Role::Operator)?;
    let row = page.connection()?;
    control::sync_now(&app, &signed, &row.id, side, &object, &id)?;
    Ok(see_done(&record_address(&row.id, side, &object, &id), "record-done-sync"))
}
