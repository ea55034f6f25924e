//! Loading a folder of exports: one CSV file per object, headers are API names.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::SalesforceSim;
use crate::org::Org;
use crate::schema::custom_field;
use crate::setup::Who;

/// What became of the files of a folder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LoadReport {
    /// Records made, by object.
    pub created: Vec<(String, u64)>,
    /// Custom fields made for columns that no standard field goes with (`Object.Field__c`).
    pub fields: Vec<String>,
    /// Columns that the platform sets by itself.
    pub ignored: Vec<String>,
    /// Rows that the platform itself would refuse.
    pub refused: Vec<RefusedRow>,
}

/// A row that the platform itself would refuse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusedRow {
    /// The file's name.
    pub file: String,
    /// The row's line in it.
    pub line: u64,
    /// Why.
    pub reason: String,
}

/// Why a folder cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// There is no such folder, or no file of an object in it.
    #[error(
        "{0} has no CSV file of a Salesforce object (Account.csv, Contact.csv, Lead.csv, Opportunity.csv, …)"
    )]
    Empty(PathBuf),
    /// A file cannot be read.
    #[error("{path} cannot be read: {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// Parents before children.
const ORDER: [&str; 10] = [
    "Account",
    "Campaign",
    "Contact",
    "Lead",
    "Opportunity",
    "Case",
    "CampaignMember",
    "OpportunityContactRole",
    "Task",
    "Event",
];

impl SalesforceSim {
    /// Loads the folder `dir`: one file per object, references by `Ref` and `<Object>Ref` columns, custom fields for
    /// columns that nothing goes with.
    ///
    /// # Errors
    /// When a file cannot be read. Rows that the platform would refuse are reported, and the rest is loaded.
    pub fn load_csv(&self, dir: &Path) -> Result<LoadReport, LoadError> {
        self.quietly(|sim| sim.load_folder(dir))
    }

    fn load_folder(&self, dir: &Path) -> Result<LoadReport, LoadError> {
        let mut report = LoadReport::default();
        let mut refs: HashMap<String, String> = HashMap::new();
        let mut found = false;
        for object in ORDER {
            let path = dir.join(format!("{object}.csv"));
            if path.exists() {
                found = true;
                self.load_file(object, &path, &mut refs, &mut report)?;
            }
        }
        for (object, path) in own_objects(dir) {
            found = true;
            self.make_object(&object, &path)?;
            self.load_file(&object, &path, &mut refs, &mut report)?;
        }
        if !found {
            return Err(LoadError::Empty(dir.into()));
        }
        Ok(report)
    }

    /// Makes an object of the org's own for a file `X__c.csv`, with a lookup for each column that refers to an object.
    fn make_object(&self, object: &str, path: &Path) -> Result<(), LoadError> {
        let failed = |reason: String| LoadError::File { path: path.into(), reason };
        let label = object.trim_end_matches("__c").replace('_', " ");
        self.ensure_custom_object(object, &json!({"label": label})).map_err(failed)?;
        let mut reader = csv::ReaderBuilder::new().from_path(path).map_err(|e| failed(e.to_string()))?;
        let headers = reader.headers().map_err(|e| failed(e.to_string()))?.clone();
        for parent in headers.iter().filter_map(|header| header.strip_suffix("Ref")) {
            let target = [parent.to_owned(), format!("{parent}__c")]
                .into_iter()
                .find(|name| self.with_org(|org| org.table(name).is_some()));
            if let Some(target) = target {
                let plural = format!("{}s", object.trim_end_matches("__c"));
                let lookup = json!({"type": "Lookup", "label": parent, "referenceTo": target, "relationshipName": plural});
                self.ensure_custom_field(object, &format!("{parent}__c"), &lookup).map_err(failed)?;
            }
        }
        Ok(())
    }

    fn load_file(
        &self,
        object: &str,
        path: &Path,
        refs: &mut HashMap<String, String>,
        report: &mut LoadReport,
    ) -> Result<(), LoadError> {
        let failed = |error: csv::Error| LoadError::File { path: path.into(), reason: error.to_string() };
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(path).map_err(failed)?;
        let headers: Vec<String> = reader
            .headers()
            .map_err(failed)?
            .iter()
            .map(|h| h.trim_start_matches('\u{feff}').trim().to_owned())
            .collect();
        let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().map_err(failed)?;
        let columns = self.columns(object, &headers, &rows, report);
        let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut made = 0;
        for row in &rows {
            let mut fields = Map::new();
            let mut own_ref = None;
            let mut stray = None;
            for (column, text) in columns.iter().zip(row.iter()) {
                let text = text.trim_end_matches(['\r', '\n']);
                match column {
                    Column::Field(name) if !text.trim().is_empty() => {
                        fields.insert(name.clone(), json!(text));
                    }
                    Column::Own => own_ref = Some(text.to_owned()),
                    Column::Parent(field) if !text.is_empty() => match refs.get(text) {
                        Some(id) => drop(fields.insert(field.clone(), json!(id))),
                        None => stray = Some(format!("{field}: no row has the Ref {text}")),
                    },
                    _ => {}
                }
            }
            let made_one = match stray {
                Some(reason) => Err(reason),
                None => self.create_record(object, fields).map_err(|refusals| {
                    refusals.iter().map(|r| r.message.clone()).collect::<Vec<_>>().join("; ")
                }),
            };
            match made_one {
                Ok(id) => {
                    made += 1;
                    if let Some(own) = own_ref.filter(|own| !own.is_empty()) {
                        refs.insert(own, id);
                    }
                }
                Err(reason) => report.refused.push(RefusedRow {
                    file: file.clone(),
                    line: row.position().map_or(0, csv::Position::line),
                    reason,
                }),
            }
        }
        report.created.push((object.to_owned(), made));
        Ok(())
    }

    /// What each column is; custom fields are made where nothing else fits.
    fn columns(
        &self,
        object: &str,
        headers: &[String],
        rows: &[csv::StringRecord],
        report: &mut LoadReport,
    ) -> Vec<Column> {
        let mut columns = Vec::new();
        for (at, header) in headers.iter().enumerate() {
            let column = self.with_org(|org| column_of(org, object, header));
            columns.push(match column {
                Some(Column::Unknown) => {
                    let values: Vec<&str> = rows
                        .iter()
                        .filter_map(|row| row.get(at))
                        .filter(|value| !value.trim().is_empty())
                        .collect();
                    let name = if header.ends_with("__c") { header.clone() } else { format!("{header}__c") };
                    if let Ok(field) = custom_field(&name, &fitting_type(header, &values)) {
                        let writer = self.administrator();
                        self.with_org_mut(|org| {
                            org.described_at = Some(writer.now);
                            if let Some(table) = org.table_mut(object) {
                                table.add_field(field);
                            }
                            org.grant_to_profiles(object, &name, &Who { user: writer.user, now: writer.now });
                        });
                        report.fields.push(format!("{object}.{name}"));
                        Column::Field(name)
                    } else {
                        Column::Ignored
                    }
                }
                Some(column) => column,
                None => {
                    report.ignored.push(format!("{object}.{header}"));
                    Column::Ignored
                }
            });
        }
        columns
    }
}

/// Files of objects of the org's own, in the order of their names.
fn own_objects(dir: &Path) -> Vec<(String, PathBuf)> {
    let files = std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found: Vec<(String, PathBuf)> = files
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?.strip_suffix(".csv")?.to_owned();
            name.ends_with("__c").then_some((name, path))
        })
        .collect();
    found.sort();
    found
}

#[derive(Debug, Clone)]
enum Column {
    Field(String),
    /// Names the row itself.
    Own,
    /// Names the row that this field refers to.
    Parent(String),
    Unknown,
    Ignored,
}

/// What a column is; nothing for one that the platform sets by itself.
fn column_of(org: &Org, object: &str, header: &str) -> Option<Column> {
    if header == "Ref" {
        return Some(Column::Own);
    }
    let table = org.table(object)?;
    if let Some((_, field)) = table.def.field(header) {
        return field.has('c').then(|| Column::Field(field.name.clone()));
    }
    if let Some(parent) = header.strip_suffix("Ref")
        && let Some((_, field)) =
            [format!("{parent}Id"), format!("{parent}__c")].iter().find_map(|name| table.def.field(name))
    {
        return Some(Column::Parent(field.name.clone()));
    }
    Some(Column::Unknown)
}

/// A type that takes every value of a column.
fn fitting_type(header: &str, values: &[&str]) -> Value {
    let all = |fits: fn(&str) -> bool| !values.is_empty() && values.iter().all(|value| fits(value.trim()));
    let label = header.trim_end_matches("__c").replace('_', " ");
    if all(|value| matches!(value.to_lowercase().as_str(), "true" | "false")) {
        json!({"label": label, "type": "Checkbox"})
    } else if all(|value| {
        value.parse::<rust_decimal::Decimal>().is_ok() && !value.starts_with('0') || value == "0"
    }) {
        json!({"label": label, "type": "Number", "precision": 18, "scale": 4})
    } else if all(|value| value.len() == 10 && value.parse::<jiff::civil::Date>().is_ok()) {
        json!({"label": label, "type": "Date"})
    } else if all(|value| value.parse::<jiff::Timestamp>().is_ok()) {
        json!({"label": label, "type": "DateTime"})
    } else if values.iter().any(|value| value.chars().count() > 255) {
        json!({"label": label, "type": "LongTextArea", "length": 32_768})
    } else {
        json!({"label": label, "type": "Text", "length": 255})
    }
}
