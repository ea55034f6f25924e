//! Writing many records at once, each row with its own outcome.

use std::collections::{BTreeSet, VecDeque};

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::{Answer, Call, decode, segment};
use crate::{ApiError, Client, Error, ErrorDetail, Fields};

/// Why Salesforce refused a row: one complaint.
pub type RowError = ErrorDetail;

/// How rows are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// Whether one bad row undoes the others of its request (of up to 200 rows).
    pub all_or_none: bool,
    /// Whether to save in spite of duplicate rules that only warn.
    pub allow_duplicates: bool,
}

/// What became of one row.
#[derive(Debug, Clone)]
pub enum RowResult {
    /// Written.
    Ok {
        /// The record.
        id: String,
        /// Whether it is new, where Salesforce says.
        created: Option<bool>,
        /// The id of the call that wrote it.
        call: String,
    },
    /// Refused for reasons of its own; nothing of it was written.
    Err(Vec<RowError>),
    /// It may or may not have been written: the answer was lost.
    Unknown {
        /// Why it is not known.
        reason: String,
    },
    /// Certainly not written, for a reason that has nothing to do with the row (limit used up, login refused,
    /// Salesforce out of reach). It can be sent again when that is over.
    NotSent(Error),
}

impl RowResult {
    /// The written record's id.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Ok { id, .. } => Some(id),
            _ => None,
        }
    }
}

/// Most rows in one call.
const MOST: usize = 200;

/// What is done to every row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Create,
    Update,
    Upsert,
    Delete,
}

#[derive(Deserialize)]
struct Saved {
    id: Option<String>,
    #[serde(default)]
    success: bool,
    created: Option<bool>,
    #[serde(default)]
    errors: Vec<Value>,
}

impl Client {
    /// Creates records. Rows answer in input order. A row whose answer is lost is `Unknown` and never sent again.
    ///
    /// # Errors
    /// None at present; rows that cannot be sent say so themselves.
    pub async fn collections_create(
        &self,
        object: &str,
        rows: &[Fields],
        options: WriteOptions,
    ) -> Result<Vec<RowResult>, Error> {
        let rows = rows.iter().map(|row| typed(object, row.clone())).collect();
        let what = format!("creating {object} records");
        Ok(self.write(&what, Verb::Create, self.data("/composite/sobjects"), rows, options).await)
    }

    /// Changes records; each row holds `Id`. Rows answer in input order.
    ///
    /// # Errors
    /// Only where nothing was sent because a row says no id, or two say the same.
    pub async fn collections_update(
        &self,
        object: &str,
        rows: &[Fields],
        options: WriteOptions,
    ) -> Result<Vec<RowResult>, Error> {
        unique(rows, "Id")?;
        let row = |row: &Fields| {
            let (key, mut fields) = without(row, "Id");
            fields.insert("id".to_owned(), key);
            typed(object, fields)
        };
        let what = format!("changing {object} records");
        let rows = rows.iter().map(row).collect();
        Ok(self.write(&what, Verb::Update, self.data("/composite/sobjects"), rows, options).await)
    }

    /// Creates or changes records by an external id, which each row holds. Rows answer in input order. `created` is
    /// not known where the call was repeated after a lost answer.
    ///
    /// # Errors
    /// Only where nothing was sent because a row says no external id, or two say the same.
    pub async fn collections_upsert(
        &self,
        object: &str,
        id_field: &str,
        rows: &[Fields],
        options: WriteOptions,
    ) -> Result<Vec<RowResult>, Error> {
        unique(rows, id_field)?;
        let what = format!("creating or changing {object} records");
        let path = self.data(&format!("/composite/sobjects/{}/{}", segment(object), segment(id_field)));
        let rows = rows.iter().map(|row| typed(object, row.clone())).collect();
        Ok(self.write(&what, Verb::Upsert, path, rows, options).await)
    }

    /// Deletes records, of any objects. Rows answer in input order; repeated ids are refused.
    ///
    /// # Errors
    /// Only where nothing was sent because two ids are the same.
    pub async fn collections_delete(
        &self,
        ids: &[String],
        options: WriteOptions,
    ) -> Result<Vec<RowResult>, Error> {
        let mut seen = BTreeSet::new();
        if let Some(twice) = ids.iter().find(|id| !seen.insert(id.as_str())) {
            return Err(Error::InvalidRequest(format!("two rows are about the record {twice}")));
        }
        let rows = ids.iter().map(|id| Value::String(id.clone())).collect();
        Ok(self
            .write("deleting records", Verb::Delete, self.data("/composite/sobjects"), rows, options)
            .await)
    }

    async fn write(
        &self,
        what: &str,
        verb: Verb,
        path: String,
        rows: Vec<Value>,
        options: WriteOptions,
    ) -> Vec<RowResult> {
        let mut results: Vec<Option<RowResult>> = vec![None; rows.len()];
        let all: Vec<usize> = (0..rows.len()).collect();
        let mut queue: VecDeque<Vec<usize>> = all.chunks(MOST).map(<[usize]>::to_vec).collect();
        let set = |results: &mut Vec<Option<RowResult>>, part: &[usize], result: &RowResult| {
            for &row in part {
                results[row] = Some(result.clone());
            }
        };
        while let Some(part) = queue.pop_front() {
            let part_rows: Vec<&Value> = part.iter().map(|&row| &rows[row]).collect();
            let call = call(what, verb, &path, &part_rows, options);
            match self.inner().send(&call).await {
                Ok(answer) => {
                    for (&row, result) in part.iter().zip(outcomes(what, verb, &part_rows, &answer)) {
                        results[row] = Some(result);
                    }
                }
                Err(Error::Ambiguous { reason, .. }) => {
                    set(&mut results, &part, &RowResult::Unknown { reason })
                }
                // The whole call was refused, and nothing written: some rows may have spoilt it for the others.
                Err(Error::Api(api)) if api.status == 400 && concerns_rows(&api) => {
                    let blamed: Vec<usize> =
                        part.iter().copied().filter(|&row| blames(&api, &rows[row])).collect();
                    if part.len() == 1 || options.all_or_none {
                        set(&mut results, &part, &RowResult::Err(api.details));
                    } else if blamed.is_empty() {
                        let (first, second) = part.split_at(part.len() / 2);
                        queue.push_front(second.to_vec());
                        queue.push_front(first.to_vec());
                    } else {
                        set(&mut results, &blamed, &RowResult::Err(api.details));
                        let rest: Vec<usize> = part.into_iter().filter(|row| !blamed.contains(row)).collect();
                        if !rest.is_empty() {
                            queue.push_front(rest);
                        }
                    }
                }
                Err(error) => {
                    // Nothing to do with these rows: the rest would fare no better.
                    let rest: Vec<usize> = part.into_iter().chain(queue.drain(..).flatten()).collect();
                    set(&mut results, &rest, &RowResult::NotSent(error));
                }
            }
        }
        let unmentioned =
            || RowResult::Unknown { reason: "Salesforce's answer does not mention the row".to_owned() };
        results.into_iter().map(|result| result.unwrap_or_else(unmentioned)).collect()
    }
}

/// Whether a refusal of the whole call may be due to single rows. Each try costs one of the org's calls, so what is
/// certainly about all of them is not looked into.
fn concerns_rows(api: &ApiError) -> bool {
    !api.details.is_empty()
        && !matches!(api.code.as_deref(), Some("INVALID_TYPE" | "INVALID_BATCH_SIZE" | "EXCEEDED_ID_LIMIT"))
}

/// Whether a refusal names a field that this row has.
fn blames(api: &ApiError, row: &Value) -> bool {
    let Some(fields) = row.as_object() else { return false };
    api.code.as_deref() == Some("INVALID_FIELD")
        && api.details.iter().any(|detail| {
            let column =
                detail.message.split_once("No such column '").and_then(|(_, rest)| rest.split('\'').next());
            let mut names = detail.fields.iter().map(String::as_str).chain(column);
            names.any(|name| fields.keys().any(|field| field.eq_ignore_ascii_case(name)))
        })
}

fn call(what: &str, verb: Verb, path: &str, rows: &[&Value], options: WriteOptions) -> Call {
    let method = match verb {
        Verb::Create => Method::POST,
        Verb::Update | Verb::Upsert => Method::PATCH,
        Verb::Delete => Method::DELETE,
    };
    let mut call = Call::new(what, method, path);
    if options.allow_duplicates {
        call = call.header("Sforce-Duplicate-Rule-Header", "allowSave=true");
    }
    if verb == Verb::Delete {
        let ids: Vec<&str> = rows.iter().filter_map(|id| id.as_str()).collect();
        call.query("ids", ids.join(",")).query("allOrNone", options.all_or_none.to_string())
    } else {
        call.json(&json!({ "allOrNone": options.all_or_none, "records": rows }))
    }
}

/// Each row's share of an answer; rows answer in order.
fn outcomes(what: &str, verb: Verb, rows: &[&Value], answer: &Answer) -> Vec<RowResult> {
    let asked = rows.len();
    let saved: Vec<Saved> = match decode(what, &answer.body) {
        Ok(saved) => saved,
        Err(error) => return vec![RowResult::Unknown { reason: error.to_string() }; asked],
    };
    if saved.len() != asked {
        let reason = format!("Salesforce answered {} rows of {asked}", saved.len());
        return vec![RowResult::Unknown { reason }; asked];
    }
    saved.into_iter().zip(rows).map(|(saved, row)| outcome(verb, saved, row, answer)).collect()
}

fn outcome(verb: Verb, saved: Saved, row: &Value, answer: &Answer) -> RowResult {
    let repeated = answer.repeated;
    let errors: Vec<RowError> = saved.errors.iter().map(ErrorDetail::from_json).collect();
    // Deleted by an earlier try whose answer was lost.
    let gone = verb == Verb::Delete
        && repeated
        && errors.iter().any(|error| error.code.as_deref() == Some("ENTITY_IS_DELETED"));
    // A refused deletion need not say the id again; the row is nothing but the id.
    match saved.id.or_else(|| row.as_str().map(str::to_owned)) {
        Some(id) if saved.success || gone => RowResult::Ok {
            id,
            call: answer.id.clone(),
            created: match verb {
                Verb::Create => Some(true),
                Verb::Update | Verb::Delete => Some(false),
                Verb::Upsert => saved.created.filter(|created| *created || !repeated),
            },
        },
        _ if saved.success => RowResult::Unknown { reason: "Salesforce's answer names no record".to_owned() },
        _ => RowResult::Err(errors),
    }
}

fn typed(object: &str, fields: Fields) -> Value {
    let mut row = Fields::new();
    row.insert("attributes".to_owned(), json!({ "type": object }));
    row.extend(fields.into_iter().filter(|(name, _)| name != "attributes"));
    Value::Object(row)
}

/// The value of a key in whatever case, and the other fields.
fn without(row: &Fields, key: &str) -> (Value, Fields) {
    let (keys, others): (Fields, Fields) =
        row.clone().into_iter().partition(|(name, _)| name.eq_ignore_ascii_case(key));
    (keys.into_iter().next().map_or(Value::Null, |(_, value)| value), others)
}

fn unique(rows: &[Fields], key: &str) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    for (index, row) in rows.iter().enumerate() {
        let value = match without(row, key).0 {
            Value::String(text) if !text.is_empty() => text,
            Value::Number(number) => number.to_string(),
            _ => return Err(Error::InvalidRequest(format!("row {index} says no {key}"))),
        };
        if !seen.insert(value.clone()) {
            return Err(Error::InvalidRequest(format!(
                "two rows are about {key} {value}; merge them into one"
            )));
        }
    }
    Ok(())
}
