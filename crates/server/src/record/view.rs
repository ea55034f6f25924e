//! A record and its counterpart, field by field, from what is kept: no platform is asked.

use std::collections::{BTreeMap, BTreeSet};

use engine::{Connection, NamedPair, Settings};
use jiff::Timestamp;
use model::{Side, Sides, SyncRule};
use serde::Serialize;
use store::{ConnectionRow, HistoryRow, Link, LinkState};
use utoipa::ToSchema;

use crate::{App, Fault};

/// Lines of history that are looked through for the last change of each field.
const LOOKED_THROUGH: u32 = 500;

/// A record and its counterpart.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Record {
    /// What it is called.
    pub title: String,
    /// The record in HubSpot, as object and id.
    pub hubspot: Option<(String, String)>,
    /// The record in Salesforce, as object and id.
    pub salesforce: Option<(String, String)>,
    /// `active`, or why the two rest; none where it has no counterpart.
    pub state: Option<&'static str>,
    /// When the two last agreed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub agreed_at: Option<Timestamp>,
    /// The fields.
    pub fields: Vec<FieldOf>,
    /// When it is looked at next, where it is marked.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due_at: Option<Timestamp>,
    #[serde(skip)]
    pub(crate) history: Vec<HistoryRow>,
}

/// A field on both sides.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FieldOf {
    /// The property and the field, by the names that programs use.
    #[schema(value_type = Object)]
    pub names: Sides<String>,
    /// The same by the names that people see.
    #[schema(value_type = Object)]
    pub labels: Sides<String>,
    /// Which way it flows; none where it is no longer mapped.
    #[schema(value_type = Option<String>)]
    pub rule: Option<SyncRule>,
    /// What each side held when the two last agreed.
    #[schema(value_type = Object)]
    pub agreed: Sides<Option<String>>,
    /// What was last done to it.
    pub last: Option<LastChange>,
}

/// What was last done to a field.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LastChange {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The side it was done on.
    #[schema(value_type = String)]
    pub side: Side,
    /// Why: the name of a reason.
    pub reason: String,
    /// What led Tandem to look: `poll`, `hint`, `link` or `person`.
    pub cause: String,
    /// What was done.
    pub outcome: &'static str,
}

/// What is kept of a record.
///
/// # Errors
/// When the store cannot be read.
pub fn record(
    app: &App,
    row: &ConnectionRow,
    engine: Option<&Connection>,
    side: Side,
    object: &str,
    id: &str,
) -> Result<(Record, Option<Link>), Fault> {
    let link = app.store.link_of(&row.id, side, object, id)?;
    let filter = store::HistoryFilter { record: Some(id.to_owned()), limit: Some(LOOKED_THROUGH) };
    let mut history = app.store.history(&row.id, &filter)?;
    history.retain(|line| line.is_about(side, object, id, link.as_ref()));
    let due_at = app.store.next_try(&row.id, side, object, id)?;
    let own = Some((object.to_owned(), id.to_owned()));
    let Some(link) = link else {
        let (hubspot, salesforce) = match side {
            Side::HubSpot => (own, None),
            Side::Salesforce => (None, own),
        };
        let title = id.to_owned();
        let record = Record {
            title,
            hubspot,
            salesforce,
            state: None,
            agreed_at: None,
            fields: Vec::new(),
            due_at,
            history,
        };
        return Ok((record, None));
    };
    let of = |side: Side| Some((link.object(side).to_owned(), link.record(side).to_owned()));
    let title = Some(link.title()).filter(|title| !title.is_empty()).unwrap_or_else(|| id.to_owned());
    let record = Record {
        title,
        hubspot: of(Side::HubSpot),
        salesforce: of(Side::Salesforce),
        state: Some(match link.state {
            LinkState::Active => "active",
            LinkState::Resting(why) => why.as_str(),
        }),
        agreed_at: Some(link.updated_at),
        fields: fields(&link, pairs(row, engine, &link), &history),
        due_at,
        history,
    };
    Ok((record, Some(link)))
}

/// The mapped fields: with the names people see where the platforms have been asked already, else by the settings.
fn pairs(row: &ConnectionRow, engine: Option<&Connection>, link: &Link) -> Vec<NamedPair> {
    let (hubspot, salesforce) = (link.object(Side::HubSpot), link.object(Side::Salesforce));
    if let Some(pairs) = engine.and_then(|engine| engine.named_pairs(hubspot, salesforce)) {
        return pairs;
    }
    let settings: Option<Settings> = serde_json::from_value(row.settings.clone()).ok();
    let mappings = settings.into_iter().flat_map(|settings| settings.objects);
    let mapping = mappings
        .into_iter()
        .find(|mapping| mapping.hubspot_object == hubspot && mapping.salesforce_object == salesforce);
    let fields = mapping.into_iter().flat_map(|mapping| mapping.fields);
    let named = fields.map(|field| {
        let names = Sides { hubspot: field.hubspot, salesforce: field.salesforce };
        NamedPair { labels: names.clone(), names, rule: field.rule }
    });
    named.collect()
}

fn fields(link: &Link, pairs: Vec<NamedPair>, history: &[HistoryRow]) -> Vec<FieldOf> {
    let mut last: BTreeMap<(Side, &str), &HistoryRow> = BTreeMap::new();
    for row in history {
        if let Some(field) = &row.entry.field {
            last.insert((row.entry.side, field), row);
        }
    }
    let change = |names: &Sides<String>| {
        let of = |side: Side| last.get(&(side, names.get(side).as_str())).copied();
        let latest = of(Side::HubSpot).into_iter().chain(of(Side::Salesforce)).max_by_key(|row| row.id);
        latest.map(|row| LastChange {
            at: row.entry.at,
            side: row.entry.side,
            reason: row.entry.reason.clone(),
            cause: row.entry.cause.clone(),
            outcome: row.entry.outcome.as_str(),
        })
    };
    let agreed = |side: Side, name: &str| link.shadows.get(side).get(name).map(ToString::to_string);
    let mut seen: Sides<BTreeSet<String>> = Sides::default();
    let mut fields = Vec::new();
    for pair in pairs {
        for side in [Side::HubSpot, Side::Salesforce] {
            seen.get_mut(side).insert(pair.names.get(side).clone());
        }
        fields.push(FieldOf {
            agreed: Sides {
                hubspot: agreed(Side::HubSpot, &pair.names.hubspot),
                salesforce: agreed(Side::Salesforce, &pair.names.salesforce),
            },
            last: change(&pair.names),
            names: pair.names,
            labels: pair.labels,
            rule: Some(pair.rule),
        });
    }
    fields
}
