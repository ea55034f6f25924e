//! How pages are laid out: one made-up layout for each object, which shows its fields.

use serde_json::{Value, json};

use super::{Api, Done, Reply};
use crate::error::Refusal;
use crate::ids;
use crate::org::Table;

/// The record type of records that have none.
const MASTER: &str = "012000000000000AAA";

impl Api<'_> {
    pub(super) fn layouts(&self, object: &str, record_type: Option<&str>, version: &str) -> Done {
        let table = self.table_of(object)?;
        let layout = layout(table, self.layout_id(object, "00h"));
        if let Some(id) = record_type {
            return match ids::normal(id).as_deref() == Some(MASTER) {
                true => Ok(Reply::ok(layout)),
                false => Err(vec![Refusal::not_found()]),
            };
        }
        let base = format!("/services/data/v{version}/sobjects/{}/describe/layouts", table.def.name);
        let mapping = json!({
            "active": true, "available": true, "defaultRecordTypeMapping": true, "developerName": "Master",
            "layoutId": layout["id"], "master": true, "name": "Master", "picklistsForRecordType": null,
            "recordTypeId": MASTER, "urls": {"layout": format!("{base}/{MASTER}")},
        });
        Ok(Reply::ok(json!({
            "layouts": [layout], "recordTypeMappings": [mapping], "recordTypeSelectorRequired": [false],
        })))
    }

    pub(super) fn global_layouts(&self) -> Reply {
        Reply::ok(json!({"layouts": [], "recordTypeMappings": [], "recordTypeSelectorRequired": [false]}))
    }

    pub(super) fn compact_layouts(&self, object: &str, version: &str) -> Done {
        let table = self.table_of(object)?;
        let shown = ["Name", "Title", "Subject", "Phone", "Email", "Website", "OwnerId"];
        let items: Vec<Value> = shown
            .iter()
            .filter(|name| table.def.field(name).is_some())
            .map(|name| item(table, name))
            .collect();
        let layout = json!({
            "actions": [], "fieldItems": items, "id": null, "imageItems": [], "label": "System Default",
            "name": "SYSTEM", "objectType": table.def.name,
        });
        let url =
            format!("/services/data/v{version}/sobjects/{}/describe/compactLayouts/{MASTER}", table.def.name);
        Ok(Reply::ok(json!({
            "compactLayouts": [layout], "defaultCompactLayoutId": null,
            "recordTypeCompactLayoutMappings": [{
                "available": true, "compactLayoutId": null, "compactLayoutName": "SYSTEM",
                "recordTypeId": MASTER, "recordTypeName": "Master", "urls": {"compactLayout": url},
            }],
            "urls": {"primary": format!("/services/data/v{version}/sobjects/{}/describe/compactLayouts/primary", table.def.name)},
        })))
    }

    fn table_of(&self, object: &str) -> Result<&Table, Vec<Refusal>> {
        self.state.org.table(object).ok_or_else(|| vec![Refusal::not_found()])
    }

    /// An id that stays the same for an object.
    fn layout_id(&self, object: &str, prefix: &str) -> String {
        let at = self.state.org.tables.keys().position(|name| name.eq_ignore_ascii_case(object));
        ids::make(prefix, at.map_or(0, |at| at as u64 + 1))
    }
}

fn layout(table: &Table, id: String) -> Value {
    let section = |editing: bool| {
        let shown = table
            .def
            .fields
            .values()
            .filter(|field| if editing { field.has('u') } else { field.name != "Id" });
        let rows: Vec<Value> =
            shown.map(|field| json!({"layoutItems": [item(table, &field.name)], "numItems": 1})).collect();
        json!({
            "collapsed": false, "columns": 1, "heading": format!("{} Information", table.def.label),
            "layoutRows": rows, "layoutSectionId": null, "parentLayoutId": id, "rows": rows.len(), "tabOrder": "topToBottom",
            "useCollapsibleSection": false, "useHeading": true,
        })
    };
    let related: Vec<Value> = table
        .def
        .children
        .iter()
        .map(|child| {
            json!({
                "accessLevelRequiredForCreate": null, "buttons": [], "columns": [], "custom": false,
                "field": child.field, "label": child.name, "limitRows": 5, "name": child.name,
                "sobject": child.object, "sort": [],
            })
        })
        .collect();
    json!({
        "buttonLayoutSection": {"detailButtons": []}, "detailLayoutSections": [section(false)],
        "editLayoutSections": [section(true)], "feedView": null, "highlightsPanelLayoutSection": null,
        "id": id, "multirowEditLayoutSections": [], "offlineLinks": [], "quickActionList": null,
        "relatedContent": null, "relatedLists": related, "saveOptions": [],
    })
}

fn item(table: &Table, name: &str) -> Value {
    let Some((_, field)) = table.def.field(name) else { return Value::Null };
    json!({
        "editableForNew": field.has('c'), "editableForUpdate": field.has('u'), "label": field.label,
        "layoutComponents": [{
            "details": field.describe(&table.def.name), "displayLines": 1, "tabOrder": 1, "type": "Field", "value": field.name,
        }],
        "placeholder": false, "required": field.is_required(),
    })
}
