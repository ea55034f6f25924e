//! The layouts and record pages that an org has from the start.

use serde_json::{Value, json};

use crate::org::Org;

/// Objects whose records have a page of their own.
pub(crate) const WITH_PAGES: [&str; 5] = ["Account", "Contact", "Lead", "Opportunity", "Campaign"];

/// The names of the layouts or pages.
pub(super) fn names(org: &Org, kind: &str) -> Vec<String> {
    match kind {
        "Layout" => {
            let with = org.tables.values().filter(|table| table.def.writable && has_layout(&table.def.name));
            with.map(|table| format!("{0}-{1} Layout", table.def.name, table.def.label)).collect()
        }
        "FlexiPage" => WITH_PAGES.iter().map(|object| page_name(object)).collect(),
        _ => Vec::new(),
    }
}

/// The name of an object's own record page.
pub(crate) fn page_name(object: &str) -> String {
    format!("{object}_Record_Page")
}

/// assumed: objects about the org itself have no layouts
fn has_layout(object: &str) -> bool {
    let plain = ["Account", "Campaign", "Case", "Contact", "Event", "Lead", "Opportunity", "Task", "User"];
    plain.contains(&object) || object.ends_with("__c")
}

/// One of them by its name.
pub(super) fn find(org: &Org, kind: &str, full_name: &str) -> Option<Value> {
    let names = names(org, kind);
    let name = names.iter().find(|name| name.eq_ignore_ascii_case(full_name))?;
    match kind {
        "Layout" => layout(org, name.split_once('-')?.0),
        _ => Some(record_page(name.strip_suffix("_Record_Page")?)),
    }
}

fn layout(org: &Org, object: &str) -> Option<Value> {
    let table = org.table(object)?;
    let item = |field: &str, behavior: &str| json!({"behavior": behavior, "field": field});
    let mut columns: [Vec<Value>; 2] = [Vec::new(), Vec::new()];
    let shown = table.def.fields.values().filter(|field| field.has('u') && !field.custom);
    for (at, field) in shown.enumerate() {
        let behavior = if field.is_required() { "Required" } else { "Edit" };
        columns[at % 2].push(item(&field.name, behavior));
    }
    let [left, right] = columns;
    Some(json!({
        "layoutSections": [
            {
                "customLabel": false, "detailHeading": false, "editHeading": true,
                "label": format!("{} Information", table.def.label),
                "layoutColumns": [{"layoutItems": left}, {"layoutItems": right}],
                "style": "TwoColumnsTopToBottom",
            },
            {
                "customLabel": false, "detailHeading": false, "editHeading": true, "label": "System Information",
                "layoutColumns": [
                    {"layoutItems": [item("CreatedById", "Readonly")]},
                    {"layoutItems": [item("LastModifiedById", "Readonly")]},
                ],
                "style": "TwoColumnsTopToBottom",
            },
        ],
        "relatedLists": [{"relatedList": "RelatedActivityList"}, {"relatedList": "RelatedHistoryList"}],
        "showEmailCheckbox": false,
        "showHighlightsPanel": false,
        "showInteractionLogPanel": false,
        "showRunAssignmentRulesCheckbox": false,
        "showSubmitAndAttachButton": false,
    }))
}

fn record_page(object: &str) -> Value {
    let component = |name: &str, identifier: &str| json!({"componentInstance": {"componentName": name, "identifier": identifier}});
    let region =
        |name: &str, items: Vec<Value>| json!({"itemInstances": items, "name": name, "type": "Region"});
    json!({
        "flexiPageRegions": [
            region("header", vec![component("force:highlightsPanel", "force_highlightsPanel")]),
            region("main", vec![
                component("force:detailPanel", "force_detailPanel"),
                component("force:relatedListContainer", "force_relatedListContainer"),
            ]),
            region("sidebar", vec![component("runtime_sales_activities:activityPanel", "activityPanel")]),
        ],
        "masterLabel": format!("{object} Record Page"),
        "sobjectType": object,
        "template": {"name": "flexipage:recordHomeTemplateDesktop"},
        "type": "RecordPage",
    })
}
