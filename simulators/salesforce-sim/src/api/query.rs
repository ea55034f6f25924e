//! Queries, page by page.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Api, Call, Done, Reply, param, refuse};
use crate::error::Refusal;
use crate::service::{Cursor, Pages};
use crate::soql::{self, Record, Row, Scope};

/// The most rows on one page.
const PAGE: usize = 2_000;

impl Api<'_> {
    pub(super) fn query(&mut self, call: &Call, version: &str, scope: Scope, whole: bool) -> Done {
        let Some(text) = param(call, "q").filter(|text| !text.trim().is_empty()) else {
            return refuse(Refusal::new("MALFORMED_QUERY", "A query string has to be specified"));
        };
        if param(call, "columns").is_some_and(|columns| columns == "true") {
            return self.columns(text, version);
        }
        self.run_query(call, text, version, scope, whole)
    }

    /// Answers the first page of a statement. Of a `whole` request, the rows are written as they will be sent.
    pub(super) fn run_query(
        &mut self,
        call: &Call,
        text: String,
        version: &str,
        scope: Scope,
        whole: bool,
    ) -> Done {
        if let Some(done) = self.definition_query(&text, version) {
            return done;
        }
        let query = soql::parse(&text).map_err(failed)?;
        let request = soql::Request { text, now: self.now, scope, version: version.to_owned() };
        let size = page_size(call);
        let org = &self.state.org;
        if whole && let Some(page) = soql::write_first(&query, &request, org, size).map_err(failed)? {
            let soql::Page { total_size, rows, records, more } = page;
            self.page = Some(records);
            return Ok(Reply::ok(self.page_head(query, request, total_size, rows, more)));
        }
        let (mut answer, more) = soql::execute_first(&query, &request, org, size).map_err(failed)?;
        let total = answer.total_size;
        if more == soql::More::Nothing && answer.records.len() > PAGE {
            let message = "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single \
                           batch";
            return refuse(Refusal::new("EXCEEDED_ID_LIMIT", message));
        }
        let taken = match more {
            soql::More::Nothing => answer.records.len(),
            _ => fitting(&answer.records, size),
        };
        answer.records.truncate(taken);
        self.cut_children(&mut answer.records, size, version);
        let mut body = self.page_head(query, request, total, taken, more);
        body["records"] = answer.records.into();
        Ok(Reply::ok(body))
    }

    /// What stands before the rows of a first page. Keeps what is needed to answer further ones.
    fn page_head(
        &mut self,
        query: soql::Query,
        request: soql::Request,
        total: usize,
        taken: usize,
        more: soql::More,
    ) -> Value {
        let done = more == soql::More::Nothing || taken >= total;
        let mut body = json!({"totalSize": total, "done": done});
        if !done && let Some(table) = self.state.org.table(&query.from.text) {
            let rows = table.rows.clone();
            let version = request.version.clone();
            let cursor = Cursor { query, request, rows, total, more };
            let locator = self.state.service.keep(Pages::Rows(Arc::new(cursor)));
            body["nextRecordsUrl"] = json!(further_url(&version, &locator, taken));
        }
        body
    }

    /// Leaves at most `size` children with each record, and keeps the others for further pages.
    fn cut_children(&mut self, records: &mut [Value], size: usize, version: &str) {
        for record in records.iter_mut().filter_map(Value::as_object_mut) {
            for (_, value) in record.iter_mut().filter(|(name, _)| *name != "attributes") {
                let Some(list) = value.get_mut("records").and_then(Value::as_array_mut) else { continue };
                self.cut_children(list, size, version);
                if list.len() <= size {
                    continue;
                }
                let all = Arc::new(list.clone());
                list.truncate(size);
                let locator = self.state.service.keep(Pages::Children(all));
                value["done"] = json!(false);
                value["nextRecordsUrl"] = json!(further_url(version, &locator, size));
            }
        }
    }

    /// How a statement would be worked: by an index, or by looking at every record.
    pub(super) fn explain(&self, call: &Call) -> Done {
        let text = param(call, "explain").unwrap_or_default();
        let query = soql::parse(&text).map_err(failed)?;
        let org = &self.state.org;
        let request = soql::Request { text, now: self.now, scope: Scope::Live, version: "66.0".into() };
        let indexed = soql::leading_fields(&query, &request, org).map_err(failed)?;
        let (answer, _) = soql::execute_first(&query, &request, org, 0).map_err(failed)?;
        let Some(table) = org.table(&query.from.text) else { return refuse(Refusal::not_found()) };
        let all = table.live();
        let found = if query.is_count() { all } else { answer.total_size as u64 };
        let plan = |kind: &str, fields: &[String], cost: f64, notes: Value| {
            json!({
                "cardinality": found, "fields": fields, "leadingOperationType": kind, "notes": notes,
                "relativeCost": cost, "sobjectCardinality": all, "sobjectType": table.def.name,
            })
        };
        let mut plans = Vec::new();
        if !indexed.is_empty() {
            let share = if all == 0 { 0.0 } else { found as f64 / all as f64 };
            plans.push(plan("Index", &indexed, (share * 1_000.0).round() / 1_000.0, json!([])));
        }
        let note = json!([{
            "description": "Not considering filter for optimization because unindexed",
            "fields": ["IsDeleted"], "tableEnumOrId": table.def.name,
        }]);
        // assumed: the cost of a look at every record
        plans.push(plan("TableScan", &[], 1.0, note));
        Ok(Reply::ok(json!({"plans": plans, "sourceQuery": request.text})))
    }

    pub(super) fn further(&mut self, call: &Call, locator: &str, version: &str, whole: bool) -> Done {
        let gone = || vec![Refusal::new("INVALID_QUERY_LOCATOR", "invalid query locator")];
        let (id, offset) = locator.rsplit_once('-').ok_or_else(gone)?;
        let offset: usize = offset.parse().map_err(|_| gone())?;
        let size = page_size(call);
        let (mut records, total) = match self.state.service.cursor(id).ok_or_else(gone)? {
            Pages::Children(all) => {
                (all.iter().skip(offset).take(size).cloned().collect::<Vec<Value>>(), all.len())
            }
            Pages::Rows(cursor) => {
                let wanted = cursor.page(offset, size);
                let rows: Vec<Row<'_>> =
                    wanted.iter().map(|row| Row::Borrowed(&***row as &dyn Record)).collect();
                let org = &self.state.org;
                if whole
                    && !rows.is_empty()
                    && let Some(page) =
                        soql::write_of(&cursor.query, &cursor.request, org, &rows).map_err(failed)?
                {
                    self.page = Some(page);
                    let body = further_head(version, id, offset + rows.len(), cursor.total);
                    return Ok(Reply::ok(body));
                }
                let records = soql::records_of(&cursor.query, &cursor.request, org, &rows).map_err(failed)?;
                (records, cursor.total)
            }
        };
        records.truncate(fitting(&records, size));
        if records.is_empty() {
            return Err(gone());
        }
        let end = offset + records.len();
        self.cut_children(&mut records, size, version);
        let mut body = further_head(version, id, end, total);
        body["records"] = records.into();
        Ok(Reply::ok(body))
    }
}

/// What stands before the rows of a further page.
fn further_head(version: &str, locator: &str, end: usize, total: usize) -> Value {
    let mut body = json!({"totalSize": total, "done": end >= total});
    if end < total {
        body["nextRecordsUrl"] = json!(further_url(version, locator, end));
    }
    body
}

fn further_url(version: &str, locator: &str, offset: usize) -> String {
    format!("/services/data/v{version}/query/{locator}-{offset}")
}

/// How many records fit on a page, where children count as well. The first one always does.
fn fitting(records: &[Value], size: usize) -> usize {
    let mut used = 0;
    for (at, record) in records.iter().enumerate() {
        let fields = record.as_object().into_iter().flatten().filter(|(name, _)| *name != "attributes");
        let children = fields.filter_map(|(_, value)| value.get("records")?.as_array().map(Vec::len));
        used += 1 + children.sum::<usize>().min(size);
        if used > size && at > 0 {
            return at;
        }
    }
    records.len()
}

fn page_size(call: &Call) -> usize {
    call.headers.batch_size.unwrap_or(PAGE).clamp(200, PAGE)
}

pub(super) fn failed(error: soql::SoqlError) -> Vec<Refusal> {
    vec![Refusal::new(error.code, error.message)]
}
