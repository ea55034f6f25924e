//! Detect: ask each side what may have changed and mark it. A poll's answer is a hint and nothing more; what a record
//! holds is read again when its mark is worked on.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use model::{Side, Values};
use store::{Cause, Link, LinkState, Resting};

use crate::connection::Connection;
use crate::error::EngineError;
use crate::inside::{Scopes, scope_of};
use crate::settings::Activity;
use crate::side::RecordState;

impl Connection {
    /// Polls every object of `side` once, parents first.
    pub(crate) async fn poll(&self, side: Side) -> Result<(), EngineError> {
        self.refresh_schema().await?;
        let schema = self.schema().await?;
        let mut refused = None;
        for object in schema.objects(side).iter().filter(|object| self.polls(side, object)) {
            match self.poll_object(side, object).await {
                // A kind of activity that the connected account may not read stops nothing else.
                Err(error @ EngineError::Platform { .. })
                    if is_activity(side, object) && !error.is_passing() =>
                {
                    tracing::warn!(%error, object, "these activities cannot be read");
                    refused.get_or_insert(error);
                }
                done => done?,
            }
        }
        if side == Side::HubSpot {
            self.tell_standing("activities", refused.as_ref())?;
        }
        if side == Side::Salesforce && self.settings.campaigns {
            self.poll_campaigns().await?;
        }
        Ok(())
    }

    async fn poll_object(&self, side: Side, object: &str) -> Result<(), EngineError> {
        let schema = self.schema().await?;
        let fields = schema.fields_of(side, object);
        let stream = stream(side, object);
        let overlap = SignedDuration::try_from(self.options.overlap_of(side)).unwrap_or(SignedDuration::ZERO);
        let since = self.store.cursor(&self.id, &stream)?;
        let since = since.and_then(|cursor| cursor.checked_sub(overlap).ok());
        // The next poll starts where this one began, less the overlap: what changes while it runs is seen again.
        let api = self.side(side);
        let began = self.now();
        let began = began.checked_add(api.clock_offset()).unwrap_or(began);
        let from = match Self::starts_now(side, object).then(|| first_seen(&stream)) {
            None => None,
            Some(first) if since.is_none() => {
                self.store.set_cursor(&self.id, &first, began, self.now())?;
                return Ok(self.store.set_cursor(&self.id, &stream, began, self.now())?);
            }
            Some(first) => self.store.cursor(&self.id, &first)?,
        };
        let mut page = None;
        // Of an object that is kept in step only in part, those inside are found by going through the segment or filter.
        let in_part = schema.routes_of(side, object).all(|route| scope_of(&route.mapping, side).is_some());
        let mut done = in_part && since.is_none();
        while !done {
            let answer = api.changes(object, since, page, &fields).await?;
            self.mark_changed(side, object, &answer.records, from).await?;
            page = answer.next;
            done = page.is_none();
        }
        self.store.set_cursor(&self.id, &stream, began, self.now())?;
        Ok(())
    }

    /// Marks the records whose rows do not already say what the store knows.
    /// Unlinked records that have not changed after `from` are older than their mapping, and left where they are.
    async fn mark_changed(
        &self,
        side: Side,
        object: &str,
        records: &[RecordState],
        from: Option<Timestamp>,
    ) -> Result<(), EngineError> {
        let ids: Vec<String> = records.iter().map(|record| record.id.clone()).collect();
        let links: BTreeMap<String, Link> = self
            .store
            .links_by_ids(&self.id, side, object, &ids)?
            .into_iter()
            .map(|link| (link.record(side).to_owned(), link))
            .collect();
        let scopes = self.scopes(side, object, &ids).await?;
        let mut changed = Vec::new();
        for record in records {
            let link = links.get(&record.id);
            let older = match (link, from) {
                (Some(link), _) => !record.deleted && Self::is_left_alone(side, link),
                (None, Some(from)) => record.modified.is_some_and(|modified| modified < from),
                (None, None) => false,
            };
            if older {
                continue;
            }
            // What could not be synced is tried again in its own time, or as soon as it changes.
            let new = worth_a_look(side, record, link, &scopes)
                && (record.deleted || !self.is_stuck_as_it_was(side, record));
            if new || !self.links_of_merged(side, record)?.is_empty() {
                changed.push(record.id.clone());
            }
        }
        self.figures.add(side, |figures| figures.read += records.len() as u64);
        self.store.mark_many(&self.id, side, object, &changed, Cause::Poll, self.now())?;
        if !changed.is_empty() {
            tracing::debug!(%side, object, records = records.len(), marked = changed.len(), "poll");
            self.wake.notify_one();
        }
        Ok(())
    }
}

/// The name under which it is kept how far an object has been polled.
pub(crate) fn stream(side: Side, object: &str) -> String {
    format!("{}:{object}", side.as_str())
}

fn is_activity(side: Side, object: &str) -> bool {
    side == Side::HubSpot && Activity::of(object).is_some()
}

/// The name under which it is kept from when on an object is in step that is not taken up from its beginning.
pub(crate) fn first_seen(stream: &str) -> String {
    format!("{stream}:from")
}

/// Whether a polled row says something that the store does not know yet.
fn worth_a_look(side: Side, record: &RecordState, link: Option<&Link>, scopes: &Scopes) -> bool {
    let Some(link) = link else { return !record.deleted && scopes.holds_anywhere(&record.id) };
    let inside = scopes.holds(link.object(side.other()), &record.id);
    match link.state {
        LinkState::Active => {
            record.deleted
                || record.life.successor.is_some()
                || !inside
                || differs(&record.values, link.shadows.get(side))
        }
        LinkState::Resting(Resting::Outside) => {
            record.life.successor.is_some() || (!record.deleted && inside && scopes.bounds())
        }
        // Only that it is gone as well is news.
        LinkState::Resting(Resting::Apart) => record.deleted,
        LinkState::Resting(Resting::DeletedInHubSpot | Resting::DeletedInSalesforce) => !record.deleted,
    }
}

fn differs(values: &Values, shadow: &Values) -> bool {
    values.iter().any(|(field, value)| shadow.get(field) != Some(value))
}
