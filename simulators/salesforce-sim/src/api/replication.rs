//! What has changed or gone within a span of time.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Api, Call, Done, Reply, param, refuse};
use crate::error::Refusal;
use crate::org::api_time;
use crate::storage::Stored;

/// How far back deletions are known.
const DELETED_KNOWN: SignedDuration = SignedDuration::from_hours(15 * 24);

/// How far back changes are known.
const UPDATED_KNOWN: SignedDuration = SignedDuration::from_hours(30 * 24);

impl Api<'_> {
    /// The ids of records that were changed.
    pub(super) fn updated(&self, call: &Call, object: &str) -> Done {
        let (start, end) = self.span(call, UPDATED_KNOWN)?;
        let rows = self.within(object, start, end, false)?;
        let ids: Vec<String> = rows.iter().map(|row| row.id()).collect();
        Ok(Reply::ok(json!({"ids": ids, "latestDateCovered": api_time(end)})))
    }

    /// The ids of records that were deleted, with the time.
    pub(super) fn deleted(&self, call: &Call, object: &str) -> Done {
        let (start, end) = self.span(call, DELETED_KNOWN)?;
        let rows = self.within(object, start, end, true)?;
        let gone: Vec<Value> =
            rows.iter().map(|row| json!({"id": row.id(), "deletedDate": api_time(row.modstamp)})).collect();
        let earliest = self.now.checked_sub(DELETED_KNOWN).unwrap_or(self.now).as_second();
        Ok(Reply::ok(json!({
            "deletedRecords": gone, "earliestDateAvailable": api_time(earliest), "latestDateCovered": api_time(end),
        })))
    }

    fn within(
        &self,
        object: &str,
        start: i64,
        end: i64,
        deleted: bool,
    ) -> Result<Vec<&Arc<Stored>>, Vec<Refusal>> {
        let table = self.state.org.table(object).ok_or_else(|| vec![Refusal::not_found()])?;
        Ok(table.changed(start, end).filter(|row| row.deleted == deleted).collect())
    }

    /// Start and end in seconds; the platform does not look at anything below minutes.
    fn span(&self, call: &Call, known: SignedDuration) -> Result<(i64, i64), Vec<Refusal>> {
        let at = |name: &str| {
            let text = param(call, name).unwrap_or_default();
            // A plus sign that was not escaped arrives as a blank.
            let text = text.trim().replace(' ', "+");
            let at: Option<Timestamp> =
                text.parse().ok().or_else(|| Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", &text).ok());
            at.map(|at| at.as_second().div_euclid(60) * 60)
        };
        let earliest = self.now.checked_sub(known).unwrap_or(self.now).as_second().div_euclid(60) * 60;
        match (at("start"), at("end")) {
            // assumed: the wording; the code is documented for both
            (Some(start), Some(end)) if start >= end => {
                let message = "endDate must be at least one minute greater than startDate";
                refuse(Refusal::new("INVALID_REPLICATION_DATE", message))
            }
            (Some(start), Some(_)) if start < earliest => {
                let message = format!("startDate cannot be more than {} days ago", known.as_hours() / 24);
                refuse(Refusal::new("INVALID_REPLICATION_DATE", message))
            }
            (Some(start), Some(end)) => Ok((start, end)),
            _ => refuse(Refusal::new("MALFORMED_QUERY", "start and end are required, as dateTime")),
        }
    }
}
