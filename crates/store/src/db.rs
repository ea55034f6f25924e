//! The database itself: opening, migrations, transactions.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, TransactionBehavior};

use crate::StoreError;

/// The migrations, in order; the database's `user_version` says how many it has had.
const MIGRATIONS: [&str; 2] =
    [include_str!("../migrations/0001.sql"), include_str!("../migrations/0002.sql")];

/// How far a committed transaction has gone when the call returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Survives the death of the machine at once; each transaction waits for the disk (`synchronous=FULL`).
    Full,
    /// Survives the death of the process (`kill -9`), for what is written to the log is the operating system's to
    /// keep; of the machine, but for the last moments (WAL, `synchronous=NORMAL`).
    Normal,
    /// Survives the death of the process only; for simulations, which kill nothing else.
    ProcessOnly,
}

/// All that survives, in one SQLite file.
#[derive(Debug)]
pub struct Store {
    connection: Mutex<Connection>,
    path: PathBuf,
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
        let failed = |error: rusqlite::Error| StoreError::opening(path, error);
        let connection = Connection::open(path).map_err(failed)?;
        connection.busy_timeout(Duration::from_secs(5)).map_err(failed)?;
        let synchronous = match durability {
            Durability::Full => "FULL",
            Durability::Normal => "NORMAL",
            Durability::ProcessOnly => "OFF",
        };
        connection
            .execute_batch(&format!("PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous};"))
            .map_err(failed)?;
        Self::migrated(connection, path)
    }

    /// A store that lives and dies with the process.
    ///
    /// # Errors
    /// When SQLite cannot be used at all.
    pub fn open_in_memory() -> Result<Self, StoreError> {
        Self::migrated(Connection::open_in_memory()?, Path::new(":memory:"))
    }

    fn migrated(mut connection: Connection, path: &Path) -> Result<Self, StoreError> {
        migrate(&mut connection, path).map_err(|error| error.at(path))?;
        connection.set_prepared_statement_cache_capacity(128);
        Ok(Self { connection: Mutex::new(connection), path: path.into() })
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads outside a transaction.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        work(&Tx { db: &self.lock() }).map_err(|error| error.at(&self.path))
    }

    /// Does `work` whole or not at all.
    ///
    /// # Errors
    /// What `work` answers, after everything it did is taken back; or that the database refused.
    pub fn transaction<T>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let whole = || {
            let mut guard = self.lock();
            let transaction = guard.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = work(&Tx { db: &transaction })?;
            transaction.commit()?;
            Ok(done)
        };
        whole().map_err(|error: StoreError| error.at(&self.path))
    }

    /// What is wrong with the database: SQLite's own check, and rows that name others which are not there. Nothing
    /// where all is well.
    ///
    /// # Errors
    /// When the check cannot run.
    pub fn integrity_check(&self) -> Result<Vec<String>, StoreError> {
        self.read(|tx| {
            let mut statement = tx.db.prepare("PRAGMA integrity_check")?;
            let lines = statement.query_map([], |row| row.get::<_, String>(0))?;
            let lines: Vec<String> = lines.collect::<Result<_, _>>()?;
            let broken = lines.into_iter().filter(|line| line != "ok");
            Ok(broken.chain(dangling(tx.db)?).collect())
        })
    }
}

impl Tx<'_> {
    /// The next number of a kind; none is given out twice, whatever is deleted.
    pub(crate) fn next_number(&self, kind: &str) -> Result<i64, StoreError> {
        let mut statement =
            self.db.prepare_cached("UPDATE counter SET last = last + 1 WHERE name = ?1 RETURNING last")?;
        Ok(statement.query_row([kind], |row| row.get(0))?)
    }
}

/// Brings the database to the version this program knows, or leaves it as it is.
fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    // A table that is made anew must not take along the rows that refer to it.
    connection.pragma_update(None, "foreign_keys", false)?;
    // Looked at under the lock: two programs may start at the same moment.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found > known {
        return Err(StoreError::Newer { path: path.into(), found, known });
    }
    let missing = MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0));
    missing.into_iter().try_for_each(|migration| transaction.execute_batch(migration))?;
    if let Some(reason) = dangling(&transaction)?.into_iter().next().filter(|_| found < known) {
        return Err(StoreError::Corrupt { what: "what an older Tandem kept", reason });
    }
    transaction.pragma_update(None, "user_version", known)?;
    transaction.commit()?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(())
}

/// Rows that name others which are not there.
fn dangling(db: &Connection) -> Result<Vec<String>, StoreError> {
    let mut statement = db.prepare("PRAGMA foreign_key_check")?;
    let rows = statement.query_map([], |row| {
        let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
        Ok(format!("a row of {table} names a row of {parent} that is not there"))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
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
