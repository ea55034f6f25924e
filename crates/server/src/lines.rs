//! Lines of history as the pages show them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use model::{ConnectionId, Side};
use store::{HistoryRow, LinkId};

use crate::texts::Texts;
use crate::{App, Fault, said};

/// One line.
#[derive(Debug, Clone)]
pub struct Line {
    /// When it was done.
    pub at: Timestamp,
    /// The side, as a class of the stylesheet.
    pub class: &'static str,
    /// The side, as people know it.
    pub side: String,
    /// The object, as people know it.
    pub object: String,
    /// What the record is called, or its id.
    pub title: String,
    /// The record's page.
    pub address: String,
    /// The field; empty where it is about the whole record.
    pub field: String,
    /// What it held.
    pub before: String,
    /// What it holds since.
    pub after: String,
    /// Whether a value was written.
    pub has_values: bool,
    /// What was done.
    pub what: String,
    /// Why.
    pub why: String,
    /// What led Tandem to look.
    pub cause: String,
    /// Whether it was taken back.
    pub undone: bool,
}

/// The page of a record.
#[must_use]
pub fn record_address(connection: &ConnectionId, side: Side, object: &str, record: &str) -> String {
    let part = |text: &str| crate::layout::escaped(text).replace('/', "%2F");
    format!("/c/{}/record/{}/{}/{}", part(connection.as_str()), side.as_str(), part(object), part(record))
}

/// These lines in the reader's language, the latest first.
///
/// # Errors
/// When the store cannot be read.
pub fn lines(
    app: &App,
    t: Texts,
    connection: &ConnectionId,
    rows: Vec<HistoryRow>,
) -> Result<Vec<Line>, Fault> {
    let mut titles: BTreeMap<LinkId, String> = BTreeMap::new();
    let mut shown = Vec::new();
    for row in rows.into_iter().rev() {
        let entry = row.entry;
        let mut title = String::new();
        if let Some(link) = entry.link {
            if let std::collections::btree_map::Entry::Vacant(place) = titles.entry(link) {
                place.insert(app.store.link(link)?.map(|link| link.title()).unwrap_or_default());
            }
            title = titles.get(&link).cloned().unwrap_or_default();
        }
        let value = |value: &Option<model::Value>| {
            value.as_ref().map(|value| said::short(&value.to_string())).unwrap_or_default()
        };
        shown.push(Line {
            at: entry.at,
            class: entry.side.as_str(),
            side: entry.side.to_string(),
            object: said::object(t, entry.side, &entry.object),
            title: if title.is_empty() { entry.record.clone() } else { said::short(&title) },
            address: record_address(connection, entry.side, &entry.object, &entry.record),
            before: value(&entry.before),
            after: value(&entry.after),
            has_values: entry.field.is_some(),
            what: said::outcome(t, entry.outcome),
            why: said::why(t, &entry),
            cause: said::cause(t, &entry.cause),
            field: entry.field.unwrap_or_default(),
            undone: row.undone_by.is_some(),
        });
    }
    Ok(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_record_keeps_its_parts_apart() {
        let address = record_address(&ConnectionId::new("a"), Side::Salesforce, "My Object__c", "1/2?x");
        assert_eq!(address, "/c/a/record/salesforce/My%20Object__c/1%2F2%3Fx");
    }
}
