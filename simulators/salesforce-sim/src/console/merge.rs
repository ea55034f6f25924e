//! Merging two records that are one.

use std::collections::HashMap;

use axum::extract::{Form, Path, Query, State};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use serde_json::{Map, Value};

use super::{escape, nothing, page, shown};
use crate::SalesforceSim;
use crate::soql::Record as _;

type Typed = HashMap<String, String>;

pub(super) async fn ask(
    State(sim): State<SalesforceSim>,
    Path((object, id)): Path<(String, String)>,
    Query(query): Query<Typed>,
) -> Response {
    show(&sim, &object, &id, query.get("with").map_or("", String::as_str), None)
}

/// Both records side by side: which one stays, and whose value each field keeps.
fn show(sim: &SalesforceSim, object: &str, id: &str, other: &str, error: Option<&str>) -> Response {
    let body = sim.with_org(|org| {
        let table = org.table(object)?;
        let read = |id: &str| table.rows.get(&crate::ids::normal(id)?).filter(|row| !row.deleted);
        let one = read(id)?;
        let error = error.map(|text| format!("<p class=bad role=alert>{}</p>", escape(text))).unwrap_or_default();
        let ask = format!(
            "<form class=row><input name=with aria-label=\"Id of the duplicate\" value=\"{}\" placeholder=\"Id of the \
             duplicate\"><button>Compare</button></form>",
            escape(other)
        );
        let Some(two) = read(other).filter(|row| row.id != one.id) else {
            return Some(format!("<h1>Merge {}</h1>{error}{ask}", shown(&one.value("Name"))));
        };
        let mut lines = String::new();
        for (at, field) in table.def.fields.values().enumerate().filter(|(_, field)| field.has('u')) {
            let (left, right) = (one.get(at), two.get(at));
            if left == right {
                continue;
            }
            let choice = |row: &str, value: &Value, on: bool| {
                format!(
                    "<td><label class=choice><input type=radio name=\"{}\" value={row}{}> {}</label>",
                    field.name,
                    if on { " checked" } else { "" },
                    if value.is_null() { "<span class=quiet>empty</span>".to_owned() } else { shown(value) }
                )
            };
            let first = !left.is_null();
            lines.push_str(&format!(
                "<tr><th scope=row>{}{}{}",
                escape(&field.label),
                choice(&one.id, left, first),
                choice(&two.id, right, !first)
            ));
        }
        let master = |id: &str, on: &str| {
            format!("<td><label class=choice><input type=radio name=master value={id}{on}> {id}</label>")
        };
        Some(format!(
            "<h1>Merge {}</h1>{error}{ask}<form method=post><input type=hidden name=with value=\"{}\"><div class=wide \
             tabindex=0 role=region aria-label=Comparison><table><tr><th scope=row>Record that stays{}{}{lines}</table></div>\
             <p><button>Merge</button></p></form>",
            shown(&one.value("Name")),
            two.id,
            master(&one.id, " checked"),
            master(&two.id, ""),
        ))
    });
    body.map_or_else(nothing, |body| Html(page("Merge", &body)).into_response())
}

pub(super) async fn merge(
    State(sim): State<SalesforceSim>,
    Path((object, id)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Response {
    let other = typed.get("with").cloned().unwrap_or_default();
    let master = typed.get("master").cloned().unwrap_or_else(|| id.clone());
    let victim = if master == id { other.clone() } else { id.clone() };
    let fields = chosen(&sim, &object, &master, &typed);
    match sim.merge_records(&object, &master, &[victim], &fields) {
        Ok(_) => Redirect::to(&format!("/_sim/console/{object}/{master}")).into_response(),
        Err(refusals) => show(&sim, &object, &id, &other, Some(&super::words(&refusals))),
    }
}

/// Values that the record which stays takes from the other.
fn chosen(sim: &SalesforceSim, object: &str, master: &str, typed: &Typed) -> Map<String, Value> {
    sim.with_org(|org| {
        let Some(table) = org.table(object) else { return Map::new() };
        let taken = typed.iter().filter_map(|(name, id)| {
            let (at, field) = table.def.field(name)?;
            let row = table.rows.get(id).filter(|row| row.id != master)?;
            Some((field.name.clone(), row.get(at).clone()))
        });
        taken.collect()
    })
}
