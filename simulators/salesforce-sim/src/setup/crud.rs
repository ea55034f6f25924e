//! The Metadata API's calls that work at once: list, read, create, update, upsert, delete, rename.

use serde_json::{Value, json};

use super::apply::kind_named;
use super::object::{with_name, without_name};
use super::rows::text;
use super::xml::{list, texts};
use super::{Who, problem};
use crate::State;
use crate::error::Refusal;

/// Components in one call.
const MOST: usize = 10;
/// Queries in one call of `listMetadata`.
const MOST_LISTS: usize = 3;

/// How components are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Create,
    Update,
    Upsert,
}

impl State {
    pub(super) fn list_metadata(&mut self, arguments: &Value) -> Result<Value, Refusal> {
        let queries = list(arguments.get("queries"));
        if queries.len() > MOST_LISTS {
            let message = format!("can not specify more than {MOST_LISTS} queries");
            return Err(problem("EXCEEDED_ID_LIMIT", message));
        }
        let mut found = Vec::new();
        for query in queries {
            let kind = kind_named(text(query, "type"))?;
            for name in self.component_names(kind.name) {
                found.push(self.file_properties(kind, &name));
            }
        }
        Ok(json!(found))
    }

    pub(super) fn read_metadata(&mut self, arguments: &Value) -> Result<Value, Refusal> {
        let kind = kind_named(text(arguments, "type"))?;
        let names = texts(arguments.get("fullNames"));
        within(names.len(), kind.name)?;
        let records: Vec<Value> = names
            .iter()
            .map(|name| match self.read_component(kind.name, name) {
                Some((full_name, body)) => {
                    let mut record = with_name(&full_name, &body);
                    record["@xsi:type"] = json!(kind.name);
                    record
                }
                None => Value::Null,
            })
            .collect();
        Ok(json!({"records": records}))
    }

    pub(super) fn write_metadata(
        &mut self,
        verb: Verb,
        arguments: &Value,
        who: &Who,
    ) -> Result<Value, Refusal> {
        let metadata = list(arguments.get("metadata"));
        let first = metadata.first().map_or("", |one| type_of(one));
        within(metadata.len(), first)?;
        let mut results = Vec::new();
        for own in metadata {
            let kind = kind_named(type_of(own))?;
            let name = text(own, "fullName").to_owned();
            let done = self.write_one(verb, kind.name, &name, own, who);
            results.push(match done {
                Ok(created) => {
                    let mut result = json!({"fullName": name, "success": true});
                    if verb == Verb::Upsert {
                        result = json!({"created": created, "fullName": name, "success": true});
                    }
                    result
                }
                Err(refusal) => failed(&name, &refusal, verb == Verb::Upsert),
            });
        }
        Ok(json!(results))
    }

    fn write_one(
        &mut self,
        verb: Verb,
        kind: &str,
        name: &str,
        own: &Value,
        who: &Who,
    ) -> Result<bool, Refusal> {
        let exists = self.read_component(kind, name).is_some();
        match verb {
            Verb::Create if exists && !name.is_empty() => {
                let (code, message) = match kind {
                    "CustomField" => {
                        let (object, field) = name.split_once('.').unwrap_or(("", name));
                        (
                            "DUPLICATE_DEVELOPER_NAME",
                            format!("There is already a field named {field} on {object}."),
                        )
                    }
                    // assumed: the wording for other kinds
                    _ => (
                        "DUPLICATE_DEVELOPER_NAME",
                        format!("The name {name} is already used on component type: {kind}."),
                    ),
                };
                Err(problem(code, message).about("fullName"))
            }
            Verb::Update if !exists => {
                let message = format!("In field: fullName - no {kind} named {name} found");
                Err(problem("INVALID_CROSS_REFERENCE_KEY", message))
            }
            _ => self.save_component(kind, name, &without_name(own), Vec::new(), who),
        }
    }

    pub(super) fn delete_metadata(&mut self, arguments: &Value, who: &Who) -> Result<Value, Refusal> {
        let kind = kind_named(text(arguments, "type"))?;
        let names = texts(arguments.get("fullNames"));
        within(names.len(), kind.name)?;
        let results = names.iter().map(|name| match self.remove_component(kind.name, name, who) {
            Ok(()) => json!({"fullName": name, "success": true}),
            Err(refusal) => failed(name, &refusal, false),
        });
        Ok(results.collect())
    }

    pub(super) fn rename_metadata(&mut self, arguments: &Value, who: &Who) -> Result<Value, Refusal> {
        let kind = kind_named(text(arguments, "type"))?;
        let (old, new) = (text(arguments, "oldFullName"), text(arguments, "newFullName"));
        Ok(match self.rename(kind.name, old, new, who) {
            Ok(()) => json!({"fullName": new, "success": true}),
            Err(refusal) => failed(old, &refusal, false),
        })
    }

    fn rename(&mut self, kind: &str, old: &str, new: &str, who: &Who) -> Result<(), Refusal> {
        let (_, body) = self.read_component(kind, old).ok_or_else(|| {
            problem(
                "INVALID_CROSS_REFERENCE_KEY",
                format!("In field: fullName - no {kind} named {old} found"),
            )
        })?;
        // Records would have to move along.
        if matches!(kind, "CustomField" | "CustomObject") {
            return Err(problem("INVALID_OPERATION", format!("Cannot rename a {kind} that has records")));
        }
        let files = self.setup.components.get(kind, old).map(|kept| kept.files.to_vec()).unwrap_or_default();
        self.save_component(kind, new, &body, files, who)?;
        self.remove_component(kind, old, who)
    }
}

fn type_of(own: &Value) -> &str {
    let name = text(own, "@xsi:type");
    name.rsplit_once(':').map_or(name, |(_, name)| name)
}

fn within(count: usize, kind: &str) -> Result<(), Refusal> {
    let most = if kind == "CustomMetadata" { 200 } else { MOST };
    if count <= most {
        return Ok(());
    }
    let message = format!("record limit reached. cannot submit more than {most} records into this call");
    Err(problem("EXCEEDED_ID_LIMIT", message))
}

fn failed(name: &str, refusal: &Refusal, upsert: bool) -> Value {
    let mut error = json!({"message": refusal.message, "statusCode": refusal.code});
    if !refusal.fields.is_empty() {
        error = json!({"fields": refusal.fields, "message": refusal.message, "statusCode": refusal.code});
    }
    if upsert {
        return json!({"created": false, "errors": error, "fullName": name, "success": false});
    }
    json!({"errors": error, "fullName": name, "success": false})
}
