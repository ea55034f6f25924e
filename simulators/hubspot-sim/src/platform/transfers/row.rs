//! One row of an import: the records it makes or changes, and why it could not.

use serde_json::{Map, Value, json};

use crate::account::{Account, Source};
use crate::error::ApiError;
use crate::registry::{COMPANIES, CONTACTS};
use crate::write::Claimed;

/// What a column stands for.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(super) at: usize,
    pub(super) object: usize,
    pub(super) property: Option<String>,
    /// `HUBSPOT_OBJECT_ID`, `HUBSPOT_ALTERNATE_ID`, `FLEXIBLE_ASSOCIATION_LABEL`, `STANDARD` or nothing.
    pub(super) kind: String,
}

/// Why a row, or one object in it, was not taken.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(super) kind: &'static str,
    pub(super) message: String,
    pub(super) value: String,
    pub(super) object: usize,
    pub(super) column: Option<usize>,
    pub(super) file: u64,
    pub(super) line: u64,
    pub(super) row: Vec<String>,
}

#[derive(Debug, Default)]
pub(super) struct RowOutcome {
    pub(super) created: u64,
    pub(super) updated: u64,
    pub(super) values: u64,
    pub(super) failures: Vec<Failure>,
}

/// How the error list names a refusal of a value.
fn kind_of(error: &ApiError) -> &'static str {
    let code =
        error.errors.first().and_then(|one| one.get("code")).and_then(Value::as_str).unwrap_or_default();
    match code {
        "INVALID_EMAIL" => "INVALID_EMAIL",
        "GDPR_BLACKLISTED_EMAIL" => "GDPR_BLACKLISTED_EMAIL",
        "INVALID_OPTION" => "INVALID_ENUMERATION_OPTION",
        "INVALID_LONG" | "INVALID_INTEGER" => "COULD_NOT_PARSE_NUMBER",
        "INVALID_DATE" => "COULD_NOT_PARSE_DATE",
        "INVALID_OWNER_ID" => "COULD_NOT_FIND_OWNER",
        "" if error.status == 409 || error.message.contains("already has that value") => {
            "DUPLICATE_UNIQUE_PROPERTY_VALUE"
        }
        "" if error.message.contains("required") => "MISSING_REQUIRED_PROPERTY",
        _ => "FAILED_VALIDATION",
    }
}

impl Account {
    #[expect(
        clippy::too_many_arguments,
        reason = "a row has all of these, and nobody else needs them together"
    )]
    pub(super) fn import_row(
        &mut self,
        file: u64,
        line: u64,
        columns: &[Column],
        row: &csv::StringRecord,
        operations: &Value,
        source: &Source,
        now: i64,
    ) -> RowOutcome {
        let mut outcome = RowOutcome::default();
        let mut objects: Vec<usize> = columns.iter().map(|column| column.object).collect();
        objects.sort_unstable();
        objects.dedup();
        let mut written: Vec<(usize, u64)> = Vec::new();
        for object in objects {
            let own: Vec<&Column> = columns.iter().filter(|column| column.object == object).collect();
            let mut given = Map::new();
            for column in &own {
                let value = row.get(column.at).unwrap_or_default().trim();
                if let Some(name) = column.property.as_deref().filter(|_| !value.is_empty()) {
                    given.insert(name.to_owned(), json!(value));
                }
            }
            given.remove("hs_object_id");
            let id_column = own.iter().find(|column| {
                column.kind == "HUBSPOT_OBJECT_ID" || column.property.as_deref() == Some("hs_object_id")
            });
            let id =
                id_column.and_then(|column| row.get(column.at)).map(str::trim).filter(|id| !id.is_empty());
            if given.is_empty() && id.is_none() {
                continue;
            }
            let operation = operations.get(self.stores[object].kind.type_id.as_str()).and_then(Value::as_str);
            match self.import_record(object, id, &own, &given, operation.unwrap_or("UPSERT"), source, now) {
                Ok((id, new)) => {
                    written.push((object, id));
                    outcome.values += given.len() as u64;
                    if new {
                        outcome.created += 1;
                    } else {
                        outcome.updated += 1;
                    }
                }
                Err(refused) => {
                    let (kind, error) = *refused;
                    let name = error.errors.first().and_then(|one| one.pointer("/context/propertyName/0"));
                    let name = name.and_then(Value::as_str);
                    let column =
                        own.iter().find(|column| column.property.as_deref() == name).map(|one| one.at);
                    outcome.failures.push(Failure {
                        kind,
                        message: error.message,
                        value: column.and_then(|at| row.get(at)).unwrap_or_default().to_owned(),
                        object,
                        column,
                        file,
                        line,
                        row: row.iter().map(str::to_owned).collect(),
                    });
                }
            }
        }
        self.associate_row(&written, source, now);
        outcome
    }

    /// What stands in one row belongs together.
    fn associate_row(&mut self, written: &[(usize, u64)], source: &Source, now: i64) {
        let at = self.tick(now);
        self.acting_as(source.clone(), |account| {
            for (place, one) in written.iter().enumerate() {
                for other in &written[place + 1..] {
                    match (one.0 == COMPANIES, other.0 == COMPANIES) {
                        (true, false) => account.link_primary(*other, one.1, at),
                        (false, true) => account.link_primary(*one, other.1, at),
                        _ => account.put_link(*one, *other, &[], false, at),
                    };
                }
            }
        });
    }

    #[expect(clippy::too_many_arguments, reason = "as above")]
    fn import_record(
        &mut self,
        object: usize,
        id: Option<&str>,
        columns: &[&Column],
        given: &Map<String, Value>,
        operation: &str,
        source: &Source,
        now: i64,
    ) -> Result<(u64, bool), Box<(&'static str, ApiError)>> {
        let refused = |error: ApiError| Box::new((kind_of(&error), error));
        let found = match id {
            Some(id) => {
                let known = id.parse().ok().filter(|id| self.live(object, *id).is_some());
                let missing = || {
                    let error = ApiError::validation(format!("There is no record {id}"));
                    Box::new(("INVALID_OBJECT_ID", error))
                };
                Some(known.ok_or_else(missing)?)
            }
            None => self.known_record(object, columns, given),
        };
        let Some(found) = found else {
            if operation == "UPDATE" {
                let error = ApiError::validation("There is no record to update");
                return Err(Box::new(("NO_OBJECT_ID_FROM_ASSOCIATION_IDENTIFIER", error)));
            }
            let values = self.prepare(object, given, None, source).map_err(refused)?;
            self.check_unique(object, &values, None, &Claimed::new()).map_err(refused)?;
            return Ok((self.insert(object, values, source, now), true));
        };
        if operation == "CREATE" {
            let error = ApiError::validation(format!("Record {found} exists already"));
            return Err(Box::new(("CREATE_ONLY_IMPORT", error)));
        }
        let record = self.live(object, found).ok_or_else(|| refused(ApiError::record_not_found()))?;
        let values = self.prepare(object, given, Some(record), source).map_err(refused)?;
        self.check_unique(object, &values, Some(found), &Claimed::new()).map_err(refused)?;
        self.apply(object, found, values, source, now);
        Ok((found, false))
    }

    /// The record a row means: by a unique property, by the email of a contact or the domain of a company.
    fn known_record(&self, object: usize, columns: &[&Column], given: &Map<String, Value>) -> Option<u64> {
        let usual = match object {
            CONTACTS => Some("email"),
            COMPANIES => Some("domain"),
            _ => None,
        };
        let alternate = columns.iter().find(|column| column.kind == "HUBSPOT_ALTERNATE_ID");
        let name = alternate.and_then(|column| column.property.as_deref()).or(usual)?;
        let value = given.get(name).and_then(Value::as_str)?;
        if let Ok(id) = self.locate(object, value, Some(name)) {
            return Some(id);
        }
        // Domains are not unique: the first company with it is meant.
        let (key, _) = self.stores[object].active(name)?;
        let same = |held: &str| held.eq_ignore_ascii_case(value);
        let mut live = self.stores[object].records.values().filter(|record| record.archived.is_none());
        live.find(|record| record.stored(key, i64::MAX).is_some_and(same)).map(|record| record.id)
    }
}
