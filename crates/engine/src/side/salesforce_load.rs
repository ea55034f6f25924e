//! Large reads of Salesforce: everything an object has, and what a person chose. Long answers come as bulk queries. What
//! they bring along is kept for a while, so that a record that nobody on the other side has need not be asked for again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ::salesforce::{BulkPage, BulkRow, Error, Row, Scope, soql_time};
use jiff::{SignedDuration, Timestamp};
use model::{Field, Kind};
use serde_json::Value as Json;

use crate::import::Chosen;

use super::roles;
use super::salesforce::{SalesforceSide, failed};
use super::salesforce_scope::Condition;
use super::{ChangesPage, ChosenPage, RecordState, SideError};

/// Above so many records a bulk query costs fewer calls than pages of two thousand.
const MANY: u64 = 10_000;
/// Rows in a page of a bulk query.
const ROWS: usize = 20_000;
/// How old a row may become that stands for a look.
const FRESH: SignedDuration = SignedDuration::from_mins(15);
/// How the places of pages begin that are a bulk query's.
const BULK: &str = "bulk|";

/// Rows that a large read has brought, until they are used or too old.
#[derive(Debug, Clone, Default)]
pub(super) struct Kept(Arc<Mutex<BTreeMap<(String, String), KeptRow>>>);

#[derive(Debug)]
struct KeptRow {
    at: Timestamp,
    columns: Arc<Vec<String>>,
    line: BulkRow,
}

impl Kept {
    fn rows(&self) -> MutexGuard<'_, BTreeMap<(String, String), KeptRow>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, object: &str, at: Timestamp, page: &BulkPage) {
        let Some(place) = page.columns.iter().position(|column| column == "Id") else { return };
        let columns = Arc::new(page.columns.clone());
        let mut rows = self.rows();
        rows.retain(|_, row| at.duration_since(row.at) < FRESH);
        for line in &page.rows {
            if let Some(id) = line.get(place) {
                let row = KeptRow { at, columns: Arc::clone(&columns), line: line.clone() };
                rows.insert((object.to_owned(), id.to_owned()), row);
            }
        }
    }

    /// A kept row that is young enough and holds these fields. It is used once: the next look is a real one.
    fn take(&self, object: &str, id: &str, fields: &[Field], now: Timestamp) -> Option<Row> {
        let row = self.rows().remove(&(object.to_owned(), id.to_owned()))?;
        let holds = |field: &Field| row.columns.contains(&field.name);
        let young = now.duration_since(row.at) < FRESH;
        (young && fields.iter().all(holds)).then(|| row_of(object, &row.columns, &row.line, fields))
    }
}

/// A line of a bulk query as a row; an empty text stands for nothing.
fn row_of(object: &str, columns: &[String], line: &BulkRow, fields: &[Field]) -> Row {
    let mut row = Row { object: Some(object.to_owned()), ..Row::default() };
    for (name, text) in columns.iter().zip(line).filter(|(_, text)| !text.is_empty()) {
        let field = fields.iter().find(|field| field.name == *name);
        let is_answer = matches!(name.as_str(), "IsDeleted" | "IsConverted")
            || field.is_some_and(|field| field.kind == Kind::Boolean);
        let value = match text {
            "true" | "false" if is_answer => Json::Bool(text == "true"),
            text => Json::String(text.to_owned()),
        };
        row.fields.insert(name.clone(), value);
    }
    row.id = row.fields.get("Id").and_then(Json::as_str).map(ToOwned::to_owned);
    row
}

/// Where a page of chosen records starts.
enum Place {
    Start,
    /// Behind this id.
    After(String),
    /// In the rows of a bulk query; behind this id, should that be gone.
    Bulk {
        job: String,
        page: Option<String>,
        after: String,
    },
}

impl Place {
    fn parse(text: Option<&str>) -> Self {
        let Some(text) = text else { return Self::Start };
        let Some(rest) = text.strip_prefix(BULK) else { return Self::After(text.to_owned()) };
        let mut parts = rest.splitn(3, '|').map(ToOwned::to_owned);
        let (job, page, after) = (parts.next(), parts.next(), parts.next());
        Self::Bulk {
            job: job.unwrap_or_default(),
            page: page.filter(|page| !page.is_empty()),
            after: after.unwrap_or_default(),
        }
    }
}

impl SalesforceSide {
    /// The first page of everything there is: what is deleted already was never in step.
    pub(super) async fn first_page_of_all(
        &self,
        object: &str,
        fields: &[Field],
    ) -> Result<ChangesPage, SideError> {
        let soql =
            format!("SELECT {} FROM {object} ORDER BY SystemModstamp, Id", self.columns(object, fields));
        let first = self.client().query(&soql).await.map_err(|error| failed(&error))?;
        // Bulk queries know no subqueries, by which contact roles are read.
        if first.total_size > MANY
            && !roles::is_mapped(fields)
            && let Some(job) = self.start_bulk(&soql).await?
        {
            return self.bulk_changes(object, &format!("{BULK}{job}||"), fields).await;
        }
        self.page(object, first, fields).await
    }

    /// Whether a page of changes is a bulk query's.
    pub(super) fn is_bulk(page: &str) -> bool {
        page.starts_with(BULK)
    }

    /// A page of everything there is, from the rows of a bulk query.
    pub(super) async fn bulk_changes(
        &self,
        object: &str,
        place: &str,
        fields: &[Field],
    ) -> Result<ChangesPage, SideError> {
        let Place::Bulk { job, page, .. } = Place::parse(Some(place)) else {
            return Ok(ChangesPage { records: Vec::new(), next: None });
        };
        let page = self.bulk_page(object, &job, page.as_deref()).await.map_err(|error| failed(&error))?;
        let user = self.user().await?;
        let rows = page.rows.iter().map(|line| row_of(object, &page.columns, line, fields));
        let records: Vec<RecordState> = rows.map(|row| self.state_of(object, &row, fields, user)).collect();
        Ok(ChangesPage { records, next: page.next.map(|next| format!("{BULK}{job}|{next}|")) })
    }

    /// Starts a bulk query; answers nothing where the org does not let one be started.
    async fn start_bulk(&self, soql: &str) -> Result<Option<String>, SideError> {
        let started = async {
            let job = self.client().bulk_query(soql, Scope::Live).await?;
            self.client().bulk_query_done(&job).await.map(|()| job)
        };
        match started.await {
            Ok(job) => Ok(Some(job)),
            Err(
                error @ (Error::Api(_) | Error::Forbidden(_) | Error::NotFound(_) | Error::InvalidRequest(_)),
            ) => {
                tracing::info!(%error, "no bulk query; reading page by page");
                Ok(None)
            }
            Err(error) => Err(failed(&error)),
        }
    }

    /// A page of a bulk query's rows, which are kept.
    async fn bulk_page(&self, object: &str, job: &str, page: Option<&str>) -> Result<BulkPage, Error> {
        let page = self.client().bulk_query_page(job, page, ROWS).await?;
        self.kept.keep(object, self.client().now(), &page);
        Ok(page)
    }

    /// A page of the records that a person chose, in the order of their ids: each page can be asked for again at any
    /// later time.
    pub(super) async fn chosen_page(
        &self,
        object: &str,
        choice: &Chosen,
        place: Option<&str>,
        fields: &[Field],
    ) -> Result<ChosenPage, SideError> {
        let after = match Place::parse(place) {
            Place::Start => None,
            Place::After(id) => Some(id),
            Place::Bulk { job, page, after } => {
                match self.chosen_in_bulk(object, &job, page.as_deref(), &after).await {
                    Ok(page) => return Ok(page),
                    Err(error) if error.is_temporary() || error.is_ambiguous() => return Err(failed(&error)),
                    Err(error) => {
                        tracing::info!(%error, "the bulk query is gone; going on behind the last id");
                        Some(after).filter(|after| !after.is_empty())
                    }
                }
            }
        };
        let condition = match choice.condition.as_deref() {
            Some(scope) => self.condition_or_trouble(object, scope).await?,
            None => Condition::default(),
        };
        let mut also: Vec<String> = Vec::new();
        also.extend(choice.created_since.map(|at| format!("CreatedDate >= {}", soql_time(at))));
        also.extend(choice.modified_since.map(|at| format!("SystemModstamp >= {}", soql_time(at))));
        also.extend(after.as_ref().map(|last| format!("Id > '{last}'")));
        let also = also.join(" AND ");
        let asked = |columns: &str| format!("{} ORDER BY Id", condition.select(columns, object, &also));
        let first = self.client().query(&asked("Id")).await.map_err(|error| failed(&error))?;
        let done_before = after.clone().unwrap_or_default();
        if first.total_size > MANY {
            let plain: Vec<Field> =
                fields.iter().filter(|field| field.name != roles::ROLES).cloned().collect();
            if let Some(job) = self.start_bulk(&asked(&self.columns(object, &plain))).await? {
                let page = self.chosen_in_bulk(object, &job, None, &done_before).await;
                let page = page.map_err(|error| failed(&error))?;
                return Ok(ChosenPage { total: Some(first.total_size), ..page });
            }
        }
        let ids: Vec<String> = first.records.iter().filter_map(|row| row.id.clone()).collect();
        let next = if first.done { None } else { ids.last().cloned() };
        Ok(ChosenPage { ids, next, total: Some(first.total_size) })
    }

    async fn chosen_in_bulk(
        &self,
        object: &str,
        job: &str,
        page: Option<&str>,
        after: &str,
    ) -> Result<ChosenPage, Error> {
        let page = self.bulk_page(object, job, page).await?;
        let place = page.columns.iter().position(|column| column == "Id").unwrap_or_default();
        let ids: Vec<String> =
            page.rows.iter().filter_map(|line| line.get(place)).map(ToOwned::to_owned).collect();
        let last = ids.last().map_or(after, String::as_str);
        let next = page.next.map(|next| format!("{BULK}{job}|{next}|{last}"));
        Ok(ChosenPage { ids, next, total: None })
    }

    /// Records by id, as a large read has just brought them, where it has; with the ids of those.
    pub(super) async fn read_kept(
        &self,
        object: &str,
        ids: &[String],
        fields: &[Field],
    ) -> Result<(BTreeMap<String, RecordState>, BTreeSet<String>), SideError> {
        let mut kept: BTreeMap<String, Row> = BTreeMap::new();
        for id in ids {
            let row = self.kept.take(object, id, fields, self.client().now());
            kept.extend(row.map(|row| (id.clone(), row)));
        }
        let rest: Vec<String> = ids.iter().filter(|id| !kept.contains_key(*id)).cloned().collect();
        let mut found = self.read_all(object, &rest, fields).await?;
        if kept.is_empty() {
            return Ok((found, BTreeSet::new()));
        }
        let user = self.user().await?;
        let older: BTreeSet<String> = kept.keys().cloned().collect();
        found.extend(kept.into_iter().map(|(id, row)| (id, self.state_of(object, &row, fields, user))));
        Ok((found, older))
    }
}

#[cfg(test)]
mod tests {
    use model::{Access, TextFormat};

    use super::*;

    fn field(name: &str, kind: Kind) -> Field {
        let label = name.to_owned();
        Field {
            name: name.to_owned(),
            label,
            kind,
            access: Access::ReadWrite,
            required: false,
            unique: false,
        }
    }

    #[test]
    fn a_kept_row_is_used_once_and_only_while_it_is_young() {
        let kept = Kept::default();
        let at: Timestamp = "2026-03-02T08:00:00Z".parse().unwrap();
        let text = Kind::Text { max_length: None, format: TextFormat::Plain };
        let fields = [field("LastName", text.clone()), field("HasOptedOutOfEmail", Kind::Boolean)];
        let page = BulkPage {
            columns: ["Id", "LastName", "HasOptedOutOfEmail"].map(str::to_owned).to_vec(),
            rows: vec![BulkRow::from(vec!["003A", "true", "true"])],
            next: None,
        };
        kept.keep("Contact", at, &page);
        let row = kept.take("Contact", "003A", &fields, at).unwrap();
        assert_eq!(row.get("LastName"), Some(&Json::String("true".into())), "a name is a text");
        assert_eq!(row.get("HasOptedOutOfEmail"), Some(&Json::Bool(true)));
        assert!(kept.take("Contact", "003A", &fields, at).is_none(), "once");
        kept.keep("Contact", at, &page);
        let later = at.checked_add(FRESH).unwrap();
        assert!(kept.take("Contact", "003A", &fields, later).is_none(), "too old");
        kept.keep("Contact", at, &page);
        assert!(kept.take("Contact", "003A", &[field("Title", text)], at).is_none(), "a field it lacks");
    }
}
