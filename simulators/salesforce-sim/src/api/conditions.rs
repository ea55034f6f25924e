//! Requests that hold only if something has changed, or has not.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use jiff::Timestamp;

use super::{Api, Call};
use crate::error::Refusal;
use crate::storage::Stored;

/// What becomes of a request with conditions.
pub(super) enum Condition {
    /// It is answered as if there were none.
    Holds,
    /// Nothing has changed: 304.
    Unchanged,
}

impl Api<'_> {
    /// Whether the descriptions are as they were; the answer says how they are marked.
    pub(super) fn is_unchanged(&mut self, call: &Call) -> bool {
        let changed = self.state_changed();
        self.head.push(("ETag", mark(&[changed.as_second()])));
        self.head.push(("Last-Modified", http_time(changed)));
        call.headers.if_modified_since.is_some_and(|since| since.as_second() >= changed.as_second())
    }

    /// Looks at the conditions of a request for one record. Only accounts have marks.
    pub(super) fn condition(
        &mut self,
        call: &Call,
        object: &str,
        row: &Stored,
    ) -> Result<Condition, Refusal> {
        let headers = &call.headers;
        let refused = |message: &str| Refusal::new("PRECONDITION_FAILED", message).with_status(412);
        if headers.if_unmodified_since.is_some_and(|since| row.modified_at > since.as_second()) {
            return Err(refused("The record has been modified since the specified date"));
        }
        let reading = call.method == "GET";
        let own =
            (object == "Account").then(|| mark(&[row.modified_at, row.modstamp, row.number.cast_signed()]));
        if let Some(own) = &own {
            let wanted = headers.if_match.as_deref();
            if wanted.is_some_and(|wanted| !lists(wanted, own)) {
                return Err(refused("The record does not have the specified entity tag"));
            }
            let known = headers.if_none_match.as_deref().is_some_and(|known| lists(known, own));
            if known && !reading {
                return Err(refused("The record has the specified entity tag"));
            }
            if reading {
                self.head.push(("ETag", own.clone()));
                if known {
                    return Ok(Condition::Unchanged);
                }
            }
        }
        if reading {
            let changed = Timestamp::from_second(row.modified_at).unwrap_or(Timestamp::UNIX_EPOCH);
            self.head.push(("Last-Modified", http_time(changed)));
            if headers.if_modified_since.is_some_and(|since| row.modified_at <= since.as_second()) {
                return Ok(Condition::Unchanged);
            }
        }
        Ok(Condition::Holds)
    }
}

/// Whether a list of entity tags has this one; `*` stands for any.
fn lists(list: &str, own: &str) -> bool {
    list.split(',').map(|tag| tag.trim().trim_start_matches("W/")).any(|tag| tag == "*" || tag == own)
}

fn mark(parts: &[i64]) -> String {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    format!("\"{:08x}\"", hasher.finish() >> 32)
}

fn http_time(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
