//! Imports: files of rows that become records.

use serde_json::{Map, Value, json};

use super::multipart::Part;
use super::row::{Column, Failure, RowOutcome};
use crate::account::{Account, Source};
use crate::error::ApiError;
use crate::property::value::text_of;
use crate::time::iso;

/// Imports that run at once; more are deferred.
const AT_ONCE: usize = 3;
const LARGEST: usize = 512 * 1024 * 1024;
const ROWS: usize = 1_048_576;

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Deferred,
    Started,
    Processing,
    Done,
    Failed,
    Canceled,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Deferred => "DEFERRED",
            Self::Started => "STARTED",
            Self::Processing => "PROCESSING",
            Self::Done => "DONE",
            Self::Failed => "FAILED",
            Self::Canceled => "CANCELED",
        }
    }
}

#[derive(Debug, Clone)]
struct File {
    id: u64,
    header: bool,
    columns: Vec<Column>,
    rows: Vec<(u64, csv::StringRecord)>,
    headers: csv::StringRecord,
}

/// An import.
#[derive(Debug, Clone)]
pub(crate) struct Import {
    pub(crate) id: u64,
    pub(crate) due: i64,
    name: String,
    state: State,
    request: Value,
    files: Vec<File>,
    created: i64,
    updated: i64,
    counters: Map<String, Value>,
    pub(crate) failures: Vec<(u64, i64, Failure)>,
}

impl Import {
    pub(crate) fn open(&self) -> bool {
        matches!(self.state, State::Deferred | State::Started | State::Processing)
    }

    /// The import as the API shows it.
    pub(crate) fn json(&self, account: &Account) -> Value {
        let mut objects: Vec<&str> = Vec::new();
        for column in self.files.iter().flat_map(|file| &file.columns) {
            let type_id = account.stores[column.object].kind.type_id.as_str();
            if !objects.contains(&type_id) {
                objects.push(type_id);
            }
        }
        json!({
            "state": self.state.name(),
            "importRequestJson": self.request,
            "createdAt": iso(self.created),
            "metadata": {
                "objectLists": [],
                "counters": self.counters,
                "fileIds": self.files.iter().map(|file| file.id.to_string()).collect::<Vec<_>>(),
            },
            "importName": self.name,
            "importSource": "API",
            "updatedAt": iso(self.updated),
            "optOutImport": false,
            "mappedObjectTypeIds": objects,
            "id": self.id.to_string(),
        })
    }

    /// One of its failures as the API shows it.
    pub(crate) fn failure_json(
        &self,
        account: &Account,
        failure: &(u64, i64, Failure),
        more: (bool, bool),
    ) -> Value {
        let (id, at, failure) = failure;
        let mut shown = Map::new();
        let mut put = |name: &str, value: Value| shown.insert(name.to_owned(), value);
        put("id", json!(id.to_string()));
        put("createdAt", json!(at));
        put("errorType", json!(failure.kind));
        if more.0 {
            put("errorMessage", json!(failure.message));
        }
        put("invalidValue", json!(failure.value));
        put("invalidValueToDisplay", json!(failure.value));
        put("objectTypeId", json!(account.stores[failure.object].kind.type_id));
        put("objectType", json!(account.stores[failure.object].kind.legacy));
        if let Some(column) = failure.column {
            put("knownColumnNumber", json!(column));
        }
        let row: Vec<&String> = if more.1 { failure.row.iter().collect() } else { Vec::new() };
        put(
            "sourceData",
            json!({
                "fileId": failure.file,
                "lineNumber": failure.line,
                "rowData": row,
                "additionalRowData": [],
                "containsEncryptedProperties": false,
            }),
        );
        Value::Object(shown)
    }
}

impl Account {
    /// Takes an import in; its rows are written when it is due.
    pub(crate) fn start_import(&mut self, parts: &[Part], now: i64) -> Result<u64, ApiError> {
        let named = |name: &str| parts.iter().find(|part| part.name == name);
        let request = named("importRequest")
            .ok_or_else(|| ApiError::validation("Some required fields were not set: [importRequest]"))?;
        let request: Value = serde_json::from_slice(&request.content)
            .map_err(|why| ApiError::validation(format!("Invalid input JSON in importRequest: {why}")))?;
        let described = request.get("files").and_then(Value::as_array);
        let described = described
            .filter(|files| !files.is_empty())
            .ok_or_else(|| ApiError::validation("Some required fields were not set: [files]"))?;
        let mut files = Vec::new();
        for description in described {
            let name = description.get("fileName").and_then(Value::as_str).unwrap_or_default();
            let format = description.get("fileFormat").and_then(Value::as_str).unwrap_or("CSV");
            if format != "CSV" {
                return Err(ApiError::validation(format!(
                    "Files of the format {format} are not served; send CSV"
                )));
            }
            let part = parts.iter().find(|part| part.file.as_deref() == Some(name));
            let part = part.ok_or_else(|| {
                ApiError::validation(format!(
                    "The file '{name}' is described but was not sent as a part named files"
                ))
            })?;
            let id = self.platform.transfers.number();
            files.push(self.read_file(id, description, &part.content)?);
        }
        let busy = self.platform.transfers.imports.values().filter(|one| one.open()).count();
        let id = self.platform.transfers.number();
        let takes = self.platform.settings.job_ms;
        let waits = i64::try_from(busy / AT_ONCE).unwrap_or(0) * takes;
        let name = request.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let import = Import {
            id,
            due: now + waits + takes,
            name,
            state: if busy >= AT_ONCE { State::Deferred } else { State::Started },
            request,
            files,
            created: now,
            updated: now,
            counters: Map::new(),
            failures: Vec::new(),
        };
        self.platform.transfers.imports.insert(id, import);
        Ok(id)
    }

    fn read_file(&self, id: u64, description: &Value, content: &[u8]) -> Result<File, ApiError> {
        if content.len() > LARGEST {
            return Err(ApiError::bare(429));
        }
        let page = description.get("fileImportPage").unwrap_or(&Value::Null);
        let header = page.get("hasHeader").and_then(Value::as_bool).unwrap_or(true);
        let mapped = page.get("columnMappings").and_then(Value::as_array);
        let mapped = mapped
            .filter(|mapped| !mapped.is_empty())
            .ok_or_else(|| ApiError::validation("Some required fields were not set: [columnMappings]"))?;
        let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(header).from_reader(content);
        let wrong = |why: csv::Error| ApiError::validation(format!("The file is not CSV: {why}"));
        let headers =
            if header { reader.headers().map_err(wrong)?.clone() } else { csv::StringRecord::new() };
        let mut rows = Vec::new();
        for (line, row) in
            reader.records().zip(if header { 2_u64.. } else { 1_u64.. }).map(|(row, line)| (line, row))
        {
            rows.push((line, row.map_err(wrong)?));
        }
        if rows.len() > ROWS {
            return Err(ApiError::bare(429));
        }
        let mut columns = Vec::new();
        for (place, one) in mapped.iter().enumerate() {
            let text = |name: &str| one.get(name).and_then(text_of).filter(|text| !text.is_empty());
            let named = text("columnName").unwrap_or_default();
            let at = if header {
                headers.iter().position(|header| header.trim() == named.trim())
            } else {
                Some(place)
            };
            // assumed: a mapped column that the file does not have is refused at once
            let at = at.ok_or_else(|| {
                ApiError::validation(format!("The file has no column '{named}'"))
                    .with_sub("INVALID_COLUMN_CONFIGURATION")
            })?;
            let type_id = text("columnObjectTypeId").unwrap_or_else(|| "0-1".to_owned());
            let object = self
                .find_kind(&type_id)
                .ok_or_else(|| ApiError::validation(format!("Unknown columnObjectTypeId: {type_id}")))?;
            let kind = text("columnType").or_else(|| text("idColumnType")).unwrap_or_default();
            let property = text("propertyName").map(|name| name.to_lowercase());
            if let Some(name) = property.as_deref().filter(|name| self.stores[object].active(name).is_none())
            {
                return Err(ApiError::validation(format!("Property \"{name}\" does not exist")));
            }
            columns.push(Column { at, object, property, kind });
        }
        Ok(File { id, header, columns, rows, headers })
    }

    /// Shows an import; each look brings it one step forward.
    pub(crate) fn look_at_import(&mut self, id: u64, now: i64) -> Option<Value> {
        let import = self.platform.transfers.imports.get_mut(&id)?;
        match import.state {
            State::Started => {
                import.state = State::Processing;
                import.updated = now;
            }
            State::Processing => self.run_import(id, now),
            _ => {}
        }
        self.platform.transfers.imports.get(&id).map(|import| import.json(self))
    }

    /// Stops an import that has not ended. Rows it has not come to are not written.
    pub(crate) fn cancel_import(&mut self, id: u64, now: i64) -> Result<(), ApiError> {
        let import = self.platform.transfers.imports.get_mut(&id).ok_or_else(ApiError::record_not_found)?;
        if !import.open() {
            return Err(ApiError::validation(format!("Import {id} has already ended")));
        }
        import.state = State::Canceled;
        import.updated = now;
        Ok(())
    }

    pub(super) fn run_import(&mut self, id: u64, now: i64) {
        let Some(mut import) = self.platform.transfers.imports.remove(&id) else { return };
        let source = Source { kind: "IMPORT", id: id.to_string(), label: None, user: None };
        let operations = import.request.get("importOperations").cloned().unwrap_or(Value::Null);
        let (mut created, mut updated, mut values, mut total) = (0, 0, 0, 0);
        for file in &import.files {
            for (line, row) in &file.rows {
                total += 1;
                let outcome = self.import_row(file.id, *line, &file.columns, row, &operations, &source, now);
                let RowOutcome { created: more, updated: changed, values: written, failures } = outcome;
                created += more;
                updated += changed;
                values += written;
                for failure in failures {
                    import.failures.push((self.platform.transfers.number(), now, failure));
                }
            }
        }
        let files =
            import.files.iter().any(|file| !file.rows.is_empty() || file.header && !file.headers.is_empty());
        let mut count = |name: &str, number: u64| import.counters.insert(name.to_owned(), json!(number));
        count("TOTAL_ROWS", total);
        count("CREATED_OBJECTS", created);
        count("UPDATED_OBJECTS", updated);
        count("UNIQUE_OBJECTS_WRITTEN", created + updated);
        count("PROPERTY_VALUES_EMITTED", values);
        if !import.failures.is_empty() {
            let errors = import.failures.len() as u64;
            import.counters.insert("ERRORS".to_owned(), json!(errors));
        }
        import.state = if files { State::Done } else { State::Failed };
        import.updated = now;
        self.platform.transfers.imports.insert(id, import);
    }
}
