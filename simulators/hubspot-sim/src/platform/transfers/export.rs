//! Exports: records as a CSV file to be fetched later.

use serde_json::{Map, Value, json};

use crate::account::Account;
use crate::error::ApiError;
use crate::property::PropertyType;
use crate::property::value::text_of;
use crate::search::Query;
use crate::time::iso;

/// Associations shown in a row.
const PER_ROW: usize = 1000;

/// How far an export is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Pending,
    Processing,
    Complete,
}

/// An export.
#[derive(Debug, Clone)]
pub(crate) struct Export {
    pub(crate) id: u64,
    pub(crate) due: i64,
    pub(crate) state: State,
    object: usize,
    name: String,
    kind: &'static str,
    properties: Vec<String>,
    associated: Vec<usize>,
    /// Internal names in the header, internal values in the rows.
    plain: (bool, bool),
    list: Option<u64>,
    search: Value,
    pub(crate) created: i64,
    updated: i64,
    rows: usize,
    pub(crate) file: Vec<u8>,
}

impl Export {
    pub(crate) fn open(&self) -> bool {
        self.state != State::Complete
    }

    /// The export as the API describes it.
    pub(crate) fn json(&self, account: &Account) -> Value {
        let state = match self.state {
            State::Pending => "ENQUEUED",
            State::Processing => "PROCESSING",
            State::Complete => "DONE",
        };
        json!({
            "id": self.id.to_string(),
            "exportName": self.name,
            "exportState": state,
            "exportType": self.kind,
            "objectType": account.stores[self.object].kind.legacy,
            "objectProperties": self.properties,
            "recordCount": self.rows,
            "createdAt": iso(self.created),
            "updatedAt": iso(self.updated),
        })
    }

    /// How far it is, with the address of the file when there is one.
    pub(crate) fn status_json(&self, origin: &str, now: i64) -> Value {
        let mut shown = Map::new();
        let status = match self.state {
            State::Pending => "PENDING",
            State::Processing => "PROCESSING",
            State::Complete => "COMPLETE",
        };
        shown.insert("status".into(), json!(status));
        if self.state == State::Complete {
            shown.insert(
                "result".into(),
                json!(format!("{origin}/_exports/{}.csv?created={}", self.id, self.created)),
            );
        }
        shown.insert("requestedAt".into(), json!(iso(self.created)));
        shown.insert("startedAt".into(), json!(iso(self.created)));
        shown.insert("completedAt".into(), json!(iso(if self.open() { now } else { self.updated })));
        Value::Object(shown)
    }
}

impl Account {
    /// Takes an export in.
    pub(crate) fn start_export(&mut self, body: &Map<String, Value>, now: i64) -> Result<u64, ApiError> {
        let text = |name: &str| body.get(name).and_then(text_of).unwrap_or_default();
        let many = |name: &str| -> Vec<String> {
            match body.get(name) {
                Some(Value::Array(list)) => list.iter().filter_map(text_of).collect(),
                Some(Value::String(one)) => vec![one.clone()],
                _ => Vec::new(),
            }
        };
        let kind = match text("exportType").as_str() {
            "VIEW" => "VIEW",
            "LIST" => "LIST",
            other => {
                return Err(ApiError::validation(format!(
                    "exportType has to be VIEW or LIST, not '{other}'"
                )));
            }
        };
        let format = text("format");
        if format != "CSV" {
            return Err(ApiError::validation(format!(
                "Exports of the format '{format}' are not served; ask for CSV"
            )));
        }
        let object = self.find_kind(&text("objectType")).ok_or_else(|| {
            ApiError::validation(format!("Unable to infer object type from: {}", text("objectType")))
        })?;
        let list = match kind {
            "LIST" => Some(self.platform.lists.locate(&text("listId"))?),
            _ => None,
        };
        let search = body.get("publicCrmSearchRequest").cloned().unwrap_or(Value::Null);
        if !search.is_null() {
            Query::parse(self, object, search.to_string().as_bytes())?;
        }
        let mut associated = Vec::new();
        for name in many("associatedObjectType") {
            associated.push(
                self.find_kind(&name).ok_or_else(|| {
                    ApiError::validation(format!("Unable to infer object type from: {name}"))
                })?,
            );
        }
        let internal = many("exportInternalValuesOptions");
        let has = |name: &str| internal.iter().any(|one| one == name);
        let plain = (has("NAMES"), has("VALUES"));
        let id = self.platform.transfers.number();
        let export = Export {
            id,
            due: now + self.platform.settings.job_ms,
            state: State::Pending,
            object,
            name: text("exportName"),
            kind,
            properties: many("objectProperties").iter().map(|name| name.to_lowercase()).collect(),
            associated,
            plain,
            list,
            search,
            created: now,
            updated: now,
            rows: 0,
            file: Vec::new(),
        };
        self.platform.transfers.exports.insert(id, export);
        Ok(id)
    }

    /// Brings an export one step forward, as each look does.
    pub(crate) fn look_at_export(&mut self, id: u64, now: i64) {
        match self.platform.transfers.exports.get_mut(&id) {
            Some(export) if export.state == State::Pending => export.state = State::Processing,
            Some(export) if export.state == State::Processing => self.run_export(id, now),
            _ => {}
        }
    }

    pub(super) fn run_export(&mut self, id: u64, now: i64) {
        if let Some(list) = self.platform.transfers.exports.get(&id).and_then(|export| export.list) {
            self.refresh_list(list, now);
        }
        let Some(mut export) = self.platform.transfers.exports.remove(&id) else { return };
        let ids = self.exported(&export);
        export.rows = ids.len();
        export.file = self.csv_of(&export, &ids).unwrap_or_default();
        export.state = State::Complete;
        export.updated = now;
        self.platform.transfers.exports.insert(id, export);
    }

    fn exported(&self, export: &Export) -> Vec<u64> {
        if let Some(list) = export.list.and_then(|id| self.platform.lists.get(id)) {
            return list.members.ids().collect();
        }
        if !export.search.is_null()
            && let Ok(mut query) = Query::parse(self, export.object, export.search.to_string().as_bytes())
        {
            query.limit = usize::MAX / 2;
            query.after = 0;
            return query.run(self, export.object, i64::MAX).0;
        }
        let live = self.stores[export.object].records.values().filter(|record| record.archived.is_none());
        live.map(|record| record.id).collect()
    }

    fn csv_of(&self, export: &Export, ids: &[u64]) -> Result<Vec<u8>, csv::Error> {
        let store = &self.stores[export.object];
        let mut out = csv::Writer::from_writer(Vec::new());
        let mut header = vec![if export.plain.0 { "hs_object_id" } else { "Record ID" }.to_owned()];
        for name in &export.properties {
            let label = store.active(name).map(|(_, property)| property.label.clone());
            header.push(label.filter(|_| !export.plain.0).unwrap_or_else(|| name.clone()));
        }
        for other in &export.associated {
            header.push(format!("Associated {} IDs", self.stores[*other].kind.labels.0));
        }
        out.write_record(&header)?;
        for record in ids.iter().filter_map(|id| self.live(export.object, *id)) {
            let mut row = vec![record.id.to_string()];
            for name in &export.properties {
                let value = self.named(export.object, record, name).unwrap_or_default().into_owned();
                let property = store.active(name).map(|(_, property)| property);
                let label = property.filter(|one| one.kind == PropertyType::Enumeration && !export.plain.1);
                let label = label.and_then(|one| one.options.iter().find(|choice| choice.value == value));
                row.push(label.map_or(value, |choice| choice.label.clone()));
            }
            for other in &export.associated {
                let links = self.links((export.object, record.id), *other);
                let ids: Vec<String> = links.iter().take(PER_ROW).map(|(id, _)| id.to_string()).collect();
                row.push(ids.join(";"));
            }
            out.write_record(&row)?;
        }
        out.into_inner().map_err(|why| csv::Error::from(why.into_error()))
    }
}
