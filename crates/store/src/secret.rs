//! Secrets: tokens and client secrets, sealed with a key that is kept apart from the database.

use std::io::Write;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use model::ConnectionId;
use rand::Rng;
use rusqlite::{OptionalExtension, params};

use crate::{Store, StoreError};

/// The key that secrets are sealed with: 32 bytes.
#[derive(Clone)]
pub struct SecretKey([u8; 32]);

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

impl SecretKey {
    /// Reads a key in base64.
    #[must_use]
    pub fn from_base64(text: &str) -> Option<Self> {
        BASE64_STANDARD.decode(text.trim()).ok()?.try_into().ok().map(Self)
    }

    /// Reads the key file at `path`, or makes one that only its owner may read.
    ///
    /// # Errors
    /// When the file can neither be read nor made, or does not hold a key.
    pub fn from_file_or_create(path: &Path) -> Result<Self, StoreError> {
        let failed = |reason: String| StoreError::Key { path: path.into(), reason };
        match std::fs::read_to_string(path) {
            Ok(text) => Self::from_base64(&text).ok_or_else(|| {
                failed("it does not hold 32 bytes in base64; restore the original file".into())
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let mut key = [0; 32];
                rand::rng().fill_bytes(&mut key);
                write_key(path, &BASE64_STANDARD.encode(key)).map_err(|error| failed(error.to_string()))?;
                Ok(Self(key))
            }
            Err(error) => Err(failed(error.to_string())),
        }
    }

    fn cipher(&self) -> ChaCha20Poly1305 {
        ChaCha20Poly1305::new(&Key::from(self.0))
    }
}

/// Writes the key file whole or not at all: half a key would look like a wrong one ever after.
fn write_key(path: &Path, text: &str) -> std::io::Result<()> {
    let draft = path.with_extension(format!("{}.new", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    // Unlike renaming, linking fails where another program was quicker: its key stands.
    let linked = std::fs::hard_link(&draft, path);
    std::fs::remove_file(&draft)?;
    linked
}

/// What a sealed secret is bound to, so that it cannot be moved to another place.
fn place(connection: &ConnectionId, name: &str) -> String {
    format!("{}\n{name}", connection.as_str())
}

impl Store {
    /// Seals and keeps a secret.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn put_secret(
        &self,
        key: &SecretKey,
        connection: &ConnectionId,
        name: &str,
        secret: &str,
    ) -> Result<(), StoreError> {
        let mut nonce = [0; 12];
        rand::rng().fill_bytes(&mut nonce);
        let aad = place(connection, name);
        let payload = Payload { msg: secret.as_bytes(), aad: aad.as_bytes() };
        let sealed = key
            .cipher()
            .encrypt(&Nonce::from(nonce), payload)
            .map_err(|_| StoreError::WrongKey(name.to_owned()))?;
        let blob: Vec<u8> = nonce.iter().copied().chain(sealed).collect();
        self.transaction(|tx| {
            tx.db.execute(
                "INSERT INTO secret (connection, name, sealed) VALUES (?1, ?2, ?3) \
                 ON CONFLICT (connection, name) DO UPDATE SET sealed = excluded.sealed",
                params![connection.as_str(), name, blob],
            )?;
            Ok(())
        })
    }

    /// Opens a secret; nothing where none is kept under this name.
    ///
    /// # Errors
    /// When the key is not the one it was sealed with.
    pub fn secret(
        &self,
        key: &SecretKey,
        connection: &ConnectionId,
        name: &str,
    ) -> Result<Option<String>, StoreError> {
        let blob: Option<Vec<u8>> = self.read(|tx| {
            Ok(tx
                .db
                .query_row(
                    "SELECT sealed FROM secret WHERE connection = ?1 AND name = ?2",
                    params![connection.as_str(), name],
                    |row| row.get(0),
                )
                .optional()?)
        })?;
        let Some(blob) = blob else { return Ok(None) };
        let wrong = || StoreError::WrongKey(name.to_owned());
        let (nonce, sealed) = blob.split_first_chunk::<12>().ok_or_else(wrong)?;
        let aad = place(connection, name);
        let payload = Payload { msg: sealed, aad: aad.as_bytes() };
        let open = key.cipher().decrypt(&Nonce::from(*nonce), payload).map_err(|_| wrong())?;
        String::from_utf8(open).map(Some).map_err(|_| wrong())
    }
}
