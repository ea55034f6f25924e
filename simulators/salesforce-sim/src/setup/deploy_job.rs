//! Deployments as jobs: Pending, InProgress, and an end, as the clock goes on and callers ask.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::components::soap_time;
use super::deploy::{DeployOptions, Outcome};
use super::{Who, problem};
use crate::State;
use crate::error::Refusal;

/// Even if nobody asks, a deployment is carried out after this many seconds.
const UNASKED: i64 = 5;

/// A deployment.
#[derive(Debug, Clone)]
pub(crate) struct Deploy {
    zip: Arc<Vec<u8>>,
    options: DeployOptions,
    who: Who,
    asked: u32,
    started: Option<i64>,
    ended: Option<i64>,
    state: Status,
    outcome: Outcome,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Status {
    Pending,
    InProgress,
    Canceling,
    Canceled(Arc<str>),
    Done,
}

impl State {
    /// Takes a deployment in and answers its id.
    pub(super) fn start_deploy(&mut self, zip: Vec<u8>, options: &Value, who: &Who) -> String {
        let id = self.setup.new_id("0Af");
        let deploy = Deploy {
            zip: Arc::new(zip),
            options: DeployOptions::read(options),
            who: who.clone(),
            asked: 0,
            started: None,
            ended: None,
            state: Status::Pending,
            outcome: Outcome::default(),
        };
        self.setup.deploys.insert(id.clone(), deploy);
        id
    }

    /// Deploys what was validated before.
    pub(super) fn start_validated(&mut self, id: &str, who: &Who) -> Result<String, Refusal> {
        let known = self.setup.deploys.get(&full(id)).filter(|deploy| {
            deploy.options.check_only && deploy.state == Status::Done && deploy.outcome.failures.is_empty()
        });
        let Some(known) = known else {
            let message = "The validation is no longer available for quick deployment";
            return Err(problem("INVALID_ID_FIELD", message));
        };
        let mut options = known.options.given.clone();
        options["checkOnly"] = json!(false);
        let zip = known.zip.to_vec();
        Ok(self.start_deploy(zip, &options, who))
    }

    /// Carries out what is due.
    pub(super) fn settle_deploys(&mut self, now: Timestamp) {
        let least = self.setup.deploy_seconds.max(UNASKED);
        let due = |deploy: &Deploy| {
            matches!(deploy.state, Status::Pending | Status::InProgress)
                && now.as_second() - deploy.who.now.as_second() >= least
        };
        let ids: Vec<String> =
            self.setup.deploys.iter().filter(|(_, deploy)| due(deploy)).map(|(id, _)| id.clone()).collect();
        for id in ids {
            self.finish_deploy(&id, now);
        }
    }

    fn finish_deploy(&mut self, id: &str, now: Timestamp) {
        let Some(deploy) = self.setup.deploys.get(id) else { return };
        let (zip, options) = (Arc::clone(&deploy.zip), deploy.options.clone());
        let who = Who { user: Arc::clone(&deploy.who.user), now };
        let outcome = self.run_deploy(&zip, &options, &who);
        if let Some(deploy) = self.setup.deploys.get_mut(id) {
            deploy.outcome = outcome;
            deploy.state = Status::Done;
            deploy.started.get_or_insert(now.as_second());
            deploy.ended = Some(now.as_second());
        }
    }

    /// How a deployment stands, which asking brings forward.
    pub(super) fn deploy_status(
        &mut self,
        id: &str,
        details: bool,
        now: Timestamp,
    ) -> Result<Value, Refusal> {
        let id = full(id);
        let least = self.setup.deploy_seconds;
        let missing = || {
            problem(
                "INVALID_CROSS_REFERENCE_KEY",
                format!("INVALID_CROSS_REFERENCE_KEY: invalid cross reference id: {id}"),
            )
        };
        let deploy = self.setup.deploys.get_mut(&id).ok_or_else(missing)?;
        deploy.asked += 1;
        let passed = now.as_second() - deploy.who.now.as_second();
        match deploy.state {
            Status::Canceling => {
                deploy.state = Status::Canceled(Arc::clone(&deploy.who.user));
                deploy.ended = Some(now.as_second());
            }
            Status::Pending | Status::InProgress if passed >= least && (deploy.asked > 1 || passed >= 1) => {
                self.finish_deploy(&id, now);
            }
            Status::Pending => {
                deploy.state = Status::InProgress;
                deploy.started = Some(now.as_second());
            }
            _ => {}
        }
        let deploy = self.setup.deploys.get(&id).ok_or_else(missing)?.clone();
        Ok(self.deploy_result(&id, &deploy, details))
    }

    /// Stops a deployment that has not ended.
    pub(super) fn cancel_deploy(&mut self, id: &str) -> Result<Value, Refusal> {
        let id = full(id);
        let deploy = self.setup.deploys.get_mut(&id).ok_or_else(|| {
            problem("INVALID_CROSS_REFERENCE_KEY", format!("invalid cross reference id: {id}"))
        })?;
        match deploy.state {
            Status::Done | Status::Canceled(_) => {
                let message = "INVALID_ID_FIELD: Deployment already completed";
                return Err(problem("INVALID_ID_FIELD", message));
            }
            _ => deploy.state = Status::Canceling,
        }
        let deploy = deploy.clone();
        Ok(self.deploy_result(&id, &deploy, false))
    }

    /// How a deployment stands, without bringing it forward.
    pub(super) fn deploy_summary(&self, id: &str) -> Value {
        let deploy = self.setup.deploys.get(id);
        deploy.map_or(Value::Null, |deploy| self.deploy_result(id, deploy, false))
    }

    /// What was asked for with a deployment, with what the platform adds.
    pub(super) fn deploy_options(&self, id: &str) -> Value {
        let mut options = json!({
            "allowMissingFiles": false, "autoUpdatePackage": false, "checkOnly": false, "ignoreWarnings": false,
            "performRetrieve": false, "purgeOnDelete": false, "rollbackOnError": true, "runTests": null,
            "singlePackage": false, "testLevel": null,
        });
        let given = self.setup.deploys.get(&full(id)).and_then(|deploy| deploy.options.given.as_object());
        if let Some(options) = options.as_object_mut() {
            options.extend(given.into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())));
        }
        options
    }

    fn deploy_result(&self, id: &str, deploy: &Deploy, details: bool) -> Value {
        let outcome = &deploy.outcome;
        let done = matches!(deploy.state, Status::Done | Status::Canceled(_));
        let failed = !outcome.failures.is_empty() || outcome.error.is_some();
        let status = match &deploy.state {
            Status::Pending => "Pending",
            Status::InProgress => "InProgress",
            Status::Canceling => "Canceling",
            Status::Canceled(_) => "Canceled",
            Status::Done if outcome.partial => "SucceededPartial",
            Status::Done if failed => "Failed",
            Status::Done => "Succeeded",
        };
        // The manifest is named among the successes and is no component.
        let deployed = outcome.successes.len().saturating_sub(1);
        let last = deploy.ended.or(deploy.started).unwrap_or(deploy.who.now.as_second());
        let mut result = json!({
            "checkOnly": deploy.options.check_only,
            "createdBy": &*deploy.who.user,
            "createdByName": self.user_name(&deploy.who.user),
            "createdDate": soap_time(deploy.who.now.as_second()),
            "details": {"runTestResult": {"numFailures": 0, "numTestsRun": 0, "totalTime": 0.0}},
            "done": done,
            "id": id,
            "ignoreWarnings": deploy.options.ignore_warnings,
            "lastModifiedDate": soap_time(last),
            "numberComponentErrors": outcome.failures.len(),
            "numberComponentsDeployed": deployed,
            "numberComponentsTotal": deployed + outcome.failures.len(),
            "numberTestErrors": 0,
            "numberTestsCompleted": 0,
            "numberTestsTotal": 0,
            "rollbackOnError": deploy.options.rollback_on_error,
            "runTestsEnabled": false,
            "status": status,
            "success": deploy.state == Status::Done && (!failed || outcome.partial),
        });
        if let Some(started) = deploy.started {
            result["startDate"] = json!(soap_time(started));
        }
        if let Some(ended) = deploy.ended {
            result["completedDate"] = json!(soap_time(ended));
        }
        if let Status::Canceled(by) = &deploy.state {
            result["canceledBy"] = json!(&**by);
            result["canceledByName"] = json!(self.user_name(by));
        }
        if let Some(error) = &outcome.error {
            result["errorMessage"] = json!(error);
            result["errorStatusCode"] = json!("UNKNOWN_EXCEPTION");
        }
        if details && done {
            result["details"]["componentFailures"] = json!(outcome.failures);
            result["details"]["componentSuccesses"] = json!(outcome.successes);
        }
        result
    }
}

fn full(id: &str) -> String {
    crate::ids::normal(id).unwrap_or_else(|| id.to_owned())
}
