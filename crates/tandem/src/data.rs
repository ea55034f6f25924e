//! The data folder: the database, the key of its secrets, and the lock that keeps two engines apart.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Args;
use store::{ConnectionRow, Durability, SecretKey, Store};

/// Where the data is and how to print.
#[derive(Debug, Clone, Args)]
pub struct Place {
    /// The data folder
    #[arg(long, default_value = "tandem-data", value_name = "DIR", env = "TANDEM_DATA")]
    pub data: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// The key of the secrets in `dir`: from the environment, or from the folder's own file, which is made where it is missing.
pub fn secret_key(dir: &Path) -> anyhow::Result<SecretKey> {
    match std::env::var(KEY).ok().filter(|given| !given.trim().is_empty()) {
        Some(given) => SecretKey::from_base64(&given).with_context(|| {
            format!("{KEY} does not hold 32 bytes in base64; `openssl rand -base64 32` makes some")
        }),
        None => Ok(SecretKey::from_file_or_create(&dir.join("tandem.key"))?),
    }
}

/// The environment's name for the key of the secrets.
const KEY: &str = "TANDEM_SECRET_KEY";

/// An open data folder.
#[derive(Debug)]
pub struct Data {
    pub store: Arc<Store>,
    // Held while the folder is used; the system lets go of it however the process ends.
    _lock: Option<File>,
}

impl Data {
    /// Opens a data folder to write to it, making it where it is missing. One process at a time may.
    pub fn open(dir: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(dir)
            .with_context(|| format!("the data folder {} cannot be made", dir.display()))?;
        let path = dir.join("tandem.lock");
        let lock = File::create(&path).with_context(|| format!("{} cannot be made", path.display()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                bail!(
                    "another Tandem is using {}; stop it first, or use another folder with --data",
                    dir.display()
                )
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("{} cannot be locked", path.display()));
            }
        }
        let store = Store::open(&dir.join("tandem.db"), Durability::Normal)?;
        Ok(Self { store: Arc::new(store), _lock: Some(lock) })
    }

    /// Opens a data folder to read it, beside an engine that may be using it.
    pub fn look(dir: &Path) -> anyhow::Result<Self> {
        let path = dir.join("tandem.db");
        if !path.exists() {
            bail!(
                "there is no Tandem data in {}; run `tandem sync --once` or `tandem serve` first, or name the folder with \
                 --data",
                dir.display()
            );
        }
        let store = Store::open(&path, Durability::Normal)?;
        Ok(Self { store: Arc::new(store), _lock: None })
    }

    /// The folder's connection.
    pub fn connection(&self) -> anyhow::Result<ConnectionRow> {
        let connections = self.store.connections()?;
        connections.into_iter().next().context("nothing has been connected in this data folder yet")
    }
}
