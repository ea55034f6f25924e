//! What objects there are and what fields they have, as far as the user may see.

use http::Method;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::client::{Call, segment};
use crate::{Client, Error, lenient};

/// An object in the list of all.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectSummary {
    /// API name.
    pub name: String,
    /// Name shown to people.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub label: String,
    /// First three characters of its records' ids.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub key_prefix: Option<String>,
    /// Whether the org made it.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub custom: bool,
    /// Whether the user may create records.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub createable: bool,
    /// Whether the user may change records.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub updateable: bool,
    /// Whether the user may delete records.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub deletable: bool,
    /// Whether it can be queried.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub queryable: bool,
}

/// An object with its fields. Fields the user may not see are absent.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectDescribe {
    /// API name.
    pub name: String,
    /// Name shown to people.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub label: String,
    /// Name shown to people, for several.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub label_plural: String,
    /// First three characters of its records' ids.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub key_prefix: Option<String>,
    /// Whether the org made it.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub custom: bool,
    /// Whether the user may create records.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub createable: bool,
    /// Whether the user may change records.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub updateable: bool,
    /// Whether the user may delete records.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub deletable: bool,
    /// Whether it can be queried.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub queryable: bool,
    /// Its fields.
    #[serde(default)]
    pub fields: Vec<FieldDescribe>,
    /// Its record types.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub record_type_infos: Vec<RecordTypeInfo>,
}

impl ObjectDescribe {
    /// A field by its API name, in whatever case.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&FieldDescribe> {
        self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name))
    }
}

/// A field of an object.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldDescribe {
    /// API name.
    pub name: String,
    /// Name shown to people.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub label: String,
    /// `string`, `picklist`, `reference`, …
    #[serde(default, rename = "type", deserialize_with = "lenient::or_default")]
    pub kind: String,
    /// Most characters; 0 where it means nothing.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub length: u32,
    /// Most digits in all.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub precision: u32,
    /// Digits after the point.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub scale: u32,
    /// Most digits of an integer.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub digits: u32,
    /// Whether it may be empty.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub nillable: bool,
    /// Whether the user may set it on a new record.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub createable: bool,
    /// Whether the user may change it.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub updateable: bool,
    /// Whether it is a formula.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub calculated: bool,
    /// Whether Salesforce numbers it.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub auto_number: bool,
    /// Whether it is marked as another system's id.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub external_id: bool,
    /// Whether records can be upserted by it.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub id_lookup: bool,
    /// Whether no two records may share a value.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub unique: bool,
    /// Whether values that differ in case are different.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub case_sensitive: bool,
    /// Whether Salesforce fills it on a new record.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub defaulted_on_create: bool,
    /// Whether only listed values are accepted.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub restricted_picklist: bool,
    /// Whether the values allowed depend on another field's.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub dependent_picklist: bool,
    /// The field they depend on.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub controller_name: Option<String>,
    /// Listed values.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub picklist_values: Vec<PicklistValue>,
    /// Objects it can refer to.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub reference_to: Vec<String>,
    /// The name by which queries reach through it.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub relationship_name: Option<String>,
    /// The compound field it is a part of, such as `MailingAddress` or `Name`.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub compound_field_name: Option<String>,
    /// `plaintextarea`, `richtextarea`, …
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub extra_type_info: Option<String>,
    /// Whether it is the record's name.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub name_field: bool,
    /// Whether its text is HTML.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub html_formatted: bool,
    /// Whether it is stored encrypted.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub encrypted: bool,
    /// Whether the org made it.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub custom: bool,
    /// Whether queries can filter by it.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub filterable: bool,
    /// Whether queries can sort by it.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub sortable: bool,
    /// Whether access to it can be granted.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub permissionable: bool,
    /// Its default.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub default_value: Option<Value>,
    /// Help shown to people.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub inline_help_text: Option<String>,
}

impl FieldDescribe {
    /// Whether a new record must bring a value.
    #[must_use]
    pub fn required_on_create(&self) -> bool {
        self.createable && !self.nillable && !self.defaulted_on_create && self.kind != "boolean"
    }
}

/// A listed value of a picklist.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PicklistValue {
    /// The value records hold.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub value: String,
    /// Name shown to people.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub label: Option<String>,
    /// Whether it is still offered.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub active: bool,
    /// Whether it is the default.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub default_value: bool,
    /// Base64 bits: for which values of the controlling field it is offered.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub valid_for: Option<String>,
}

/// A record type.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordTypeInfo {
    /// Id.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub record_type_id: String,
    /// Name shown to people.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub name: String,
    /// API name.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub developer_name: Option<String>,
    /// Whether it is in use.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub active: bool,
    /// Whether the user may use it.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub available: bool,
    /// Whether it is the user's default.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub default_record_type_mapping: bool,
    /// Whether it is the one every object has.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub master: bool,
}

#[derive(Deserialize)]
struct Objects {
    sobjects: Vec<ObjectSummary>,
}

impl Client {
    /// All objects the user may see.
    ///
    /// # Errors
    /// When Salesforce cannot be asked or refuses.
    pub async fn describe_global(&self) -> Result<Vec<ObjectSummary>, Error> {
        let objects: Objects =
            self.ask(&Call::new("listing objects", Method::GET, self.data("/sobjects"))).await?;
        Ok(objects.sobjects)
    }

    /// Whether any object or field has changed since then. One call, whatever the number of objects.
    ///
    /// # Errors
    /// When Salesforce cannot be asked or refuses.
    pub async fn changed_since(&self, since: Timestamp) -> Result<bool, Error> {
        let date = since.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let call = Call::new("asking for changed objects", Method::GET, self.data("/sobjects"))
            .header("If-Modified-Since", date);
        Ok(!self.inner().send(&call).await?.body.is_empty())
    }

    /// An object with its fields. Fields the user may not see are absent.
    ///
    /// # Errors
    /// When Salesforce cannot be asked or refuses.
    pub async fn describe(&self, object: &str) -> Result<ObjectDescribe, Error> {
        let path = self.data(&format!("/sobjects/{}/describe", segment(object)));
        self.ask(&Call::new(format!("describing {object}"), Method::GET, path)).await
    }
}
