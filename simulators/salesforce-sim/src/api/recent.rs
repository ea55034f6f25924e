//! What the caller has looked at of late.

use serde_json::{Value, json};

use super::{Api, Call, Done, Reply, param};
use crate::error::Refusal;

/// How many records are remembered.
const REMEMBERED: usize = 200;

impl Api<'_> {
    /// Remembers a record that was looked at or written, when the caller wants it remembered.
    pub(super) fn looked_at(&mut self, call: &Call, id: &str) {
        if !call.headers.update_mru {
            return;
        }
        let recent = &mut self.state.service.recent;
        recent.retain(|other| other != id);
        recent.push_front(id.to_owned());
        recent.truncate(REMEMBERED);
    }

    pub(super) fn recent(&self, call: &Call, version: &str) -> Reply {
        let limit = param(call, "limit").and_then(|limit| limit.parse().ok()).unwrap_or(REMEMBERED);
        Reply::ok(Value::Array(self.recent_items(None, version).into_iter().take(limit).collect()))
    }

    pub(super) fn basic_information(&self, object: &str, version: &str) -> Done {
        let table = self.state.org.table(object).ok_or_else(|| vec![Refusal::not_found()])?;
        let recent = self.recent_items(Some(&table.def.name), version);
        Ok(Reply::ok(json!({"objectDescribe": table.def.summary(version), "recentItems": recent})))
    }

    fn recent_items(&self, object: Option<&str>, version: &str) -> Vec<Value> {
        let mut items = Vec::new();
        for id in &self.state.service.recent {
            let Some((table, row)) = self.state.org.find(id).filter(|(_, row)| !row.deleted) else {
                continue;
            };
            let name = &table.def.name;
            if object.is_some_and(|object| object != name) {
                continue;
            }
            let url = format!("/services/data/v{version}/sobjects/{name}/{id}");
            let mut item = json!({"attributes": {"type": name, "url": url}, "Id": id});
            if let Some((at, _)) = table.def.field("Name") {
                item["Name"] = row.get(at).clone();
            }
            items.push(item);
        }
        items
    }
}
