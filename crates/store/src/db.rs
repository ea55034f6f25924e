//! The database itself: opening, migrations, transactions.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::Connection;

use crate::StoreError;

/// The migrations, in order; the database's `user_version` says how many it has had.
const MIGRATIONS: [&str; 1] = [include_str!("../migrations/0001.sql")];

/// How far a committed transaction has gone when the call returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Survives the death of the process, and of the machine but for the last moments (WAL, `synchronous=NORMAL`).
    Normal,
    /// Survives the death of the process only; for simulations, which kill nothing else.
    ProcessOnly,
}

/// All that survives, in one SQLite file.
#[derive(Debug)]
pub struct Store {
    connection: Mutex<Connection>,
}

/// Operations inside one transaction.
#[derive(Debug)]
pub struct Tx<'a> {
    pub(crate) db: &'a Connection,
}

impl Store {
    /// Opens the database at `path`, making or migrating it where needed.
    ///
    /// # Errors
    /// When the file cannot be used or is of a newer version.
    pub fn open(path: &Path, durability: Durability) -> Result<Self, StoreError> {
        let failed =
            |error: rusqlite::Error| StoreError::Open { path: path.into(), reason: error.to_string() };
        let connection = Connection::open(path).map_err(failed)?;
        connection.busy_timeout(Duration::from_secs(5)).map_err(failed)?;
        let synchronous = match durability {
            Durability::Normal => "NORMAL",
            Durability::ProcessOnly => "OFF",
        };
        connection
            .execute_batch(&format!(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; PRAGMA foreign_keys = ON;"
            ))
            .map_err(failed)?;
        connection.set_prepared_statement_cache_capacity(128);
        Self::migrate(connection, path)
    }

    /// A store that lives and dies with the process.
    ///
    /// # Errors
    /// When SQLite cannot be used at all.
    pub fn open_in_memory() -> Result<Self, StoreError> {
        let connection = Connection::open_in_memory()?;
        connection.execute_batch("PRAGMA foreign_keys = ON;")?;
        Self::migrate(connection, Path::new(":memory:"))
    }

    fn migrate(connection: Connection, path: &Path) -> Result<Self, StoreError> {
        let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
        let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if found > known {
            return Err(StoreError::Newer { path: path.into(), found, known });
        }
        let done = usize::try_from(found).unwrap_or(0);
        for (index, migration) in MIGRATIONS.iter().enumerate().skip(done) {
            let version = index + 1;
            connection
                .execute_batch(&format!("BEGIN; {migration} PRAGMA user_version = {version}; COMMIT;"))?;
        }
        Ok(Self { connection: Mutex::new(connection) })
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads outside a transaction.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        work(&Tx { db: &self.lock() })
    }

    /// Does `work` whole or not at all.
    ///
    /// # Errors
    /// What `work` answers, after everything it did is taken back; or that the database refused.
    pub fn transaction<T>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut guard = self.lock();
        let transaction = guard.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let done = work(&Tx { db: &transaction })?;
        transaction.commit()?;
        Ok(done)
    }

    /// What SQLite's own check finds wrong; nothing where all is well.
    ///
    /// # Errors
    /// When the check cannot run.
    pub fn integrity_check(&self) -> Result<Vec<String>, StoreError> {
        self.read(|tx| {
            let mut statement = tx.db.prepare("PRAGMA integrity_check")?;
            let lines = statement.query_map([], |row| row.get::<_, String>(0))?;
            let lines: Vec<String> = lines.collect::<Result<_, _>>()?;
            Ok(lines.into_iter().filter(|line| line != "ok").collect())
        })
    }
}

pub(crate) fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

/// A number that SQL counted.
pub(crate) fn count(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::unsigned_abs)
}

pub(crate) fn moment(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH)
}

pub(crate) fn to_json<T: serde::Serialize>(what: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Corrupt { what, reason: error.to_string() })
}

pub(crate) fn from_json<T: serde::de::DeserializeOwned>(
    what: &'static str,
    text: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Corrupt { what, reason: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_of_a_newer_version_is_refused_untouched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tandem.db");
        Connection::open(&path).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
        let error = Store::open(&path, Durability::Normal).unwrap_err();
        assert!(matches!(error, StoreError::Newer { found: 99, .. }), "{error}");
    }

    #[test]
    fn a_folder_that_does_not_exist_is_named() {
        let error = Store::open(Path::new("/nowhere/tandem.db"), Durability::Normal).unwrap_err();
        assert!(error.to_string().contains("/nowhere/tandem.db"), "{error}");
    }

    #[test]
    fn a_sound_database_passes_its_check() {
        assert_eq!(Store::open_in_memory().unwrap().integrity_check().unwrap(), Vec::<String>::new());
    }
}
