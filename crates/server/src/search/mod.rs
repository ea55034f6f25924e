//! The search box: any record by name, email or id.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use model::Side;
use serde::{Deserialize, Serialize};
use store::{Found, LinkState};
use utoipa::ToSchema;

use crate::lines::record_address;
use crate::texts::Texts;
use crate::{App, Fault, Page, said, templates};

/// Records on the page.
pub const ROWS: usize = 50;

/// A record that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Hit {
    /// Its connection.
    pub connection: String,
    /// What it is called; its id where it has no name.
    pub title: String,
    /// Its email address.
    pub email: Option<String>,
    /// The record in HubSpot, as object and id.
    pub hubspot: Option<(String, String)>,
    /// The record in Salesforce, as object and id.
    pub salesforce: Option<(String, String)>,
    /// Whether the two are kept in step.
    pub in_step: bool,
    /// The page of the record.
    pub page: String,
}

/// What a question finds, at most `limit`.
///
/// # Errors
/// When the store cannot be read.
pub fn find(app: &App, question: &str, limit: usize) -> Result<Vec<Hit>, Fault> {
    let found = app.store.search(question, limit)?;
    Ok(found.into_iter().map(hit).collect())
}

fn hit(found: Found) -> Hit {
    match found {
        Found::Pair(link) => {
            let of = |side: Side| Some((link.object(side).to_owned(), link.record(side).to_owned()));
            let title = link.title();
            Hit {
                connection: link.connection.as_str().to_owned(),
                title: if title.is_empty() {
                    link.record(Side::HubSpot).to_owned()
                } else {
                    said::short(&title)
                },
                email: link.email(),
                hubspot: of(Side::HubSpot),
                salesforce: of(Side::Salesforce),
                in_step: link.state == LinkState::Active,
                page: record_address(
                    &link.connection,
                    Side::HubSpot,
                    link.object(Side::HubSpot),
                    link.record(Side::HubSpot),
                ),
            }
        }
        Found::Single { connection, side, object, record } => {
            let page = record_address(&connection, side, &object, &record);
            let named = Some((object, record.clone()));
            let (hubspot, salesforce) = match side {
                Side::HubSpot => (named, None),
                Side::Salesforce => (None, named),
            };
            let connection = connection.as_str().to_owned();
            Hit { connection, title: record, email: None, hubspot, salesforce, in_step: false, page }
        }
    }
}

#[derive(Template)]
#[template(path = "search/search.html")]
struct Search {
    page: Page,
    question: String,
    hits: Vec<View>,
    more: bool,
}

struct View {
    title: String,
    email: String,
    hubspot: String,
    salesforce: String,
    in_step: bool,
    connection: String,
    page: String,
}

fn shown(t: Texts, names: &[(String, String)], hit: Hit) -> View {
    let named = |side: Side, of: Option<(String, String)>| {
        of.map(|(object, id)| format!("{} {id}", said::object(t, side, &object))).unwrap_or_default()
    };
    View {
        connection: names
            .iter()
            .find(|(id, _)| *id == hit.connection)
            .map_or_else(String::new, |(_, name)| name.clone()),
        title: hit.title,
        email: hit.email.unwrap_or_default(),
        hubspot: named(Side::HubSpot, hit.hubspot),
        salesforce: named(Side::Salesforce, hit.salesforce),
        in_step: hit.in_step,
        page: hit.page,
    }
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
}

pub fn router() -> Router<App> {
    Router::new().route("/search", get(search))
}

async fn search(State(app): State<App>, page: Page, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let hits = find(&app, &asked.q, ROWS)?;
    let names: Vec<(String, String)> =
        app.store.connections()?.into_iter().map(|row| (row.id.as_str().to_owned(), row.name)).collect();
    let t = page.t;
    let view = Search {
        question: asked.q,
        more: hits.len() == ROWS,
        hits: hits.into_iter().map(|hit| shown(t, &names, hit)).collect(),
        page,
    };
    Ok(templates::html(&view))
}
