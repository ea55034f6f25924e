//! What can go wrong with the store, and what to do about it.

use std::path::PathBuf;

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
    /// SQLite refused.
    #[error(
        "the database could not be used: {0}. If another Tandem uses the same data folder, stop it first."
    )]
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
