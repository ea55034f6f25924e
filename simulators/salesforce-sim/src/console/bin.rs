//! The recycle bin.

use std::fmt::Write as _;

use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse as _, Redirect, Response};

use super::{escape, page, shown};
use crate::SalesforceSim;
use crate::soql::Record as _;

/// Records that the page shows.
const MOST: usize = 200;

pub(super) async fn bin(State(sim): State<SalesforceSim>) -> Html<String> {
    let rows = sim.with_org(|org| {
        let mut found = Vec::new();
        for table in org.tables.values().filter(|table| table.def.writable) {
            found.extend(table.rows.iter().filter(|row| row.deleted).map(|row| (table, row)));
        }
        found.sort_by_key(|(_, row)| std::cmp::Reverse(row.modstamp));
        let mut out = String::new();
        for (table, row) in found.into_iter().take(MOST) {
            let id = shown(&row.value("Id"));
            let name = shown(&row.value("Name"));
            let name = if name.is_empty() { id.clone() } else { name };
            let _ = write!(
                out,
                "<tr><td>{name}<td>{}<td>{}<td><form method=post action=\"/_sim/console/bin/{id}\"><button class=plain \
                 aria-label=\"Undelete {name}\">Undelete</button></form>",
                escape(&table.def.label),
                shown(&row.value("SystemModstamp")),
            );
        }
        out
    });
    let body = if rows.is_empty() {
        "<h1>Recycle bin</h1><p>Nothing is in it.</p>".to_owned()
    } else {
        format!(
            "<h1>Recycle bin</h1><div class=wide tabindex=0 role=region aria-label=\"Deleted records\"><table><tr><th>Name\
             <th>Type<th>Deleted<th>Action{rows}</table></div>"
        )
    };
    Html(page("Recycle bin", &body))
}

pub(super) async fn undelete(State(sim): State<SalesforceSim>, Path(id): Path<String>) -> Response {
    match sim.undelete_record(&id) {
        Ok(()) => {
            let object = sim.with_org(|org| org.object_of(&id).unwrap_or_default().to_owned());
            Redirect::to(&format!("/_sim/console/{object}/{id}")).into_response()
        }
        Err(refusal) => {
            let body =
                format!("<h1>Recycle bin</h1><p class=bad role=alert>{}</p>", escape(&refusal.message));
            (axum::http::StatusCode::NOT_FOUND, Html(page("Recycle bin", &body))).into_response()
        }
    }
}

/// The mails that the org has sent.
pub(super) async fn mails(State(sim): State<SalesforceSim>) -> Html<String> {
    let now = sim.0.clock.now();
    let mut state = sim.state();
    state.settle(now);
    let rows: String = state
        .setup
        .packages
        .mails
        .iter()
        .rev()
        .map(|mail| {
            format!("<tr><td>{}<td>{}<td>{}", escape(&mail.at), escape(&mail.to), escape(&mail.subject))
        })
        .collect();
    let table = if rows.is_empty() {
        "<p>No mail has been sent.</p>".to_owned()
    } else {
        format!(
            "<div class=wide tabindex=0 role=region aria-label=Mails><table><tr><th>Sent<th>To<th>Subject{rows}</table></div>"
        )
    };
    Html(page("Mails", &format!("<h1>Mails</h1>{table}")))
}
