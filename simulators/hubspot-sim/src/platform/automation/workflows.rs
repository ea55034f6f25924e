//! Workflows: samples, and the contacts enrolled in them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::account::Account;
use crate::error::ApiError;
use crate::registry::CONTACTS;
use crate::time::iso;

/// assumed: the workflows a new account has are samples: both numbers, name, type id, and whether it is on
const SAMPLES: [(u64, u64, &str, &str, bool); 3] = [
    (1_520_001, 401_200_001, "Welcome new contacts", "0-1", true),
    (1_520_002, 401_200_002, "Wake sleeping contacts", "0-1", false),
    (1_520_003, 401_200_003, "Remind owners of deals", "0-3", true),
];

/// Who is in which workflow.
#[derive(Debug, Clone, Default)]
pub(crate) struct Workflows {
    /// By workflow: the contacts, and since when.
    enrolled: BTreeMap<u64, BTreeMap<u64, i64>>,
    /// Those who once were.
    past: BTreeMap<u64, BTreeSet<u64>>,
}

type Sample = (u64, u64, &'static str, &'static str, bool);

fn by_workflow(id: &str) -> Result<Sample, ApiError> {
    let found = SAMPLES.iter().find(|one| one.0.to_string() == id && one.3 == "0-1").copied();
    found.ok_or_else(|| ApiError::object_not_found(format!("Workflow {id} does not exist")))
}

impl Account {
    fn workflow_born(&self) -> i64 {
        self.owners.first().map_or(0, |owner| owner.created)
    }

    fn v3_json(&self, one: Sample) -> Value {
        let born = self.workflow_born();
        let held = &self.platform.automation.workflows;
        json!({
            "id": one.0, "migrationStatus": { "portalId": self.portal, "workflowId": one.0, "flowId": one.1,
                "migrationStatus": "EXECUTION_MIGRATED" },
            "name": one.2, "type": "DRIP_DELAY", "enabled": one.4, "insertedAt": born, "updatedAt": born,
            "creationSource": { "sourceApplication": { "source": "WORKFLOWS_APP" } },
            "contactListIds": { "enrolled": one.0 + 10, "active": one.0 + 11, "completed": one.0 + 12, "succeeded": one.0 + 13 },
            "contactCounts": {
                "active": held.enrolled.get(&one.0).map_or(0, BTreeMap::len),
                "enrolled": held.past.get(&one.0).map_or(0, BTreeSet::len)
                    + held.enrolled.get(&one.0).map_or(0, BTreeMap::len),
            },
            "personaTagIds": [],
        })
    }

    /// Workflows as version 3 lists them: those of contacts.
    pub(crate) fn workflows_json(&self) -> Value {
        let all: Vec<Value> =
            SAMPLES.iter().filter(|one| one.3 == "0-1").map(|one| self.v3_json(*one)).collect();
        json!({ "workflows": all })
    }

    /// One workflow as version 3 shows it.
    pub(crate) fn workflow_json(&self, id: &str) -> Result<Value, ApiError> {
        let one = by_workflow(id)?;
        let mut shown = self.v3_json(one);
        let actions = json!([{ "type": "DELAY", "delayMillis": 86_400_000, "actionId": 1, "stepId": 1 },
            { "type": "SET_CONTACT_PROPERTY", "propertyName": "hs_lead_status", "newValue": "OPEN", "actionId": 2, "stepId": 2 }]);
        shown["actions"] = actions;
        shown["triggers"] = json!([]);
        shown["goalCriteria"] = json!([]);
        shown["segmentCriteria"] = json!([]);
        shown["onlyEnrollsManually"] = json!(true);
        shown["allowContactToTriggerMultipleTimes"] = json!(false);
        Ok(shown)
    }

    /// Flows as version 4 lists them.
    pub(crate) fn flows_json(&self) -> Vec<Value> {
        let born = iso(self.workflow_born());
        SAMPLES
            .iter()
            .map(|one| {
                json!({
                    "id": one.1.to_string(), "isEnabled": one.4, "flowType": "WORKFLOW", "name": one.2,
                    "objectTypeId": one.3, "revisionId": "1", "createdAt": born, "updatedAt": born,
                    "uuid": format!("00000000-0000-4000-8000-{:012}", one.1),
                })
            })
            .collect()
    }

    /// One flow as version 4 shows it.
    pub(crate) fn flow_json(&self, id: &str) -> Result<Value, ApiError> {
        let one = SAMPLES.iter().find(|one| one.1.to_string() == id);
        let one = one.ok_or_else(|| {
            ApiError::object_not_found(format!("Flow {id} does not exist")).with_context("flowId", id)
        })?;
        let born = iso(self.workflow_born());
        let contacts = one.3 == "0-1";
        Ok(json!({
            "id": one.1.to_string(), "isEnabled": one.4, "flowType": "WORKFLOW", "name": one.2,
            "type": if contacts { "CONTACT_FLOW" } else { "PLATFORM_FLOW" }, "objectTypeId": one.3,
            "revisionId": "1", "createdAt": born, "updatedAt": born, "startActionId": "1", "nextAvailableActionId": "2",
            "actions": [{ "actionId": "1", "actionTypeId": "0-5", "actionTypeVersion": 0, "type": "SINGLE_CONNECTION",
                "fields": { "property_name": if contacts { "hs_lead_status" } else { "dealtype" },
                    "value": { "type": "STATIC_VALUE", "staticValue": if contacts { "OPEN" } else { "newbusiness" } } } }],
            "enrollmentCriteria": { "type": "MANUAL", "shouldReEnroll": false },
            "enrollmentSchedule": null, "timeWindows": [], "blockedDates": [], "customProperties": {},
            "dataSources": [], "crmObjectCreationStatus": "COMPLETE", "suppressionListIds": [],
            "canEnrollFromSalesforce": false,
        }))
    }

    /// The numbers of the same thing in both versions.
    pub(crate) fn flow_mapping(workflow: Option<&str>, flow: Option<&str>) -> Option<Value> {
        let same = |number: u64, text: Option<&str>| text == Some(number.to_string().as_str());
        let one = SAMPLES.iter().find(|one| same(one.0, workflow) || same(one.1, flow))?;
        Some(json!({ "flowId": one.1, "workflowId": one.0 }))
    }

    fn contact_by_email(&self, email: &str) -> Result<u64, ApiError> {
        self.locate(CONTACTS, email, Some("email"))
            .ok()
            .filter(|id| self.live(CONTACTS, *id).is_some())
            .ok_or_else(|| ApiError::object_not_found(format!("No contact found with email {email}")))
    }

    /// Puts a contact into a workflow.
    pub(crate) fn enrol_in_workflow(&mut self, id: &str, email: &str, now: i64) -> Result<(), ApiError> {
        let one = by_workflow(id)?;
        let contact = self.contact_by_email(email)?;
        if !one.4 {
            // assumed: a workflow that is off takes nobody
            return Err(ApiError::validation(format!("Workflow {id} is not enabled")));
        }
        self.platform.automation.workflows.enrolled.entry(one.0).or_default().entry(contact).or_insert(now);
        Ok(())
    }

    /// Takes a contact out of a workflow. Who is not in it stays out of it.
    pub(crate) fn unenrol_from_workflow(&mut self, id: &str, email: &str) -> Result<(), ApiError> {
        let one = by_workflow(id)?;
        let contact = self.contact_by_email(email)?;
        let held = &mut self.platform.automation.workflows;
        if held.enrolled.get_mut(&one.0).and_then(|all| all.remove(&contact)).is_some() {
            held.past.entry(one.0).or_default().insert(contact);
        }
        Ok(())
    }

    /// The workflows a contact is in now.
    pub(crate) fn workflow_enrolments(&self, contact: &str) -> Result<Value, ApiError> {
        let contact = self.locate(CONTACTS, contact, None)?;
        let held = &self.platform.automation.workflows.enrolled;
        let inside =
            SAMPLES.iter().filter(|one| held.get(&one.0).is_some_and(|all| all.contains_key(&contact)));
        Ok(inside
            .map(|one| json!({ "id": one.0, "name": one.2, "type": "DRIP_DELAY", "enabled": one.4, "portalId": self.portal }))
            .collect())
    }
}
