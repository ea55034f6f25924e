//! The settings of a connection: which objects are in step, how, and what is made of what is missing.

use model::{ObjectMapping, SyncRule};
use serde::{Deserialize, Serialize};

/// What a new HubSpot contact becomes in Salesforce.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CreateAs {
    /// A Contact.
    Contact,
    /// A Lead.
    Lead,
}

/// The settings of one connection, as they are kept in the store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// What a HubSpot contact that Salesforce does not have becomes there.
    pub create_contacts_as: CreateAs,
    /// Whether records that have no email to be matched by are created on the other side.
    pub create_without_email: bool,
    /// Whether a person chose the mappings. What they named must be there; of the automatic ones, what a platform does not
    /// have is left out.
    #[serde(default)]
    pub chosen: bool,
    /// The objects in step, parents before children; an existing Contact is preferred to a Lead because its mapping
    /// comes first.
    pub objects: Vec<ObjectMapping>,
}

impl Settings {
    /// The recommended settings: all contacts, companies and deals, the standard fields of both platforms, each with
    /// its default rule; new contacts become a Contact.
    #[must_use]
    pub fn recommended() -> Self {
        Self {
            create_contacts_as: CreateAs::Contact,
            create_without_email: true,
            chosen: false,
            objects: model::defaults::object_mappings(),
        }
    }

    /// The same settings with every field mapping that moves anything under `rule`.
    #[must_use]
    pub fn with_rule(mut self, rule: SyncRule) -> Self {
        for field in self.objects.iter_mut().flat_map(|object| &mut object.fields) {
            field.rule = rule;
        }
        self
    }
}
