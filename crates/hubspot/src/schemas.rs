//! Schemas of custom objects.

use http::Method;
use serde::Deserialize;

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
}
