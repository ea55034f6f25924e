//! Pages on which a person looks at and edits records, as in a CRM.

mod bin;
mod convert;
mod form;
mod list;
mod merge;
mod panels;
mod record;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::{get, post};
use serde_json::Value;

use crate::SalesforceSim;
use crate::error::Refusal;
use crate::org::Org;
use crate::soql::Record as _;

const STYLE: &str = include_str!("style.css");

pub(crate) fn routes() -> Router<SalesforceSim> {
    Router::new()
        .route("/_sim/console", get(list::objects))
        .route("/_sim/console/bin", get(bin::bin))
        .route("/_sim/console/bin/{id}", post(bin::undelete))
        .route("/_sim/console/mails", get(bin::mails))
        .route("/_sim/console/{object}", get(list::list))
        .route("/_sim/console/{object}/new", get(record::new_record).post(record::create))
        .route("/_sim/console/{object}/{id}", get(record::open).post(record::edit))
        .route("/lightning/r/{object}/{id}/view", get(record::open).post(record::edit))
        .route("/_sim/console/{object}/{id}/delete", post(record::delete))
        .route("/_sim/console/Lead/{id}/convert", get(convert::ask).post(convert::convert))
        .route("/_sim/console/{object}/{id}/merge", get(merge::ask).post(merge::merge))
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
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width,initial-scale=1\">\
         <title>{} · Salesforce (simulated)</title><style>{STYLE}</style>\
         <header><a href=/_sim/console>Salesforce (simulated)</a><a href=/_sim/console/bin>Recycle bin</a>\
         <a href=/_sim/console/mails>Mails</a><a href=/0A3>Installed packages</a></header><main>{body}</main></html>",
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

fn nothing() -> Response {
    let body = "<h1>Nothing here</h1><p>There is no such object or record.</p>";
    (StatusCode::NOT_FOUND, Html(page("Nothing here", body))).into_response()
}

/// The name of a user.
fn who(org: &Org, user: &str) -> String {
    let row = org.find(user).map(|(_, row)| row.value("Name").into_owned());
    row.and_then(|name| name.as_str().map(ToOwned::to_owned)).unwrap_or_else(|| user.to_owned())
}

/// Refusals in one sentence.
fn words(refusals: &[Refusal]) -> String {
    refusals
        .iter()
        .map(|refusal| format!("{}: {}", refusal.code, refusal.message))
        .collect::<Vec<_>>()
        .join("; ")
}
