//! Undo: takes back what Tandem did to a record, in a run or since a moment. It is planned from the history and from what
//! both sides hold now, shown, and then applied with lines of history of its own; so an undo can be undone too.

mod apply;
mod plan;

use jiff::Timestamp;
use model::{Side, Value};
use serde::Serialize;
use store::LinkId;

/// What is to be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UndoScope {
    /// All that was done to this record and the one it is linked to.
    Record(String),
    /// Likewise, of this object only: other objects may have a record of the same id.
    RecordOf {
        /// The record's side.
        side: Side,
        /// Its object.
        object: String,
        /// Its id.
        record: String,
    },
    /// What this run did.
    Run(String),
    /// All that was done from this moment on.
    Since(Timestamp),
}

/// What is done to take something back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UndoAction {
    /// A field gets back what it held.
    Write,
    /// A record that Tandem made goes into the recycle bin.
    Delete,
    /// Two records are parted and stay so.
    Part,
    /// Two records that an undo had parted are in step again.
    Relink,
    /// Nothing: it cannot be taken back, or was changed since.
    Leave,
}

impl UndoAction {
    /// The word in `--json`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::Delete => "delete",
            Self::Part => "part",
            Self::Relink => "relink",
            Self::Leave => "leave",
        }
    }
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UndoOutcome {
    /// Done.
    Done,
    /// The platform refused.
    Refused {
        /// Its code.
        code: String,
        /// Its words.
        message: String,
        /// What a person can do.
        remedy: String,
    },
    /// No answer came; the next pass finds out whether it happened.
    Unknown,
}

/// One step of an undo.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UndoStep {
    /// What is done.
    pub action: UndoAction,
    /// The record's side.
    pub side: Side,
    /// Its object.
    pub object: String,
    /// Its id.
    pub record: String,
    /// The id of the record it was in step with.
    pub counterpart: Option<String>,
    /// The field; none where it is about the whole record.
    pub field: Option<String>,
    /// What it holds.
    pub now: Option<String>,
    /// What it gets back.
    pub then: Option<String>,
    /// Why it is left, or why it was only done because it was forced.
    pub why: Option<String>,
    /// Whether somebody else changed it since, so that it is only done when forced.
    pub conflict: bool,
    /// What became of it; none in a plan.
    pub outcome: Option<UndoOutcome>,
    #[serde(skip)]
    pub(crate) link: Option<LinkId>,
    #[serde(skip)]
    pub(crate) value: Value,
    #[serde(skip)]
    pub(crate) held: Value,
    /// The lines of history that it takes back.
    #[serde(skip)]
    pub(crate) lines: Vec<i64>,
}

/// What an undo would do, or has done.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct UndoPlan {
    /// The run that did it; none in a plan.
    pub run: Option<String>,
    /// Every step.
    pub steps: Vec<UndoStep>,
}

impl UndoPlan {
    /// How many steps do something.
    #[must_use]
    pub fn to_do(&self) -> usize {
        self.steps.iter().filter(|step| step.action != UndoAction::Leave).count()
    }

    /// How many steps are left because somebody changed what was written.
    #[must_use]
    pub fn conflicts(&self) -> usize {
        self.steps.iter().filter(|step| step.action == UndoAction::Leave && step.conflict).count()
    }

    /// How many steps were not done.
    #[must_use]
    pub fn failed(&self) -> usize {
        let failed = |step: &&UndoStep| !matches!(step.outcome, None | Some(UndoOutcome::Done));
        self.steps.iter().filter(failed).count()
    }
}

/// The reason in the history of what an undo did.
pub(crate) const UNDO: &str = "undo";
