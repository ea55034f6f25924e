//! A record's own page.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Form, Path, State};
use axum::response::{Html, IntoResponse as _, Redirect, Response};

use super::form::{USER, inputs, typed_fields, users};
use super::{escape, nothing, page, panels, shown, who};
use crate::SalesforceSim;
use crate::dml::Writer;
use crate::error::Refusal;
use crate::soql::Record as _;

type Typed = HashMap<String, String>;

pub(super) async fn new_record(State(sim): State<SalesforceSim>, Path(object): Path<String>) -> Response {
    show(&sim, &object, None, &Typed::new(), &[])
}

pub(super) async fn open(
    State(sim): State<SalesforceSim>,
    Path((object, id)): Path<(String, String)>,
) -> Response {
    show(&sim, &object, Some(&id), &Typed::new(), &[])
}

/// The page: what the record holds, or what was typed, with what the platform has against it.
fn show(
    sim: &SalesforceSim,
    object: &str,
    id: Option<&str>,
    typed: &Typed,
    refusals: &[Refusal],
) -> Response {
    let person = sim.state().person.to_string();
    let user = typed.get(USER).cloned().unwrap_or_else(|| person.clone());
    let window = id.map(|id| panels::embed(sim, object, id, &user)).unwrap_or_default();
    let body = sim.with_org(|org| {
        let table = org.table(object)?;
        let name = &table.def.name;
        let errors: String = refusals
            .iter()
            .map(|refusal| format!("<p class=bad role=alert>{}: {}</p>", refusal.code, escape(&refusal.message)))
            .collect();
        let users = users(org, &person, typed);
        let Some(id) = id else {
            return Some(format!(
                "<h1>New {}</h1>{errors}<form method=post>{}<div class=actions>{users}<button>Create</button></div></form>",
                escape(&table.def.label.to_lowercase()),
                inputs(table, None, typed)
            ));
        };
        let row = table.rows.get(id).filter(|row| !row.deleted)?;
        let title = shown(&row.value("Name"));
        let title = if title.is_empty() { row.id.clone() } else { title };
        let facts = format!(
            "<p class=quiet>{} · created {} by {} · last changed {} by {}</p>",
            row.id,
            shown(&row.value("CreatedDate")),
            escape(&who(org, &row.created_by)),
            shown(&row.value("LastModifiedDate")),
            escape(&who(org, &row.modified_by)),
        );
        Some(format!(
            "<h1>{title} <span class=tag>{label}</span></h1>{errors}{facts}<div class=record><div><section><h2>Details</h2>\
             <form method=post>{inputs}<div class=actions>{users}<button>Save</button></div></form>\
             <form method=post action=\"/_sim/console/{name}/{id}/delete\"><p><button class=bad>Delete</button></p></form>\
             {more}</section>{history}</div><div>{window}{timeline}{related}</div></div>",
            more = more(name, &row.id),
            label = escape(&table.def.label),
            inputs = inputs(table, Some(&row), typed),
            history = panels::history(org, name, &row.id),
            timeline = panels::timeline(org, &row.id),
            related = panels::related(org, table, &row),
        ))
    });
    match body {
        Some(body) => Html(page(object, &body)).into_response(),
        None => nothing(),
    }
}

/// What else can be done with a record.
fn more(object: &str, id: &str) -> String {
    let merge = format!("<a href=\"/_sim/console/{object}/{id}/merge\">Merge</a>");
    match object {
        "Lead" => format!("<p><a href=\"/_sim/console/Lead/{id}/convert\">Convert</a> {merge}</p>"),
        "Account" | "Contact" | "Case" => format!("<p>{merge}</p>"),
        _ => String::new(),
    }
}

/// The user who was chosen on the page.
fn writer(sim: &SalesforceSim, typed: &Typed) -> Writer {
    let state = sim.state();
    let chosen =
        typed.get(USER).filter(|id| state.org.find(id).is_some_and(|(table, _)| table.def.name == "User"));
    let user = chosen.map_or_else(|| Arc::clone(&state.person), |id| id.as_str().into());
    Writer { allow_save: true, ..Writer::new(user, sim.0.clock.now()) }
}

pub(super) async fn create(
    State(sim): State<SalesforceSim>,
    Path(object): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    let fields = typed_fields(&sim, &object, None, &typed);
    let writer = writer(&sim, &typed);
    let made = sim.state().org.insert(&object, &fields, &writer);
    match made {
        Ok(id) => Redirect::to(&format!("/_sim/console/{object}/{id}")).into_response(),
        Err(refusals) => show(&sim, &object, None, &typed, &refusals),
    }
}

pub(super) async fn edit(
    State(sim): State<SalesforceSim>,
    Path((object, id)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Response {
    let fields = typed_fields(&sim, &object, Some(&id), &typed);
    if fields.is_empty() {
        return Redirect::to(&format!("/_sim/console/{object}/{id}")).into_response();
    }
    let writer = writer(&sim, &typed);
    let done = sim.state().org.update(&object, &id, &fields, &writer);
    match done {
        Ok(()) => Redirect::to(&format!("/_sim/console/{object}/{id}")).into_response(),
        Err(refusals) => show(&sim, &object, Some(&id), &typed, &refusals),
    }
}

pub(super) async fn delete(
    State(sim): State<SalesforceSim>,
    Path((object, id)): Path<(String, String)>,
) -> Response {
    match sim.delete_record(&object, &id) {
        Ok(()) => Redirect::to(&format!("/_sim/console/{object}")).into_response(),
        Err(refusal) => show(&sim, &object, Some(&id), &Typed::new(), &[refusal]),
    }
}
