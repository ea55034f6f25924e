//! What has been answered and found out in a set-up so far. All of it is kept, so that a set-up that is left half way is
//! found where it was left.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use super::prerequisites::Prerequisite;
use crate::settings::Settings;

/// The steps, in their order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Connect a HubSpot account.
    #[default]
    HubSpot,
    /// Sign in to a Salesforce org.
    Salesforce,
    /// See whether everything is in place there.
    Permissions,
    /// Install the package.
    Package,
    /// Put the embed window on pages.
    Embed,
    /// Choose how to sync.
    Sync,
    /// Look at everything, and at what the first sync would do.
    Review,
}

impl Step {
    /// All of them, in their order.
    pub const ALL: [Self; 7] = [
        Self::HubSpot,
        Self::Salesforce,
        Self::Permissions,
        Self::Package,
        Self::Embed,
        Self::Sync,
        Self::Review,
    ];

    /// The name in addresses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HubSpot => "hubspot",
            Self::Salesforce => "salesforce",
            Self::Permissions => "permissions",
            Self::Package => "package",
            Self::Embed => "embed",
            Self::Sync => "sync",
            Self::Review => "review",
        }
    }

    /// The step of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.as_str() == name)
    }
}

/// Everything answered and found out so far.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Answers {
    /// The HubSpot account, once it is connected.
    pub hubspot: Option<Account>,
    /// Where to sign in to Salesforce.
    pub place: LoginPlace,
    /// The Salesforce org, once somebody has signed in.
    pub salesforce: Option<Org>,
    /// Sign-ins that have begun and not come back.
    pub pending: Vec<Pending>,
    /// What the org said when it was last asked whether everything is in place.
    pub prerequisites: Vec<Prerequisite>,
    /// When it was last asked.
    pub checked_at: Option<Timestamp>,
    /// How far the package is.
    pub package: PackageState,
    /// Where the embed window was put.
    pub embed: EmbedState,
    /// Which way of choosing was taken.
    pub way: Option<Way>,
    /// What was chosen; the recommended settings, where nothing was.
    pub settings: Option<Settings>,
    /// Whether no property is made for Salesforce fields that have none in HubSpot.
    pub leave_properties: bool,
}

/// A HubSpot account that is connected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its number.
    pub id: String,
    /// Its name or domain, where it told one.
    pub name: Option<String>,
    /// Scopes that were not granted and that something optional needs.
    pub missing_scopes: Vec<String>,
}

/// Where somebody signs in to Salesforce.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoginPlace {
    /// `login.salesforce.com`.
    #[default]
    Production,
    /// `test.salesforce.com`.
    Sandbox,
    /// The org's own address; Government Cloud orgs have one, too.
    MyDomain(String),
}

/// A Salesforce org that somebody has signed in to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Org {
    /// Its id.
    pub id: String,
    /// Its name, where it could be asked.
    pub name: Option<String>,
    /// Its edition, where it could be asked.
    pub edition: Option<String>,
    /// Whether it is a sandbox.
    pub sandbox: bool,
    /// The id of the user who signed in.
    pub user: String,
    /// The name that user logs in with.
    pub username: String,
    /// Its own address.
    pub instance_url: Url,
}

/// A sign-in that has begun. What must stay secret of it is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// The platform.
    pub platform: model::Side,
    /// What comes back from the platform, to know the sign-in again.
    pub state: String,
    /// When it began.
    pub began_at: Timestamp,
}

/// How far the package is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum PackageState {
    /// Nothing was begun.
    #[default]
    NotBegun,
    /// It is being deployed.
    Deploying {
        /// The deployment's id.
        deployment: String,
        /// When it began.
        began_at: Timestamp,
        /// Components there are.
        total: u32,
        /// Components that are in.
        deployed: u32,
    },
    /// A person installs the packaged version on the org's own page.
    Installing {
        /// When that began.
        began_at: Timestamp,
    },
    /// It is in the org.
    Installed {
        /// When that was seen.
        at: Timestamp,
        /// Whether the connected user has the permission set that came with it.
        permission_set: bool,
    },
    /// It could not be installed.
    Failed {
        /// When that was seen.
        at: Timestamp,
        /// What Salesforce has against it.
        problems: Vec<String>,
    },
    /// It is left for later: the engine makes the fields that it needs by itself.
    Skipped,
}

/// Where the embed window was put.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum EmbedState {
    /// Nothing was chosen yet.
    #[default]
    NotChosen,
    /// It is left for later.
    Skipped,
    /// It stands on these pages.
    Placed {
        /// Their labels.
        pages: Vec<String>,
    },
}

/// Which way of choosing how to sync was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// The recommended settings.
    Recommended,
    /// Settings chosen one by one.
    Advanced,
}

impl Answers {
    /// Whether everything that a step asks for is there.
    #[must_use]
    pub fn is_answered(&self, step: Step) -> bool {
        match step {
            Step::HubSpot => self.hubspot.is_some(),
            Step::Salesforce => self.salesforce.is_some(),
            Step::Permissions => super::prerequisites::may_choose(&self.prerequisites),
            Step::Package => {
                matches!(self.package, PackageState::Installed { .. } | PackageState::Skipped)
            }
            Step::Embed => self.embed != EmbedState::NotChosen,
            Step::Sync => self.way.is_some(),
            Step::Review => false,
        }
    }

    /// The first step that is not answered: where the set-up was left.
    #[must_use]
    pub fn step(&self) -> Step {
        Step::ALL.into_iter().find(|step| !self.is_answered(*step)).unwrap_or(Step::Review)
    }

    /// Whether a step can be opened: everything before it is answered.
    #[must_use]
    pub fn is_open(&self, step: Step) -> bool {
        step <= self.step()
    }
}
