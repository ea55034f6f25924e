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
    /// Whether a HubSpot company makes an account only if one of its contacts is in step.
    #[serde(default)]
    pub account_needs_contact: NeedsContact,
    /// Whether a person chose the mappings. What they named must be there; of the automatic ones, what a platform does not
    /// have is left out.
    #[serde(default)]
    pub chosen: bool,
    /// The objects in step, parents before children; an existing Contact is preferred to a Lead because its mapping
    /// comes first.
    pub objects: Vec<ObjectMapping>,
    /// How owners go together.
    #[serde(default)]
    pub owners: OwnerSettings,
    /// Which activities cross over, and as what.
    #[serde(default)]
    pub activities: ActivitySettings,
    /// Whether Salesforce campaigns and their members are kept in HubSpot.
    #[serde(default)]
    pub campaigns: bool,
    /// When a pass stops and asks.
    #[serde(default)]
    pub brake: Brake,
    /// How many Salesforce calls may be made.
    #[serde(default)]
    pub budget: Budget,
}

/// When a HubSpot company makes a Salesforce account only if one of its contacts is, or is about to be, in step with a
/// Contact.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NeedsContact {
    /// Where contacts have a segment, so that companies of people outside it stay in HubSpot.
    #[default]
    WhereSegmented,
    /// Always.
    Always,
    /// Never: every company makes an account.
    Never,
}

/// How the owners of the two platforms go together: by email, but for these.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OwnerSettings {
    /// Owners who go together although their emails differ.
    pub pairs: Vec<OwnerPair>,
    /// What is done with an owner whom nobody on the other side goes with.
    pub unmatched: UnmatchedOwner,
}

/// Two owners who are the same person, or queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnerPair {
    /// The HubSpot owner's id.
    pub hubspot: String,
    /// The Salesforce user's or queue's id.
    pub salesforce: String,
}

/// What is done with an owner whom nobody on the other side goes with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnmatchedOwner {
    /// The other side keeps the owner it has; a new record gets whom its platform gives it.
    #[default]
    Keep,
    /// The other side gets this owner instead.
    Use {
        /// The HubSpot owner's id, for records whose Salesforce owner nobody goes with; none keeps.
        #[serde(default)]
        hubspot: Option<String>,
        /// The Salesforce user's id, for records whose HubSpot owner nobody goes with; none keeps.
        #[serde(default)]
        salesforce: Option<String>,
    },
}

/// Which activities cross over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ActivitySettings {
    /// Whether a task made in Salesforce makes one in HubSpot, and its status comes back.
    pub salesforce_tasks: bool,
    /// The HubSpot activities that become Salesforce tasks. An activity that is not listed does not.
    pub timeline: Vec<ActivityMapping>,
}

/// A HubSpot activity that becomes a Salesforce task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActivityMapping {
    /// The activity.
    pub activity: Activity,
    /// Whether it is worked.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// The `Type` of the Salesforce task it becomes.
    pub task_type: String,
}

/// The kinds of HubSpot activity that can become a Salesforce task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activity {
    /// A form was submitted.
    FormSubmission,
    /// A marketing email was sent.
    MarketingEmailSent,
    /// A marketing email was opened.
    MarketingEmailOpened,
    /// A link in a marketing email was clicked.
    MarketingEmailClicked,
    /// A one-to-one email was sent.
    SalesEmailSent,
    /// A one-to-one email was opened.
    SalesEmailOpened,
    /// A link in a one-to-one email was clicked.
    SalesEmailClicked,
    /// A call was made.
    Call,
    /// A meeting was scheduled.
    Meeting,
    /// A note was written.
    Note,
    /// A task was made.
    Task,
    /// Somebody was enrolled in a sequence.
    Sequence,
    /// A document was viewed.
    DocumentViewed,
    /// An event of another app that is installed in HubSpot.
    IntegrationEvent,
}

/// A pass that would delete or blank more than this stops and asks a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Brake {
    /// Share of an object's linked records, in per cent.
    pub percent: u8,
    /// So many records may always be deleted or blanked, however few there are.
    pub at_least: u64,
}

impl Default for Brake {
    fn default() -> Self {
        Self { percent: 10, at_least: 25 }
    }
}

/// How many Salesforce calls may be made in any 24 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Budget {
    /// The allocation of this connection; only the org's own limit holds, where there is none.
    pub allocation: Option<u64>,
    /// Share of the allocation kept for what a person asks for, in per cent.
    pub reserve_percent: u8,
    /// Share of the org's own limit that is left for its other integrations, in per cent.
    pub leave_percent: u8,
}

impl Default for Budget {
    fn default() -> Self {
        Self { allocation: None, reserve_percent: 5, leave_percent: 20 }
    }
}

fn yes() -> bool {
    true
}

impl Settings {
    /// The recommended settings: all contacts, companies and deals, the standard fields of both platforms, each with
    /// its default rule; new contacts become a Contact.
    #[must_use]
    pub fn recommended() -> Self {
        Self {
            create_contacts_as: CreateAs::Contact,
            create_without_email: true,
            account_needs_contact: NeedsContact::default(),
            chosen: false,
            objects: model::defaults::object_mappings(),
            owners: OwnerSettings::default(),
            activities: ActivitySettings::recommended(),
            campaigns: false,
            brake: Brake::default(),
            budget: Budget::default(),
        }
    }

    /// The object mappings that are worked: those of the settings, and those that campaigns and activities stand for.
    #[must_use]
    pub fn mappings(&self) -> Vec<ObjectMapping> {
        let mut mappings = self.objects.clone();
        if self.campaigns {
            crate::campaigns::add_to(&mut mappings);
        }
        for activity in self.activities.mappings() {
            let same = |known: &ObjectMapping| {
                known.hubspot_object == activity.hubspot_object
                    && known.salesforce_object == activity.salesforce_object
            };
            if !mappings.iter().any(same) {
                mappings.push(activity);
            }
        }
        mappings
    }

    /// The same settings, under which nothing is made in HubSpot by itself: what is to come is imported.
    #[must_use]
    pub fn making_nothing_in_hubspot(mut self) -> Self {
        self.objects.iter_mut().for_each(|object| object.create_in_hubspot = false);
        self
    }

    /// The same settings with every field mapping under `rule`, but for those whose rule only their meaning allows.
    #[must_use]
    pub fn with_rule(mut self, rule: SyncRule) -> Self {
        let special = [SyncRule::OptOut, SyncRule::Forward];
        let fields = self.objects.iter_mut().flat_map(|object| &mut object.fields);
        for field in fields.filter(|field| !special.contains(&field.rule)) {
            field.rule = rule;
        }
        self
    }
}
