//! The components that the org keeps as they were given, in the order they came.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::Who;
use super::kinds::{self, Kind};
use crate::State;

/// A component as it was last saved.
#[derive(Debug, Clone)]
pub(crate) struct Component {
    pub kind: &'static Kind,
    pub full_name: String,
    /// Its metadata, without `fullName`.
    pub body: Value,
    /// Content that is not metadata: names of files in the component's folder, and what is in them.
    pub files: Arc<Vec<(String, Vec<u8>)>>,
    /// The package it came with.
    pub namespace: Option<String>,
    pub created: (i64, Arc<str>),
    pub modified: (i64, Arc<str>),
}

/// All of them, by kind and name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Components(IndexMap<(&'static str, String), Component>);

impl Components {
    pub fn get(&self, kind: &str, full_name: &str) -> Option<&Component> {
        let kind = kinds::find(kind)?;
        self.0.get(&(kind.name, full_name.to_lowercase()))
    }

    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Component> {
        self.0.values().filter(move |component| component.kind.name == kind)
    }

    /// Keeps a component; answers whether it is new.
    pub fn put(&mut self, kind: &'static Kind, full_name: &str, body: Value, who: &Who) -> bool {
        self.put_files(kind, full_name, body, Vec::new(), who)
    }

    /// Keeps a component with files; answers whether it is new.
    pub fn put_files(
        &mut self,
        kind: &'static Kind,
        full_name: &str,
        body: Value,
        files: Vec<(String, Vec<u8>)>,
        who: &Who,
    ) -> bool {
        let stamp = (who.now.as_second(), Arc::clone(&who.user));
        let key = (kind.name, full_name.to_lowercase());
        let files = Arc::new(files);
        match self.0.get_mut(&key) {
            Some(old) => {
                old.body = body;
                old.files = files;
                old.modified = stamp;
                false
            }
            None => {
                let component = Component {
                    kind,
                    full_name: full_name.to_owned(),
                    body,
                    files,
                    namespace: None,
                    created: stamp.clone(),
                    modified: stamp,
                };
                self.0.insert(key, component);
                true
            }
        }
    }

    /// Says which package a component came with.
    pub fn set_namespace(&mut self, kind: &'static str, full_name: &str, namespace: Option<String>) {
        if let Some(component) = self.0.get_mut(&(kind, full_name.to_lowercase())) {
            component.namespace = namespace;
        }
    }

    pub fn remove(&mut self, kind: &str, full_name: &str) -> Option<Component> {
        let kind = kinds::find(kind)?;
        self.0.shift_remove(&(kind.name, full_name.to_lowercase()))
    }

    /// Takes away what lives inside another component.
    pub fn remove_children(&mut self, object: &str) {
        let head = format!("{}.", object.to_lowercase());
        self.0.retain(|(_, name), component| !(component.kind.child && name.starts_with(&head)));
    }
}

/// What the lists of the Metadata API say of a component.
#[derive(Debug, Clone)]
pub(crate) struct Properties {
    pub full_name: String,
    pub id: String,
    pub namespace: Option<String>,
    pub created: (i64, Arc<str>),
    pub modified: (i64, Arc<str>),
}

impl State {
    /// What is known of a component beside its content.
    pub(crate) fn properties(&mut self, kind: &'static Kind, full_name: &str) -> Properties {
        let id = self.component_id(kind, full_name);
        let born = self.born();
        let kept = self.setup.components.get(kind.name, full_name);
        let start = (born, Arc::clone(&self.integration));
        Properties {
            full_name: kept.map_or(full_name, |kept| &kept.full_name).to_owned(),
            id,
            namespace: kept.and_then(|kept| kept.namespace.clone()),
            created: kept.map_or_else(|| start.clone(), |kept| kept.created.clone()),
            modified: kept.map_or(start, |kept| kept.modified.clone()),
        }
    }

    /// When the org began.
    fn born(&self) -> i64 {
        let row = self.org.find(&self.auth.org_id);
        row.map_or(0, |(_, row)| row.created_at)
    }

    /// The name of a user.
    pub(crate) fn user_name(&self, id: &str) -> String {
        use crate::soql::Record as _;
        let row = self.org.find(id);
        row.and_then(|(_, row)| row.value("Name").as_str().map(ToOwned::to_owned)).unwrap_or_default()
    }

    /// The properties as `listMetadata` and a retrieval write them.
    pub(crate) fn file_properties(&mut self, kind: &'static Kind, full_name: &str) -> Value {
        let known = self.properties(kind, full_name);
        let (made_by, changed_by) = (self.user_name(&known.created.1), self.user_name(&known.modified.1));
        let mut value = json!({
            "createdById": &*known.created.1,
            "createdByName": made_by,
            "createdDate": soap_time(known.created.0),
            "fileName": kind.file(&known.full_name),
            "fullName": known.full_name,
            "id": known.id,
            "lastModifiedById": &*known.modified.1,
            "lastModifiedByName": changed_by,
            "lastModifiedDate": soap_time(known.modified.0),
            "manageableState": if known.namespace.is_some() { "installed" } else { "unmanaged" },
            "type": kind.name,
        });
        if let Some(namespace) = known.namespace {
            value["namespacePrefix"] = json!(namespace);
        }
        value
    }
}

/// A moment as SOAP writes it.
pub(crate) fn soap_time(second: i64) -> String {
    let at = jiff::Timestamp::from_second(second).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    at.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}
