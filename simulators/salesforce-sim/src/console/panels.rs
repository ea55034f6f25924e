//! What stands beside the details of a record: related records, activities, history, the embed window.

use std::fmt::Write as _;

use serde_json::Value;

use super::{escape, shown};
use crate::SalesforceSim;
use crate::embed::{Claims, Window};
use crate::org::{Org, RowData, Table};
use crate::soql::Record as _;

/// Rows that a panel shows.
const MOST: usize = 10;

/// The live records of `object` whose field holds an id.
fn holding(org: &Org, object: &str, field: &str, id: &str) -> Vec<RowData> {
    let Some(table) = org.table(object) else { return Vec::new() };
    let Some((at, _)) = table.def.field(field) else { return Vec::new() };
    table.holders(at, id)
}

/// A record as a link with its name.
fn link(table: &Table, row: &RowData) -> String {
    let name = ["Name", "Subject", "CaseNumber"]
        .iter()
        .map(|field| shown(&row.value(field)))
        .find(|name| !name.is_empty());
    let name = name.unwrap_or_else(|| escape(&row.id));
    format!("<a href=\"/_sim/console/{}/{}\">{name}</a>", table.def.name, row.id)
}

/// A value of a field; one that refers to a record is a link.
pub(super) fn reference(org: &Org, value: &Value) -> String {
    let found = value.as_str().and_then(|id| org.find(id));
    match found {
        Some((table, row)) if table.def.writable => link(table, &row),
        Some((_, row)) => shown(&row.value("Name")),
        None => shown(value),
    }
}

/// The records that this one refers to, and those that refer to it.
pub(super) fn related(org: &Org, table: &Table, row: &RowData) -> String {
    let mut out = String::new();
    for (at, field) in table.def.fields.values().enumerate() {
        let value = row.get(at);
        if field.kind == "reference" && !value.is_null() && !matches!(field.name.as_str(), "OwnerId") {
            let label = field.label.trim_end_matches(" ID");
            let _ = write!(out, "<dt>{}<dd>{}", escape(label), reference(org, value));
        }
    }
    let owner = shown(&Value::String(super::who(org, row.value("OwnerId").as_str().unwrap_or_default())));
    let parents = format!("<dl class=facts><dt>Owner<dd>{owner}{out}</dl>");
    let mut lists = String::new();
    for child in &table.def.children {
        let plain = !matches!(child.object.as_str(), "Task" | "Event") && !child.object.contains("History");
        let rows = if plain { holding(org, &child.object, &child.field, &row.id) } else { Vec::new() };
        let Some(own) = org.table(&child.object).filter(|_| !rows.is_empty()) else { continue };
        let items: String = rows.iter().take(MOST).map(|row| format!("<li>{}", link(own, row))).collect();
        let _ = write!(lists, "<h3>{} ({})</h3><ul>{items}</ul>", escape(&own.def.plural), rows.len());
    }
    format!("<section><h2>Related</h2>{parents}{lists}</section>")
}

/// Tasks and events that are about this record, latest first.
pub(super) fn timeline(org: &Org, id: &str) -> String {
    let mut found = Vec::new();
    for object in ["Task", "Event"] {
        for field in ["WhoId", "WhatId"] {
            found.extend(holding(org, object, field, id).into_iter().map(|row| (object, row)));
        }
    }
    let day = |row: &RowData| {
        let own = ["ActivityDate", "ActivityDateTime", "CreatedDate"];
        own.iter().map(|name| shown(&row.value(name))).find(|text| !text.is_empty()).unwrap_or_default()
    };
    found.sort_by(|(_, one), (_, other)| day(other).cmp(&day(one)).then(other.number.cmp(&one.number)));
    found.dedup_by(|(_, one), (_, other)| one.id == other.id);
    let items: String = found
        .iter()
        .take(MOST)
        .filter_map(|(object, row)| {
            let table = org.table(object)?;
            let state = shown(&row.value(if *object == "Task" { "Status" } else { "Location" }));
            let day = day(row);
            Some(format!(
                "<li><span class=quiet>{} · {object}</span> {} <span class=tag>{state}</span>",
                day.get(..10).unwrap_or(&day),
                link(table, row)
            ))
        })
        .collect();
    let list = if items.is_empty() {
        "<p class=quiet>No activities.</p>".to_owned()
    } else {
        format!("<ul>{items}</ul>")
    };
    format!("<section><h2>Activity</h2>{list}</section>")
}

/// What became of the fields whose history is kept.
pub(super) fn history(org: &Org, object: &str, id: &str) -> String {
    let (history, field) = match object {
        "Opportunity" => ("OpportunityFieldHistory".to_owned(), "OpportunityId".to_owned()),
        own if own.ends_with("__c") => (own.replace("__c", "__History"), "ParentId".to_owned()),
        own => (format!("{own}History"), format!("{own}Id")),
    };
    if org.table(&history).is_none() {
        return String::new();
    }
    let mut rows = holding(org, &history, &field, id);
    rows.sort_by_key(|row| std::cmp::Reverse(row.number));
    let lines: String = rows
        .iter()
        .take(MOST)
        .map(|row| {
            format!(
                "<tr><td>{}<td>{}<td>{}<td>{}<td>{}",
                shown(&row.value("CreatedDate")),
                shown(&row.value("Field")),
                super::escape(&super::who(org, &row.created_by)),
                shown(&row.value("OldValue")),
                shown(&row.value("NewValue"))
            )
        })
        .collect();
    if lines.is_empty() {
        return "<section><h2>History</h2><p class=quiet>No change is recorded.</p></section>".to_owned();
    }
    format!(
        "<section><h2>History</h2><div class=wide tabindex=0 role=region aria-label=History><table><tr><th>Date<th>Field\
         <th>User<th>Original Value<th>New Value{lines}</table></div></section>"
    )
}

/// The embed window, where the record's page holds it, opened for this user.
pub(super) fn embed(sim: &SalesforceSim, object: &str, record: &str, user: &str) -> String {
    let issued = sim.0.clock.now().as_second();
    let state = sim.state();
    let claims = Claims { org: &state.auth.org_id, user, object, record, issued };
    match state.embed_window(object, &claims) {
        Window::Absent => String::new(),
        Window::Blocked(why) => {
            format!("<section><h2>Embed window</h2><p class=bad role=alert>{}</p></section>", escape(&why))
        }
        Window::At(url) => format!(
            "<section><h2>Embed window</h2><iframe class=embed title=\"Embed window\" src=\"{}\"></iframe></section>",
            escape(&url)
        ),
    }
}

/// The statuses that a converted lead can have.
pub(super) fn converted_statuses(org: &Org) -> Vec<String> {
    let Some(table) = org.table("LeadStatus") else { return Vec::new() };
    let converted =
        table.rows.iter().filter(|row| !row.deleted && *row.value("IsConverted") == Value::Bool(true));
    converted.filter_map(|row| row.value("ApiName").as_str().map(ToOwned::to_owned)).collect()
}
