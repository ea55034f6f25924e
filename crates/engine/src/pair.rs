//! Two records in step, as both sides hold them at this moment.

use model::{Side, Values};
use store::{Link, Mark};

use crate::schema::Route;
use crate::side::{RecordName, RecordState};

/// Where a link is about to move: its record of one side lives on as another.
#[derive(Debug, Clone)]
pub(crate) struct Moving {
    /// The side on which it does.
    pub side: Side,
    /// As whom.
    pub successor: RecordName,
    /// What that one holds, where it can be read.
    pub values: Option<Values>,
    /// Records that came about with it.
    pub companions: Vec<RecordName>,
    /// The mapping that keeps it in step.
    pub route: Route,
}

/// A link with both its records, read just now, and the marks that this look answers.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    pub link: Link,
    pub marks: Vec<Mark>,
    pub hubspot: RecordState,
    pub salesforce: RecordState,
    /// Set where one record takes no more writes because it lives on as another, to which the link moves then.
    pub moving: Option<Moving>,
}

impl Pair {
    pub fn record(&self, side: Side) -> &RecordState {
        match side {
            Side::HubSpot => &self.hubspot,
            Side::Salesforce => &self.salesforce,
        }
    }

    pub fn cause(&self) -> String {
        self.marks.first().map_or_else(|| "link".to_owned(), |mark| mark.cause.as_str().to_owned())
    }
}
