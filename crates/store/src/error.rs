//! What can go wrong with the store, and what to do about it.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// Why the store could not be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be opened.
    #[error(
        "the database {path} cannot be opened: {reason}. Check that the folder exists and can be written to."
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        reason: String,
    },
    /// The database was written by a newer Tandem.
    #[error(
        "the database {path} is of version {found}, this Tandem knows up to {known}. Use the newer Tandem, or a \
             copy of the data made before it was used."
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version this program knows.
        known: i64,
    },
    /// Another program holds the database.
    #[error("the database {path} is in use by another program. If another Tandem uses it, stop it first.")]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// There is no room left.
    #[error("the disk that holds the database {path} is full. Make room and start again: nothing is lost.")]
    DiskFull {
        /// The file.
        path: PathBuf,
    },
    /// The file is no database, or a broken one.
    #[error("the database {path} is damaged: {reason}. Restore a copy of the data folder.")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        reason: String,
    },
    /// SQLite refused for a reason that has no sentence of its own.
    #[error("the database could not be used: {0}. `tandem check` says whether it is sound.")]
    Sqlite(#[from] rusqlite::Error),
    /// Something in the database is not what it must be.
    #[error(
        "the database holds something that cannot be read ({what}): {reason}. Restore a copy of the data folder."
    )]
    Corrupt {
        /// Which kind of thing.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A secret cannot be opened with this key.
    #[error(
        "the secret '{0}' cannot be opened with this key. Put the key back that the data folder was made with, or \
             connect again."
    )]
    WrongKey(String),
    /// The key file cannot be read or made.
    #[error("the key file {path} cannot be used: {reason}")]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A HubSpot account has one connection at most.
    #[error("the HubSpot account {0} is already connected. Disconnect it first, or use its data folder.")]
    AlreadyConnected(String),
}

impl StoreError {
    /// The error with the file that it is about, where SQLite's code tells what a person can do.
    pub(crate) fn at(self, path: &Path) -> Self {
        let Self::Sqlite(error) = self else { return self };
        let path = || path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked { path: path() },
            Some(ErrorCode::DiskFull) => Self::DiskFull { path: path() },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged { path: path(), reason: error.to_string() }
            }
            Some(
                ErrorCode::CannotOpen
                | ErrorCode::PermissionDenied
                | ErrorCode::ReadOnly
                | ErrorCode::SystemIoFailure,
            ) => Self::Open { path: path(), reason: error.to_string() },
            _ => Self::Sqlite(error),
        }
    }

    /// Why the database at `path` cannot be opened.
    pub(crate) fn opening(path: &Path, error: rusqlite::Error) -> Self {
        match Self::Sqlite(error).at(path) {
            Self::Sqlite(error) => Self::Open { path: path.into(), reason: error.to_string() },
            other => other,
        }
    }
}
