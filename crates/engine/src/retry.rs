//! Retry: what could not be synced is looked at again at once, because somebody asks for it or because its cause may be gone.

use std::collections::BTreeMap;

use model::{ObjectMapping, Side};
use store::{Cause, ErrorFilter};

use crate::connection::Connection;
use crate::error::EngineError;
use crate::settings::Settings;

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
    // What is said about an owner, or about an object that is switched off, is no record that anybody works on: a mark on it
    // would be due for ever.
    let settings = store.connection(connection)?;
    let settings = settings.and_then(|row| serde_json::from_value::<Settings>(row.settings).ok());
    let mappings = settings.map(|settings| settings.mappings());
    let is_worked = |side: Side, object: &str| {
        let worked = |mapping: &ObjectMapping| mapping.enabled && mapping.object(side) == object;
        mappings.as_ref().is_none_or(|mappings| mappings.iter().any(worked))
    };
    for row in store.errors(connection, filter)? {
        if !is_worked(row.error.side, &row.error.object) {
            continue;
        }
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
