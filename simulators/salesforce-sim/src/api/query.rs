//! Queries, page by page.

use std::sync::Arc;

use serde_json::json;

use super::{Api, Call, Done, Reply, param, refuse};
use crate::error::Refusal;
use crate::service::Cursor;
use crate::soql::{self, Record, Row, Scope};

/// The most rows on one page.
const PAGE: usize = 2_000;

impl Api<'_> {
    pub(super) fn query(&mut self, call: &Call, version: &str, scope: Scope) -> Done {
        let Some(text) = param(call, "q") else {
            return refuse(Refusal::new("MALFORMED_QUERY", "A query string has to be specified"));
        };
        let query = soql::parse(&text).map_err(failed)?;
        let request = soql::Request { text, now: self.now, scope, version: version.to_owned() };
        let size = page_size(call);
        let org = &self.state.org;
        let (answer, ids) = soql::execute_first(&query, &request, org, size).map_err(failed)?;
        let mut body = json!({"totalSize": answer.total_size, "done": ids.is_empty()});
        if !ids.is_empty() {
            let rows = ids.iter().filter_map(|id| org.find(id)).map(|(_, row)| Arc::clone(row)).collect();
            let locator = self.state.service.keep(Cursor { query, request, rows });
            body["nextRecordsUrl"] = json!(format!("/services/data/v{version}/query/{locator}-{size}"));
        }
        body["records"] = answer.records.into();
        Ok(Reply::ok(body))
    }

    pub(super) fn further(&mut self, call: &Call, locator: &str, version: &str) -> Done {
        let gone = || vec![Refusal::new("INVALID_QUERY_LOCATOR", "invalid query locator")];
        let (id, offset) = locator.rsplit_once('-').ok_or_else(gone)?;
        let offset: usize = offset.parse().map_err(|_| gone())?;
        let cursor = self.state.service.cursor(id).ok_or_else(gone)?;
        let total = cursor.rows.len();
        let end = total.min(offset.saturating_add(page_size(call)));
        let wanted = cursor.rows.get(offset..end).filter(|rows| !rows.is_empty()).ok_or_else(gone)?;
        let rows: Vec<Row<'_>> = wanted.iter().map(|row| Row::Borrowed(&**row as &dyn Record)).collect();
        let records =
            soql::records_of(&cursor.query, &cursor.request, &self.state.org, &rows).map_err(failed)?;
        let mut body = json!({"totalSize": total, "done": end >= total});
        if end < total {
            body["nextRecordsUrl"] = json!(format!("/services/data/v{version}/query/{id}-{end}"));
        }
        body["records"] = records.into();
        Ok(Reply::ok(body))
    }
}

fn page_size(call: &Call) -> usize {
    call.headers.batch_size.unwrap_or(PAGE).clamp(200, PAGE)
}

fn failed(error: soql::SoqlError) -> Vec<Refusal> {
    vec![Refusal::new(error.code, error.message)]
}
