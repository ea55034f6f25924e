//! Filling an account from a folder of CSV files, as if it had grown over the past year.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Map;

use crate::HubSpotSim;
use crate::account::Account;
use crate::error::ApiError;
use crate::owners::Owner;
use crate::people::person;
use crate::pipelines::Pipeline;
use crate::property::PropertyType;
use crate::time;
use crate::write::Claimed;

/// A row the platform itself would have refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusedRow {
    /// The file's name.
    pub file: String,
    /// The line in the file, from 1.
    pub line: u64,
    /// Why.
    pub reason: String,
}

/// What came of loading a folder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LoadReport {
    /// Records created, by object.
    pub created: BTreeMap<String, u64>,
    /// Associations made.
    pub associated: u64,
    /// Custom properties made for columns that are not standard, as `object.property`.
    pub properties: Vec<String>,
    /// Options added because the files hold values that are not standard, as `object.property.value`.
    pub options: Vec<String>,
    /// Columns of values the platform sets by itself, which were passed over, as `object.property`.
    pub ignored: Vec<String>,
    /// Rows that were refused.
    pub refused: Vec<RefusedRow>,
}

/// Why a folder cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file cannot be read.
    #[error("cannot read {path}: {source}")]
    Csv {
        /// Which file.
        path: PathBuf,
        /// What the reader says.
        source: csv::Error,
    },
    /// There is nothing to load.
    #[error("there is no CSV file of a known object in {0}")]
    Nothing(PathBuf),
}

/// assumed: the newest of the loaded records is an hour old, the oldest about a year
const NEWEST: i64 = 3_600_000;
const SPAN: i64 = 360 * 86_400_000;

struct File {
    object: usize,
    name: String,
    headers: Vec<String>,
    rows: Vec<(u64, csv::StringRecord)>,
}

/// `company_ref` names the companies; so for every object, in the singular or the plural.
fn ref_target(account: &Account, header: &str) -> Option<usize> {
    account.find_kind(header.strip_suffix("_ref")?)
}

fn read(object: usize, path: &Path) -> Result<File, csv::Error> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(path)?;
    let headers = reader.headers()?.iter().map(|header| header.trim().to_lowercase()).collect();
    let mut rows = Vec::new();
    for row in reader.records() {
        let row = row?;
        let line = row.position().map_or(0, csv::Position::line);
        rows.push((line, row));
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(File { object, name, headers, rows })
}

/// The narrowest type that fits every value of a column.
fn infer<'a>(values: impl Iterator<Item = &'a str> + Clone) -> PropertyType {
    let filled = values.map(str::trim).filter(|value| !value.is_empty());
    if filled.clone().next().is_none() {
        return PropertyType::String;
    }
    let all = |fits: fn(&str) -> bool| filled.clone().all(fits);
    if all(|value| matches!(value.to_ascii_lowercase().as_str(), "true" | "false")) {
        return PropertyType::Bool;
    }
    // Digits that begin with a nought are codes, not numbers.
    let number = |value: &str| {
        value.parse::<rust_decimal::Decimal>().is_ok()
            && !(value.len() > 1 && value.starts_with('0') && !value.starts_with("0."))
            && !value.starts_with('+')
    };
    if all(number) {
        return PropertyType::Number;
    }
    if all(|value| time::parse_day(value).is_some()) {
        return PropertyType::Date;
    }
    if all(|value| value.contains('T') && time::parse(value).is_some()) {
        return PropertyType::DateTime;
    }
    PropertyType::String
}

impl File {
    fn column(&self, at: usize) -> impl Iterator<Item = &str> + Clone {
        self.rows.iter().filter_map(move |(_, row)| row.get(at))
    }

    fn define_owners(&self, account: &mut Account, at: usize, now: i64) {
        for id in self.column(at).filter(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()))
        {
            if !account.owners.iter().any(|owner| owner.id == id) {
                let user = account.owners.iter().map(|owner| owner.user).max().unwrap_or_default() + 1;
                account.owners.push(Owner::named_by_id(id, user, now));
            }
        }
    }

    /// Makes the pipelines and stages the rows speak of.
    fn define_pipelines(&self, account: &mut Account, report: &mut LoadReport, now: i64) {
        let store = &mut account.stores[self.object];
        let Some((line_name, stage_name)) = store.kind.pipeline else { return };
        let column = |name: &str| self.headers.iter().position(|header| header == name);
        let (line_at, stage_at) = (column(line_name), column(stage_name));
        for (_, row) in &self.rows {
            let value = |at: Option<usize>| at.and_then(|at| row.get(at)).filter(|value| !value.is_empty());
            let first = store.pipelines.keys().next().cloned().unwrap_or_else(|| "default".to_owned());
            let line = value(line_at).map_or(first, str::to_owned);
            if !store.pipelines.contains_key(&line) {
                report.options.push(format!("{}.{line_name}.{line}", store.kind.name));
                store.pipelines.insert(line.clone(), Pipeline::named_by_id(&line, now));
            }
            let Some(stage) = value(stage_at) else { continue };
            let known = store.pipelines.values().any(|one| one.stages.contains_key(stage));
            if let Some(pipeline) = store.pipelines.get_mut(&line).filter(|_| !known) {
                report.options.push(format!("{}.{stage_name}.{stage}", store.kind.name));
                pipeline.add_stage(stage, now);
            }
        }
        store.refresh_pipeline_options();
    }

    /// Makes the properties and options the rows need.
    fn define(&self, account: &mut Account, report: &mut LoadReport, now: i64) {
        self.define_pipelines(account, report, now);
        for (at, header) in self.headers.iter().enumerate() {
            if header == "ref" || header.is_empty() || ref_target(account, header).is_some() {
                continue;
            }
            let object = account.kind(self.object).name.clone();
            let store = &account.stores[self.object];
            let Some((_, property)) = store.active(header) else {
                account.ensure_property(self.object, header, infer(self.column(at)), &[], now);
                report.properties.push(format!("{object}.{header}"));
                continue;
            };
            if property.read_only_value() {
                report.ignored.push(format!("{object}.{header}"));
                continue;
            }
            if property.external_options {
                self.define_owners(account, at, now);
                continue;
            }
            let of_pipeline =
                store.kind.pipeline.is_some_and(|(line, stage)| header == line || header == stage);
            if property.kind != PropertyType::Enumeration || of_pipeline {
                continue;
            }
            let mut wanted: Vec<&str> = Vec::new();
            for value in self.column(at) {
                let parts: Vec<&str> =
                    if property.multiple() { value.split(';').collect() } else { vec![value] };
                for part in parts.into_iter().filter(|part| !part.is_empty()) {
                    let known = property.options.iter().any(|choice| choice.value == part);
                    if !known && !wanted.contains(&part) {
                        wanted.push(part);
                    }
                }
            }
            report.options.extend(wanted.iter().map(|value| format!("{object}.{header}.{value}")));
            account.ensure_property(self.object, header, PropertyType::Enumeration, &wanted, now);
        }
    }
}

type Refs = HashMap<(usize, String), u64>;

/// A row's wish to be associated: the record, and the named row of another file.
struct Wish {
    file: String,
    line: u64,
    from: (usize, u64),
    to: (usize, String),
    at: i64,
}

fn insert(account: &mut Account, file: &File, row: &csv::StringRecord, at: i64) -> Result<u64, ApiError> {
    let mut given = Map::new();
    let store = &account.stores[file.object];
    let mut at = at;
    for (header, value) in file.headers.iter().zip(row) {
        if header == store.kind.created
            && let Some(known) = time::parse(value).filter(|known| *known <= account.latest)
        {
            at = known;
        }
        if store.active(header).is_some_and(|(_, property)| property.read_only_value()) {
            continue;
        }
        let skip =
            header == "ref" || header.is_empty() || ref_target(account, header).is_some() || value.is_empty();
        if !skip {
            given.insert(header.clone(), value.into());
        }
    }
    let values = account.prepare(file.object, &given, None, &person())?;
    account.check_unique(file.object, &values, None, &Claimed::new())?;
    Ok(account.insert_at(file.object, values, &person(), at))
}

impl HubSpotSim {
    /// Loads `contacts.csv`, `companies.csv` and so on from a folder, and makes the result the state a reset
    /// goes back to. Headers are property names; `ref` names a row and `company_ref` points to one.
    ///
    /// # Errors
    /// A folder without such files, or a file that is not CSV. Rows that are refused are in the report.
    pub fn load_csv(&self, dir: &Path) -> Result<LoadReport, LoadError> {
        let mut files = Vec::new();
        // Companies come first so that what belongs to them is younger than they are.
        let names: Vec<String> = self.0.read().kinds().map(|(_, kind)| kind.name.clone()).collect();
        let order = [1, 0].into_iter().chain(2..names.len());
        for object in order {
            let path = dir.join(format!("{}.csv", names[object]));
            if path.is_file() {
                files.push(read(object, &path).map_err(|source| LoadError::Csv { path, source })?);
            }
        }
        if files.is_empty() {
            return Err(LoadError::Nothing(dir.to_owned()));
        }
        let now = self.0.now();
        let mut report = LoadReport::default();
        let mut refs = Refs::new();
        let mut wishes = Vec::new();
        {
            let mut account = self.0.write();
            for file in &files {
                file.define(&mut account, &mut report, now);
                load_rows(&mut account, file, now, &mut report, &mut refs, &mut wishes);
            }
            for wish in wishes {
                let Some(to) = refs.get(&wish.to) else {
                    let reason = format!("no row is named {}", wish.to.1);
                    report.refused.push(RefusedRow { file: wish.file, line: wish.line, reason });
                    continue;
                };
                let target = (wish.to.0, *to);
                if target.0 == crate::registry::COMPANIES {
                    account.link_primary(wish.from, target.1, wish.at);
                } else {
                    account.put_link(wish.from, target, &[], false, wish.at);
                }
                report.associated += 1;
            }
        }
        self.0.mark_start();
        Ok(report)
    }
}

fn load_rows(
    account: &mut Account,
    file: &File,
    now: i64,
    report: &mut LoadReport,
    refs: &mut Refs,
    wishes: &mut Vec<Wish>,
) {
    let many = i64::try_from(file.rows.len()).unwrap_or(1).max(1);
    for ((line, row), n) in file.rows.iter().zip(0_i64..) {
        let at = now - NEWEST - SPAN + SPAN / many * n;
        let id = match insert(account, file, row, at) {
            Ok(id) => id,
            Err(error) => {
                report.refused.push(RefusedRow {
                    file: file.name.clone(),
                    line: *line,
                    reason: error.message,
                });
                continue;
            }
        };
        *report.created.entry(account.kind(file.object).name.clone()).or_default() += 1;
        for (header, value) in file.headers.iter().zip(row).filter(|(_, value)| !value.is_empty()) {
            if header == "ref" {
                refs.insert((file.object, value.to_owned()), id);
            } else if let Some(target) = ref_target(account, header) {
                wishes.push(Wish {
                    file: file.name.clone(),
                    line: *line,
                    from: (file.object, id),
                    to: (target, value.to_owned()),
                    at,
                });
            }
        }
    }
}
