//! SOQL: a parser, and an evaluator over any org that can describe itself and lend its rows ([`Data`]).
//!
//! Shares no code with the API clients. Statements are parsed without the org ([`parse`]) and then bound to
//! its schema and run ([`execute`]); every refusal carries the platform's code and wording. Neither step
//! panics or recurses without bound, whatever the text.
//!
//! Left out: `WITH DATA CATEGORY`, `DISTANCE` in SELECT, literals of currencies and of times of day; `FORMAT`, `toLabel`
//! and `convertCurrency` answer the plain value; text sorts by code point without case, picklists as text; fiscal
//! years are calendar years and weeks begin on Sunday.

mod aggregate;
pub mod ast;
mod bind_condition;
mod column;
pub mod data;
mod dates;
mod each;
pub mod error;
mod filter;
mod hint;
mod ids;
mod key;
mod lex;
mod literal;
mod parse;
mod parse_condition;
mod plan;
mod render;
mod run;
#[cfg(test)]
mod tests;
mod write;

pub use ast::Query;
pub use data::{
    AnyOf, ChildRelationship, Data, FieldInfo, FieldKind, Hint, ObjectInfo, ParentRelationship, Record, Row,
    ScanOrder, TimeBounds,
};
pub use each::execute_each;
pub use error::SoqlError;
pub(crate) use write::json;

use column::Env;

/// Which rows a query sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// `query`: what is not deleted
    Live,
    /// `queryAll`: the recycle bin too
    All,
}

/// What a query answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// how many rows there are, or what `COUNT()` counted
    pub total_size: usize,
    /// the rows in wire form, `attributes` first; none for `COUNT()`
    pub records: Vec<serde_json::Value>,
}

/// Parses a statement.
///
/// # Errors
/// `MALFORMED_QUERY` when it is none, `NUMBER_OUTSIDE_VALID_RANGE` when its OFFSET is too large.
pub fn parse(text: &str) -> Result<Query, SoqlError> {
    parse::statement(text)
}

/// How a statement is to be answered.
#[derive(Debug, Clone)]
pub struct Request {
    /// what the statement was parsed from, for messages
    pub text: String,
    /// what relative dates count from
    pub now: jiff::Timestamp,
    /// which rows it sees
    pub scope: Scope,
    /// the API version in record URLs (`66.0` or `v66.0`)
    pub version: String,
}

impl Request {
    fn env<'a>(&'a self, query: &Query, data: &'a dyn Data) -> Env<'a> {
        let zone = data.time_zone();
        Env {
            text: &self.text,
            data,
            today: self.now.to_zoned_datetime(zone.clone()).date(),
            zone,
            all: self.scope == Scope::All || query.all_rows,
            url: format!("/services/data/v{}/sobjects", self.version.trim_start_matches('v')),
        }
    }
}

/// What is left of an answer after its first page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum More {
    /// nothing
    Nothing,
    /// all live rows of the object, by id
    AllLive,
    /// these rows, by number; those of the first page are among them
    Numbered(Vec<u64>),
}

/// Runs a statement and puts its first `size` rows into wire form. A statement that groups is answered in full. One
/// with children always answers what all its rows are.
///
/// # Errors
/// As [`execute`].
pub fn execute_first(
    query: &Query,
    request: &Request,
    data: &dyn Data,
    size: usize,
) -> Result<(Answer, More), SoqlError> {
    let env = request.env(query, data);
    if aggregate::is_one(query) || query.is_count() {
        return answer(query, &env).map(|answer| (answer, More::Nothing));
    }
    let plan = plan::statement(&env, query)?;
    let First { rows, total_size, more } = first(query, &plan, &env, size);
    let records = render::records(&env, &plan, &rows);
    Ok((Answer { total_size, records }, more))
}

/// The rows of a first page.
struct First<'a> {
    rows: Vec<Row<'a>>,
    total_size: usize,
    more: More,
}

fn first<'a>(query: &Query, plan: &plan::Plan, env: &Env<'a>, size: usize) -> First<'a> {
    let data = env.data;
    let wanted = &plan.rows;
    let all = query.scope.is_none()
        && wanted.test.is_none()
        && wanted.limit.is_none()
        && wanted.offset == 0
        && !env.all;
    if all
        && data.order(&plan.object, &Hint::default()) == ScanOrder::Id
        && run::is_sorted(env, &plan.object, wanted)
        && let Some(total_size) = data.live(&plan.object)
        && total_size > size
    {
        let rows = run::scan(env, &plan.object, None).take(size).collect();
        return First { rows, total_size, more: More::AllLive };
    }
    let mut rows = run::rows(env, &plan.object, &plan.rows);
    let total_size = rows.len();
    // Children count toward a page, so that fewer rows than `size` may fit on it.
    let more = match rows.len() > size || !plan.children.is_empty() && !rows.is_empty() {
        true => More::Numbered(rows.iter().map(|row| row.number()).collect()),
        false => More::Nothing,
    };
    rows.truncate(size);
    First { rows, total_size, more }
}

/// A page of rows as JSON.
#[derive(Debug)]
pub(crate) struct Page {
    /// how many rows there are in all
    pub total_size: usize,
    /// how many are on the page
    pub rows: usize,
    /// a list of them
    pub records: Vec<u8>,
    pub more: More,
}

/// The same as [`execute_first`] as JSON at once, for statements that neither group nor have children.
pub(crate) fn write_first(
    query: &Query,
    request: &Request,
    data: &dyn Data,
    size: usize,
) -> Result<Option<Page>, SoqlError> {
    if aggregate::is_one(query) || query.is_count() {
        return Ok(None);
    }
    let env = request.env(query, data);
    let plan = plan::statement(&env, query)?;
    if !write::is_flat(&plan) {
        return Ok(None);
    }
    let First { rows, total_size, more } = first(query, &plan, &env, size);
    Ok(Some(Page { total_size, rows: rows.len(), records: write::records(&env, &plan, &rows), more }))
}

/// The same as [`records_of`] as JSON at once, where that can be done.
pub(crate) fn write_of(
    query: &Query,
    request: &Request,
    data: &dyn Data,
    rows: &[Row<'_>],
) -> Result<Option<Vec<u8>>, SoqlError> {
    let env = request.env(query, data);
    let plan = plan::statement(&env, query)?;
    Ok(write::is_flat(&plan).then(|| write::records(&env, &plan, rows)))
}

/// The fields by which a store could find the rows of a statement without a look at each.
///
/// # Errors
/// As [`execute`].
pub fn leading_fields(query: &Query, request: &Request, data: &dyn Data) -> Result<Vec<String>, SoqlError> {
    let env = request.env(query, data);
    let names = plan::names(query, column::object(&env, &query.from)?);
    let test = plan::filter(&env, query, &names, false)?;
    let hint = hint::of(test.as_ref(), env.all);
    let ids = (hint.ids.is_some() || hint.from_id.is_some()).then(|| "Id".to_owned());
    let values = hint.any_of.into_iter().map(|any| any.field);
    let indexed = |field: &String| data.is_indexed(&names.object, field);
    let times = hint.times.into_iter().map(|times| times.field);
    Ok(ids.into_iter().chain(values.chain(times).filter(indexed)).collect())
}

/// Puts rows that a statement has found into wire form.
///
/// # Errors
/// As [`execute`].
pub fn records_of(
    query: &Query,
    request: &Request,
    data: &dyn Data,
    rows: &[Row<'_>],
) -> Result<Vec<serde_json::Value>, SoqlError> {
    let env = request.env(query, data);
    let plan = plan::statement(&env, query)?;
    Ok(render::records(&env, &plan, rows))
}

/// Runs a statement; `text` is what it was parsed from (for messages), `version` the API version in record
/// URLs (`66.0` or `v66.0`).
///
/// # Errors
/// `INVALID_TYPE`, `INVALID_FIELD` and others when the statement does not fit the org's schema.
pub fn execute(
    query: &Query,
    text: &str,
    data: &dyn Data,
    now: jiff::Timestamp,
    scope: Scope,
    version: &str,
) -> Result<Answer, SoqlError> {
    let request = Request { text: text.to_owned(), now, scope, version: version.to_owned() };
    answer(query, &request.env(query, data))
}

fn answer(query: &Query, env: &Env<'_>) -> Result<Answer, SoqlError> {
    if query.is_count() && query.group_by.is_empty() && query.having.is_none() {
        let object = column::object(env, &query.from)?;
        let names = plan::names(query, object);
        let rows = plan::rows(env, query, &names, false)?;
        let limit = rows.limit.unwrap_or(usize::MAX);
        let counted = run::scan(env, &names.object, rows.test.as_ref()).filter(|row| rows.own.holds(row));
        let counted = counted.skip(rows.offset).take(limit).count();
        return Ok(Answer { total_size: counted, records: Vec::new() });
    }
    let records = if aggregate::is_one(query) {
        aggregate::records(env, query)?
    } else {
        let plan = plan::statement(env, query)?;
        render::records(env, &plan, &run::rows(env, &plan.object, &plan.rows))
    };
    Ok(Answer { total_size: records.len(), records })
}
