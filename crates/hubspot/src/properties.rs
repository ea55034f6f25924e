//! Properties: what fields an object has.

use http::Method;
use serde::{Deserialize, Serialize};

use crate::client::Call;
use crate::{Client, Error, lenient};

/// A property of an object.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Property {
    /// Internal name.
    pub name: String,
    /// Name shown to people.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub label: String,
    /// `string`, `number`, `date`, `datetime`, `bool`, `enumeration`, …
    #[serde(default, rename = "type", deserialize_with = "lenient::or_default")]
    pub kind: String,
    /// How forms show it: `text`, `checkbox` (several values), `select`, …
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub field_type: String,
    /// Group it is shown in.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub group_name: String,
    /// Explanation.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub description: String,
    /// Values an enumeration allows.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub options: Vec<PropertyOption>,
    /// Whether HubSpot computes it.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub calculated: bool,
    /// Whether no two records may share a value, so that it can identify records.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub has_unique_value: bool,
    /// Whether people do not see it.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub hidden: bool,
    /// Whether HubSpot itself defined it.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub hubspot_defined: bool,
    /// Whether the options are another list's, such as owners.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub external_options: bool,
    /// What values refer to, such as `OWNER`.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub referenced_object_type: Option<String>,
    /// Whether it is in the recycle bin.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub archived: bool,
    /// What may be changed about it.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub modification_metadata: ModificationMetadata,
}

impl Property {
    /// Whether values cannot be set through the API.
    #[must_use]
    pub fn read_only_value(&self) -> bool {
        self.calculated || self.modification_metadata.read_only_value
    }

    /// Whether one value may hold several options.
    #[must_use]
    pub fn is_multiple(&self) -> bool {
        self.kind == "enumeration" && self.field_type == "checkbox"
    }
}

/// What may be changed about a property.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ModificationMetadata {
    /// Whether it can be archived.
    pub archivable: bool,
    /// Whether its definition is fixed.
    pub read_only_definition: bool,
    /// Whether its values are fixed.
    pub read_only_value: bool,
}

/// A value that an enumeration allows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PropertyOption {
    /// Name shown to people.
    #[serde(default)]
    pub label: String,
    /// The value records hold.
    #[serde(deserialize_with = "lenient::text")]
    pub value: String,
    /// Place among the others.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub display_order: i64,
    /// Whether people no longer see it.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub hidden: bool,
}

/// A property to be made.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewProperty {
    /// Internal name.
    pub name: String,
    /// Name shown to people.
    pub label: String,
    /// `string`, `number`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// `text`, `select`, …
    pub field_type: String,
    /// Group it is shown in; it must exist.
    pub group_name: String,
    /// Explanation.
    pub description: String,
    /// Whether no two records may share a value. Cannot be changed later.
    pub has_unique_value: bool,
    /// Whether people do not see it.
    pub hidden: bool,
    /// Whether forms may show it.
    pub form_field: bool,
    /// Values an enumeration allows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<PropertyOption>,
}

/// A group of properties to be made.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewPropertyGroup {
    /// Internal name.
    pub name: String,
    /// Name shown to people.
    pub label: String,
}

#[derive(Deserialize)]
struct PropertyList {
    results: Vec<Property>,
}

impl Client {
    /// All properties of an object, archived ones left out.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses.
    pub async fn properties(&self, object: &str) -> Result<Vec<Property>, Error> {
        let path = self.inner().paths.properties(object);
        let list: PropertyList =
            self.ask(&Call::new(format!("listing properties of {object}"), Method::GET, path)).await?;
        Ok(list.results)
    }

    /// Makes a property. One that is there already comes back as `Error::Api` with status 409; an archived one of
    /// that name is brought back instead.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses.
    pub async fn create_property(&self, object: &str, property: &NewProperty) -> Result<Property, Error> {
        let what = format!("making the property {} of {object}", property.name);
        // The name is unique, so a repeated call makes no second one.
        let call = Call::new(what, Method::POST, self.inner().paths.properties(object)).repeatable();
        self.ask(&call.json(serde_json::json!(property))).await
    }

    /// One property, archived or not.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses.
    pub async fn property(&self, object: &str, name: &str) -> Result<Property, Error> {
        let path = format!("{}/{}", self.inner().paths.properties(object), crate::paths::segment(name));
        self.ask(&Call::new(format!("reading the property {name} of {object}"), Method::GET, path)).await
    }

    /// Replaces the options of a property; options that are not named are taken away.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses.
    pub async fn replace_options(
        &self,
        object: &str,
        name: &str,
        options: &[PropertyOption],
    ) -> Result<(), Error> {
        let path = format!("{}/{}", self.inner().paths.properties(object), crate::paths::segment(name));
        let what = format!("changing the options of {name} of {object}");
        // The same list twice makes the same list.
        let call = Call::new(what, Method::PATCH, path).repeatable();
        self.inner().send(&call.json(serde_json::json!({"options": options}))).await.map(drop)
    }

    /// Makes a group of properties. One that is there already comes back as `Error::Api` with status 409.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses.
    pub async fn create_property_group(&self, object: &str, group: &NewPropertyGroup) -> Result<(), Error> {
        let what = format!("making the property group {} of {object}", group.name);
        let path = format!("{}/groups", self.inner().paths.properties(object));
        let call = Call::new(what, Method::POST, path).repeatable().json(serde_json::json!(group));
        self.inner().send(&call).await.map(drop)
    }
}
