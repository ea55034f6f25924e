//! The database itself: opening, migrations, transactions.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use crate::StoreError;

/// The migrations, in order; the database's `user_version` says how many it has had.
const MIGRATIONS: [&str; 9] = [
    include_str!("../migrations/0001.sql"),
    include_str!("../migrations/0002.sql"),
    include_str!("../migrations/0003.sql"),
    include_str!("../migrations/0004.sql"),
    include_str!("../migrations/0005.sql"),
    include_str!("../migrations/0006.sql"),
    include_str!("../migrations/0007.sql"),
    include_str!("../migrations/0008.sql"),
    include_str!("../migrations/0009.sql"),
];

/// The version from which on pairs are found by their words.
const WITH_SEARCH: i64 = 6;

/// How long another program that holds the database is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

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
        keep_log(&connection).map_err(failed)?;
        connection.busy_timeout(PATIENCE).map_err(failed)?;
        let synchronous = match durability {
            Durability::Full => "FULL",
            Durability::Normal => "NORMAL",
            Durability::ProcessOnly => "OFF",
        };
        connection.pragma_update(None, "synchronous", synchronous).map_err(failed)?;
        Self::migrated(connection, path)
    }

    /// A store that lives and dies with the process.
    ///
    /// # Errors
    /// When SQLite cannot be used at all.
    pub fn open_in_memory() -> Result<Self, StoreError> {
        Self::migrated(Connection::open_in_memory()?, Path::new(":memory:"))
    }

    /// A copy that lives and dies with the process: what is done in it is done nowhere else.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn fork(&self) -> Result<Self, StoreError> {
        let mut copy = Connection::open_in_memory()?;
        {
            let guard = self.lock();
            let backup = rusqlite::backup::Backup::new(&guard, &mut copy)?;
            backup.run_to_completion(1_000, Duration::ZERO, None)?;
        }
        Self::migrated(copy, Path::new(":memory:"))
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

/// Has the database keep a write-ahead log. SQLite does not wait for another program that is about to do the same, so
/// this does; a database that keeps one already, as all but the first time, is not touched.
fn keep_log(db: &Connection) -> rusqlite::Result<()> {
    const PAUSE: Duration = Duration::from_millis(20);
    db.busy_timeout(Duration::ZERO)?;
    let mut waited = Duration::ZERO;
    loop {
        match db.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0)) {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && waited < PATIENCE => {
                std::thread::sleep(PAUSE);
                waited += PAUSE;
            }
            switched => return switched.map(|_| ()),
        }
    }
}

/// Brings the database to the version this program knows, or leaves it as it is.
fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    let version = |db: &Connection| db.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0));
    // A table that is made anew must not take along the rows that refer to it.
    let current = version(connection)? == known;
    connection.pragma_update(None, "foreign_keys", current)?;
    if current {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Under the lock: another program may have started at the same moment.
    let found = version(&transaction)?;
    if found > known {
        return Err(StoreError::Newer { path: path.into(), found, known });
    }
    let mut missing = MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0));
    missing.try_for_each(|migration| transaction.execute_batch(migration))?;
    if found < WITH_SEARCH {
        crate::search::index_all(&transaction)?;
    }
    if let Some(reason) = dangling(&transaction)?.into_iter().next() {
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
    /// A database as the first version left it: a link that is there, and history of a later one that is not.
    fn of_version_1(path: &Path) {
        let db = Connection::open(path).unwrap();
        db.execute_batch(MIGRATIONS[0]).unwrap();
        db.execute_batch(
            "INSERT INTO connection VALUES ('c', 'c', '1', '00D', 'active', NULL, '{}', 0);
             INSERT INTO link VALUES (1, 'c', 'contacts', '1', 'Contact', '003A', 'active',
                                      '{\"firstname\":{\"text\":\"Ada\"}}', '{}', 0, 0);
             INSERT INTO intent VALUES (1, 'c', 1, 'hubspot', 'contacts', 'Contact', '003A', '{}', '{}', '{}', 0);
             INSERT INTO cursor VALUES ('c', 'hubspot:contacts', 1800000000123, 0);
             INSERT INTO mark VALUES ('c', 'hubspot', 'contacts', '1', 7, 'poll', 0, 0, 0, 0);
             INSERT INTO history VALUES (1, 'c', 'r', 0, 'hubspot', 'contacts', '2', 5, NULL, NULL, NULL, 'poll',
                                         'created', 'created', NULL);
             PRAGMA user_version = 1;",
        )
        .unwrap();
    }

    #[test]
    fn a_database_of_an_older_version_keeps_all_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tandem.db");
        of_version_1(&path);
        for _ in 0..2 {
            let store = Store::open(&path, Durability::Normal).unwrap();
            let connection = model::ConnectionId::new("c");
            let links = store.links_after(&connection, None, 9).unwrap();
            assert_eq!(links.len(), 1);
            assert_eq!(store.intents(&connection).unwrap()[0].link, Some(links[0].id));
            let cursor = store.cursor(&connection, "hubspot:contacts").unwrap();
            assert_eq!(cursor, Some(moment(1_800_000_000_123)));
            assert_eq!(store.integrity_check().unwrap(), Vec::<String>::new());
            assert_eq!(store.search("ada", 9).unwrap().len(), 1);
            assert_eq!(store.throughput(&connection, moment(0), 1).unwrap()[0].created, 1);
        }
        let store = Store::open(&path, Durability::Normal).unwrap();
        let numbers = store.transaction(|tx| Ok((tx.next_number("link")?, tx.next_number("mark")?))).unwrap();
        assert_eq!(numbers, (6, 8), "after the greatest that was ever given");
    }

    #[test]
    fn a_row_that_names_another_that_is_not_there_is_told() {
        let store = Store::open_in_memory().unwrap();
        let broken = "PRAGMA foreign_keys = OFF; INSERT INTO choice VALUES ('nobody', 'hubspot', 'contacts', 'key', '1', 0);";
        store.lock().execute_batch(broken).unwrap();
        let told = store.integrity_check().unwrap();
        assert_eq!(told, ["a row of choice names a row of connection that is not there"]);
    }

    #[test]
    fn a_full_disk_is_named_and_the_transaction_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tandem.db");
        let store = Store::open(&path, Durability::ProcessOnly).unwrap();
        let pages: i64 = store.lock().query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        store.lock().pragma_update(None, "max_page_count", pages).unwrap();
        let full = store.put_setting("large", &"x".repeat(100_000)).unwrap_err();
        assert!(matches!(&full, StoreError::DiskFull { path: named } if *named == path), "{full}");
        assert_eq!(store.setting::<String>("large").unwrap(), None);
    }

    #[test]
    fn a_database_that_another_program_holds_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tandem.db");
        let store = Store::open(&path, Durability::Normal).unwrap();
        store.lock().busy_timeout(Duration::ZERO).unwrap();
        let other = Connection::open(&path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let locked = store.put_setting("a", &1).unwrap_err();
        assert!(matches!(&locked, StoreError::Locked { path: named } if *named == path), "{locked}");
        other.execute_batch("ROLLBACK").unwrap();
        store.put_setting("a", &1).unwrap();
    }

    #[test]
    fn a_damaged_database_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tandem.db");
        std::fs::write(&path, "a letter, not a database ".repeat(200)).unwrap();
        let damaged = Store::open(&path, Durability::Normal).unwrap_err();
        assert!(matches!(&damaged, StoreError::Damaged { path: named, .. } if *named == path), "{damaged}");
    }

    #[test]
    fn a_state_that_is_none_cannot_be_written() {
        let store = Store::open_in_memory().unwrap();
        let made = "INSERT INTO connection VALUES ('c', 'c', '1', '00D', 'active', NULL, '{}', 0)";
        store.lock().execute_batch(made).unwrap();
        for wrong in [
            "UPDATE connection SET state = 'asleep'",
            "INSERT INTO mark VALUES ('c', 'middle', 'contacts', '1', 1, 'poll', 0, 0, 0, 0)",
            "INSERT INTO mark VALUES ('c', 'hubspot', 'contacts', '1', 0, 'poll', 0, 0, 0, 0)",
            "INSERT INTO link VALUES (1, 'c', 'a', '1', 'B', '2', 'odd', '{}', '{}', 0, 0)",
            "INSERT INTO choice VALUES ('nobody', 'hubspot', 'contacts', 'k', '1', 0)",
        ] {
            assert!(store.lock().execute_batch(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn programs_that_start_at_the_same_moment_make_one_database() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tandem.db");
        std::thread::scope(|scope| {
            let opened: Vec<_> =
                (0..4).map(|_| scope.spawn(|| Store::open(&path, Durability::Normal))).collect();
            for store in opened {
                store.join().unwrap().unwrap();
            }
        });
    }
}
