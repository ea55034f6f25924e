//! Reading: queries, single records, what has changed, descriptions.

use roxmltree::Node;
use serde_json::Value;

use super::{Done, Fault, Soap};
use crate::ids;
use crate::xml::{Xml, elements, text_below, text_of};

/// Rows of a page where the caller does not say.
const PAGE: usize = 500;
/// The most ids and the most objects that one call may name.
const MOST_IDS: usize = 2_000;
const MOST_OBJECTS: usize = 100;

impl Soap<'_> {
    pub(super) fn query(&mut self, body: Node<'_, '_>, resource: &str, xml: &mut Xml) -> Done {
        let text = text_below(body, "queryString").unwrap_or_default();
        self.headers.call.batch_size.get_or_insert(PAGE);
        let answer = self.rest(&format!("/{resource}"), &[("q", text)])?;
        query_result(&answer, xml);
        Ok(())
    }

    pub(super) fn query_more(&mut self, body: Node<'_, '_>, xml: &mut Xml) -> Done {
        let locator = text_below(body, "queryLocator").unwrap_or_default();
        self.headers.call.batch_size.get_or_insert(PAGE);
        let answer = self.rest(&format!("/query/{}", locator.trim()), &[])?;
        query_result(&answer, xml);
        Ok(())
    }

    pub(super) fn search(&mut self, body: Node<'_, '_>, xml: &mut Xml) -> Done {
        let text = text_below(body, "searchString").unwrap_or_default();
        let answer = self.rest("/search", &[("q", text)])?;
        xml.open("result", &[]);
        let found = answer.get("searchRecords").and_then(Value::as_array);
        for record in found.into_iter().flatten() {
            xml.open("searchRecords", &[]);
            xml.record("record", record, "sf:");
            xml.close("searchRecords");
        }
        xml.close("result");
        Ok(())
    }

    pub(super) fn retrieve(&mut self, body: Node<'_, '_>, xml: &mut Xml) -> Done {
        let fields = text_below(body, "fieldList").unwrap_or_default();
        let object = text_below(body, "sObjectType").unwrap_or_default().trim().to_owned();
        let ids: Vec<String> = named(body, "ids");
        if ids.len() > MOST_IDS {
            let message =
                format!("record limit reached. cannot submit more than {MOST_IDS} records into this call");
            return Err(Fault::new("EXCEEDED_ID_LIMIT", message));
        }
        if let Some(bad) = ids.iter().find(|id| ids::normal(id).is_none()) {
            return Err(Fault::new("MALFORMED_ID", format!("malformed id {bad}")));
        }
        let query = [("ids", ids.join(",")), ("fields", fields.replace(' ', ""))];
        let records = self.rest(&format!("/composite/sobjects/{object}"), &query)?;
        for record in records.as_array().into_iter().flatten() {
            if record.is_null() {
                xml.nil("result");
            } else {
                xml.record("result", record, "sf:");
            }
        }
        Ok(())
    }

    pub(super) fn changes(&mut self, body: Node<'_, '_>, resource: &str, xml: &mut Xml) -> Done {
        let text = |name: &str| text_below(body, name).unwrap_or_default().trim().to_owned();
        // Clients differ in the case of the letter.
        let object = Some(text("sObjectType")).filter(|name| !name.is_empty());
        let object = object.unwrap_or_else(|| text("sObjectTypeEntityType"));
        let span = [("start", text("startDate")), ("end", text("endDate"))];
        let answer = self.rest(&format!("/sobjects/{object}/{resource}/"), &span)?;
        xml.tree("result", &answer);
        Ok(())
    }

    pub(super) fn describe_global(&mut self, xml: &mut Xml) -> Done {
        let mut answer = self.rest("/sobjects", &[])?;
        for object in answer["sobjects"].as_array_mut().into_iter().flatten() {
            without_addresses(object);
        }
        xml.tree("result", &answer);
        Ok(())
    }

    pub(super) fn describe(&mut self, body: Node<'_, '_>, xml: &mut Xml) -> Done {
        let names = named(body, "sObjectType");
        if names.len() > MOST_OBJECTS {
            let message = format!("cannot describe more than {MOST_OBJECTS} objects in this call");
            return Err(Fault::new("EXCEEDED_ID_LIMIT", message));
        }
        for name in names {
            if self.state.org.table(&name).is_none() {
                let message = format!("sObject type '{name}' is not supported.");
                return Err(Fault::new("INVALID_TYPE", message));
            }
            let mut answer = self.rest(&format!("/sobjects/{name}/describe"), &[])?;
            without_addresses(&mut answer);
            xml.tree("result", &answer);
        }
        Ok(())
    }
}

/// The texts of all elements of a name.
pub(super) fn named(body: Node<'_, '_>, name: &str) -> Vec<String> {
    let found = elements(body).filter(|child| child.tag_name().name().eq_ignore_ascii_case(name));
    found.map(|child| text_of(child).trim().to_owned()).collect()
}

/// What only REST says: where resources are.
fn without_addresses(value: &mut Value) {
    if let Some(fields) = value.as_object_mut() {
        fields.shift_remove("urls");
        fields.shift_remove("sobjectDescribeOption");
        for info in fields.get_mut("recordTypeInfos").and_then(Value::as_array_mut).into_iter().flatten() {
            without_addresses(info);
        }
    }
}

fn query_result(answer: &Value, xml: &mut Xml) {
    xml.open("result", &[("xsi:type", "QueryResult")]);
    xml.value("done", answer.get("done").unwrap_or(&Value::Bool(true)));
    match answer.get("nextRecordsUrl").and_then(Value::as_str).and_then(|url| url.rsplit('/').next()) {
        Some(locator) => xml.leaf("queryLocator", locator),
        None => xml.nil("queryLocator"),
    }
    for record in answer.get("records").and_then(Value::as_array).into_iter().flatten() {
        xml.record("records", record, "sf:");
    }
    xml.value("size", answer.get("totalSize").unwrap_or(&Value::Null));
    xml.close("result");
}
