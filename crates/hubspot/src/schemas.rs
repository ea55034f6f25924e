//! Schemas of custom objects.

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::Call;
use crate::{Client, Error, lenient};

/// A custom object, as far as its name and its associations go.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectSchema {
    /// Its number, for example `2-123`.
    #[serde(deserialize_with = "lenient::text")]
    pub object_type_id: String,
    /// Its short name.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub name: String,
    /// Its full name, for example `p123_cars`.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub fully_qualified_name: String,
    /// The objects its records can be associated with.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub associations: Vec<SchemaAssociation>,
}

impl ObjectSchema {
    /// Whether `object` is one of its names.
    #[must_use]
    pub fn is_called(&self, object: &str) -> bool {
        [&self.object_type_id, &self.name, &self.fully_qualified_name]
            .into_iter()
            .any(|name| name.eq_ignore_ascii_case(object))
    }
}

/// Two objects whose records can be associated.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SchemaAssociation {
    /// The number of the object it starts from.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub from_object_type_id: String,
    /// The number of the object it leads to.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub to_object_type_id: String,
}

/// A custom object to be made.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewObjectSchema {
    /// Its internal name: letters, digits and underscores. It cannot be changed later.
    pub name: String,
    /// What people call one of its records.
    pub singular: String,
    /// What people call several.
    pub plural: String,
    /// The property by which people know its records.
    pub primary_display_property: String,
    /// Its first properties, each as it would be made by itself.
    pub properties: Vec<Value>,
}

#[derive(Deserialize)]
struct SchemaList {
    results: Vec<ObjectSchema>,
}

impl Client {
    /// All custom objects, archived ones left out.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses.
    pub async fn schemas(&self) -> Result<Vec<ObjectSchema>, Error> {
        let call = Call::new("listing custom objects", Method::GET, self.inner().paths.schemas());
        let list: SchemaList = self.ask(&call).await?;
        Ok(list.results)
    }

    /// Makes a custom object. One of that name that is there already comes back as `Error::Api` with status 409.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses, for example because the account's tier has no custom objects.
    pub async fn create_schema(&self, new: &NewObjectSchema) -> Result<ObjectSchema, Error> {
        let what = format!("making the custom object {}", new.name);
        let body = json!({
            "name": new.name,
            "labels": { "singular": new.singular, "plural": new.plural },
            "primaryDisplayProperty": new.primary_display_property,
            "requiredProperties": [],
            "searchableProperties": [new.primary_display_property],
            "properties": new.properties,
            "associatedObjects": [],
        });
        // The name is unique, so a repeated call makes no second one.
        self.ask(&Call::new(what, Method::POST, self.inner().paths.schemas()).repeatable().json(body)).await
    }

    /// Lets records of two objects be associated; both are named by their numbers, such as `0-1` for contacts.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses.
    pub async fn relate_schemas(&self, from: &str, to: &str) -> Result<(), Error> {
        let path = format!("{}/{}/associations", self.inner().paths.schemas(), crate::paths::segment(from));
        let name = format!("tandem_{}_to_{}", from.replace('-', "_"), to.replace('-', "_"));
        let body = json!({ "fromObjectTypeId": from, "toObjectTypeId": to, "name": name });
        let call = Call::new(format!("letting {from} and {to} be associated"), Method::POST, path);
        self.inner().send(&call.repeatable().json(body)).await.map(drop)
    }
}
