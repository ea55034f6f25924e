//! Making fields and granting access to them.

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::Call;
use crate::retry::Repeat;
use crate::{Client, Error, Scope, soql_quote};

/// A field to make.
#[derive(Debug, Clone, PartialEq)]
pub struct NewCustomField {
    /// `Contact.HubSpot_Id__c`.
    pub full_name: String,
    /// Its definition: `label`, `type`, `length`, `externalId`, `unique`, …
    pub metadata: Value,
}

/// A set of permissions that a user has.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PermissionSet {
    /// Id.
    pub id: String,
    /// API name.
    pub name: String,
    /// Name shown to people.
    pub label: String,
    /// Whether it stands for the user's profile (then it is that profile's own and shared with all its users).
    pub is_owned_by_profile: bool,
}

/// What granting did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Granted {
    /// Access was given.
    Now,
    /// It was there already.
    Already,
}

#[derive(Deserialize)]
struct Found {
    #[serde(default)]
    records: Vec<Value>,
}

#[derive(Deserialize)]
struct Made {
    id: String,
}

impl Client {
    /// Makes a field; nobody can see it until access is granted. Returns its id. A name that is taken comes back as
    /// `Error::Api` with `DUPLICATE_DEVELOPER_NAME`.
    ///
    /// # Errors
    /// When Salesforce cannot be asked or refuses.
    pub async fn create_custom_field(&self, field: &NewCustomField) -> Result<String, Error> {
        let what = format!("making the field {}", field.full_name);
        let body = json!({ "FullName": field.full_name, "Metadata": field.metadata });
        // The name is unique, so a repeated call makes no second one.
        let call =
            Call::new(what, Method::POST, self.data("/tooling/sobjects/CustomField")).repeat(Repeat::Write);
        Ok(self.ask::<Made>(&call.json(&body)).await?.id)
    }

    /// Adds values to a picklist that the org made for one object. Answers whether it could: standard fields and lists
    /// that several fields share are changed elsewhere.
    ///
    /// # Errors
    /// When Salesforce cannot be asked or refuses.
    pub async fn add_picklist_values(
        &self,
        object: &str,
        field: &str,
        values: &[(String, String)],
    ) -> Result<bool, Error> {
        let Some(name) = field.strip_suffix("__c") else { return Ok(false) };
        let soql = format!(
            "SELECT Id, Metadata FROM CustomField WHERE DeveloperName = {} AND TableEnumOrId = {}",
            soql_quote(name),
            soql_quote(object)
        );
        let call = Call::new(
            format!("reading the field {object}.{field}"),
            Method::GET,
            self.data("/tooling/query"),
        );
        let found: Found = self.ask(&call.query("q", soql)).await?;
        let Some(record) = found.records.into_iter().next() else { return Ok(false) };
        let id = record.get("Id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut metadata = record.get("Metadata").cloned().unwrap_or(Value::Null);
        let list = metadata.pointer_mut("/valueSet/valueSetDefinition/value").and_then(Value::as_array_mut);
        let Some(list) = list else { return Ok(false) };
        for (value, label) in values {
            let known = list.iter_mut().find(|known| {
                let name = known.get("valueName").or_else(|| known.get("fullName"));
                name.and_then(Value::as_str) == Some(value)
            });
            match known {
                Some(known) => known["isActive"] = json!(true),
                None => {
                    list.push(json!({"valueName": value, "label": label, "default": false, "isActive": true}))
                }
            }
        }
        let path = self.data(&format!("/tooling/sobjects/CustomField/{id}"));
        let what = format!("adding values to {object}.{field}");
        let call =
            Call::new(what, Method::PATCH, path).repeat(Repeat::Write).json(&json!({"Metadata": metadata}));
        self.inner().send(&call).await.map(|_| true)
    }

    /// The permission sets a user has; one of them stands for the profile.
    ///
    /// # Errors
    /// When Salesforce cannot be asked or refuses.
    pub async fn permission_sets(&self, user_id: &str) -> Result<Vec<PermissionSet>, Error> {
        let soql = format!(
            "SELECT PermissionSetId, PermissionSet.Name, PermissionSet.Label, PermissionSet.IsOwnedByProfile \
             FROM PermissionSetAssignment WHERE AssigneeId = {}",
            soql_quote(user_id)
        );
        let text = |row: &crate::Row, name: &str| row.text(name).unwrap_or_default().to_owned();
        let rows = self.query_rows(&soql, Scope::Live).await?;
        let set = |row: &crate::Row| PermissionSet {
            id: text(row, "PermissionSetId"),
            name: text(row, "PermissionSet.Name"),
            label: text(row, "PermissionSet.Label"),
            is_owned_by_profile: row
                .get("PermissionSet.IsOwnedByProfile")
                .and_then(Value::as_bool)
                .unwrap_or(false),
        };
        Ok(rows.iter().map(set).collect())
    }

    /// Lets holders of a permission set read and change a field (`HubSpot_Id__c` of `Contact`).
    ///
    /// # Errors
    /// When Salesforce cannot be asked or refuses.
    pub async fn grant_field(
        &self,
        permission_set_id: &str,
        object: &str,
        field: &str,
    ) -> Result<Granted, Error> {
        let field = if field.contains('.') { field.to_owned() } else { format!("{object}.{field}") };
        let soql = format!(
            "SELECT Id, PermissionsRead, PermissionsEdit FROM FieldPermissions \
             WHERE ParentId = {} AND SobjectType = {} AND Field = {}",
            soql_quote(permission_set_id),
            soql_quote(object),
            soql_quote(&field)
        );
        let present = self.query_rows(&soql, Scope::Live).await?.into_iter().next();
        let access = json!({ "PermissionsRead": true, "PermissionsEdit": true });
        match present {
            Some(row) if row.get("PermissionsEdit") == Some(&Value::Bool(true)) => Ok(Granted::Already),
            Some(row) => {
                let id = row.id.unwrap_or_default();
                let path = self.data(&format!("/sobjects/FieldPermissions/{id}"));
                let call =
                    Call::new(format!("granting access to {field}"), Method::PATCH, path).json(&access);
                self.inner().send(&call).await.map(|_| Granted::Now)
            }
            None => {
                let mut body = access;
                body["ParentId"] = json!(permission_set_id);
                body["SobjectType"] = json!(object);
                body["Field"] = json!(field);
                // One per field and permission set: a second one is refused, not made.
                let call = Call::new(
                    format!("granting access to {field}"),
                    Method::POST,
                    self.data("/sobjects/FieldPermissions"),
                )
                .repeat(Repeat::Write);
                match self.inner().send(&call.json(&body)).await {
                    Ok(_) => Ok(Granted::Now),
                    Err(error) if error.code() == Some("DUPLICATE_VALUE") => Ok(Granted::Already),
                    Err(error) => Err(error),
                }
            }
        }
    }
}
