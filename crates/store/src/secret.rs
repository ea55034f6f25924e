//! Secrets: tokens and client secrets, sealed with a key that is kept apart from the database.
//!
//! Keys and nonces are the one thing here that chance decides. It comes from the operating system and not from outside:
//! a seed must never lead to a key, and nothing that is simulated depends on either.

use std::io::Write;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use rand::Rng;
use rusqlite::{OptionalExtension, params};

use crate::{Store, StoreError, Tx};

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
        let text = match std::fs::read_to_string(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let mut key = [0; 32];
                rand::rng().fill_bytes(&mut key);
                write_key(path, &BASE64_STANDARD.encode(key)).and_then(|()| std::fs::read_to_string(path))
            }
            read => read,
        };
        let text = text.map_err(|error| failed(error.to_string()))?;
        Self::from_base64(&text)
            .ok_or_else(|| failed("it does not hold 32 bytes in base64; restore the original file".into()))
    }

    fn cipher(&self) -> ChaCha20Poly1305 {
        ChaCha20Poly1305::new(&Key::from(self.0))
    }
}

/// A new secret that nobody can guess: 64 characters, all of them digits and the letters a to f.
#[must_use]
pub fn random_secret() -> String {
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes the key file whole or not at all: half a key would look like a wrong one ever after. Where another program
/// was quicker, its key stands.
fn write_key(path: &Path, text: &str) -> std::io::Result<()> {
    let draft = path.with_extension(format!("{}.new", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    let written = writeln!(file, "{text}").and_then(|()| file.sync_all());
    // Unlike renaming, linking does not take the place of a file that is there; but not every file system can.
    let placed = written.and_then(|()| match std::fs::hard_link(&draft, path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => std::fs::rename(&draft, path),
        _ => Ok(()),
    });
    // Where it was renamed, there is nothing to remove.
    let _ = std::fs::remove_file(&draft);
    placed
}

/// What a sealed secret is bound to, so that it cannot be moved to another place.
fn place(owner: &str, name: &str) -> String {
    format!("{owner}\n{name}")
}

impl Store {
    /// Seals and keeps a secret of `owner`: a connection, or a draft, by its id.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn put_secret(
        &self,
        key: &SecretKey,
        owner: &str,
        name: &str,
        secret: &str,
    ) -> Result<(), StoreError> {
        let mut nonce = [0; 12];
        rand::rng().fill_bytes(&mut nonce);
        let aad = place(owner, name);
        let payload = Payload { msg: secret.as_bytes(), aad: aad.as_bytes() };
        let sealed = key
            .cipher()
            .encrypt(&Nonce::from(nonce), payload)
            .map_err(|_| StoreError::WrongKey(name.to_owned()))?;
        let blob: Vec<u8> = nonce.iter().copied().chain(sealed).collect();
        self.transaction(|tx| {
            tx.db.execute(
                "INSERT INTO secret (owner, name, sealed) VALUES (?1, ?2, ?3) \
                 ON CONFLICT (owner, name) DO UPDATE SET sealed = excluded.sealed",
                params![owner, name, blob],
            )?;
            Ok(())
        })
    }

    /// Opens a secret; nothing where none is kept under this name.
    ///
    /// # Errors
    /// When the key is not the one it was sealed with.
    pub fn secret(&self, key: &SecretKey, owner: &str, name: &str) -> Result<Option<String>, StoreError> {
        let blob: Option<Vec<u8>> = self.read(|tx| {
            Ok(tx
                .db
                .query_row(
                    "SELECT sealed FROM secret WHERE owner = ?1 AND name = ?2",
                    params![owner, name],
                    |row| row.get(0),
                )
                .optional()?)
        })?;
        let Some(blob) = blob else { return Ok(None) };
        let wrong = || StoreError::WrongKey(name.to_owned());
        let (nonce, sealed) = blob.split_first_chunk::<12>().ok_or_else(wrong)?;
        let aad = place(owner, name);
        let payload = Payload { msg: sealed, aad: aad.as_bytes() };
        let open = key.cipher().decrypt(&Nonce::from(*nonce), payload).map_err(|_| wrong())?;
        String::from_utf8(open).map(Some).map_err(|_| wrong())
    }

    /// Forgets all secrets of `owner`.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn forget_secrets(&self, owner: &str) -> Result<(), StoreError> {
        self.transaction(|tx| tx.forget_secrets(owner))
    }
}

impl Tx<'_> {
    pub(crate) fn forget_secrets(&self, owner: &str) -> Result<(), StoreError> {
        self.db.execute("DELETE FROM secret WHERE owner = ?1", [owner])?;
        Ok(())
    }
}
