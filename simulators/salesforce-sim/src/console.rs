//! A few pages on which a person can look at and edit records.

use std::collections::HashMap;
use std::fmt::Write as _;

use axum::Router;
use axum::extract::{Form, Path, Query, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde_json::{Map, Value};

use crate::SalesforceSim;
use crate::embed::{Claims, Window};
use crate::error::Refusal;
use crate::soql::Record as _;

const PER_PAGE: usize = 50;
const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;margin:0;color:#16233a;background:#f4f6f9}\
header{background:#0b5cab;color:#fff;padding:.7rem 1.5rem}header a{color:#fff;text-decoration:none;font-weight:600}\
main{max-width:64rem;margin:1.5rem auto;padding:0 1.5rem}table{border-collapse:collapse;width:100%;background:#fff}\
th,td{text-align:left;padding:.45rem .7rem;border-bottom:1px solid #dde3ec;vertical-align:top}\
th{font-weight:600;color:#43526b}a{color:#0b5cab}label{display:block;margin:.5rem 0}\
input,select{font:inherit;padding:.35rem .5rem;border:1px solid #8a97ab;border-radius:4px;width:100%;max-width:28rem;\
box-sizing:border-box}button{font:inherit;padding:.4rem .9rem;border:1px solid #0b5cab;border-radius:4px;\
background:#0b5cab;color:#fff;cursor:pointer}button.plain{background:#fff;color:#0b5cab}button.bad{background:#fff;\
color:#a3140b;border-color:#a3140b}.bad{color:#a3140b}.tag{font-size:.8rem;background:#e3ecf8;border-radius:4px;\
padding:.1rem .5rem;vertical-align:middle}form.row{display:flex;gap:.5rem;margin:1rem 0}nav{margin:1rem 0}\
.quiet{color:#43526b}iframe.embed{width:100%;height:30rem;border:1px solid #8a97ab;border-radius:4px}\
label.choice{display:flex;gap:.5rem;align-items:baseline}label.choice input{width:auto}fieldset{border:1px solid #8a97ab;\
border-radius:4px}dialog{border:1px solid #8a97ab;border-radius:8px;max-width:40rem;top:6rem}\
a.button{display:inline-block;padding:.4rem .9rem;border-radius:4px;background:#0b5cab;color:#fff;text-decoration:none}\
.spinner{display:inline-block;width:1em;height:1em;border:3px solid #c3d4ea;border-top-color:#0b5cab;border-radius:50%;\
animation:spin 1s linear infinite}@keyframes spin{to{transform:rotate(360deg)}}";

pub(crate) fn routes() -> Router<SalesforceSim> {
    Router::new()
        .route("/_sim/console", get(objects))
        .route("/_sim/console/{object}", get(list))
        .route("/_sim/console/{object}/new", get(new_record).post(create))
        .route("/_sim/console/{object}/{id}", get(open).post(edit))
        .route("/_sim/console/{object}/{id}/delete", post(delete))
}

/// A text as HTML shows it.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

pub(crate) fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>{} · Salesforce (simulated)</title><style>{STYLE}</style>\
         <header><a href=/_sim/console>Salesforce (simulated)</a></header><main>{body}</main></html>",
        escape(title)
    )
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => escape(text),
        other => escape(&other.to_string()),
    }
}

async fn objects(State(sim): State<SalesforceSim>) -> Html<String> {
    let mut rows = String::new();
    sim.with_org(|org| {
        for (name, table) in org.tables.iter().filter(|(_, table)| table.def.writable) {
            let _ = write!(
                rows,
                "<tr><td><a href=/_sim/console/{name}>{}</a><td class=quiet>{name}<td>{}",
                escape(&table.def.plural),
                table.live()
            );
        }
    });
    let table = format!("<h1>Objects</h1><table><tr><th>Object<th>API name<th>Records{rows}</table>");
    Html(page("Objects", &table))
}

/// The fields that a list shows.
fn columns(object: &str) -> &'static [&'static str] {
    match object {
        "Contact" | "Lead" => &["Name", "Email", "Phone", "Title"],
        "Account" => &["Name", "Website", "BillingCity", "Industry"],
        "Opportunity" => &["Name", "StageName", "Amount", "CloseDate"],
        "Task" => &["Subject", "Status", "ActivityDate", "WhoId"],
        _ => &["Name"],
    }
}

async fn list(
    State(sim): State<SalesforceSim>,
    Path(object): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let wanted = query.get("q").map(|text| text.trim().to_lowercase()).unwrap_or_default();
    let start: usize = query.get("start").and_then(|start| start.parse().ok()).unwrap_or(0);
    let body = sim.with_org(|org| {
        let table = org.table(&object)?;
        let names = columns(&table.def.name);
        let fits = |row: &&std::sync::Arc<crate::storage::Stored>| {
            wanted.is_empty()
                || row.id().to_lowercase().contains(&wanted)
                || names.iter().any(|name| shown(&row.value(name)).to_lowercase().contains(&escape(&wanted)))
        };
        let live = table.rows.iter().rev().filter(|row| !row.deleted);
        let found: Vec<_> = live.filter(fits).skip(start).take(PER_PAGE + 1).collect();
        let mut rows = String::new();
        for row in found.iter().take(PER_PAGE) {
            let _ = write!(rows, "<tr>");
            for (at, name) in names.iter().enumerate() {
                let text = shown(&row.value(name));
                let text = if text.is_empty() && at == 0 { escape(&row.id()) } else { text };
                let _ = match at {
                    0 => write!(rows, "<td><a href=/_sim/console/{}/{}>{text}</a>", table.def.name, row.id()),
                    _ => write!(rows, "<td>{text}"),
                };
            }
        }
        let heads: String = names.iter().map(|name| format!("<th>{name}")).collect();
        let link = |start: usize, text: &str| {
            let q = url::form_urlencoded::byte_serialize(wanted.as_bytes()).collect::<String>();
            format!("<a href=\"?q={q}&amp;start={start}\">{text}</a> ")
        };
        let mut pages = String::new();
        if start > 0 {
            pages.push_str(&link(start.saturating_sub(PER_PAGE), "Newer"));
        }
        if found.len() > PER_PAGE {
            pages.push_str(&link(start + PER_PAGE, "Older"));
        }
        Some(format!(
            "<h1>{} <span class=tag>{}</span></h1><form class=row role=search><input name=q aria-label=Search value=\"{}\" \
             placeholder=\"Search by name, email or id\"><button>Search</button></form>\
             <p><a href=/_sim/console/{}/new>New {}</a></p><table><tr>{heads}{rows}</table><nav>{pages}</nav>",
            escape(&table.def.plural),
            table.live(),
            escape(&wanted),
            table.def.name,
            escape(&table.def.label.to_lowercase()),
        ))
    });
    match body {
        Some(body) => Html(page(&object, &body)).into_response(),
        None => nothing(),
    }
}

fn nothing() -> Response {
    let body = "<h1>Nothing here</h1><p>There is no such object or record.</p>";
    (axum::http::StatusCode::NOT_FOUND, Html(page("Nothing here", body))).into_response()
}

async fn new_record(State(sim): State<SalesforceSim>, Path(object): Path<String>) -> Response {
    form(&sim, &object, None, &HashMap::new(), &[])
}

async fn open(State(sim): State<SalesforceSim>, Path((object, id)): Path<(String, String)>) -> Response {
    form(&sim, &object, Some(&id), &HashMap::new(), &[])
}

/// A record's form: what it holds, or what was typed, with what the platform has against it.
fn form(
    sim: &SalesforceSim,
    object: &str,
    id: Option<&str>,
    typed: &HashMap<String, String>,
    refusals: &[Refusal],
) -> Response {
    let window = id.map(|id| embed_window(sim, object, id)).unwrap_or_default();
    let body = sim.with_org(|org| {
        let table = org.table(object)?;
        let row = match id {
            Some(id) => Some(table.rows.get(id).filter(|row| !row.deleted)?),
            None => None,
        };
        let mut inputs = String::new();
        for (at, field) in table.def.fields.values().enumerate() {
            let editable = if row.is_some() { field.has('u') } else { field.has('c') };
            if !editable {
                continue;
            }
            let held = row.as_ref().map_or(Value::Null, |row| row.get(at).clone());
            let value = typed.get(&field.name).map_or_else(|| shown(&held), |text| escape(text));
            let required = if field.is_required() { " <span class=tag>required</span>" } else { "" };
            let list = if field.choices.is_empty() {
                String::new()
            } else {
                let options: String =
                    field.choices.iter().map(|choice| format!("<option value=\"{}\">", escape(choice))).collect();
                format!("<datalist id=\"{}-choices\">{options}</datalist>", field.name)
            };
            let _ = write!(
                inputs,
                "<label>{} <span class=quiet>{}</span>{required}<input name=\"{}\" value=\"{value}\"{}></label>{list}",
                escape(&field.label),
                escape(&field.name),
                escape(&field.name),
                if field.choices.is_empty() { String::new() } else { format!(" list=\"{}-choices\"", field.name) },
            );
        }
        let errors: String =
            refusals.iter().map(|r| format!("<p class=bad role=alert>{}: {}</p>", r.code, escape(&r.message))).collect();
        Some(match row {
            Some(row) => {
                let name = shown(&row.value("Name"));
                format!(
                    "<h1>{} <span class=tag>{}</span></h1>{errors}<p class=quiet>{} · last changed {} by {}</p>\
                     <form method=post>{inputs}<button>Save</button></form>\
                     <form method=post action=/_sim/console/{}/{}/delete><p><button class=bad>Delete</button></p></form>{window}",
                    if name.is_empty() { row.id.clone() } else { name },
                    escape(&table.def.label),
                    row.id,
                    shown(&row.value("LastModifiedDate")),
                    escape(&who(org, &row.modified_by)),
                    table.def.name,
                    row.id,
                )
            }
            None => format!(
                "<h1>New {}</h1>{errors}<form method=post>{inputs}<button>Create</button></form>",
                escape(&table.def.label.to_lowercase())
            ),
        })
    });
    match body {
        Some(body) => Html(page(object, &body)).into_response(),
        None => nothing(),
    }
}

/// The embed window, where the record's page holds it.
fn embed_window(sim: &SalesforceSim, object: &str, record: &str) -> String {
    let issued = sim.0.clock.now().as_second();
    let state = sim.state();
    let claims = Claims { org: &state.auth.org_id, user: &state.person, object, record, issued };
    match state.embed_window(object, &claims) {
        Window::Absent => String::new(),
        Window::Blocked(why) => {
            format!("<section><h2>Embed window</h2><p class=bad>{}</p></section>", escape(&why))
        }
        Window::At(url) => format!(
            "<section><h2>Embed window</h2><iframe class=embed title=\"Embed window\" src=\"{}\"></iframe></section>",
            escape(&url)
        ),
    }
}

fn who(org: &crate::org::Org, user: &str) -> String {
    org.find(user).map_or_else(|| user.to_owned(), |(_, row)| shown(&row.value("Name")))
}

/// What was typed, as the platform's own pages would send it: only what differs.
fn typed_fields(
    sim: &SalesforceSim,
    object: &str,
    id: Option<&str>,
    typed: &HashMap<String, String>,
) -> Map<String, Value> {
    sim.with_org(|org| {
        let Some(table) = org.table(object) else { return Map::new() };
        let row = id.and_then(|id| table.rows.get(id));
        let mut fields = Map::new();
        for (name, text) in typed {
            let Some((at, field)) = table.def.field(name) else { continue };
            let held = row.as_ref().map_or(Value::Null, |row| row.get(at).clone());
            let before = match &held {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            if *text != before {
                let value = if text.trim().is_empty() { Value::Null } else { Value::String(text.clone()) };
                fields.insert(field.name.clone(), value);
            }
        }
        fields
    })
}

async fn create(
    State(sim): State<SalesforceSim>,
    Path(object): Path<String>,
    Form(typed): Form<HashMap<String, String>>,
) -> Response {
    let fields = typed_fields(&sim, &object, None, &typed);
    match sim.create_record(&object, fields) {
        Ok(id) => Redirect::to(&format!("/_sim/console/{object}/{id}")).into_response(),
        Err(refusals) => form(&sim, &object, None, &typed, &refusals),
    }
}

async fn edit(
    State(sim): State<SalesforceSim>,
    Path((object, id)): Path<(String, String)>,
    Form(typed): Form<HashMap<String, String>>,
) -> Response {
    let fields = typed_fields(&sim, &object, Some(&id), &typed);
    if fields.is_empty() {
        return Redirect::to(&format!("/_sim/console/{object}/{id}")).into_response();
    }
    match sim.edit_record(&object, &id, fields) {
        Ok(()) => Redirect::to(&format!("/_sim/console/{object}/{id}")).into_response(),
        Err(refusals) => form(&sim, &object, Some(&id), &typed, &refusals),
    }
}

async fn delete(State(sim): State<SalesforceSim>, Path((object, id)): Path<(String, String)>) -> Response {
    match sim.delete_record(&object, &id) {
        Ok(()) => Redirect::to(&format!("/_sim/console/{object}")).into_response(),
        Err(refusal) => form(&sim, &object, Some(&id), &HashMap::new(), &[refusal]),
    }
}
