//! The prerequisites of the guide, found out by asking the org: each passed, failed, or not needed for what was chosen.

use std::collections::BTreeSet;

use ::salesforce::{Client, Error};
use serde::{Deserialize, Serialize};

use super::answers::Org;
use crate::settings::Settings;

/// Something that must be in place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// The edition has access to the API.
    Edition,
    /// The connected user is a system administrator.
    Administrator,
    /// *API Enabled*.
    ApiEnabled,
    /// *View Setup and Configuration*.
    ViewSetup,
    /// *Modify All* on an object.
    ModifyAll(String),
    /// *Modify Metadata Through Metadata API Functions*.
    ModifyMetadata,
    /// *Download AppExchange Packages*.
    InstallPackages,
    /// *Customize Application*.
    CustomizeApplication,
    /// The field *Type* of tasks is visible.
    TaskType,
}

impl Need {
    /// The name in catalogues and for programs.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Self::Edition => "edition",
            Self::Administrator => "administrator",
            Self::ApiEnabled => "api-enabled",
            Self::ViewSetup => "view-setup",
            Self::ModifyAll(_) => "modify-all",
            Self::ModifyMetadata => "modify-metadata",
            Self::InstallPackages => "install-packages",
            Self::CustomizeApplication => "customize-application",
            Self::TaskType => "task-type",
        }
    }
}

/// What the org said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// It is in place.
    Pass,
    /// It is missing.
    Fail,
    /// It is missing, and nothing that was chosen needs it.
    NotNeeded,
    /// The org could not be asked, because something else is missing.
    Unknown,
}

impl Finding {
    /// The name in catalogues and for programs.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::NotNeeded => "not-needed",
            Self::Unknown => "unknown",
        }
    }
}

/// One row of the check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prerequisite {
    /// What must be in place.
    pub need: Need,
    /// Whether it is.
    pub finding: Finding,
    /// What the org said of it, where that says more: the edition, the user.
    pub detail: Option<String>,
}

/// Whether what everything else stands on is in place. What is chosen later decides what else is needed.
#[must_use]
pub fn may_choose(rows: &[Prerequisite]) -> bool {
    let first = [Need::Edition, Need::ApiEnabled, Need::ViewSetup];
    let passed = |need: &Need| rows.iter().any(|row| row.need == *need && row.finding == Finding::Pass);
    first.iter().all(passed)
}

/// Whether nothing that is needed is missing.
#[must_use]
pub fn may_go_on(rows: &[Prerequisite]) -> bool {
    !rows.is_empty() && rows.iter().all(|row| matches!(row.finding, Finding::Pass | Finding::NotNeeded))
}

/// What was chosen decides what is needed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Chosen {
    /// The Salesforce objects in step.
    pub objects: Vec<String>,
    /// Whether tasks or activities cross over.
    pub activities: bool,
    /// Whether the embed window is to be put on pages.
    pub embed: bool,
    /// Whether a packaged version is installed on the org's own page.
    pub packaged: bool,
    /// Whether fields and pages of the org are still to be changed.
    pub changes_org: bool,
}

/// The objects that the guide names, in its order.
const GUIDE: [&str; 5] = ["Account", "Campaign", "Contact", "Lead", "Opportunity"];

impl Chosen {
    pub fn objects_of(settings: &Settings) -> Vec<String> {
        let mapped = settings.objects.iter().filter(|mapping| mapping.enabled);
        let mut objects: Vec<String> = mapped.map(|mapping| mapping.salesforce_object.clone()).collect();
        if settings.campaigns {
            objects.push("Campaign".to_owned());
        }
        objects.sort();
        objects.dedup();
        objects
    }
}

const PERMISSIONS: [&str; 8] = [
    "ApiEnabled",
    "ViewSetup",
    "ModifyAllData",
    "ViewAllData",
    "ModifyMetadata",
    "InstallPackaging",
    "CustomizeApplication",
    "ManageUsers",
];

/// Asks the org.
///
/// # Errors
/// When the org cannot be reached. That the API is switched off is a finding.
pub(crate) async fn check(client: &Client, org: &Org, chosen: &Chosen) -> Result<Vec<Prerequisite>, Error> {
    let mut all: Vec<String> = GUIDE.iter().map(|object| (*object).to_owned()).collect();
    all.extend(chosen.objects.iter().filter(|object| !GUIDE.contains(&object.as_str())).cloned());
    let organization = match client.organization().await {
        Ok(organization) => organization,
        Err(error) => match error.code() {
            Some(code @ ("API_DISABLED_FOR_ORG" | "API_CURRENTLY_DISABLED")) => {
                return Ok(closed(code, &all));
            }
            _ => return Err(error),
        },
    };
    let held = client.user_permissions(&org.user, &PERMISSIONS).await?;
    let grants = client.object_grants(&org.user, &all).await?;
    let task = match client.describe("Task").await {
        Ok(task) => Some(task),
        Err(Error::NotFound(_)) => None,
        Err(error) => return Err(error),
    };
    let mut rows = vec![row(Need::Edition, true, true, organization.organization_type.clone())];
    let has = |name: &str| held.contains(name);
    rows.push(row(Need::ApiEnabled, has("ApiEnabled"), true, None));
    rows.push(row(Need::ViewSetup, has("ViewSetup"), true, None));
    for object in all {
        let granted = grants.get(&object).is_some_and(|grant| grant.modify_all);
        let needed = chosen.objects.contains(&object);
        rows.push(row(Need::ModifyAll(object), granted || has("ModifyAllData"), needed, None));
    }
    let deals = chosen.objects.iter().any(|object| object == "Opportunity");
    let metadata = has("ModifyMetadata") || has("ModifyAllData");
    rows.push(row(Need::ModifyMetadata, metadata, chosen.embed || deals, None));
    rows.push(row(Need::InstallPackages, has("InstallPackaging"), chosen.packaged, None));
    rows.push(row(Need::CustomizeApplication, has("CustomizeApplication"), chosen.changes_org, None));
    let visible = task.is_some_and(|task| task.field("Type").is_some());
    rows.push(row(Need::TaskType, visible, chosen.activities, None));
    // Everything that administrators may and Tandem uses is asked for one by one; being one is the simple way to it.
    let administrator = has("ModifyAllData") && has("CustomizeApplication") && has("ManageUsers");
    let needed = !may_go_on(&rows);
    rows.insert(1, row(Need::Administrator, administrator, needed, Some(org.username.clone())));
    Ok(rows)
}

fn row(need: Need, passed: bool, needed: bool, detail: Option<String>) -> Prerequisite {
    let finding = match (passed, needed) {
        (true, _) => Finding::Pass,
        (false, true) => Finding::Fail,
        (false, false) => Finding::NotNeeded,
    };
    Prerequisite { need, finding, detail }
}

/// Nothing can be asked while the API is switched off, for the org or for the user.
fn closed(code: &str, objects: &[String]) -> Vec<Prerequisite> {
    let for_org = code == "API_DISABLED_FOR_ORG";
    let of = |need: Need| {
        let finding = match need {
            Need::Edition if for_org => Finding::Fail,
            Need::Edition => Finding::Pass,
            Need::ApiEnabled if !for_org => Finding::Fail,
            _ => Finding::Unknown,
        };
        Prerequisite { need, finding, detail: None }
    };
    let first = [Need::Edition, Need::Administrator, Need::ApiEnabled, Need::ViewSetup];
    let last = [Need::ModifyMetadata, Need::InstallPackages, Need::CustomizeApplication, Need::TaskType];
    let objects = objects.iter().map(|object| Need::ModifyAll(object.clone()));
    first.into_iter().chain(objects).chain(last).map(of).collect()
}

/// Of these scopes, the ones that were not granted.
pub(super) fn missing(wanted: &[&str], granted: &[String]) -> Vec<String> {
    let granted: BTreeSet<&str> = granted.iter().map(String::as_str).collect();
    wanted.iter().filter(|scope| !granted.contains(**scope)).map(|scope| (*scope).to_owned()).collect()
}
