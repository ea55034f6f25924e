//! XML as the Metadata API writes it, to and from JSON: elements are keys, repeated elements are lists, and attributes
//! keep an `@` before their names.

use std::fmt::Write as _;

use roxmltree::{Document, Node};
use serde_json::{Map, Value, json};

/// The namespace of everything in the Metadata API.
pub(crate) const METADATA: &str = "http://soap.sforce.com/2006/04/metadata";
const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Elements that are lists even where one stands alone.
const LISTS: &[&str] = &[
    "actionOverrides",
    "applicationVisibilities",
    "classAccesses",
    "columns",
    "componentInstanceProperties",
    "fieldPermissions",
    "flexiPageRegions",
    "itemInstances",
    "layoutColumns",
    "layoutItems",
    "layoutSections",
    "members",
    "objectPermissions",
    "platformActionListItems",
    "recordTypeVisibilities",
    "relatedLists",
    "tabSettings",
    "types",
    "userPermissions",
    "values",
];
/// Elements that are texts whatever they look like.
const TEXTS: &[&str] = &[
    "content",
    "description",
    "developerName",
    "fullName",
    "inlineHelpText",
    "label",
    "masterLabel",
    "name",
    "pluralLabel",
    "value",
    "valueName",
];
const NUMBERS: &[&str] =
    &["length", "precision", "relationshipOrder", "scale", "sortOrder", "startingNumber", "visibleLines"];

/// Parses a document and answers the name of its root with what is in it.
pub(crate) fn parse(text: &str) -> Result<(String, Value), String> {
    let document = Document::parse(text.trim_start_matches('\u{feff}')).map_err(|error| error.to_string())?;
    let root = document.root_element();
    Ok((root.tag_name().name().to_owned(), value_of(root)))
}

/// What is in an element.
pub(crate) fn value_of(node: Node<'_, '_>) -> Value {
    let mut map = Map::new();
    for attribute in node.attributes() {
        match attribute.namespace() {
            Some(XSI) if attribute.name() == "nil" => return Value::Null,
            Some(XSI) => map.insert(format!("@xsi:{}", attribute.name()), json!(attribute.value())),
            _ => map.insert(format!("@{}", attribute.name()), json!(attribute.value())),
        };
    }
    let mut plain = true;
    for child in node.children().filter(Node::is_element) {
        plain = false;
        let name = child.tag_name().name();
        let value = value_of(child);
        match map.get_mut(name) {
            Some(Value::Array(list)) => list.push(value),
            Some(first) => *first = json!([first.take(), value]),
            None if LISTS.contains(&name) => drop(map.insert(name.to_owned(), json!([value]))),
            None => drop(map.insert(name.to_owned(), value)),
        }
    }
    if plain {
        let text: String = node.children().filter_map(|child| child.text()).collect();
        let leaf = leaf(node.tag_name().name(), &text);
        if map.is_empty() {
            return leaf;
        }
        map.insert("#text".into(), leaf);
    }
    Value::Object(map)
}

fn leaf(name: &str, text: &str) -> Value {
    let trimmed = text.trim();
    match trimmed {
        _ if TEXTS.contains(&name) => json!(text),
        "true" => json!(true),
        "false" => json!(false),
        _ if NUMBERS.contains(&name) => {
            trimmed.parse::<i64>().map_or_else(|_| json!(trimmed), |number| json!(number))
        }
        _ => json!(text),
    }
}

/// A text as XML holds it.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            other => out.push(other),
        }
    }
    out
}

/// Writes an element; a list becomes one element for each of its members. `depth` indents, as files are written.
pub(crate) fn write(out: &mut String, name: &str, value: &Value, depth: Option<usize>) {
    if let Value::Array(list) = value {
        for member in list {
            write(out, name, member, depth);
        }
        return;
    }
    let pad = depth.map(|depth| "    ".repeat(depth)).unwrap_or_default();
    let end = if depth.is_some() { "\n" } else { "" };
    match value {
        Value::Null if depth.is_some() => {}
        Value::Null => drop(write!(out, "<{name} xsi:nil=\"true\"/>")),
        Value::Object(map) => {
            let attributes: String = map
                .iter()
                .filter_map(|(key, value)| Some((key.strip_prefix('@')?, value.as_str()?)))
                .map(|(key, value)| format!(" {key}=\"{}\"", escape(value)))
                .collect();
            if let Some(text) = map.get("#text") {
                let _ = write!(out, "{pad}<{name}{attributes}>{}</{name}>{end}", escape(&text_of(text)));
                return;
            }
            let _ = write!(out, "{pad}<{name}{attributes}>{end}");
            for (key, value) in map.iter().filter(|(key, _)| !key.starts_with('@')) {
                write(out, key, value, depth.map(|depth| depth + 1));
            }
            let _ = write!(out, "{pad}</{name}>{end}");
        }
        leaf => drop(write!(out, "{pad}<{name}>{}</{name}>{end}", escape(&text_of(leaf)))),
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

/// A component's file.
pub(crate) fn document(kind: &str, body: &Value) -> String {
    let mut inside = String::new();
    for (key, value) in body.as_object().into_iter().flatten().filter(|(key, _)| !key.starts_with('@')) {
        write(&mut inside, key, value, Some(1));
    }
    let xsi = if inside.contains("xsi:") {
        format!(" xmlns:xsi=\"{XSI}\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\"")
    } else {
        String::new()
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{kind} xmlns=\"{METADATA}\"{xsi}>\n{inside}</{kind}>\n"
    )
}

/// A value as a list: nothing is none, one is one.
pub(crate) fn list(value: Option<&Value>) -> Vec<&Value> {
    match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(list)) => list.iter().collect(),
        Some(one) => vec![one],
    }
}

/// The texts among an element's values.
pub(crate) fn texts(value: Option<&Value>) -> Vec<String> {
    list(value).into_iter().map(text_of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_comes_back_as_it_was() {
        let text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<CustomMetadata xmlns=\"http://soap.sforce.com/2006/04/metadata\" \
                    xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\">\n    \
                    <label>A &amp; B</label>\n    <protected>true</protected>\n    <values>\n        <field>Url__c</field>\n        \
                    <value xsi:type=\"xsd:string\">x</value>\n    </values>\n</CustomMetadata>\n";
        let (kind, body) = parse(text).unwrap();
        assert_eq!(body["label"], "A & B");
        assert_eq!(body["protected"], true);
        assert_eq!(body["values"][0]["value"]["#text"], "x");
        assert_eq!(document(&kind, &body), text);
    }

    #[test]
    fn what_is_no_document_is_refused() {
        assert!(parse("<a><b></a>").is_err());
        assert!(parse("").is_err());
    }
}
