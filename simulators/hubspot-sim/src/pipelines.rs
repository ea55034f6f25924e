//! Pipelines and their stages.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use crate::time::iso;

/// Something that was done to a pipeline or a stage.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    /// The pipeline or stage.
    pub(crate) id: String,
    pub(crate) action: &'static str,
    pub(crate) at: i64,
    /// What it was like afterwards.
    pub(crate) after: Value,
}

impl Change {
    pub(crate) fn json(&self, portal: u64) -> Value {
        json!({
            "portalId": portal,
            "identifier": self.id,
            "action": self.action,
            "timestamp": iso(self.at),
            "rawObject": self.after,
            "fromUserId": crate::owners::PERSON,
        })
    }
}

/// One stage.
#[derive(Debug, Clone)]
pub(crate) struct Stage {
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) order: i64,
    pub(crate) metadata: Map<String, Value>,
    pub(crate) archived: bool,
    pub(crate) created: i64,
    pub(crate) updated: i64,
}

/// One pipeline.
#[derive(Debug, Clone)]
pub(crate) struct Pipeline {
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) order: i64,
    pub(crate) archived: bool,
    pub(crate) created: i64,
    pub(crate) updated: i64,
    pub(crate) stages: IndexMap<String, Stage>,
}

impl Stage {
    pub(crate) fn probability(&self) -> Option<f64> {
        self.metadata.get("probability")?.as_str()?.parse().ok()
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "label": self.label,
            "displayOrder": self.order,
            "metadata": self.metadata,
            "id": self.id,
            "createdAt": iso(self.created),
            "updatedAt": iso(self.updated),
            "archived": self.archived,
            "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
        })
    }
}

impl Pipeline {
    /// A pipeline or, with [`Pipeline::add_stage`], stages known only by the ids a data set gives.
    pub(crate) fn named_by_id(id: &str, born: i64) -> Self {
        pipeline(id, id, born, &[])
    }

    pub(crate) fn add_stage(&mut self, id: &str, born: i64) {
        let mut metadata = Map::new();
        metadata.insert("isClosed".into(), json!("false"));
        metadata.insert("probability".into(), json!("0.5"));
        let stage = Stage {
            id: id.to_owned(),
            label: id.to_owned(),
            order: i64::try_from(self.stages.len()).unwrap_or_default(),
            metadata,
            archived: false,
            created: born,
            updated: born,
        };
        self.stages.insert(stage.id.clone(), stage);
    }

    pub(crate) fn json(&self) -> Value {
        let mut stages: Vec<&Stage> = self.stages.values().filter(|stage| !stage.archived).collect();
        stages.sort_by_key(|stage| stage.order);
        json!({
            "label": self.label,
            "displayOrder": self.order,
            "id": self.id,
            "createdAt": iso(self.created),
            "updatedAt": iso(self.updated),
            "archived": self.archived,
            "stages": stages.into_iter().map(Stage::json).collect::<Vec<_>>(),
        })
    }
}

fn pipeline(id: &str, label: &str, born: i64, stages: &[(&str, &str, &str, &str)]) -> Pipeline {
    let stages = stages.iter().zip(0..).map(|((id, label, key, value), order)| {
        let mut metadata = Map::new();
        if *key == "probability" {
            let closed = matches!(*value, "1.0" | "0.0");
            metadata.insert("isClosed".into(), json!(closed.to_string()));
        }
        metadata.insert((*key).to_owned(), json!(value));
        let stage = Stage {
            id: (*id).to_owned(),
            label: (*label).to_owned(),
            order,
            metadata,
            archived: false,
            created: born,
            updated: born,
        };
        (stage.id.clone(), stage)
    });
    Pipeline {
        id: id.to_owned(),
        label: label.to_owned(),
        order: 0,
        archived: false,
        created: born,
        updated: born,
        stages: stages.collect(),
    }
}

/// The pipelines a kind is born with.
pub(crate) fn standard(kind: &str, born: i64) -> IndexMap<String, Pipeline> {
    let first = match kind {
        "deals" => pipeline(
            "default",
            "Sales Pipeline",
            born,
            &[
                ("appointmentscheduled", "Appointment Scheduled", "probability", "0.2"),
                ("qualifiedtobuy", "Qualified To Buy", "probability", "0.4"),
                ("presentationscheduled", "Presentation Scheduled", "probability", "0.6"),
                ("decisionmakerboughtin", "Decision Maker Bought-In", "probability", "0.8"),
                ("contractsent", "Contract Sent", "probability", "0.9"),
                ("closedwon", "Closed Won", "probability", "1.0"),
                ("closedlost", "Closed Lost", "probability", "0.0"),
            ],
        ),
        "tickets" => pipeline(
            "0",
            "Support Pipeline",
            born,
            &[
                ("1", "New", "ticketState", "OPEN"),
                ("2", "Waiting on contact", "ticketState", "OPEN"),
                ("3", "Waiting on us", "ticketState", "OPEN"),
                ("4", "Closed", "ticketState", "CLOSED"),
            ],
        ),
        "leads" => pipeline(
            "lead-pipeline-id",
            "Lead pipeline",
            born,
            &[
                ("new-stage-id", "New", "leadState", "NEW"),
                ("attempting-stage-id", "Attempting", "leadState", "IN_PROGRESS"),
                ("connected-stage-id", "Connected", "leadState", "IN_PROGRESS"),
                ("qualified-stage-id", "Qualified", "leadState", "QUALIFIED"),
                ("unqualified-stage-id", "Disqualified", "leadState", "UNQUALIFIED"),
            ],
        ),
        _ => return IndexMap::new(),
    };
    IndexMap::from([(first.id.clone(), first)])
}
