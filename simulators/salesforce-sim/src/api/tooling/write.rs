//! Making, changing and deleting components by the Tooling API.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::super::{Api, Call, Done, Reply, fields_of, refuse};
use super::objects::ToolingObject;
use super::rows::kind_of;
use crate::error::Refusal;
use crate::setup::{Who, kinds, xml};

impl Api<'_> {
    fn who(&self) -> Who {
        Who { user: Arc::clone(&self.user), now: self.now }
    }

    pub(super) fn tooling_create(&mut self, call: &Call, object: &ToolingObject) -> Done {
        let fields = fields_of(call)?.clone();
        let who = self.who();
        let id = match object.name {
            "PackageInstallRequest" => {
                let key =
                    fields.get("SubscriberPackageVersionKey").and_then(Value::as_str).unwrap_or_default();
                self.state.install_package(key, Value::Object(fields.clone()), &who)
            }
            "PackageUninstallRequest" => {
                let key =
                    fields.get("SubscriberPackageVersionId").and_then(Value::as_str).unwrap_or_default();
                self.state.uninstall_package(key, Value::Object(fields.clone()), &who)
            }
            _ => self.create_component(object, &fields, &who),
        };
        let id = id.map_err(|refusal| vec![refusal])?;
        Ok(Reply {
            status: 201,
            body: Some(json!({"id": id, "success": true, "errors": [], "warnings": [], "infos": []})),
        })
    }

    fn create_component(
        &mut self,
        object: &ToolingObject,
        fields: &Map<String, Value>,
        who: &Who,
    ) -> Result<String, Refusal> {
        let kind = kind_of(object.name)
            .filter(|_| object.verbs.contains('c'))
            .ok_or_else(|| not_for(object, "create"))?;
        self.state.may_customize(&who.user)?;
        let full_name = name_of(object.name, fields).ok_or_else(|| {
            Refusal::new("REQUIRED_FIELD_MISSING", "Required fields are missing: [FullName]")
                .about("FullName")
        })?;
        if kind.name == "CustomField" && !full_name.ends_with("__c") {
            let message = "Required fields are missing: [FullName]";
            return Err(Refusal::new("REQUIRED_FIELD_MISSING", message).about("FullName"));
        }
        if self.state.read_component(kind.name, &full_name).is_some() {
            let message = match full_name.split_once('.') {
                Some((parent, own)) if kind.child => {
                    format!("There is already a field named {own} on {parent}.")
                }
                _ => format!("The name {full_name} is already used on component type: {}.", kind.name),
            };
            return Err(Refusal::new("DUPLICATE_DEVELOPER_NAME", message).about("FullName"));
        }
        let body = body_of(object.name, kind, fields, Value::Null);
        let files = files_of(object.name, &full_name, fields);
        self.state.save_component(kind.name, &full_name, &body, files, who)?;
        Ok(self.state.component_id(kind, &full_name))
    }

    pub(super) fn tooling_update(&mut self, call: &Call, object: &ToolingObject, id: &str) -> Done {
        let fields = fields_of(call)?.clone();
        let who = self.who();
        let kind = kind_of(object.name).filter(|_| object.verbs.contains('u'));
        let kind = kind.ok_or_else(|| vec![not_for(object, "update")])?;
        self.state.may_customize(&who.user).map_err(|refusal| vec![refusal])?;
        let Some(full_name) = self.component_named(kind, id) else { return refuse(Refusal::not_found()) };
        let held =
            self.state.read_component(kind.name, &full_name).map(|(_, body)| body).unwrap_or(Value::Null);
        let body = body_of(object.name, kind, &fields, held);
        let mut files = files_of(object.name, &full_name, &fields);
        if files.is_empty()
            && let Some(kept) = self.state.setup.components.get(kind.name, &full_name)
        {
            files = kept.files.to_vec();
        }
        self.state
            .save_component(kind.name, &full_name, &body, files, &who)
            .map_err(|refusal| vec![refusal])?;
        Ok(Reply::empty(204))
    }

    pub(super) fn tooling_delete(&mut self, object: &ToolingObject, id: &str) -> Done {
        let who = self.who();
        let kind = kind_of(object.name).filter(|_| object.verbs.contains('d'));
        let kind = kind.ok_or_else(|| vec![not_for(object, "delete")])?;
        self.state.may_customize(&who.user).map_err(|refusal| vec![refusal])?;
        let Some(full_name) = self.component_named(kind, id) else { return refuse(Refusal::not_found()) };
        self.state.remove_component(kind.name, &full_name, &who).map_err(|refusal| vec![refusal])?;
        Ok(Reply::empty(204))
    }

    /// The name of the component with this id.
    fn component_named(&mut self, kind: &'static kinds::Kind, id: &str) -> Option<String> {
        let id = crate::ids::normal(id)?;
        let names = self.state.component_names(kind.name);
        names.into_iter().find(|name| self.state.component_id(kind, name) == id)
    }
}

fn not_for(object: &ToolingObject, verb: &str) -> Refusal {
    let message = format!("entity type {} does not support {verb}", object.name);
    Refusal::new("INVALID_TYPE_FOR_OPERATION", message)
}

/// A component's full name among the fields of a record.
fn name_of(object: &str, fields: &Map<String, Value>) -> Option<String> {
    let text = |key: &str| fields.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let name = text("FullName").or_else(|| match object {
        "RemoteProxy" => text("SiteName"),
        "ApexClass" | "ApexPage" | "ApexTrigger" => text("Name").or_else(|| class_name(text("Body")?)),
        _ => text("DeveloperName"),
    })?;
    Some(name.to_owned())
}

/// The name that a class or trigger gives itself.
fn class_name(body: &str) -> Option<&str> {
    let mut words = body.split(|character: char| !character.is_alphanumeric() && character != '_');
    words.find(|word| matches!(*word, "class" | "interface" | "enum" | "trigger"))?;
    words.find(|word| !word.is_empty())
}

/// The metadata that a record stands for: its `Metadata`, and the fields that say the same.
fn body_of(object: &str, kind: &kinds::Kind, fields: &Map<String, Value>, held: Value) -> Value {
    let mut body = match held {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    if let Some(given) = fields.get("Metadata").and_then(Value::as_object) {
        // What is sent takes the place of all that was there.
        body = given.clone();
    }
    let pairs: &[(&str, &str)] = match object {
        "RemoteProxy" => &[
            ("EndpointUrl", "url"),
            ("IsActive", "isActive"),
            ("DisableProtocolSecurity", "disableProtocolSecurity"),
            ("Description", "description"),
        ],
        "CspTrustedSite" => &[
            ("EndpointUrl", "endpointUrl"),
            ("IsActive", "isActive"),
            ("Context", "context"),
            ("Description", "description"),
            ("IsApplicableToConnectSrc", "isApplicableToConnectSrc"),
            ("IsApplicableToFrameSrc", "isApplicableToFrameSrc"),
            ("IsApplicableToImgSrc", "isApplicableToImgSrc"),
        ],
        "ApexClass" | "ApexTrigger" | "ApexPage" => &[("ApiVersion", "apiVersion"), ("Status", "status")],
        _ => &[],
    };
    for (field, element) in pairs {
        if let Some(value) = fields.get(*field) {
            body.insert((*element).to_owned(), value.clone());
        }
    }
    body.retain(|key, value| !(value.is_null() || key == "urls" && kind.child));
    Value::Object(body)
}

/// The files of a component that is more than metadata.
fn files_of(object: &str, name: &str, fields: &Map<String, Value>) -> Vec<(String, Vec<u8>)> {
    let content = fields.get("Body").or_else(|| fields.get("Markup")).and_then(Value::as_str);
    let (Some(content), Some(kind)) = (content, kind_of(object).filter(|kind| kind.meta_file)) else {
        return Vec::new();
    };
    let meta = xml::document(kind.name, &json!({"apiVersion": "66.0", "status": "Active"}));
    vec![
        (format!("{name}.{}", kind.suffix), content.as_bytes().to_vec()),
        (format!("{name}.{}-meta.xml", kind.suffix), meta.into_bytes()),
    ]
}
