//! Writing: records as they come in a message, and what became of each.

use roxmltree::Node;
use serde_json::{Map, Value, json};
use sim_base::WriteKind;

use super::read::named;
use super::{Done, Fault, Soap};
use crate::bulk::{Operation, Order, Outcome, typed, write_row};
use crate::error::Refusal;
use crate::ids;
use crate::xml::{Xml, elements, is_nil, text_below, text_of};

/// The most records of a call.
const MOST: usize = 200;

impl Soap<'_> {
    pub(super) fn save(&mut self, name: &str, body: Node<'_, '_>, xml: &mut Xml) -> Done {
        let operation = match name {
            "create" => Operation::Insert,
            "update" => Operation::Update,
            _ => Operation::Upsert,
        };
        let rows: Vec<Row> =
            elements(body).filter(|child| child.tag_name().name() == "sObjects").map(Row::read).collect();
        few_enough(rows.len())?;
        let key = text_below(body, "externalIDFieldName").map(|key| key.trim().to_owned());
        if operation == Operation::Upsert && key.as_deref().is_none_or(str::is_empty) {
            return Err(Fault::new("INVALID_FIELD", "externalIDFieldName is required"));
        }
        if let Some(row) = rows.iter().find(|row| self.state.org.table(&row.object).is_none()) {
            let message = format!("sObject type '{}' is not supported.", row.object);
            return Err(Fault::new("INVALID_TYPE", message));
        }
        let (all, call) = (self.headers.all_or_none, self.headers.call.clone());
        let outcomes = self.all(all, rows, |api, row| {
            let order = Order { operation, object: row.object, key: key.clone(), headers: call.clone() };
            let def = api.state.org.table(&order.object).map(|table| table.def.clone());
            match def.map_or_else(|| Ok(row.fields.clone()), |def| typed(&def, row.fields.clone())) {
                Ok(mut fields) => {
                    fields.extend(row.nulls.into_iter().map(|name| (name, Value::Null)));
                    write_row(api, &order, fields)
                }
                Err(refusals) => Outcome::refused(refusals),
            }
        });
        for outcome in &outcomes {
            result(outcome, operation == Operation::Upsert, xml);
        }
        Ok(())
    }

    pub(super) fn by_id(&mut self, name: &str, body: Node<'_, '_>, xml: &mut Xml) -> Done {
        let ids = named(body, "ids");
        few_enough(ids.len())?;
        let (all, call) = (self.headers.all_or_none, self.headers.call.clone());
        let outcomes = self.all(all && name != "emptyRecycleBin", ids, |api, id| {
            if let Some(refusal) = api.row_fails() {
                return Outcome::refused(vec![refusal]);
            }
            let writer = api.writer(&call);
            let object = api.state.org.object_of(&id).map(ToOwned::to_owned);
            let malformed = || Refusal::new("MALFORMED_ID", format!("bad id {id}")).about("Id");
            let done = match (name, ids::normal(&id).and(object)) {
                (_, None) => Err(malformed()),
                ("delete", Some(object)) => {
                    let done = api.state.org.delete(&object, &id, &writer);
                    done.inspect(|()| api.wrote(&object, WriteKind::Deleted))
                }
                ("undelete", Some(object)) => {
                    let done = api.state.org.undelete(&id, &writer);
                    done.inspect(|()| api.wrote(&object, WriteKind::Updated))
                }
                (_, Some(_)) if api.state.org.purge(&id) => Ok(()),
                (_, Some(_)) => {
                    let message = "Invalid record id; no recycle bin entry found";
                    Err(Refusal::new("INVALID_ID_FIELD", message).about("id"))
                }
            };
            match done {
                Ok(()) => {
                    Outcome { id: ids::normal(&id).unwrap_or_default(), created: false, refusals: Vec::new() }
                }
                Err(refusal) => Outcome::refused(vec![refusal]),
            }
        });
        for outcome in &outcomes {
            result(outcome, false, xml);
        }
        Ok(())
    }

    /// Works rows one by one; if all or none is wanted, a bad one takes back the others.
    fn all<T>(
        &mut self,
        all_or_none: bool,
        rows: Vec<T>,
        mut work: impl FnMut(&mut crate::api::Api<'_>, T) -> Outcome,
    ) -> Vec<Outcome> {
        self.sim.0.stats.batch(rows.len());
        let mut api = self.api();
        let (mut outcomes, taken_back) = api.atomic(all_or_none, |api| {
            let outcomes: Vec<Outcome> = rows.into_iter().map(|row| work(api, row)).collect();
            let failed = outcomes.iter().any(|outcome| !outcome.is_ok());
            (outcomes, failed)
        });
        api.count_writes();
        if taken_back {
            let message = "Record rolled back because not all records were valid and the request was using AllOrNone \
                           header";
            for outcome in outcomes.iter_mut().filter(|outcome| outcome.is_ok()) {
                let refusal = Refusal::new("ALL_OR_NONE_OPERATION_ROLLED_BACK", message);
                *outcome = Outcome::refused(vec![refusal]);
            }
        }
        outcomes
    }
}

pub(super) fn few_enough(rows: usize) -> Done {
    if rows > MOST {
        let message = format!("record limit reached. cannot submit more than {MOST} records into this call");
        return Err(Fault::new("EXCEEDED_ID_LIMIT", message));
    }
    Ok(())
}

/// The result of one record.
fn result(outcome: &Outcome, with_created: bool, xml: &mut Xml) {
    xml.open("result", &[]);
    if with_created {
        xml.leaf("created", &outcome.created.to_string());
    }
    errors(&outcome.refusals, xml);
    if outcome.is_ok() {
        xml.leaf("id", &outcome.id);
    } else {
        xml.nil("id");
    }
    xml.leaf("success", &outcome.is_ok().to_string());
    xml.close("result");
}

pub(super) fn errors(refusals: &[Refusal], xml: &mut Xml) {
    for refusal in refusals {
        xml.open("errors", &[]);
        refusal.fields.iter().for_each(|field| xml.leaf("fields", field));
        xml.leaf("message", &refusal.message);
        xml.leaf("statusCode", refusal.code);
        xml.close("errors");
    }
}

/// A record as it comes in a message.
pub(super) struct Row {
    pub object: String,
    pub fields: Map<String, Value>,
    /// The fields to be cleared.
    pub nulls: Vec<String>,
}

impl Row {
    /// A record that is not there.
    pub fn empty() -> Self {
        Self { object: String::new(), fields: Map::new(), nulls: Vec::new() }
    }

    pub fn read(node: Node<'_, '_>) -> Self {
        let mut row = Self { object: kind_of(node), fields: Map::new(), nulls: Vec::new() };
        for field in elements(node) {
            let name = field.tag_name().name();
            match name {
                "type" => {}
                "fieldsToNull" => row.nulls.push(text_of(field).trim().to_owned()),
                // This API clears fields by `fieldsToNull` alone.
                _ if is_nil(field) => {}
                _ if elements(field).next().is_some() => {
                    let parent = Self::read(field);
                    let mut fields = parent.fields;
                    if !parent.object.is_empty() {
                        fields.insert("attributes".into(), json!({"type": parent.object}));
                    }
                    row.fields.insert(name.to_owned(), Value::Object(fields));
                }
                _ => {
                    let text = text_of(field);
                    if !text.is_empty() {
                        row.fields.insert(name.to_owned(), Value::String(text));
                    }
                }
            }
        }
        row
    }
}

/// The object of a record: its `type`, or that of the enterprise API.
fn kind_of(node: Node<'_, '_>) -> String {
    let named = text_below(node, "type").map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    named.unwrap_or_else(|| {
        let kind = node.attributes().find(|attribute| attribute.name() == "type");
        let kind = kind.map(|kind| kind.value()).unwrap_or_default();
        kind.rsplit(':').next().unwrap_or_default().to_owned()
    })
}
