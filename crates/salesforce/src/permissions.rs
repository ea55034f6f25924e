//! What a user may do: the union of what their profile and their permission sets grant.

use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use serde_json::{Value, json};

use crate::client::Call;
use crate::retry::Repeat;
use crate::{Client, Error, Granted, Row, Scope, in_lists, soql_quote};

/// What a user may do with the records of an object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ObjectGrant {
    /// Make records.
    pub create: bool,
    /// See records that are shared with them.
    pub read: bool,
    /// Change records that are shared with them.
    pub edit: bool,
    /// Delete records that are shared with them.
    pub delete: bool,
    /// See every record.
    pub view_all: bool,
    /// Change every record.
    pub modify_all: bool,
}

fn yes(row: &Row, name: &str) -> bool {
    row.get(name).and_then(Value::as_bool).unwrap_or(false)
}

impl Client {
    /// Of these system permissions (`ApiEnabled`, `ViewSetup`, …) the ones that a user has.
    ///
    /// # Errors
    /// When Salesforce cannot be asked or refuses, or knows no permission of a name.
    pub async fn user_permissions(
        &self,
        user_id: &str,
        wanted: &[&'static str],
    ) -> Result<BTreeSet<&'static str>, Error> {
        let columns: Vec<String> =
            wanted.iter().map(|name| format!("PermissionSet.Permissions{name}")).collect();
        let soql = format!(
            "SELECT {} FROM PermissionSetAssignment WHERE AssigneeId = {}",
            columns.join(", "),
            soql_quote(user_id)
        );
        let rows = self.query_rows(&soql, Scope::Live).await?;
        let has = |column: &String| rows.iter().any(|row| yes(row, column));
        Ok(wanted.iter().zip(&columns).filter(|(_, column)| has(column)).map(|(name, _)| *name).collect())
    }

    /// What a user is granted on each of these objects. One who may view or modify all data needs no such grant.
    ///
    /// # Errors
    /// When Salesforce cannot be asked or refuses.
    pub async fn object_grants(
        &self,
        user_id: &str,
        objects: &[String],
    ) -> Result<BTreeMap<String, ObjectGrant>, Error> {
        let before = format!(
            "SELECT SobjectType, PermissionsCreate, PermissionsRead, PermissionsEdit, PermissionsDelete, \
             PermissionsViewAllRecords, PermissionsModifyAllRecords FROM ObjectPermissions WHERE ParentId IN (SELECT \
             PermissionSetId FROM PermissionSetAssignment WHERE AssigneeId = {}) AND SobjectType IN ",
            soql_quote(user_id)
        );
        let mut grants: BTreeMap<String, ObjectGrant> = BTreeMap::new();
        for row in self.query_each(&in_lists(&before, objects, ""), Scope::Live).await? {
            let grant = grants.entry(row.text("SobjectType").unwrap_or_default().to_owned()).or_default();
            grant.create |= yes(&row, "PermissionsCreate");
            grant.read |= yes(&row, "PermissionsRead");
            grant.edit |= yes(&row, "PermissionsEdit");
            grant.delete |= yes(&row, "PermissionsDelete");
            grant.view_all |= yes(&row, "PermissionsViewAllRecords");
            grant.modify_all |= yes(&row, "PermissionsModifyAllRecords");
        }
        Ok(grants)
    }

    /// Gives a user the permission set of this API name; nothing where the org has none of that name.
    ///
    /// # Errors
    /// When Salesforce cannot be asked or refuses.
    pub async fn assign_permission_set(&self, user_id: &str, name: &str) -> Result<Option<Granted>, Error> {
        let soql = format!("SELECT Id FROM PermissionSet WHERE Name = {}", soql_quote(name));
        let set = self.query_rows(&soql, Scope::Live).await?.into_iter().find_map(|row| row.id);
        let Some(set) = set else { return Ok(None) };
        let call = Call::new(
            format!("assigning the permission set {name}"),
            Method::POST,
            self.data("/sobjects/PermissionSetAssignment"),
        )
        // One per user and set: a second one is refused, not made.
        .repeat(Repeat::Write)
        .json(&json!({ "PermissionSetId": set, "AssigneeId": user_id }));
        match self.inner().send(&call).await {
            Ok(_) => Ok(Some(Granted::Now)),
            Err(error) if error.code() == Some("DUPLICATE_VALUE") => Ok(Some(Granted::Already)),
            Err(error) => Err(error),
        }
    }
}
