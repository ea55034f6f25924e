//! The package in the org: installed by a person on the org's own page, or deployed from here. What is under way is kept,
//! so that it is found again after a closed tab or a restart; Salesforce goes on with it by itself.

use ::salesforce::{Client, Deployment};
use jiff::Timestamp;

use super::Setup;
use super::answers::PackageState;
use super::error::{Refused, SetupError, of_salesforce};
use crate::embed::embed_secret;
use crate::package::{APEX_TESTS, INTEGRATION_PERMISSION_SET, embed_zip};

/// How many of a failed deployment's problems are kept.
const PROBLEMS: usize = 10;

impl Setup {
    /// Where a person installs the packaged version, in the org itself; none where this installation knows none.
    ///
    /// # Errors
    /// When nobody has signed in to an org yet.
    pub fn install_page(&self, draft: &str) -> Result<Option<String>, SetupError> {
        let org = self.answers(draft)?.salesforce.ok_or(Refused::TooEarly)?;
        let version = self.supervisor.credentials().package_version.as_ref();
        let host = org.instance_url.as_str().trim_end_matches('/');
        Ok(version.map(|version| format!("{host}/packaging/installPackage.apexp?p0={version}")))
    }

    /// Notes that a person is on their way to the org's page.
    ///
    /// # Errors
    /// When this installation knows no packaged version.
    pub fn watch_install(&self, draft: &str) -> Result<(), SetupError> {
        if self.install_page(draft)?.is_none() {
            return Err(Refused::TooEarly.into());
        }
        let began_at = self.now();
        self.change(draft, |answers| answers.package = PackageState::Installing { began_at })
    }

    /// Deploys Tandem's own package. Deploying it once more does no harm.
    ///
    /// # Errors
    /// When the package cannot be made for this installation's address, or Salesforce refuses it.
    pub async fn deploy_package(&self, draft: &str) -> Result<(), SetupError> {
        let client = self.salesforce_of(draft)?;
        let org = self.answers(draft)?.salesforce.ok_or(Refused::TooEarly)?;
        let secret = embed_secret(self.supervisor.store(), &self.supervisor.credentials().key, &org.id)?;
        let address = self.public_url()?;
        let zip = embed_zip(&address, &secret).map_err(|error| Refused::Package(error.to_string()))?;
        // Classes go into a production org only with their tests.
        let began_at = self.now();
        let deployment = client.deploy(&zip, &APEX_TESTS).await.map_err(|error| of_salesforce(&error))?;
        self.change(draft, |answers| {
            answers.package = PackageState::Deploying { deployment, began_at, total: 0, deployed: 0 };
        })
    }

    /// Leaves the package for later.
    ///
    /// # Errors
    /// When the set-up is gone.
    pub fn skip_package(&self, draft: &str) -> Result<(), SetupError> {
        self.change(draft, |answers| {
            answers.package = PackageState::Skipped;
            answers.embed = super::EmbedState::Skipped;
        })
    }

    /// Looks how far the package is, and sees to what is left once it is in.
    ///
    /// # Errors
    /// When Salesforce cannot be asked; what is under way goes on, and is found again.
    pub async fn package_progress(&self, draft: &str) -> Result<PackageState, SetupError> {
        let before = self.answers(draft)?.package;
        let now = self.now();
        let after = match &before {
            PackageState::Deploying { deployment, began_at, .. } => {
                let client = self.salesforce_of(draft)?;
                let known = client.deployment(deployment).await.map_err(|error| of_salesforce(&error))?;
                self.after_deployment(draft, &client, known, *began_at, now).await?
            }
            PackageState::Installing { .. } => {
                let client = self.salesforce_of(draft)?;
                let version = self.supervisor.credentials().package_version.clone().unwrap_or_default();
                let found =
                    client.installed_package(&version).await.map_err(|error| of_salesforce(&error))?;
                match found {
                    Some(_) => self.installed(draft, &client, now).await?,
                    None => before.clone(),
                }
            }
            // The permission set may have come after its first try.
            PackageState::Installed { permission_set: false, .. } => {
                let client = self.salesforce_of(draft)?;
                self.installed(draft, &client, now).await?
            }
            other => other.clone(),
        };
        if after != before {
            let kept = after.clone();
            self.change(draft, |answers| {
                // Somebody may have begun it anew while Salesforce was asked.
                if answers.package == before {
                    answers.package = kept;
                }
            })?;
        }
        Ok(after)
    }

    async fn after_deployment(
        &self,
        draft: &str,
        client: &Client,
        known: Deployment,
        began_at: Timestamp,
        now: Timestamp,
    ) -> Result<PackageState, SetupError> {
        if !known.done {
            return Ok(PackageState::Deploying {
                deployment: known.id,
                began_at,
                total: known.number_components_total,
                deployed: known.number_components_deployed,
            });
        }
        if known.success {
            return self.installed(draft, client, now).await;
        }
        let of = |failure: &::salesforce::DeployMessage| {
            let kind = failure.component_type.as_deref().unwrap_or_default();
            let problem = failure.problem.as_deref().unwrap_or("no reason is given");
            format!("{kind} {}: {problem}", failure.full_name)
        };
        let mut problems: Vec<String> =
            known.details.component_failures.iter().take(PROBLEMS).map(of).collect();
        problems.extend(known.error_message);
        if problems.is_empty() {
            problems.push(format!("Salesforce says of the deployment: {}", known.status));
        }
        Ok(PackageState::Failed { at: now, problems })
    }

    /// It is in: the connected user gets the permission set that came with it.
    async fn installed(
        &self,
        draft: &str,
        client: &Client,
        now: Timestamp,
    ) -> Result<PackageState, SetupError> {
        let org = self.answers(draft)?.salesforce.ok_or(Refused::TooEarly)?;
        let given = client.assign_permission_set(&org.user, INTEGRATION_PERMISSION_SET).await;
        let permission_set = match given {
            Ok(given) => given.is_some(),
            Err(error) if error.is_temporary() => return Err(of_salesforce(&error)),
            Err(error) => {
                tracing::warn!(%error, "the permission set of the package could not be assigned");
                false
            }
        };
        Ok(PackageState::Installed { at: now, permission_set })
    }
}
