//! List views: all records, the caller's own, and those looked at of late.

use serde_json::{Value, json};

use super::{Api, Call, Done, Reply, param};
use crate::error::Refusal;
use crate::ids;
use crate::org::Table;
use crate::soql::{self, Scope};

/// The views that every object has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum View {
    All,
    My,
    Recent,
}

const VIEWS: [View; 3] = [View::All, View::My, View::Recent];

impl View {
    fn names(self, table: &Table) -> (String, String) {
        let plural: String = table.def.plural.chars().filter(|c| c.is_alphanumeric()).collect();
        match self {
            Self::All => (format!("All{plural}"), format!("All {}", table.def.plural)),
            Self::My => (format!("My{plural}"), format!("My {}", table.def.plural)),
            Self::Recent => {
                (format!("RecentlyViewed{plural}"), format!("Recently Viewed {}", table.def.plural))
            }
        }
    }

    fn scope(self) -> &'static str {
        if self == Self::My { "mine" } else { "everything" }
    }
}

impl Api<'_> {
    pub(super) fn list_views(&mut self, call: &Call, object: &str, rest: &[&str], version: &str) -> Done {
        let missing = || vec![Refusal::not_found()];
        let at = self.state.org.tables.keys().position(|name| name.eq_ignore_ascii_case(object));
        let at = at.ok_or_else(missing)?;
        let (_, table) = self.state.org.tables.get_index(at).ok_or_else(missing)?;
        let id = |view: View| ids::make("00B", at as u64 * 10 + view as u64 + 1);
        match rest {
            [] | ["recent"] => {
                let views: Vec<Value> =
                    VIEWS.iter().map(|view| summary(table, *view, &id(*view), version)).collect();
                Ok(Reply::ok(json!({
                    "done": true, "listviews": views, "nextRecordsUrl": null, "size": VIEWS.len(),
                    "sobjectType": table.def.name,
                })))
            }
            [wanted, rest @ ..] => {
                let own = |view: &View| {
                    let id = id(*view);
                    *wanted == view.names(table).0 || ids::normal(wanted).as_ref() == Some(&id)
                };
                let view = VIEWS.into_iter().find(own).ok_or_else(missing)?;
                match rest {
                    [] => Ok(Reply::ok(summary(table, view, &id(view), version))),
                    ["describe"] => Ok(Reply::ok(self.describe_view(table, view, &id(view)))),
                    ["results"] => self.results(call, table, view, &id(view), version),
                    _ => Err(missing()),
                }
            }
        }
    }

    fn query_of(&self, table: &Table, view: View) -> String {
        let filter = match view {
            View::All => String::new(),
            View::My if table.def.field("OwnerId").is_some() => {
                format!(" WHERE OwnerId = '{}'", self.state.integration)
            }
            View::My => String::new(),
            View::Recent => {
                let recent = self.state.service.recent.iter();
                let own: Vec<String> = recent
                    .filter(|id| self.state.org.object_of(id) == Some(&table.def.name))
                    .map(|id| format!("'{id}'"))
                    .collect();
                // A list that is empty is none in SOQL.
                let list = if own.is_empty() { "null".to_owned() } else { own.join(", ") };
                format!(" WHERE Id IN ({list})")
            }
        };
        let fields: Vec<&str> = shown(table)
            .into_iter()
            .chain(["Id", "CreatedDate", "LastModifiedDate", "SystemModstamp"])
            .collect();
        let order =
            shown(table).first().map(|name| format!(" ORDER BY {name} ASC NULLS FIRST, Id ASC NULLS FIRST"));
        format!("SELECT {} FROM {}{filter}{}", fields.join(", "), table.def.name, order.unwrap_or_default())
    }

    fn describe_view(&self, table: &Table, view: View, id: &str) -> Value {
        let order: Vec<Value> = shown(table)
            .first()
            .into_iter()
            .chain([&"Id"])
            .map(|name| json!({"fieldNameOrPath": name, "nullsPosition": "first", "sortDirection": "ascending"}))
            .collect();
        json!({
            "columns": columns(table), "id": id, "orderBy": order, "query": self.query_of(table, view),
            "relatedEntityId": null, "scope": view.scope(), "scopeEntityId": null,
            "sobjectType": table.def.name, "whereCondition": {"conditions": [], "conjunction": "and"},
        })
    }

    fn results(&self, call: &Call, table: &Table, view: View, id: &str, version: &str) -> Done {
        let number = |name: &str| param(call, name).and_then(|text| text.parse::<usize>().ok());
        let limit = number("limit").unwrap_or(25).clamp(1, 2_000);
        let offset = number("offset").unwrap_or(0).min(2_000);
        let text = format!("{} LIMIT {limit} OFFSET {offset}", self.query_of(table, view));
        let failed = |error: soql::SoqlError| vec![Refusal::new(error.code, error.message)];
        let query = soql::parse(&text).map_err(failed)?;
        let found =
            soql::execute(&query, &text, &self.state.org, self.now, Scope::Live, version).map_err(failed)?;
        let columns = columns(table);
        let records: Vec<Value> = found
            .records
            .iter()
            .map(|record| {
                let cells = columns.iter().map(|column| {
                    let name = column["fieldNameOrPath"].as_str().unwrap_or_default();
                    let value = match record.get(name) {
                        None | Some(Value::Null) => Value::Null,
                        Some(Value::String(text)) => json!(text),
                        Some(other) => json!(other.to_string()),
                    };
                    json!({"fieldNameOrPath": name, "value": value})
                });
                json!({"columns": cells.collect::<Vec<_>>()})
            })
            .collect();
        let (developer_name, label) = view.names(table);
        Ok(Reply::ok(json!({
            "columns": columns, "developerName": developer_name, "done": true, "id": id, "label": label,
            "records": records, "size": records.len(),
        })))
    }
}

fn summary(table: &Table, view: View, id: &str, version: &str) -> Value {
    let url = format!("/services/data/v{version}/sobjects/{}/listviews/{id}", table.def.name);
    let (developer_name, label) = view.names(table);
    json!({
        "describeUrl": format!("{url}/describe"), "developerName": developer_name, "id": id, "label": label,
        "resultsUrl": format!("{url}/results"), "soqlCompatible": true, "url": url,
    })
}

/// The fields that a view shows.
fn shown(table: &Table) -> Vec<&'static str> {
    let names = ["Name", "Subject", "Title", "StageName", "Status", "Phone", "Email", "Website", "OwnerId"];
    names.into_iter().filter(|name| table.def.field(name).is_some()).collect()
}

fn columns(table: &Table) -> Vec<Value> {
    let own = shown(table);
    let hidden = ["Id", "CreatedDate", "LastModifiedDate", "SystemModstamp"];
    let all = own.iter().map(|name| (*name, false)).chain(hidden.iter().map(|name| (*name, true)));
    all.filter_map(|(name, hidden)| {
        let (_, field) = table.def.field(name)?;
        let sorted = own.first() == Some(&name);
        Some(json!({
            "ascendingLabel": (!hidden).then_some("Z-A"), "descendingLabel": (!hidden).then_some("A-Z"),
            "fieldNameOrPath": name, "hidden": hidden, "label": field.label, "searchable": !hidden,
            "selectListItem": name, "sortDirection": if sorted { "ascending" } else { "none" },
            "sortIndex": sorted.then_some(0), "sortable": field.has('S'), "type": field.kind,
        }))
    })
    .collect()
}
