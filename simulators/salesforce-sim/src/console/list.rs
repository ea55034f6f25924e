//! The objects, and the records of one.

use std::collections::HashMap;
use std::fmt::Write as _;

use axum::extract::{Path, Query, State};
use axum::response::{Html, IntoResponse as _, Response};

use super::{escape, nothing, page, shown};
use crate::SalesforceSim;
use crate::soql::Record as _;

const PER_PAGE: usize = 50;

pub(super) async fn objects(State(sim): State<SalesforceSim>) -> Html<String> {
    let mut rows = String::new();
    sim.with_org(|org| {
        for (name, table) in org.tables.iter().filter(|(_, table)| table.def.writable) {
            let _ = write!(
                rows,
                "<tr><td><a href=\"/_sim/console/{name}\">{}</a><td class=quiet>{name}<td>{}",
                escape(&table.def.plural),
                table.live()
            );
        }
    });
    let table =
        format!("<h1>Objects</h1><table class=names><tr><th>Object<th>API name<th>Records{rows}</table>");
    Html(page("Objects", &table))
}

/// The fields that a list shows.
fn columns(object: &str) -> &'static [&'static str] {
    match object {
        "Contact" | "Lead" => &["Name", "Email", "Phone", "Title"],
        "Account" => &["Name", "Website", "BillingCity", "Industry"],
        "Opportunity" => &["Name", "StageName", "Amount", "CloseDate"],
        "Task" => &["Subject", "Status", "ActivityDate", "WhoId"],
        "Event" => &["Subject", "ActivityDateTime", "WhoId"],
        "Case" => &["CaseNumber", "Subject", "Status"],
        "PermissionSet" => &["Label", "Name"],
        _ => &["Name"],
    }
}

pub(super) async fn list(
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
                    0 => write!(rows, "<td><a href=\"/_sim/console/{}/{}\">{text}</a>", table.def.name, row.id()),
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
            "<h1>{plural} <span class=tag>{}</span></h1><form class=row role=search><input name=q aria-label=Search value=\"{}\" \
             placeholder=\"Search by name, email or id\"><button>Search</button></form>\
             <p><a href=\"/_sim/console/{}/new\">New {}</a></p><div class=wide tabindex=0 role=region aria-label=\"{plural}\">\
             <table><tr>{heads}{rows}</table></div><nav class=pages>{pages}</nav>",
            table.live(),
            escape(&wanted),
            table.def.name,
            escape(&table.def.label.to_lowercase()),
            plural = escape(&table.def.plural),
        ))
    });
    match body {
        Some(body) => Html(page(&object, &body)).into_response(),
        None => nothing(),
    }
}
