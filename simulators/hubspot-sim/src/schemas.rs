//! Custom objects: what a schema says, and the kind of record it makes.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::account::{Account, Store};
use crate::property::Property;
use crate::registry::Kind;
use crate::time::iso;

/// What an account has said of one of its custom objects.
#[derive(Debug, Clone, Default)]
pub(crate) struct Schema {
    pub(crate) description: Option<String>,
    pub(crate) primary_display: Option<String>,
    pub(crate) secondary_display: Vec<String>,
    pub(crate) allows_sensitive: bool,
    pub(crate) archived: Option<i64>,
    pub(crate) created: i64,
    pub(crate) updated: i64,
}

/// The activities every custom object is associated with from the start.
const ACTIVITIES: &[usize] = &[
    crate::registry::CALLS,
    crate::registry::EMAILS,
    crate::registry::MEETINGS,
    crate::registry::NOTES,
    crate::registry::TASKS,
];

/// assumed: the first custom object's number
const FIRST_TYPE: u64 = 134_000_001;

impl Account {
    /// Adds a custom object and answers its place.
    pub(crate) fn add_object(&mut self, name: &str, labels: (String, String), schema: Schema) -> usize {
        let object = self.stores.len();
        let number = FIRST_TYPE + self.stores.iter().filter(|store| store.kind.custom).count() as u64;
        let type_id = format!("2-{number}");
        let kind = Kind {
            name: format!("p{}_{name}", self.portal),
            singular: name.to_owned(),
            legacy: type_id.clone(),
            type_id,
            labels,
            created: "hs_createdate",
            modified: "hs_lastmodifieddate",
            defaults: ["hs_createdate", "hs_lastmodifieddate", "hs_object_id"].map(str::to_owned).to_vec(),
            required: Vec::new(),
            searchable: Vec::new(),
            display: Vec::new(),
            pipeline: Some(("hs_pipeline", "hs_pipeline_stage")),
            primary_company: None,
            activity: false,
            custom: true,
            archived: false,
            purged: false,
        };
        let born = schema.created;
        let mut store = Store::new(object, kind, born);
        store.schema = Some(schema);
        self.stores.push(store);
        for other in ACTIVITIES {
            self.define_default(object, *other, None);
        }
        object
    }

    /// Sets which properties a custom object needs, is found by and is called by.
    pub(crate) fn shape_object(
        &mut self,
        object: usize,
        required: Option<Vec<String>>,
        searchable: Option<Vec<String>>,
    ) {
        let store = &mut self.stores[object];
        let display = store.schema.as_ref().and_then(|schema| schema.primary_display.clone());
        let kind = Arc::make_mut(&mut store.kind);
        if let Some(required) = required {
            kind.required = required.into_iter().map(|name| vec![name]).collect();
        }
        if let Some(searchable) = searchable {
            kind.searchable = searchable;
        }
        kind.display = display.into_iter().collect();
    }

    /// Makes an association without a label possible between two kinds; answers its id from the first to the second.
    pub(crate) fn define_default(&mut self, from: usize, to: usize, name: Option<&str>) -> u32 {
        if let Some(known) = self.unlabelled(from, to) {
            return known;
        }
        let (one, other) = (&self.kind(from).singular, &self.kind(to).singular);
        let name = name.map_or_else(|| format!("{one}_to_{other}"), str::to_owned);
        self.define_types(from, to, &name, None, None).0
    }

    /// The custom object a path names, archived or not.
    pub(crate) fn find_archived(&self, name: &str) -> Option<usize> {
        let mut all = self.stores.iter().enumerate();
        all.find(|(_, store)| store.is_archived() && store.kind.is_named(name)).map(|(object, _)| object)
    }

    /// The associations from a kind, as its schema lists them.
    pub(crate) fn schema_links(&self, object: usize) -> Vec<Value> {
        let mut all = Vec::new();
        for (other, kind) in self.kinds() {
            let Some(id) = self.unlabelled(object, other) else { continue };
            let custom = self.custom_types.iter().find(|one| one.id == id);
            let name = custom.map_or_else(
                || format!("{}_to_{}", self.kind(object).singular, kind.singular).to_uppercase(),
                |one| one.name.clone(),
            );
            let at = self.stores[object].schema.as_ref().map_or(0, |schema| schema.created);
            all.push(json!({
                "fromObjectTypeId": self.kind(object).type_id,
                "toObjectTypeId": kind.type_id,
                "name": name,
                "cardinality": "ONE_TO_MANY",
                "inverseCardinality": "ONE_TO_MANY",
                "hasUserEnforcedMaxToObjectIds": false,
                "hasUserEnforcedMaxFromObjectIds": false,
                "maxToObjectIds": 10000,
                "maxFromObjectIds": 10000,
                "id": id.to_string(),
                "createdAt": (at > 0).then(|| iso(at)),
                "updatedAt": (at > 0).then(|| iso(at)),
            }));
        }
        all
    }

    /// A kind's schema as the API shows it; for a standard object the little that is known of one.
    pub(crate) fn schema_json(&self, object: usize, links: bool) -> Value {
        let store = &self.stores[object];
        let kind = &store.kind;
        let schema = store.schema.clone().unwrap_or_default();
        let number = kind.type_id.split_once('-').map_or("", |(_, number)| number);
        let mut body = Map::new();
        let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
        put("labels", json!({ "singular": kind.labels.0, "plural": kind.labels.1 }));
        put("requiredProperties", json!(kind.required.iter().flatten().collect::<Vec<_>>()));
        put("searchableProperties", json!(kind.searchable));
        let primary = schema.primary_display.or_else(|| kind.display.first().cloned());
        put("primaryDisplayProperty", json!(primary));
        put("secondaryDisplayProperties", json!(schema.secondary_display));
        put("description", json!(schema.description));
        put("archived", json!(schema.archived.is_some()));
        put("restorable", json!(true));
        put("allowsSensitiveProperties", json!(schema.allows_sensitive));
        put("metaType", json!(if kind.custom { "PORTAL_SPECIFIC" } else { "HUBSPOT" }));
        put("id", json!(number));
        put("fullyQualifiedName", json!(if kind.custom { &kind.name } else { &kind.legacy }));
        if kind.custom {
            put("createdAt", json!(iso(schema.created)));
            put("updatedAt", json!(iso(schema.updated)));
            put("createdByUserId", json!(crate::owners::PERSON));
            put("updatedByUserId", json!(crate::owners::PERSON));
            put("portalId", json!(self.portal));
        }
        put("objectTypeId", json!(kind.type_id));
        let active = store.properties.values().filter(|property| property.archived.is_none());
        put("properties", Value::Array(active.map(Property::json).collect()));
        if links {
            put("associations", Value::Array(self.schema_links(object)));
        }
        put("name", json!(if kind.custom { &kind.singular } else { &kind.legacy }));
        Value::Object(body)
    }
}

impl Store {
    /// Whether this is a custom object whose schema has been archived.
    pub(crate) fn is_archived(&self) -> bool {
        self.schema.as_ref().is_some_and(|schema| schema.archived.is_some())
    }
}
