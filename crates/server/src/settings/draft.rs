//! Settings that somebody has changed and not applied yet. They are kept, so that a plan can be looked at in peace.

use engine::Settings;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use store::ConnectionRow;

use crate::{App, Fault};

/// Changed settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// Who changed them last.
    pub who: String,
    /// When.
    pub at: Timestamp,
    /// The settings that stood when the first change was made.
    pub base: Value,
    /// The changed ones.
    pub settings: Settings,
}

fn name(row: &ConnectionRow) -> String {
    format!("settings-draft:{}", row.id.as_str())
}

/// The changes that wait.
///
/// # Errors
/// When the store cannot be read.
pub fn draft(app: &App, row: &ConnectionRow) -> Result<Option<Draft>, Fault> {
    Ok(app.store.setting::<Option<Draft>>(&name(row))?.flatten())
}

/// Keeps changes, or forgets them.
///
/// # Errors
/// When the store cannot be written.
pub fn keep(app: &App, row: &ConnectionRow, draft: Option<&Draft>) -> Result<(), Fault> {
    Ok(app.store.put_setting(&name(row), &draft)?)
}

/// The settings of a connection as they stand.
///
/// # Errors
/// When they cannot be read.
pub fn settings_of(row: &ConnectionRow) -> Result<Settings, Fault> {
    serde_json::from_value(row.settings.clone()).map_err(Fault::failed)
}

/// A name for settings as they are, by which a form says which ones it shows.
#[must_use]
pub fn revision(settings: &Settings) -> String {
    let text = serde_json::to_vec(settings).unwrap_or_default();
    Sha256::digest(&text).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
