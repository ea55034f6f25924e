//! Two sides, one trait: what the reconciler asks of HubSpot and of Salesforce alike.

mod associations;
mod field_history;
mod hubspot;
mod hubspot_make;
mod preview;
mod roles;
mod salesforce;
mod salesforce_load;
mod salesforce_scope;

use std::collections::{BTreeMap, BTreeSet};

use futures::future::BoxFuture;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use model::{EditTime, Field, NewProperty, Side, Values};

use crate::custom::NewObject;
use crate::import::Chosen;

pub(crate) use self::associations::one as association_name;
pub(crate) use self::hubspot::HubSpotSide;
pub(crate) use self::preview::{PRETENDED, PreviewSide};
pub(crate) use self::salesforce::SalesforceSide;

/// The HubSpot property and the Salesforce external-id field that carry the other side's record id on records
/// that Tandem created.
pub const HUBSPOT_MARKER: &str = "tandem_salesforce_id";
/// See [`HUBSPOT_MARKER`].
pub const SALESFORCE_MARKER: &str = "Tandem_HubSpot_Id__c";

/// Whether a field of `side` is written in a call of its own, after the rest of its record: an association, contact roles.
pub(crate) fn is_written_apart(side: Side, field: &str) -> bool {
    match side {
        Side::HubSpot => associations::is_association(field),
        Side::Salesforce => field == roles::ROLES || salesforce::is_elsewhere(field),
    }
}

/// A record as one side holds it.
#[derive(Debug, Clone)]
pub(crate) struct RecordState {
    pub object: String,
    pub id: String,
    pub values: Values,
    pub created: Option<Timestamp>,
    pub modified: Option<Timestamp>,
    /// Whether the last change of the whole record was Tandem's own (Salesforce says so; HubSpot says it by field).
    pub modified_by_us: bool,
    pub deleted: bool,
    /// The other side's id, where Tandem wrote it there.
    pub marker: Option<String>,
    pub life: Life,
}

/// What became of a record, and what it was made of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Life {
    /// The record that it lives on as, after a merge or a conversion; it is no record of its own any more.
    pub successor: Option<RecordName>,
    /// Records that came about with the successor: the account and opportunity of a converted lead.
    pub companions: Vec<RecordName>,
    /// Ids of records that were merged into this one.
    pub merged: Vec<String>,
}

/// A record of a side.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RecordName {
    pub object: String,
    pub id: String,
}

/// Where a record is that a read does not find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whereabouts {
    /// In the recycle bin.
    RecycleBin,
    /// Nowhere: it was deleted for good.
    Gone,
    /// Nobody can say: it was deleted for good, or the connected user may not see it any more.
    Hidden,
}

/// Ids that are gone through as a whole, to see who came and who left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Roster {
    /// The records inside a segment or filter.
    Inside(String),
    /// The records in the recycle bin, where changes do not show them.
    Archived,
}

/// A HubSpot segment that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Segment {
    /// Its number.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How many members it has, where HubSpot says so.
    pub size: Option<u64>,
}

/// A page of a roster.
#[derive(Debug, Clone, Default)]
pub(crate) struct RosterPage {
    pub ids: Vec<String>,
    pub next: Option<String>,
}

/// Somebody to whom records can belong: a person, or a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    pub id: String,
    pub name: String,
    pub email: Option<String>,
    /// Whether records can be given to them.
    pub active: bool,
    /// Whether this is the user that Tandem itself is connected as.
    pub is_us: bool,
}

/// A page of records that may have changed.
#[derive(Debug, Clone)]
pub(crate) struct ChangesPage {
    pub records: Vec<RecordState>,
    /// Where the next page starts; the last page has none.
    pub next: Option<String>,
}

/// A page of chosen records.
#[derive(Debug, Clone, Default)]
pub(crate) struct ChosenPage {
    pub ids: Vec<String>,
    /// Where the next page starts; the last page has none.
    pub next: Option<String>,
    /// How many there are from this page on, where the platform says so.
    pub total: Option<u64>,
}

/// Where a record is looked for by what it says rather than by its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Key {
    Email,
    Domain,
    /// What a field of that side holds, whatever its case.
    Field(String),
    /// The other side's id that Tandem wrote on it.
    Marker,
}

/// What became of one row of a write.
#[derive(Debug, Clone)]
pub(crate) enum Written {
    /// Done: the record's id, what the side now stores of the written fields, the platform's id for the call.
    Stored { id: String, values: Values, call: Option<String> },
    /// The platform refused.
    Refused(Refusal),
    /// No answer: it may have happened.
    Unknown,
}

/// Why the platform refused a row.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub code: String,
    pub message: String,
    /// The fields that the platform named.
    pub fields: Vec<String>,
    /// The record that is in the way, where the platform named it.
    pub existing: Option<String>,
    /// Whether the same row may well be taken next time.
    pub passing: bool,
}

/// A side could not be asked at all.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub(crate) struct SideError {
    pub side: Side,
    pub message: String,
    /// Whether it may pass by itself (network, limits) or needs a person (credentials, permissions).
    pub passing: bool,
}

pub(crate) type Answer<'a, T> = BoxFuture<'a, Result<T, SideError>>;

/// The answer of a side on which people make fields and objects by themselves.
fn cannot_make<'a, T: Send + 'a>(side: Side, what: &str) -> Answer<'a, T> {
    let message = format!("{what} is made in {side}'s own settings.");
    Box::pin(std::future::ready(Err(SideError { side, message, passing: false })))
}

/// What the engine asks of a side.
pub(crate) trait SideApi: Send + Sync {
    fn side(&self) -> Side;

    /// The account's time zone, in which a moment falls on a day.
    fn time_zone(&self) -> Answer<'_, TimeZone>;

    /// The fields of an object that the connected user can see.
    fn describe<'a>(&'a self, object: &'a str) -> Answer<'a, Vec<Field>>;

    /// Whether what [`SideApi::describe`] answers may have changed since then; asking costs a call at most.
    fn may_have_changed(&self, _since: Timestamp) -> Answer<'_, bool> {
        Box::pin(std::future::ready(Ok(true)))
    }

    /// Makes sure that the object has its marker field.
    fn ensure_marker<'a>(&'a self, object: &'a str, fields: &'a [Field]) -> Answer<'a, ()>;

    /// Records of `object` modified at `since` or later (all, when absent), oldest change first. What they hold is a
    /// hint: the index they come from may lag.
    fn changes<'a>(
        &'a self,
        object: &'a str,
        since: Option<Timestamp>,
        page: Option<String>,
        fields: &'a [Field],
    ) -> Answer<'a, ChangesPage>;

    /// A page of the ids of records that a person chose; `fields` are those that will be looked at.
    fn chosen<'a>(
        &'a self,
        object: &'a str,
        choice: &'a Chosen,
        page: Option<String>,
        fields: &'a [Field],
    ) -> Answer<'a, ChosenPage>;

    /// The account whose records this side's are, in an id.
    fn account(&self) -> Answer<'_, String> {
        Box::pin(std::future::ready(Ok(String::new())))
    }

    /// Says with which account of the other side this one is connected: markers of other accounts are left alone.
    fn beside(&self, _account: &str) {}

    /// What people call one record of an object, and several.
    fn labels<'a>(&'a self, object: &'a str) -> Answer<'a, (String, String)> {
        Box::pin(std::future::ready(Ok((object.to_owned(), object.to_owned()))))
    }

    /// Makes a property with its group; answers whether it was not there before.
    fn create_property<'a>(&'a self, new: &'a NewProperty) -> Answer<'a, bool> {
        cannot_make(self.side(), &new.label)
    }

    /// The custom object of this name; none where there is none.
    fn object_called<'a>(&'a self, _name: &'a str) -> Answer<'a, Option<String>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// Makes a custom object; answers its full name.
    fn create_object<'a>(&'a self, new: &'a NewObject) -> Answer<'a, String> {
        cannot_make(self.side(), &new.singular)
    }

    /// Lets records of two objects be associated.
    fn make_associable<'a>(&'a self, object: &'a str, _other: &'a str) -> Answer<'a, ()> {
        cannot_make(self.side(), object)
    }

    /// Like [`SideApi::read`], for records that nobody on the other side may have: what a large read has just brought
    /// stands for a look. Answers also which records it stood for.
    fn read_first<'a>(
        &'a self,
        object: &'a str,
        ids: &'a [String],
        fields: &'a [Field],
    ) -> Answer<'a, (BTreeMap<String, RecordState>, BTreeSet<String>)> {
        Box::pin(async move { Ok((self.read(object, ids, fields).await?, BTreeSet::new())) })
    }

    /// Adds choices (value and label) to those that a field offers. Answers why not, where that cannot be done.
    fn add_choices<'a>(
        &'a self,
        object: &'a str,
        field: &'a str,
        choices: &'a [(String, String)],
    ) -> Answer<'a, Option<String>>;

    /// Records by id, as they are at this moment. Records that are gone are missing from the answer.
    fn read<'a>(
        &'a self,
        object: &'a str,
        ids: &'a [String],
        fields: &'a [Field],
    ) -> Answer<'a, BTreeMap<String, RecordState>>;

    /// Where these records are, which a read does not find.
    fn whereabouts<'a>(
        &'a self,
        object: &'a str,
        ids: &'a [String],
    ) -> Answer<'a, BTreeMap<String, Whereabouts>>;

    /// Of these records, those that another record became (a converted lead), with that record.
    fn origins<'a>(&'a self, object: &'a str, ids: &'a [String]) -> Answer<'a, Vec<(String, RecordName)>>;

    /// Of these records, those inside a segment or filter.
    fn inside<'a>(
        &'a self,
        object: &'a str,
        scope: &'a str,
        ids: &'a [String],
    ) -> Answer<'a, BTreeSet<String>>;

    /// A page of a roster.
    fn roster<'a>(
        &'a self,
        object: &'a str,
        roster: &'a Roster,
        page: Option<String>,
    ) -> Answer<'a, RosterPage>;

    /// The segments that can be chosen for an object; none on a side that has none.
    fn segments<'a>(&'a self, _object: &'a str) -> Answer<'a, Vec<Segment>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    /// What is wrong with a segment or filter, in a sentence; nothing where it can be asked.
    fn check_scope<'a>(&'a self, object: &'a str, scope: &'a str) -> Answer<'a, Option<String>>;

    /// Live records by a key, for each key in any order of records.
    fn find<'a>(
        &'a self,
        object: &'a str,
        key: Key,
        keys: &'a [String],
        fields: &'a [Field],
    ) -> Answer<'a, Vec<RecordState>>;

    /// When the named fields of these records were last edited by somebody else than Tandem.
    fn edit_times<'a>(
        &'a self,
        records: &'a [(RecordState, Vec<String>)],
    ) -> Answer<'a, BTreeMap<(String, String), EditTime>>;

    /// Writes fields of existing records; one outcome a row, in order.
    fn update<'a>(
        &'a self,
        object: &'a str,
        rows: &'a [(String, Values)],
        fields: &'a [Field],
    ) -> Answer<'a, Vec<Written>>;

    /// Creates records that carry the given marker; one outcome a row, in order.
    fn create<'a>(
        &'a self,
        object: &'a str,
        rows: &'a [(String, Values)],
        fields: &'a [Field],
    ) -> Answer<'a, Vec<Written>>;

    /// Like [`SideApi::create`], without the marker and sent again when no answer comes: a planted mistake.
    fn create_carelessly<'a>(
        &'a self,
        object: &'a str,
        rows: &'a [(String, Values)],
        fields: &'a [Field],
    ) -> Answer<'a, Vec<Written>>;

    /// Puts records into the recycle bin; one outcome a row, in order. One that is gone already counts as done.
    fn delete<'a>(&'a self, object: &'a str, ids: &'a [String]) -> Answer<'a, Vec<Written>>;

    /// Everybody to whom records can belong, those who have left included, in a lasting order.
    fn owners(&self) -> Answer<'_, Vec<Person>>;

    /// Makes sure that a property of Tandem's own is there and offers the choices that this field has.
    fn offer<'a>(&'a self, _object: &'a str, _property: &'a Field) -> Answer<'a, ()> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// How far this platform's clock is ahead of ours.
    fn clock_offset(&self) -> SignedDuration;

    /// API calls made so far.
    fn calls(&self) -> u64;
}
