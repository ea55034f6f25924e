//! Retrievals: a zip with the files of the components that were asked for.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::kinds::{self, Kind};
use super::object::{with_name, without_name};
use super::package_file::{self, types};
use super::{problem, xml};
use crate::State;
use crate::error::Refusal;

/// A retrieval.
#[derive(Debug, Clone)]
pub(crate) struct Retrieve {
    request: Value,
    at: i64,
    asked: u32,
}

impl State {
    pub(super) fn start_retrieve(&mut self, request: &Value, now: Timestamp) -> String {
        let id = self.setup.new_id("09S");
        self.setup
            .retrieves
            .insert(id.clone(), Retrieve { request: request.clone(), at: now.as_second(), asked: 0 });
        id
    }

    /// How a retrieval stands; the first question may come too early.
    pub(super) fn retrieve_status(
        &mut self,
        id: &str,
        with_zip: bool,
        now: Timestamp,
    ) -> Result<Value, Refusal> {
        let id = crate::ids::normal(id).unwrap_or_else(|| id.to_owned());
        let retrieve = self.setup.retrieves.get_mut(&id).ok_or_else(|| {
            problem("INVALID_CROSS_REFERENCE_KEY", format!("invalid cross reference id: {id}"))
        })?;
        retrieve.asked += 1;
        if retrieve.asked < 2 && now.as_second() <= retrieve.at {
            return Ok(
                json!({"done": false, "id": id, "status": "InProgress", "success": false, "zipFile": null}),
            );
        }
        let request = retrieve.request.clone();
        let mut result = match self.gather(&request) {
            Ok(result) => result,
            Err(error) => json!({
                "done": true, "errorMessage": error, "errorStatusCode": "UNKNOWN_EXCEPTION", "status": "Failed",
                "success": false, "zipFile": null,
            }),
        };
        result["id"] = json!(id);
        if !with_zip {
            result["zipFile"] = Value::Null;
        }
        Ok(result)
    }

    fn gather(&mut self, request: &Value) -> Result<Value, String> {
        let unpackaged = request.get("unpackaged").cloned().unwrap_or(Value::Null);
        let single = request.get("singlePackage").and_then(Value::as_bool).unwrap_or(false);
        let version = unpackaged.get("version").or_else(|| request.get("apiVersion"));
        let version = version.map(|own| own.as_str().map_or_else(|| own.to_string(), ToOwned::to_owned));
        let version = version.unwrap_or_else(|| "66.0".to_owned());
        let root = if single { "" } else { "unpackaged/" };
        let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let mut properties = Vec::new();
        let mut messages = Vec::new();
        let mut named = Vec::new();
        // Objects of which only parts were asked for.
        let mut partial: BTreeMap<String, Vec<(&'static Kind, String)>> = BTreeMap::new();
        let mut whole = Vec::new();
        for (kind_name, members) in types(&unpackaged) {
            let Some(kind) = kinds::find(&kind_name) else {
                let problem = format!("Entity type: '{kind_name}' is unknown");
                messages.push(json!({"fileName": format!("{root}package.xml"), "problem": problem}));
                continue;
            };
            let mut got = Vec::new();
            let all = members.iter().any(|member| member == "*");
            let every = if all { self.component_names(kind.name) } else { Vec::new() };
            for name in every.iter().chain(members.iter().filter(|member| *member != "*")) {
                let Some((full_name, body)) = self.read_component(kind.name, name) else {
                    let problem = format!("Entity of type '{kind_name}' named '{name}' cannot be found");
                    messages.push(json!({"fileName": format!("{root}package.xml"), "problem": problem}));
                    continue;
                };
                let mut own = self.file_properties(kind, &full_name);
                own["fileName"] = json!(format!("{root}{}", kind.file(&full_name)));
                properties.push(own);
                got.push(full_name.clone());
                if kind.child {
                    let object = full_name.split_once('.').map_or("", |(object, _)| object).to_owned();
                    partial.entry(object).or_default().push((kind, full_name));
                    continue;
                }
                if kind.name == "CustomObject" {
                    whole.push(full_name.clone());
                }
                self.put_files(kind, &full_name, &body, root, &mut files);
            }
            got.sort();
            named.push((kind_name, got));
        }
        for (object, parts) in partial.into_iter().filter(|(object, _)| !whole.contains(object)) {
            let body = self.part_of_object(&parts);
            let document = xml::document("CustomObject", &body);
            files.insert(format!("{root}objects/{object}.object"), document.into_bytes());
        }
        files.insert(format!("{root}package.xml"), package_file::manifest(&named, &version).into_bytes());
        let zip = package_file::write(&files)?;
        Ok(json!({
            "done": true, "fileProperties": properties, "messages": messages, "status": "Succeeded", "success": true,
            "zipFile": BASE64_STANDARD.encode(zip),
        }))
    }

    fn put_files(
        &self,
        kind: &Kind,
        name: &str,
        body: &Value,
        root: &str,
        files: &mut BTreeMap<String, Vec<u8>>,
    ) {
        let kept =
            self.setup.components.get(kind.name, name).map(|kept| kept.files.as_slice()).unwrap_or_default();
        if kind.meta_file || kind.bundle {
            let folder = if kind.bundle { kind.file(name) } else { kind.directory.to_owned() };
            for (own, content) in kept {
                files.insert(format!("{root}{folder}/{own}"), content.clone());
            }
        } else {
            let document = xml::document(kind.name, &without_name(body));
            files.insert(format!("{root}{}", kind.file(name)), document.into_bytes());
        }
    }

    fn part_of_object(&self, parts: &[(&'static Kind, String)]) -> Value {
        let mut map = Map::new();
        for (kind, full_name) in parts {
            let Some(element) = kinds::element_of(kind.name) else { continue };
            let Some((full_name, body)) = self.read_component(kind.name, full_name) else { continue };
            let own = full_name.split_once('.').map_or(full_name.as_str(), |(_, own)| own);
            let list = map.entry(element).or_insert_with(|| json!([]));
            if let Value::Array(list) = list {
                list.push(with_name(own, &body));
            }
        }
        Value::Object(map)
    }
}
