//! Writing XML, and records in it.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use serde_json::Value;

/// The namespace of `xsi:nil` and `xsi:type`.
pub(crate) const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// A document being written.
pub(crate) struct Xml(Writer<Vec<u8>>);

impl Xml {
    pub fn new() -> Self {
        let mut xml = Self(Writer::new(Vec::new()));
        xml.put(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
        xml
    }

    fn put(&mut self, event: Event<'_>) {
        // Writing to memory does not fail.
        drop(self.0.write_event(event));
    }

    pub fn open(&mut self, name: &str, attributes: &[(&str, &str)]) {
        let start = BytesStart::new(name).with_attributes(attributes.iter().copied());
        self.put(Event::Start(start));
    }

    pub fn close(&mut self, name: &str) {
        self.put(Event::End(BytesEnd::new(name)));
    }

    pub fn leaf(&mut self, name: &str, text: &str) {
        self.open(name, &[]);
        // Control characters have no place in XML.
        let clean: String =
            text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t')).collect();
        self.put(Event::Text(BytesText::new(&clean)));
        self.close(name);
    }

    pub fn nil(&mut self, name: &str) {
        self.put(Event::Empty(BytesStart::new(name).with_attributes([("xsi:nil", "true")])));
    }

    pub fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.put(Event::Empty(BytesStart::new(name).with_attributes(attributes.iter().copied())));
    }

    /// A value that may be nothing.
    pub fn value(&mut self, name: &str, value: &Value) {
        match value {
            Value::Null => self.nil(name),
            value => self.leaf(name, &plain(value)),
        }
    }

    /// A list, as one element for each item; an object, as an element for each key.
    pub fn tree(&mut self, name: &str, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.tree(name, item)),
            Value::Object(fields) => {
                self.open(name, &[]);
                let mut keys: Vec<&String> = fields.keys().collect();
                keys.sort();
                for key in keys {
                    if let Some(value) = fields.get(key) {
                        self.tree(key, value);
                    }
                }
                self.close(name);
            }
            // What describe calls null is not there in XML.
            Value::Null => {}
            other => self.leaf(name, &plain(other)),
        }
    }

    /// A record of a query answer, its fields in elements that begin with `prefix`.
    pub fn record(&mut self, name: &str, record: &Value, prefix: &str) {
        let kind = record.pointer("/attributes/type").and_then(Value::as_str).unwrap_or_default();
        let shape = if kind == "AggregateResult" { "AggregateResult" } else { "sObject" };
        let names = if prefix.is_empty() { shape.to_owned() } else { format!("sf:{shape}") };
        self.open(name, &[("xsi:type", &names)]);
        self.leaf(&format!("{prefix}type"), kind);
        // The partner API names the id twice: as the record's own, and as a field where it was asked for.
        match record.get("Id").filter(|_| !prefix.is_empty()) {
            Some(id) => self.value(&format!("{prefix}Id"), id),
            None if record.get("Id").is_none() => self.nil(&format!("{prefix}Id")),
            None => {}
        }
        for (field, value) in
            record.as_object().into_iter().flatten().filter(|(name, _)| *name != "attributes")
        {
            let field = format!("{prefix}{field}");
            match value {
                Value::Object(inner) if inner.contains_key("records") => self.children(&field, value, prefix),
                Value::Object(inner) if inner.contains_key("attributes") => {
                    self.record(&field, value, prefix)
                }
                Value::Object(parts) => {
                    self.open(&field, &[]);
                    for (part, value) in parts {
                        self.value(&format!("{prefix}{part}"), value);
                    }
                    self.close(&field);
                }
                value => self.value(&field, value),
            }
        }
        self.close(name);
    }

    fn children(&mut self, name: &str, value: &Value, prefix: &str) {
        self.open(name, &[("xsi:type", "QueryResult")]);
        self.leaf("done", "true");
        self.nil("queryLocator");
        let records = value.get("records").and_then(Value::as_array);
        for record in records.into_iter().flatten() {
            self.record("records", record, prefix);
        }
        self.value("size", value.get("totalSize").unwrap_or(&Value::Null));
        self.close(name);
    }

    pub fn finish(self) -> Vec<u8> {
        self.0.into_inner()
    }
}

/// A value as XML has it: moments end in `Z`.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) if is_moment(text) => text.replace("+0000", "Z"),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Whether a text is a moment as the REST API writes it.
fn is_moment(text: &str) -> bool {
    text.len() == 28 && text.ends_with("+0000") && text.get(10..11) == Some("T")
}

/// The elements below a node.
pub(crate) fn elements<'a, 'i>(
    node: roxmltree::Node<'a, 'i>,
) -> impl Iterator<Item = roxmltree::Node<'a, 'i>> {
    node.children().filter(roxmltree::Node::is_element)
}

/// The text of the first element of this name below a node.
pub(crate) fn text_below(node: roxmltree::Node<'_, '_>, name: &str) -> Option<String> {
    elements(node).find(|child| child.tag_name().name() == name).map(|child| text_of(child))
}

/// The text of a node.
pub(crate) fn text_of(node: roxmltree::Node<'_, '_>) -> String {
    node.children().filter_map(|child| child.text()).collect()
}

/// Whether a node says that it is nothing.
pub(crate) fn is_nil(node: roxmltree::Node<'_, '_>) -> bool {
    node.attributes().any(|attribute| attribute.name() == "nil" && matches!(attribute.value(), "true" | "1"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_has_its_parents_and_nothing_that_breaks_xml() {
        let mut xml = Xml::new();
        xml.record(
            "records",
            &json!({
                "attributes": {"type": "Contact"}, "Id": "003", "LastName": "<O'Hara & \u{1}co>",
                "CreatedDate": "2026-01-02T03:04:05.000+0000", "Email": null,
                "Account": {"attributes": {"type": "Account"}, "Name": "Acme"},
            }),
            "sf:",
        );
        let text = String::from_utf8(xml.finish()).unwrap();
        let body = text.split_once("?>").unwrap().1;
        let wrapped = format!("<r xmlns:sf=\"s\" xmlns:xsi=\"{XSI}\">{body}</r>");
        let document = roxmltree::Document::parse(&wrapped).unwrap();
        let record = document.root_element().first_child().unwrap();
        let names: Vec<&str> = elements(record).map(|child| child.tag_name().name()).collect();
        assert_eq!(names, ["type", "Id", "Id", "LastName", "CreatedDate", "Email", "Account"]);
        assert_eq!(text_below(record, "LastName").unwrap(), "<O'Hara & co>");
        assert_eq!(text_below(record, "CreatedDate").unwrap(), "2026-01-02T03:04:05.000Z");
        assert!(elements(record).find(|child| child.tag_name().name() == "Email").is_some_and(is_nil));
    }
}
