//! What a change event says.

use jiff::Timestamp;

/// What has happened to the records of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangeType {
    /// They were made.
    Create,
    /// Some of their fields changed.
    Update,
    /// They were deleted.
    Delete,
    /// They were taken out of the recycle bin.
    Undelete,
    /// Made, but the event does not say how; read the records.
    GapCreate,
    /// Changed, but the event does not say how; read the records.
    GapUpdate,
    /// Deleted, by other means than usual.
    GapDelete,
    /// Taken out of the recycle bin, but the event does not say how; read the records.
    GapUndelete,
    /// So much changed at once that it is not told which records; look at all records of the object.
    Overflow,
    /// Something that this program does not know.
    Other(String),
}

impl ChangeType {
    pub(crate) fn from_name(name: &str) -> Self {
        match name {
            "CREATE" => Self::Create,
            "UPDATE" => Self::Update,
            "DELETE" => Self::Delete,
            "UNDELETE" => Self::Undelete,
            "GAP_CREATE" => Self::GapCreate,
            "GAP_UPDATE" => Self::GapUpdate,
            "GAP_DELETE" => Self::GapDelete,
            "GAP_UNDELETE" => Self::GapUndelete,
            "GAP_OVERFLOW" => Self::Overflow,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Whether the event leaves out what a usual one says.
    #[must_use]
    pub fn is_gap(&self) -> bool {
        matches!(
            self,
            Self::GapCreate | Self::GapUpdate | Self::GapDelete | Self::GapUndelete | Self::Overflow
        )
    }
}

/// One change to one or more records of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeEvent {
    /// The object, such as `Account`.
    pub entity: String,
    /// The records. In an overflow they name none; a `*` at the end stands for all ids that begin so.
    pub record_ids: Vec<String>,
    /// What has happened.
    pub change_type: ChangeType,
    /// The fields that changed, by their API names; on updates only.
    pub changed_fields: Vec<String>,
    /// Those of them that are empty now.
    pub nulled_fields: Vec<String>,
    /// When the transaction ended.
    pub commit_time: Timestamp,
    /// Which API and client made the change; empty where none did.
    pub change_origin: String,
    /// The user who made it.
    pub commit_user: String,
    /// The same for all events of one transaction.
    pub transaction_key: String,
    /// The event's place in its transaction, from 1.
    pub sequence_number: i32,
    /// Where to read on after this event.
    pub replay_id: Vec<u8>,
}

impl ChangeEvent {
    /// Whether the client that calls itself `name` made the change. Triggers and flows that its writes set off count too.
    #[must_use]
    pub fn is_from(&self, name: &str) -> bool {
        self.change_origin.split(';').any(|part| part.strip_prefix("client=") == Some(name))
    }
}
