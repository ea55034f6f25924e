//! Delete: what becomes of a record whose counterpart is gone. It is kept, or follows into its recycle bin, as the mapping
//! says; the link rests either way, and resumes when both are there again.

use std::collections::BTreeMap;

use model::{OnDelete, Side};
use store::{HistoryEntry, Link, Mark, Outcome, Resting};

use crate::connection::Connection;
use crate::error::EngineError;
use crate::side::Written;

/// A pair that has lost a record.
pub(crate) struct Bereft {
    pub link: Link,
    pub marks: Vec<Mark>,
    /// The side whose record is still there; none where both are gone.
    pub left: Option<Side>,
}

impl Bereft {
    fn why(&self) -> Resting {
        match self.left {
            Some(Side::HubSpot) => Resting::DeletedInSalesforce,
            Some(Side::Salesforce) | None => Resting::DeletedInHubSpot,
        }
    }

    /// The side whose history says that the link rests.
    fn told(&self) -> Side {
        self.left.unwrap_or(Side::Salesforce)
    }
}

impl Connection {
    /// Lets the links of these pairs rest, after what is left of them has followed where it should.
    pub(crate) async fn bereave(&self, pairs: Vec<Bereft>) -> Result<(), EngineError> {
        let schema = self.schema().await?;
        let mut follow: BTreeMap<(Side, String), Vec<Bereft>> = BTreeMap::new();
        for pair in pairs {
            let route = schema.route(pair.link.object(Side::HubSpot), pair.link.object(Side::Salesforce));
            let follows = |left: &Side| {
                pair.link.is_active()
                    && route.is_some_and(|route| route.mapping.when_deleted(left.other()) == OnDelete::Delete)
            };
            match pair.left.filter(follows) {
                Some(left) => {
                    follow.entry((left, pair.link.object(left).to_owned())).or_default().push(pair);
                }
                None => self.rest(&pair.link, pair.why(), pair.told(), &pair.marks)?,
            }
        }
        for ((side, object), pairs) in follow {
            let ids: Vec<String> = pairs.iter().map(|pair| pair.link.record(side).to_owned()).collect();
            let outcomes = self.side(side).delete(&object, &ids).await?;
            for (pair, outcome) in pairs.iter().zip(outcomes) {
                self.record_deleted(side, pair, outcome)?;
            }
        }
        Ok(())
    }

    fn record_deleted(&self, side: Side, pair: &Bereft, outcome: Written) -> Result<(), EngineError> {
        let link = &pair.link;
        match outcome {
            Written::Stored { call, .. } => {
                self.figures.add(side, |figures| figures.deleted += 1);
                let entry = HistoryEntry {
                    run: self.run_name(),
                    at: self.now(),
                    side,
                    object: link.object(side).to_owned(),
                    record: link.record(side).to_owned(),
                    link: Some(link.id),
                    field: None,
                    before: None,
                    after: None,
                    cause: pair.marks.first().map_or_else(String::new, |mark| mark.cause.as_str().to_owned()),
                    reason: pair.why().as_str().to_owned(),
                    outcome: Outcome::Deleted,
                    call,
                };
                self.store.transaction(|tx| tx.add_history(&self.id, &entry))?;
                self.rest(link, pair.why(), side, &pair.marks)
            }
            Written::Refused(refusal) => {
                self.figures.add(side, |figures| figures.failed += 1);
                let error = self.error_of(link.object(side), side, link.record(side), None, &refusal);
                self.store.transaction(|tx| {
                    tx.set_error(&self.id, &error)?;
                    pair.marks.iter().try_for_each(|mark| self.postpone(tx, mark, refusal.passing))
                })?;
                Ok(())
            }
            // Deleting what is deleted changes nothing, so it is simply asked again.
            Written::Unknown => {
                self.store
                    .transaction(|tx| pair.marks.iter().try_for_each(|mark| self.postpone(tx, mark, true)))?;
                Ok(())
            }
        }
    }
}
