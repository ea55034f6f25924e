//! What queries of the Tooling API are put to: components as rows, beside the org's own tables.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::objects;
use crate::State;
use crate::org::Org;
use crate::soql::{ChildRelationship, Data, FieldInfo, Hint, ObjectInfo, Record, Row};

/// A row that no table holds.
#[derive(Debug)]
pub(super) struct Built(pub Map<String, Value>);

impl Record for Built {
    fn value(&self, field: &str) -> Cow<'_, Value> {
        self.0.get(field).map_or(Cow::Owned(Value::Null), Cow::Borrowed)
    }

    fn is_deleted(&self) -> bool {
        false
    }
}

/// Rows of the objects that a query may come to, with the org behind them.
pub(super) struct ToolingData<'a> {
    org: &'a Org,
    built: HashMap<&'static str, Vec<Arc<Built>>>,
}

impl<'a> ToolingData<'a> {
    /// Builds the rows of an object and of those it refers to.
    pub fn new(state: &'a mut State, object: &str) -> Self {
        let mut built = HashMap::new();
        let mut wanted: Vec<&'static str> =
            objects::find(object).map(|object| object.name).into_iter().collect();
        if wanted.first() == Some(&"EntityDefinition") {
            wanted.push("FieldDefinition");
        }
        while let Some(name) = wanted.pop() {
            if built.contains_key(name) {
                continue;
            }
            let rows = state.tooling_rows(name).into_iter().map(|row| Arc::new(Built(row))).collect();
            built.insert(name, rows);
            let referred = objects::find(name).into_iter().flat_map(|object| &object.fields);
            let referred = referred.flat_map(|field| field.info().reference_to);
            wanted.extend(referred.filter_map(|name| objects::find(&name)).map(|object| object.name));
        }
        Self { org: &state.org, built }
    }
}

impl Data for ToolingData<'_> {
    fn object(&self, name: &str) -> Option<ObjectInfo> {
        match objects::find(name) {
            Some(object) => Some(ObjectInfo { name: object.name.to_owned(), queryable: true }),
            None => self.org.object(name),
        }
    }

    fn fields(&self, object: &str) -> Vec<FieldInfo> {
        match objects::find(object) {
            Some(object) => object.fields.iter().map(objects::ToolingField::info).collect(),
            None => self.org.fields(object),
        }
    }

    fn child_relationship(&self, object: &str, name: &str) -> Option<ChildRelationship> {
        if object == "EntityDefinition" && name.eq_ignore_ascii_case("Fields") {
            return Some(ChildRelationship {
                name: "Fields".to_owned(),
                object: "FieldDefinition".to_owned(),
                field: "EntityDefinitionId".to_owned(),
            });
        }
        self.org.child_relationship(object, name)
    }

    fn row<'a>(&'a self, object: &str, id: &str) -> Option<Row<'a>> {
        let Some(object) = objects::find(object) else { return self.org.row(object, id) };
        let rows = self.built.get(object.name)?;
        let same = |row: &&Arc<Built>| row.0.get("Id").and_then(Value::as_str) == Some(id);
        rows.iter().find(same).map(|row| Row::Borrowed(&**row))
    }

    fn scan<'a>(&'a self, object: &str, hint: &Hint) -> Box<dyn Iterator<Item = Row<'a>> + 'a> {
        let Some(object) = objects::find(object) else { return self.org.scan(object, hint) };
        let rows = self.built.get(object.name).into_iter().flatten();
        Box::new(rows.map(|row| Row::Borrowed(&**row as &dyn Record)))
    }
}
