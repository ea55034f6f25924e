//! The statuses and priorities that a new org knows.

use serde_json::json;

use crate::dml::Writer;
use crate::org::Org;

type Values = (&'static str, &'static [&'static str], &'static str, &'static str, &'static [&'static str]);

/// Objects, their labels, the default one, and what those from a place on say of themselves.
const VALUES: [Values; 4] = [
    (
        "LeadStatus",
        &["Open - Not Contacted", "Working - Contacted", "Closed - Converted", "Closed - Not Converted"],
        "Open - Not Contacted",
        "IsConverted",
        &["Closed - Converted"],
    ),
    ("CaseStatus", &["New", "Working", "Escalated", "Closed"], "New", "IsClosed", &["Closed"]),
    (
        "TaskStatus",
        &["Not Started", "In Progress", "Completed", "Waiting on someone else", "Deferred"],
        "Not Started",
        "IsClosed",
        &["Completed"],
    ),
    ("TaskPriority", &["High", "Normal", "Low"], "Normal", "IsHighPriority", &["High"]),
];

/// Puts them into an org.
pub(crate) fn seed(org: &mut Org, writer: &Writer) {
    for (object, labels, default, flag, flagged) in VALUES {
        for (order, label) in labels.iter().enumerate() {
            let cells = [
                ("MasterLabel", json!(label)),
                ("ApiName", json!(label)),
                ("SortOrder", json!(order + 1)),
                ("IsDefault", json!(*label == default)),
                (flag, json!(flagged.contains(label))),
            ];
            org.record(object, &cells, writer);
        }
    }
    for mut stage in org.holding("OpportunityStage", "IsActive", "true") {
        let label = stage.text("MasterLabel").unwrap_or_default().to_owned();
        // assumed: the categories that a Developer Edition org has for its stages
        let category = match label.as_str() {
            "Closed Won" => "Closed",
            "Closed Lost" => "Omitted",
            _ => "Pipeline",
        };
        stage.put_cell("ForecastCategoryName", json!(category));
        stage.put_cell("ForecastCategory", json!(category));
        org.put("OpportunityStage", stage);
    }
}
