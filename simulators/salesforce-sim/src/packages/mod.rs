//! Packages: which ones can be installed, installing and uninstalling one, and the mails that tell of it.

mod components;
mod page;
mod rows;

use axum::Router;
use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::Refusal;
use crate::setup::{Who, problem};
use crate::{SalesforceSim, State, ids};

pub(crate) fn routes() -> Router<SalesforceSim> {
    page::routes()
}

/// A version of a package that the org can find by its id.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Known {
    /// `04t…`
    pub id: String,
    pub name: String,
    #[serde(default)]
    pub namespace: Option<String>,
    #[serde(default = "first_version")]
    pub version: String,
    #[serde(default = "publisher")]
    pub publisher: String,
    /// The web sites it wants to call.
    #[serde(default)]
    pub sites: Vec<String>,
    /// The label of the permission set it brings, if any.
    #[serde(default)]
    pub permission_set: Option<String>,
}

fn first_version() -> String {
    "1.0".to_owned()
}

fn publisher() -> String {
    "Example Publisher".to_owned()
}

/// How an installation goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InstallPlan {
    /// How long it takes, by the org's clock.
    #[serde(default)]
    pub seconds: i64,
    #[serde(default)]
    pub outcome: InstallOutcome,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum InstallOutcome {
    #[default]
    Ok,
    Fail,
}

/// A request to install or uninstall.
#[derive(Debug, Clone)]
pub(crate) struct PackageRequest {
    pub version: String,
    /// What was asked for, as the caller gave it.
    pub given: Value,
    pub uninstall: bool,
    pub due: i64,
    pub outcome: InstallOutcome,
    pub who: Who,
    pub done: bool,
}

/// A package that is installed.
#[derive(Debug, Clone)]
pub(crate) struct Installed {
    pub id: String,
    pub version: String,
}

/// A mail to a user.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Mail {
    pub to: String,
    pub subject: String,
    pub text: String,
    pub at: String,
}

/// All that concerns packages.
#[derive(Debug, Clone)]
pub(crate) struct Packages {
    pub known: Vec<Known>,
    pub plan: InstallPlan,
    pub requests: IndexMap<String, PackageRequest>,
    pub installed: Vec<Installed>,
    pub mails: Vec<Mail>,
}

impl Default for Packages {
    fn default() -> Self {
        let hubspot = Known {
            id: ids::make("04t", 1),
            name: "HubSpot Integration".to_owned(),
            namespace: Some("HubSpot_Inc".to_owned()),
            version: "3.0.1".to_owned(),
            publisher: "HubSpot".to_owned(),
            sites: vec!["https://api.hubapi.com".to_owned(), "https://app.hubspot.com".to_owned()],
            permission_set: Some("HubSpot Integration Permissions".to_owned()),
        };
        Self {
            known: vec![hubspot],
            plan: InstallPlan { seconds: 0, outcome: InstallOutcome::Ok },
            requests: IndexMap::new(),
            installed: Vec::new(),
            mails: Vec::new(),
        }
    }
}

impl Packages {
    /// The version with this id, in either form.
    pub fn find(&self, id: &str) -> Option<&Known> {
        let id = ids::normal(id)?;
        self.known.iter().find(|known| ids::normal(&known.id).as_deref() == Some(&id))
    }
}

impl State {
    /// Asks for an installation and answers the request's id.
    pub(crate) fn install_package(
        &mut self,
        version: &str,
        given: Value,
        who: &Who,
    ) -> Result<String, Refusal> {
        if !self.org.user_may(&who.user, "InstallPackaging") {
            let message =
                "You do not have the permission to install packages (Download AppExchange Packages)";
            return Err(problem("INSUFFICIENT_ACCESS", message).with_status(403));
        }
        let known = self.setup.packages.find(version).ok_or_else(|| {
            let message = format!("The package version is not found: {version}");
            problem("INVALID_ID_FIELD", message).about("SubscriberPackageVersionKey")
        })?;
        let version = known.id.clone();
        Ok(self.request("0Hf", version, given, false, who))
    }

    /// Asks for the removal of an installed version and answers the request's id.
    pub(crate) fn uninstall_package(
        &mut self,
        version: &str,
        given: Value,
        who: &Who,
    ) -> Result<String, Refusal> {
        let id = ids::normal(version).unwrap_or_default();
        let installed = self.setup.packages.installed.iter().find(|own| own.version == id || own.id == id);
        let installed =
            installed.ok_or_else(|| problem("INVALID_ID_FIELD", format!("Not installed: {version}")))?;
        let version = installed.version.clone();
        Ok(self.request("06y", version, given, true, who))
    }

    fn request(&mut self, prefix: &str, version: String, given: Value, uninstall: bool, who: &Who) -> String {
        let id = self.setup.new_id(prefix);
        let plan = self.setup.packages.plan;
        let request = PackageRequest {
            version,
            given,
            uninstall,
            due: who.now.as_second() + if uninstall { 0 } else { plan.seconds },
            outcome: if uninstall { InstallOutcome::Ok } else { plan.outcome },
            who: who.clone(),
            done: false,
        };
        self.setup.packages.requests.insert(id.clone(), request);
        self.settle_packages(who.now);
        id
    }

    /// Ends the installations whose time has come.
    pub(crate) fn settle_packages(&mut self, now: Timestamp) {
        let due = |request: &PackageRequest| !request.done && request.due <= now.as_second();
        let requests = &self.setup.packages.requests;
        let ids: Vec<String> =
            requests.iter().filter(|(_, request)| due(request)).map(|(id, _)| id.clone()).collect();
        for id in ids {
            let Some(request) = self.setup.packages.requests.get_mut(&id) else { continue };
            request.done = true;
            let request = request.clone();
            let Some(known) = self.setup.packages.find(&request.version).cloned() else { continue };
            let who = Who { user: request.who.user.clone(), now: at(request.due) };
            match (request.uninstall, request.outcome) {
                (true, _) => {
                    self.setup.packages.installed.retain(|own| own.version != known.id);
                    self.take_package_out(&known, &who);
                    self.mail(&who, &format!("Package {} Uninstall Successful", known.name));
                }
                (false, InstallOutcome::Ok) => {
                    // A later version takes the place of the one before.
                    let name = known.name.clone();
                    let others: Vec<String> = self
                        .setup
                        .packages
                        .known
                        .iter()
                        .filter(|own| own.name == name)
                        .map(|own| own.id.clone())
                        .collect();
                    self.setup.packages.installed.retain(|own| !others.contains(&own.version));
                    let id = self.setup.new_id("0A3");
                    self.setup.packages.installed.push(Installed { id, version: known.id.clone() });
                    let sites = request.given.get("EnableRss").and_then(Value::as_bool).unwrap_or(false);
                    self.put_package_in(&known, sites, &who);
                    self.mail(&who, &format!("Package {} Install Successful", known.name));
                }
                (false, InstallOutcome::Fail) => {
                    self.mail(&who, &format!("Package {} Install Failed", known.name));
                }
            }
        }
    }

    fn mail(&mut self, who: &Who, subject: &str) {
        use crate::soql::Record as _;
        let row = self.org.find(&who.user);
        let to =
            row.and_then(|(_, row)| row.value("Email").as_str().map(ToOwned::to_owned)).unwrap_or_default();
        let text = match subject.rsplit_once(' ') {
            Some((what, "Failed")) => {
                format!("{what} failed. Your request to install has not been completed.")
            }
            _ => format!("{subject}."),
        };
        let at = crate::setup::components::soap_time(who.now.as_second());
        self.setup.packages.mails.push(Mail { to, subject: subject.to_owned(), text, at });
    }

    /// The mails that the org has sent, newest first.
    pub(crate) fn mails(&self) -> Value {
        let mails: Vec<&Mail> = self.setup.packages.mails.iter().rev().collect();
        json!(mails)
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH)
}
