//! The work of a batch of Bulk API 1.0.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value};

use super::classic::{Call, MOST_ROWS};
use super::classic_data::Content;
use super::classic_wire::Records;
use super::csv::Dialect;
use super::rows::{Operation, Order, Outcome, typed, write_row};
use super::{ingest, sheet};
use crate::api::Api;
use crate::error::Refusal;
use crate::soql::{self, Request as Soql, Scope};
use crate::xml::{elements, is_nil, text_below, text_of};

impl Call<'_> {
    pub(super) fn write(
        &mut self,
        order: &Order,
        content: Content,
        body: &[u8],
    ) -> (Vec<Outcome>, Option<String>) {
        let user = Arc::clone(&self.user);
        let mut api = Api::new(&self.sim.0, self.state, self.now, self.half).by(user);
        api.origin = crate::pubsub::origin("bulkapi", &self.version, order.headers.client.as_deref());
        let done = match content {
            Content::Csv => ingest::work(&mut api, order, body, Dialect::default(), Some(MOST_ROWS)),
            Content::Json | Content::Xml => {
                let rows = if content == Content::Json { json_rows(body) } else { xml_rows(body) };
                match rows {
                    Err(message) => (Vec::new(), Some(message)),
                    Ok(rows) if rows.len() > MOST_ROWS => (Vec::new(), Some(ingest::too_many(MOST_ROWS))),
                    Ok(rows) => {
                        (rows.into_iter().map(|row| write_typed(&mut api, order, row)).collect(), None)
                    }
                }
            }
        };
        api.count_writes();
        self.sim.0.stats.batch(done.0.len());
        done
    }

    /// The answers of a query with the number of their rows; several where it is cut.
    pub(super) fn run_query(
        &self,
        order: &Order,
        content: Content,
        chunk: usize,
        body: &[u8],
    ) -> Result<Vec<(usize, Bytes)>, String> {
        let text = String::from_utf8_lossy(body).trim().to_owned();
        let failed =
            |code: &str, message: &str| format!("InvalidBatch : Failed to process query: {code}: {message}");
        let query = soql::parse(&text).map_err(|error| failed(error.code, &error.message))?;
        let org = &self.state.org;
        let columns = sheet::columns(&query, org).map_err(|refusal| match refusal.message.as_str() {
            message if message.starts_with("Aggregate") => {
                let name = content.name();
                format!("FeatureNotEnabled : Aggregate Relationships not supported in Bulk Query with {name} content type")
            }
            message => failed("FUNCTIONALITY_NOT_ENABLED", message),
        })?;
        let scope = if order.operation == Operation::QueryAll { Scope::All } else { Scope::Live };
        let request = Soql { text, now: self.now, scope, version: self.version.clone() };
        let mut answers = Vec::new();
        let mut open = Records::new(&columns, content);
        soql::execute_each(&query, &request, org, |record| {
            if open.rows >= chunk {
                let full = std::mem::replace(&mut open, Records::new(&columns, content));
                answers.push((full.rows, full.finish()));
            }
            open.add(record);
        })
        .map_err(|error| failed(error.code, &error.message))?;
        answers.push((open.rows, open.finish()));
        Ok(answers)
    }
}

fn write_typed(api: &mut Api<'_>, order: &Order, row: Map<String, Value>) -> Outcome {
    let Some(table) = api.state.org.table(&order.object) else {
        let message = format!("Unable to find object: {}", order.object);
        return Outcome::refused(vec![Refusal::new("INVALID_TYPE", message)]);
    };
    match typed(&table.def, row) {
        Ok(row) => write_row(api, order, row),
        Err(refusals) => Outcome::refused(refusals),
    }
}

fn json_rows(body: &[u8]) -> Result<Vec<Map<String, Value>>, String> {
    let rows = serde_json::from_slice::<Vec<Map<String, Value>>>(body);
    rows.map_err(|error| format!("InvalidBatch : Failed to parse JSON: {error}"))
}

fn xml_rows(body: &[u8]) -> Result<Vec<Map<String, Value>>, String> {
    let text = String::from_utf8_lossy(body);
    let document = roxmltree::Document::parse(text.trim())
        .map_err(|error| format!("InvalidBatch : Failed to parse XML: {error}"))?;
    let rows = elements(document.root_element()).filter(|row| row.tag_name().name() == "sObject");
    Ok(rows.map(xml_row).collect())
}

/// A row: nothing for an empty element, null for one that says nil.
fn xml_row(row: roxmltree::Node<'_, '_>) -> Map<String, Value> {
    let mut fields = Map::new();
    for field in elements(row).filter(|field| field.tag_name().name() != "type") {
        let name = field.tag_name().name().to_owned();
        let parent = elements(field).find(|inner| inner.tag_name().name() == "sObject");
        if is_nil(field) {
            fields.insert(name, Value::Null);
        } else if let Some(parent) = parent {
            let mut inner = xml_row(parent);
            if let Some(kind) = text_below(parent, "type") {
                inner.insert("attributes".into(), serde_json::json!({"type": kind}));
            }
            fields.insert(name, Value::Object(inner));
        } else {
            let text = text_of(field);
            if !text.is_empty() {
                fields.insert(name, Value::String(text));
            }
        }
    }
    fields
}
