//! All connections in one place, and what is done to one as a whole: a name, another user, a sandbox, the end.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Form, Router};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use store::Role;

use crate::control::see_done;
use crate::{App, Fault, Page, Signed, control, templates};

#[derive(Template)]
#[template(path = "connections/connections.html")]
struct Connections {
    page: Page,
    rows: Vec<RowView>,
}

struct RowView {
    id: String,
    name: String,
    state: String,
    state_class: &'static str,
    reason: Option<String>,
    hubspot_account: String,
    salesforce_org: String,
    in_step: u64,
    due: u64,
    failed: u64,
}

#[derive(Template)]
#[template(path = "connections/connection.html")]
struct ConnectionPage {
    page: Page,
    id: String,
    name: String,
    hubspot_account: String,
    salesforce_org: String,
    created_at: Timestamp,
    in_step: u64,
    lines: Vec<String>,
}

pub fn router() -> Router<App> {
    Router::new()
        .route("/", get(connections))
        .route("/c/{connection}/connection", get(connection))
        .route("/c/{connection}/disconnect", post(disconnect))
}

async fn connections(State(app): State<App>, page: Page) -> Result<Response, Fault> {
    let all = app.store.connections()?;
    // Whoever may set a connection up is led to where that is done.
    if all.is_empty() && app.setup.is_some() && page.may("administrator") {
        return Ok(crate::layout::see("/setup"));
    }
    let (t, now) = (page.t, (app.now)());
    let mut rows = Vec::new();
    for row in all {
        let kinds = app.store.link_kinds(&row.id)?;
        let marks = app.store.mark_counts(&row.id, now)?;
        let errors = app.store.error_summary(&row.id)?;
        rows.push(RowView {
            state: t.get(&format!("layout-state-{}", row.state.as_str())),
            state_class: match row.state.as_str() {
                "active" if row.state_reason.is_none() => "good",
                "stopped" => "bad",
                _ => "warn",
            },
            in_step: kinds.iter().map(|kind| kind.active).sum(),
            due: marks.values().map(|counts| counts.due).sum(),
            failed: errors.iter().map(|summary| summary.records).sum(),
            id: row.id.as_str().to_owned(),
            name: row.name,
            reason: row.state_reason,
            hubspot_account: row.hubspot_account,
            salesforce_org: row.salesforce_org,
        });
    }
    Ok(templates::html(&Connections { page, rows }))
}

async fn connection(State(app): State<App>, signed: Signed, page: Page) -> Result<Response, Fault> {
    signed.require(Role::Administrator)?;
    let row = page.connection()?.clone();
    let kinds = app.store.link_kinds(&row.id)?;
    let view = ConnectionPage {
        id: row.id.as_str().to_owned(),
        name: row.name,
        hubspot_account: row.hubspot_account,
        salesforce_org: row.salesforce_org,
        created_at: row.created_at,
        in_step: kinds.iter().map(|kind| kind.active).sum(),
        lines: [
            "connections-ends-records",
            "connections-ends-kept",
            "connections-ends-markers",
            "connections-ends-package",
        ]
        .iter()
        .map(|key| page.t.get(key))
        .collect(),
        page,
    };
    Ok(templates::html(&view))
}

#[derive(Deserialize)]
struct Disconnect {
    #[serde(default)]
    name: String,
}

async fn disconnect(
    State(app): State<App>,
    signed: Signed,
    page: Page,
    Form(form): Form<Disconnect>,
) -> Result<Response, Fault> {
    signed.require(Role::Administrator)?;
    let row = page.connection()?.clone();
    if form.name.trim() != row.name {
        return Err(Fault::refused(page.t.with("connections-wrong-name", "name", row.name)));
    }
    control::supervisor(&app)?.disconnect(&row.id).await.map_err(Fault::failed)?;
    let was = json!({
        "connection": row.id.as_str(), "name": row.name, "hubspot_account": row.hubspot_account,
        "salesforce_org": row.salesforce_org,
    });
    app.note(&signed, Some(&row.id), "disconnect", Some(was), None)?;
    Ok(see_done("/", "connections-done-disconnected"))
}
