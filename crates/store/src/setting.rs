//! Settings that belong to no connection, each a JSON value under a name.

use rusqlite::{OptionalExtension, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::db::{from_json, to_json};
use crate::{Store, StoreError};

impl Store {
    /// The setting `name`; nothing where it was never kept.
    ///
    /// # Errors
    /// When the database cannot be read, or the setting is of another form.
    pub fn setting<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, StoreError> {
        self.read(|tx| {
            let mut statement = tx.db.prepare_cached("SELECT value FROM setting WHERE name = ?1")?;
            let value: Option<String> = statement.query_row([name], |row| row.get(0)).optional()?;
            value.map(|text| from_json("a setting", &text)).transpose()
        })
    }

    /// Keeps a setting in place of what was under its name.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn put_setting<T: Serialize>(&self, name: &str, value: &T) -> Result<(), StoreError> {
        let value = to_json("a setting", value)?;
        self.transaction(|tx| {
            tx.db.execute(
                "INSERT INTO setting (name, value) VALUES (?1, ?2) \
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                params![name, value],
            )?;
            Ok(())
        })
    }
}
