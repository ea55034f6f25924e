//! Pipelines for the record types of opportunities: which HubSpot lacks, and making them.

use hubspot::{NewPipeline, NewStage, Pipeline};
use model::{ChoiceMap, PipelineMapping};
use salesforce::Scope;
use serde::Serialize;

use crate::error::EngineError;

/// A pipeline for one record type of opportunities.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlannedPipeline {
    /// Its name in HubSpot.
    pub label: String,
    /// Its id, where HubSpot has it already.
    pub existing: Option<String>,
    /// The record type; none where the org has no record types.
    pub record_type: Option<String>,
    /// Its stages, in order.
    pub stages: Vec<PlannedStage>,
}

/// A stage of such a pipeline.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlannedStage {
    /// The stage's name in Salesforce, and in HubSpot.
    pub label: String,
    /// How likely a deal of this stage is won, from 0 to 1; only what is lost has 0, and only what is won has 1.
    pub probability: f64,
    /// The stage's id, where HubSpot has it already.
    pub existing: Option<String>,
}

/// What pipelines there would be: one for each record type of opportunities that the connected user may use, named
/// `Salesforce - <record type>`, or `Salesforce - Default` where there are none. Nothing is changed.
///
/// # Errors
/// When a platform cannot be asked.
pub async fn plan_pipelines(
    hubspot: &hubspot::Client,
    salesforce: &salesforce::Client,
) -> Result<Vec<PlannedPipeline>, EngineError> {
    let described = salesforce.describe("Opportunity").await.map_err(asked_salesforce)?;
    let soql = "SELECT MasterLabel, DefaultProbability, IsClosed, IsWon FROM OpportunityStage WHERE IsActive = true \
                ORDER BY SortOrder";
    let rows = salesforce.query_rows(soql, Scope::Live).await.map_err(asked_salesforce)?;
    let yes = |row: &salesforce::Row, field: &str| {
        row.get(field).and_then(serde_json::Value::as_bool).unwrap_or(false)
    };
    let stages: Vec<(String, f64)> = rows
        .iter()
        .filter_map(|row| {
            let likely =
                row.get("DefaultProbability").and_then(serde_json::Value::as_f64).unwrap_or(0.0) / 100.0;
            let probability = match (yes(row, "IsClosed"), yes(row, "IsWon")) {
                (true, true) => 1.0,
                (true, false) => 0.0,
                // HubSpot takes a stage of 0 or 1 for the end of the matter.
                _ => likely.clamp(0.05, 0.95),
            };
            Some((row.text("MasterLabel")?.to_owned(), probability))
        })
        .collect();
    let own = described.record_type_infos.iter().filter(|one| one.active && one.available && !one.master);
    let mut wanted: Vec<(String, Option<String>)> =
        own.map(|one| (one.name.clone(), Some(one.record_type_id.clone()))).collect();
    if wanted.is_empty() {
        wanted.push(("Default".to_owned(), None));
    }
    let there = hubspot.pipelines("deals").await.map_err(asked_hubspot)?;
    Ok(wanted.into_iter().map(|(name, record_type)| plan_one(&name, record_type, &stages, &there)).collect())
}

fn plan_one(
    name: &str,
    record_type: Option<String>,
    stages: &[(String, f64)],
    there: &[Pipeline],
) -> PlannedPipeline {
    let label = format!("Salesforce - {name}");
    let existing = there.iter().find(|pipeline| !pipeline.archived && pipeline.label == label);
    let stages = stages.iter().map(|(stage, probability)| PlannedStage {
        existing: existing
            .and_then(|pipeline| pipeline.stages.iter().find(|one| one.label == *stage))
            .map(|stage| stage.id.clone()),
        label: stage.clone(),
        probability: *probability,
    });
    PlannedPipeline {
        stages: stages.collect(),
        existing: existing.map(|pipeline| pipeline.id.clone()),
        label,
        record_type,
    }
}

/// Makes the pipelines that HubSpot lacks. Answers how pipelines go with record types, to be put into the mapping of
/// deals. Made twice, they are there once.
///
/// # Errors
/// When HubSpot cannot be asked or refuses, for example because the account may have no more pipelines. Those made
/// before stay.
pub async fn create_pipelines(
    hubspot: &hubspot::Client,
    planned: &[PlannedPipeline],
) -> Result<Vec<PipelineMapping>, EngineError> {
    let mut mappings = Vec::new();
    for (order, plan) in planned.iter().enumerate() {
        let there = match &plan.existing {
            Some(id) => {
                let all = hubspot.pipelines("deals").await.map_err(asked_hubspot)?;
                all.into_iter().find(|pipeline| pipeline.id == *id)
            }
            None => None,
        };
        let pipeline = match there {
            Some(there) => there,
            None => hubspot.create_pipeline("deals", &new(plan, order)).await.map_err(asked_hubspot)?,
        };
        let stages = plan.stages.iter().filter_map(|stage| {
            let there = pipeline.stages.iter().find(|one| one.label == stage.label)?;
            Some((there.id.clone(), stage.label.clone()))
        });
        mappings.push(PipelineMapping {
            stages: ChoiceMap(stages.collect()),
            hubspot: pipeline.id,
            salesforce: plan.record_type.clone(),
        });
    }
    Ok(mappings)
}

fn new(plan: &PlannedPipeline, order: usize) -> NewPipeline {
    let stages = plan.stages.iter().zip(0_i64..).map(|(stage, order)| NewStage {
        label: stage.label.clone(),
        display_order: order,
        metadata: [("probability".to_owned(), format!("{:.2}", stage.probability))].into(),
    });
    NewPipeline {
        label: plan.label.clone(),
        // After the account's own.
        display_order: i64::try_from(order).unwrap_or(0) + 100,
        stages: stages.collect(),
    }
}

fn asked_hubspot(error: hubspot::Error) -> EngineError {
    EngineError::Platform {
        passing: error.is_temporary() || error.is_ambiguous(),
        message: error.to_string(),
    }
}

fn asked_salesforce(error: salesforce::Error) -> EngineError {
    EngineError::Platform {
        passing: error.is_temporary() || error.is_ambiguous(),
        message: error.to_string(),
    }
}
