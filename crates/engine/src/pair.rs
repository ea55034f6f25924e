//! Two records in step, as both sides hold them at this moment.

use model::Side;
use store::{Link, Mark};

use crate::side::RecordState;

/// A link with both its records, read just now, and the marks that this look answers.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    pub link: Link,
    pub marks: Vec<Mark>,
    pub hubspot: RecordState,
    pub salesforce: RecordState,
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
