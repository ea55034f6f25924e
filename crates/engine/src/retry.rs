//! Retry: what could not be synced is looked at again at once, because somebody asks for it or because its cause may be gone.

use std::collections::BTreeMap;

use model::Side;
use store::{Cause, ErrorFilter};

use crate::connection::Connection;
use crate::error::EngineError;

impl Connection {
    /// Looks again at the records whose errors stand; answers how many records those are.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub fn retry(&self, filter: &ErrorFilter) -> Result<u64, EngineError> {
        let records = retry(&self.store, &self.id, filter, self.now())?;
        self.forget_stuck();
        if records > 0 {
            self.wake.notify_one();
        }
        Ok(records)
    }
}

/// Marks the records whose errors stand, for whichever engine works on them; answers how many records those are.
///
/// # Errors
/// When the store cannot be used.
pub fn retry(
    store: &store::Store,
    connection: &model::ConnectionId,
    filter: &ErrorFilter,
    now: jiff::Timestamp,
) -> Result<u64, store::StoreError> {
    let mut records: BTreeMap<(Side, String), Vec<String>> = BTreeMap::new();
    for row in store.errors(connection, filter)? {
        let of_object = records.entry((row.error.side, row.error.object)).or_default();
        if of_object.last() != Some(&row.error.record) {
            of_object.push(row.error.record);
        }
    }
    let mut count = 0;
    for ((side, object), mut ids) in records {
        ids.sort();
        ids.dedup();
        count += ids.len() as u64;
        store.mark_many(connection, side, &object, &ids, Cause::Person, now)?;
    }
    Ok(count)
}
