//! How it stands with a record: what it is linked to, since when both agree, what could not be brought over.

use jiff::Timestamp;
use model::{ConnectionId, Side};
use serde::Serialize;
use store::{ErrorFilter, LinkState, Store};

use super::HubSpotRecord;
use crate::error::EngineError;

/// How it stands with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It has no counterpart.
    Unlinked,
    /// It is kept in step.
    InStep,
    /// It was deleted in HubSpot; nothing flows.
    DeletedInHubSpot,
    /// It was deleted in Salesforce; nothing flows.
    DeletedInSalesforce,
    /// It is outside the segment or filter; nothing flows.
    Outside,
    /// The two were parted; nothing flows.
    Apart,
}

/// What could not be brought over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SyncProblem {
    /// The side where it fails.
    pub side: &'static str,
    /// The field; none where it is the whole record.
    pub field: Option<String>,
    /// The platform's own words.
    pub message: String,
    /// What to do.
    pub remedy: String,
    /// Since when.
    pub since: Timestamp,
}

/// How it stands with a record, on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SyncState {
    /// In a word.
    pub standing: Standing,
    /// Object and id in HubSpot.
    pub hubspot: Option<(String, String)>,
    /// Object and id in Salesforce.
    pub salesforce: Option<(String, String)>,
    /// When the two last agreed on something new.
    pub last_sync: Option<Timestamp>,
    /// Whether a change of it waits to be looked at.
    pub waiting: bool,
    /// What could not be brought over.
    pub problems: Vec<SyncProblem>,
}

impl SyncState {
    /// The HubSpot record, where there is one.
    #[must_use]
    pub fn hubspot_record(&self) -> Option<HubSpotRecord> {
        let (object, id) = self.hubspot.clone()?;
        // What was deleted there cannot be shown.
        (self.standing != Standing::DeletedInHubSpot).then_some(HubSpotRecord { object, id })
    }
}

/// How it stands with the record of `side`, from the store alone: neither platform is asked.
///
/// # Errors
/// When the store cannot be read.
pub fn sync_state(
    store: &Store,
    connection: &ConnectionId,
    side: Side,
    object: &str,
    id: &str,
) -> Result<SyncState, EngineError> {
    let link = store.link_of(connection, side, object, id)?;
    let named = |of: Side| match &link {
        Some(link) => Some((link.object(of).to_owned(), link.record(of).to_owned())),
        None => (of == side).then(|| (object.to_owned(), id.to_owned())),
    };
    let (hubspot, salesforce) = (named(Side::HubSpot), named(Side::Salesforce));
    let mut problems = Vec::new();
    let mut waiting = false;
    for (side, record) in [(Side::HubSpot, &hubspot), (Side::Salesforce, &salesforce)] {
        let Some((object, id)) = record else { continue };
        let filter = ErrorFilter { record: Some(id.clone()), ..ErrorFilter::default() };
        for row in store.errors(connection, &filter)? {
            // Ids are unique within an object only.
            if row.error.side != side || row.error.object != *object {
                continue;
            }
            problems.push(SyncProblem {
                side: side.as_str(),
                field: row.error.field,
                message: row.error.message,
                remedy: row.error.remedy,
                since: row.first_seen,
            });
        }
        waiting |= !store.marks_of(connection, side, object, std::slice::from_ref(id))?.is_empty();
    }
    let standing = match link.as_ref().map(|link| link.state) {
        None => Standing::Unlinked,
        Some(LinkState::Active) => Standing::InStep,
        Some(LinkState::Resting(why)) => match why {
            store::Resting::DeletedInHubSpot => Standing::DeletedInHubSpot,
            store::Resting::DeletedInSalesforce => Standing::DeletedInSalesforce,
            store::Resting::Outside => Standing::Outside,
            store::Resting::Apart => Standing::Apart,
        },
    };
    let last_sync = link.map(|link| link.updated_at);
    Ok(SyncState { standing, hubspot, salesforce, last_sync, waiting, problems })
}
