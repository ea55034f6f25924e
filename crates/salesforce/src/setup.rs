//! Making fields and granting access to them.

use serde_json::Value;

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
