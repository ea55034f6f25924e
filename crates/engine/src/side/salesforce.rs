//! Salesforce as a side.

mod members;

pub(super) use self::members::is_elsewhere;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ::salesforce::{
    Client, FieldDescribe, Fields, Granted, NewCustomField, QueryPage, Row, RowError, RowResult, Scope,
    WriteOptions, in_lists, soql_time,
};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use model::{Access, ChoiceList, ChoiceOption, EditTime, Field, Kind, Side, TextFormat, Value, Values, wire};
use tokio::sync::OnceCell;

use crate::activities::TASK;
use crate::import::Chosen;

use super::roles;
use super::salesforce_load::Kept;
use super::salesforce_scope::Condition;
use super::{
    Answer, ChangesPage, ChosenPage, Key, Life, Person, RecordName, RecordState, Refusal, Roster, RosterPage,
    SALESFORCE_MARKER, SideApi, SideError, Whereabouts, Written,
};

/// Fields that are read of every record besides the mapped ones.
const SYSTEM: [&str; 6] =
    ["Id", "IsDeleted", "CreatedDate", "LastModifiedDate", "LastModifiedById", "SystemModstamp"];
/// Fields that tell what became of a record, where an object has them.
const TELLING: [&str; 5] =
    ["MasterRecordId", "IsConverted", "ConvertedContactId", "ConvertedAccountId", "ConvertedOpportunityId"];
const WRITE: WriteOptions = WriteOptions { all_or_none: false, allow_duplicates: false };

/// A Salesforce org.
#[derive(Debug, Clone)]
pub(crate) struct SalesforceSide {
    client: Client,
    user: OnceCell<String>,
    /// The objects that are known to have the marker field: no other can be asked for it.
    marked: Arc<Mutex<BTreeSet<String>>>,
    /// What was described, until something of it changes.
    described: Arc<Mutex<BTreeMap<String, Vec<Field>>>>,
    /// The fields of each object that tell what became of a record.
    telling: Arc<Mutex<BTreeMap<String, Vec<&'static str>>>>,
    /// Filters as conditions, once they have been resolved.
    pub(super) conditions: Arc<Mutex<BTreeMap<(String, String), Condition>>>,
    /// The objects whose field history the org does not keep, or does not show.
    pub(super) without_history: Arc<Mutex<BTreeSet<String>>>,
    /// What large reads have brought and nobody has used yet.
    pub(super) kept: Kept,
    /// The HubSpot account whose markers count; those of other accounts on the same org do not.
    account: Arc<Mutex<String>>,
}

impl SalesforceSide {
    pub fn new(client: Client) -> Self {
        Self {
            client,
            user: OnceCell::new(),
            marked: Arc::default(),
            described: Arc::default(),
            telling: Arc::default(),
            conditions: Arc::default(),
            without_history: Arc::default(),
            kept: Kept::default(),
            account: Arc::default(),
        }
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    fn marked(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.marked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn described(&self) -> MutexGuard<'_, BTreeMap<String, Vec<Field>>> {
        self.described.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn columns(&self, object: &str, fields: &[Field]) -> String {
        let read: Vec<Field> =
            fields.iter().filter(|field| !members::is_elsewhere(&field.name)).cloned().collect();
        let telling = self.telling.lock().unwrap_or_else(PoisonError::into_inner);
        let telling = telling.get(object).map_or(&[][..], Vec::as_slice);
        column_list(&read, telling, self.marked().contains(object))
    }

    /// A HubSpot record's id as it stands in the marker: with its account, because an org may have several.
    fn marker_of(&self, id: &str) -> String {
        format!("{}:{id}", self.account.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A row as a record; a marker of another account's is none.
    pub(super) fn state_of(&self, object: &str, row: &Row, fields: &[Field], user: &str) -> RecordState {
        let mut state = state(object, row, fields, user);
        let start = self.marker_of("");
        let marker = state.marker.take();
        state.marker = marker.and_then(|marker| marker.strip_prefix(&start).map(ToOwned::to_owned));
        state
    }

    /// The connected user, by whose id Tandem's own changes are known.
    pub(super) async fn user(&self) -> Result<&str, SideError> {
        let user = self.user.get_or_try_init(|| async {
            self.client.identity().await.map(|identity| identity.user_id).map_err(|error| failed(&error))
        });
        user.await.map(String::as_str)
    }

    async fn rows(
        &self,
        object: &str,
        queries: &[String],
        scope: Scope,
        fields: &[Field],
    ) -> Result<Vec<RecordState>, SideError> {
        let user = self.user().await?;
        let rows = self.client.query_each(queries, scope).await.map_err(|error| failed(&error))?;
        let mut records = self.states(object, &rows, fields, user).await?;
        let wanted = fields.iter().any(|field| members::is_elsewhere(&field.name));
        self.fill_members(object, &mut records, wanted).await?;
        Ok(records)
    }

    /// Records as Salesforce answered them, with their contact roles where those are mapped.
    async fn states(
        &self,
        object: &str,
        rows: &[Row],
        fields: &[Field],
        user: &str,
    ) -> Result<Vec<RecordState>, SideError> {
        let mut states: Vec<RecordState> =
            rows.iter().map(|row| self.state_of(object, row, fields, user)).collect();
        if roles::is_mapped(fields) {
            let mut incomplete = Vec::new();
            for (row, state) in rows.iter().zip(&mut states) {
                match roles::value(row.get(roles::ROLES)) {
                    Some(value) => {
                        state.values.insert(roles::ROLES.to_owned(), value);
                    }
                    None => incomplete.push(state.id.clone()),
                }
            }
            roles::fill(&self.client, &mut states, &incomplete).await.map_err(|error| failed(&error))?;
        }
        Ok(states)
    }

    pub(super) async fn page(
        &self,
        object: &str,
        page: QueryPage,
        fields: &[Field],
    ) -> Result<ChangesPage, SideError> {
        let user = self.user().await?;
        let fields: Vec<Field> =
            fields.iter().filter(|field| !members::is_elsewhere(&field.name)).cloned().collect();
        Ok(ChangesPage { records: self.states(object, &page.records, &fields, user).await?, next: page.next })
    }

    /// What Salesforce now stores of rows just written, where nobody has changed the record since.
    async fn stored(
        &self,
        object: &str,
        ids: &[String],
        fields: &[Field],
    ) -> Result<BTreeMap<String, Values>, SideError> {
        let read = self.read_all(object, ids, fields).await?;
        let ours = read.into_values().filter(|record| record.modified_by_us && !record.deleted);
        Ok(ours.map(|record| (record.id, record.values)).collect())
    }

    pub(super) async fn read_all(
        &self,
        object: &str,
        ids: &[String],
        fields: &[Field],
    ) -> Result<BTreeMap<String, RecordState>, SideError> {
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let before = format!("SELECT {} FROM {object} WHERE Id IN ", self.columns(object, fields));
        let found = self.rows(object, &in_lists(&before, ids, ""), Scope::WithDeleted, fields).await?;
        Ok(found.into_iter().map(|record| (record.id.clone(), record)).collect())
    }

    /// Gives each row its outcome; what was stored is read back, because Salesforce answers ids only.
    async fn finish(
        &self,
        object: &str,
        results: Vec<RowResult>,
        fields: &[Field],
    ) -> Result<Vec<Written>, SideError> {
        let ids: Vec<String> = results
            .iter()
            .filter_map(|result| match result {
                RowResult::Ok { id, .. } => Some(id.clone()),
                _ => None,
            })
            .collect();
        // Not knowing what was stored is no reason to forget that it was written.
        let stored = self.stored(object, &ids, fields).await.unwrap_or_default();
        let outcomes = results.into_iter().map(|result| {
            let values = result.id().and_then(|id| stored.get(id)).cloned().unwrap_or_default();
            outcome(result, values)
        });
        Ok(outcomes.collect())
    }
}

impl SideApi for SalesforceSide {
    fn side(&self) -> Side {
        Side::Salesforce
    }

    fn time_zone(&self) -> Answer<'_, TimeZone> {
        // The API speaks UTC throughout; only HubSpot's dates depend on the account.
        Box::pin(std::future::ready(Ok(TimeZone::UTC)))
    }

    fn describe<'a>(&'a self, object: &'a str) -> Answer<'a, Vec<Field>> {
        Box::pin(async move {
            if let Some(known) = self.described().get(object) {
                return Ok(known.clone());
            }
            let described = self.client.describe(object).await.map_err(|error| failed(&error))?;
            let mut fields: Vec<Field> = described.fields.iter().filter_map(field).collect();
            // Record types are few and have names: a choice.
            let types = described.record_type_infos.iter().filter(|one| one.active && !one.master);
            let options = types.map(|one| ChoiceOption {
                value: one.record_type_id.clone(),
                label: one.name.clone(),
                active: one.available,
            });
            let options: Vec<ChoiceOption> = options.collect();
            if let Some(field) = fields.iter_mut().find(|field| field.name == "RecordTypeId") {
                field.kind = Kind::Choice(ChoiceList { options, restricted: true });
            }
            if object == "Opportunity" {
                fields.push(roles::field());
            }
            let telling = TELLING.into_iter().filter(|name| fields.iter().any(|field| field.name == *name));
            let telling = telling.collect();
            self.telling.lock().unwrap_or_else(PoisonError::into_inner).insert(object.to_owned(), telling);
            if object == TASK {
                fields.iter_mut().for_each(as_of_a_task);
            }
            if fields.iter().any(|field| field.name == SALESFORCE_MARKER) {
                self.marked().insert(object.to_owned());
            } else {
                self.marked().remove(object);
            }
            self.described().insert(object.to_owned(), fields.clone());
            Ok(fields)
        })
    }

    fn ensure_marker<'a>(&'a self, object: &'a str, fields: &'a [Field]) -> Answer<'a, ()> {
        Box::pin(async move {
            if fields.iter().any(|field| field.name == SALESFORCE_MARKER) {
                return Ok(());
            }
            let new = NewCustomField {
                full_name: format!("{object}.{SALESFORCE_MARKER}"),
                metadata: serde_json::json!({
                    "label": "HubSpot record ID (Tandem)",
                    "type": "Text",
                    "length": 255,
                    "externalId": true,
                    "unique": true,
                    "caseSensitive": false,
                    "description": "The HubSpot record this one was made from. Written by Tandem; do not edit.",
                }),
            };
            match self.client.create_custom_field(&new).await {
                Ok(_) => {}
                // It is there, but hidden from us: access is what is missing.
                Err(error) if error.code().is_some_and(|code| code.contains("DUPLICATE")) => {}
                Err(error) => {
                    return Err(SideError {
                        side: Side::Salesforce,
                        passing: error.is_temporary(),
                        message: format!(
                            "Salesforce did not let the field {object}.{SALESFORCE_MARKER} be created: {error}. Give the \
                             connected user 'Customize Application', or create it as a unique external-id text of 255 \
                             characters."
                        ),
                    });
                }
            }
            self.described().remove(object);
            let user = self.user().await?;
            let sets = self.client.permission_sets(user).await.map_err(|error| failed(&error))?;
            let set = sets.iter().find(|set| !set.is_owned_by_profile).or_else(|| sets.first());
            let Some(set) = set else {
                self.marked().insert(object.to_owned());
                return Ok(());
            };
            match self.client.grant_field(&set.id, object, SALESFORCE_MARKER).await {
                Ok(Granted::Now | Granted::Already) => {
                    self.marked().insert(object.to_owned());
                    Ok(())
                }
                Err(error) => Err(failed(&error)),
            }
        })
    }

    fn may_have_changed(&self, since: Timestamp) -> Answer<'_, bool> {
        Box::pin(async move {
            let changed = self.client.changed_since(since).await.map_err(|error| failed(&error))?;
            if changed {
                self.described().clear();
            }
            Ok(changed)
        })
    }

    fn changes<'a>(
        &'a self,
        object: &'a str,
        since: Option<Timestamp>,
        page: Option<String>,
        fields: &'a [Field],
    ) -> Answer<'a, ChangesPage> {
        Box::pin(async move {
            let answer = match (page, since) {
                (Some(next), _) if Self::is_bulk(&next) => {
                    return self.bulk_changes(object, &next, fields).await;
                }
                (Some(next), _) => self.client.query_next(&next).await,
                (None, Some(since)) => {
                    let soql = format!(
                        "SELECT {} FROM {object} WHERE SystemModstamp >= {} ORDER BY SystemModstamp, Id",
                        self.columns(object, fields),
                        soql_time(since)
                    );
                    self.client.query_all(&soql).await
                }
                (None, None) => return self.first_page_of_all(object, fields).await,
            };
            let mut page = self.page(object, answer.map_err(|error| failed(&error))?, fields).await?;
            if let (None, Some(since), true) = (&page.next, since, roles::is_mapped(fields)) {
                let changed = roles::changed_since(&self.client, since).await;
                let changed = changed.map_err(|error| failed(&error))?;
                page.records.extend(self.read_all(object, &changed, fields).await?.into_values());
            }
            Ok(page)
        })
    }

    fn chosen<'a>(
        &'a self,
        object: &'a str,
        choice: &'a Chosen,
        page: Option<String>,
        fields: &'a [Field],
    ) -> Answer<'a, ChosenPage> {
        Box::pin(async move { self.chosen_page(object, choice, page.as_deref(), fields).await })
    }

    fn read_first<'a>(
        &'a self,
        object: &'a str,
        ids: &'a [String],
        fields: &'a [Field],
    ) -> Answer<'a, (BTreeMap<String, RecordState>, BTreeSet<String>)> {
        Box::pin(self.read_kept(object, ids, fields))
    }

    fn labels<'a>(&'a self, object: &'a str) -> Answer<'a, (String, String)> {
        Box::pin(async move {
            let described = self.client.describe(object).await.map_err(|error| failed(&error))?;
            Ok((described.label, described.label_plural))
        })
    }

    fn beside(&self, account: &str) {
        *self.account.lock().unwrap_or_else(PoisonError::into_inner) = account.to_owned();
    }

    fn add_choices<'a>(
        &'a self,
        object: &'a str,
        field: &'a str,
        choices: &'a [(String, String)],
    ) -> Answer<'a, Option<String>> {
        Box::pin(async move {
            match self.client.add_picklist_values(object, field, choices).await {
                Ok(true) => Ok(None),
                Ok(false) => Ok(Some(format!(
                    "The choices of {object}.{field} are kept in a list of their own or belong to a standard field; they \
                     are added in Salesforce's Setup"
                ))),
                Err(error) if error.is_temporary() || error.is_ambiguous() => Err(failed(&error)),
                Err(error) => Ok(Some(error.to_string())),
            }
        })
    }

    fn read<'a>(
        &'a self,
        object: &'a str,
        ids: &'a [String],
        fields: &'a [Field],
    ) -> Answer<'a, BTreeMap<String, RecordState>> {
        Box::pin(self.read_all(object, ids, fields))
    }

    fn whereabouts<'a>(&'a self, _: &'a str, ids: &'a [String]) -> Answer<'a, BTreeMap<String, Whereabouts>> {
        // A read finds deleted records too. What it does not find may only be hidden from the connected user.
        let hidden = ids.iter().map(|id| (id.clone(), Whereabouts::Hidden)).collect();
        Box::pin(std::future::ready(Ok(hidden)))
    }

    fn origins<'a>(&'a self, object: &'a str, ids: &'a [String]) -> Answer<'a, Vec<(String, RecordName)>> {
        Box::pin(async move {
            if object != "Contact" || ids.is_empty() {
                return Ok(Vec::new());
            }
            let before = "SELECT Id, ConvertedContactId FROM Lead WHERE ConvertedContactId IN ";
            let rows = self.client.query_each(&in_lists(before, ids, ""), Scope::Live).await;
            let rows = rows.map_err(|error| failed(&error))?;
            let origin = |row: &Row| {
                let lead = row.id.clone().or_else(|| row.text("Id").map(ToOwned::to_owned))?;
                let contact = row.text("ConvertedContactId")?.to_owned();
                Some((contact, RecordName { object: "Lead".to_owned(), id: lead }))
            };
            Ok(rows.iter().filter_map(origin).collect())
        })
    }

    fn inside<'a>(
        &'a self,
        object: &'a str,
        scope: &'a str,
        ids: &'a [String],
    ) -> Answer<'a, BTreeSet<String>> {
        Box::pin(self.inside_filter(object, scope, ids))
    }

    fn roster<'a>(
        &'a self,
        object: &'a str,
        roster: &'a Roster,
        page: Option<String>,
    ) -> Answer<'a, RosterPage> {
        Box::pin(async move {
            match roster {
                Roster::Inside(scope) => self.filter_page(object, scope, page).await,
                // Changes show what was deleted.
                Roster::Archived => Ok(RosterPage::default()),
            }
        })
    }

    fn check_scope<'a>(&'a self, object: &'a str, scope: &'a str) -> Answer<'a, Option<String>> {
        Box::pin(self.check_filter(object, scope))
    }

    fn find<'a>(
        &'a self,
        object: &'a str,
        key: Key,
        keys: &'a [String],
        fields: &'a [Field],
    ) -> Answer<'a, Vec<RecordState>> {
        Box::pin(async move {
            if keys.is_empty() || (key == Key::Marker && !self.marked().contains(object)) {
                return Ok(Vec::new());
            }
            // A converted lead lives on as a contact.
            let open = if object == "Lead" { " AND IsConverted = false" } else { "" };
            let (column, values) = match &key {
                Key::Email => ("Email", keys.to_vec()),
                Key::Marker => (SALESFORCE_MARKER, keys.iter().map(|id| self.marker_of(id)).collect()),
                Key::Field(name) => (name.as_str(), keys.to_vec()),
                Key::Domain => {
                    let spelled = ["", "www.", "http://", "https://", "http://www.", "https://www."];
                    let spell = |domain: &String| {
                        spelled.iter().map(|start| format!("{start}{domain}")).collect::<Vec<_>>()
                    };
                    ("Website", keys.iter().flat_map(spell).collect())
                }
            };
            let before = format!("SELECT {} FROM {object} WHERE {column} IN ", self.columns(object, fields));
            self.rows(object, &in_lists(&before, &values, open), Scope::Live, fields).await
        })
    }

    fn edit_times<'a>(
        &'a self,
        records: &'a [(RecordState, Vec<String>)],
    ) -> Answer<'a, BTreeMap<(String, String), EditTime>> {
        Box::pin(self.times_of_edits(records))
    }

    fn update<'a>(
        &'a self,
        object: &'a str,
        rows: &'a [(String, Values)],
        fields: &'a [Field],
    ) -> Answer<'a, Vec<Written>> {
        Box::pin(async move {
            // A row of nothing but contact roles and campaigns has no fields to write.
            let bare = |values: &Values| {
                values.keys().all(|name| name == roles::ROLES || members::is_elsewhere(name))
            };
            let records: Vec<Fields> = rows
                .iter()
                .filter(|(_, values)| !bare(values))
                .map(|(id, values)| {
                    let mut row = to_row(values, fields);
                    row.insert("Id".into(), id.clone().into());
                    row
                })
                .collect();
            let results = match records.as_slice() {
                [] => Vec::new(),
                some => self
                    .client
                    .collections_update(object, some, WRITE)
                    .await
                    .map_err(|error| failed(&error))?,
            };
            let mut results = results.into_iter();
            let mut results: Vec<RowResult> = rows
                .iter()
                .map(|(id, values)| {
                    let written = RowResult::Ok { id: id.clone(), created: Some(false), call: String::new() };
                    let unmentioned = || RowResult::Unknown { reason: "the row was not answered".to_owned() };
                    if bare(values) { written } else { results.next().unwrap_or_else(unmentioned) }
                })
                .collect();
            roles::write(&self.client, rows, &mut results).await;
            let outcomes = self.finish(object, results, fields).await?;
            self.write_members(object, rows, outcomes).await
        })
    }

    fn create<'a>(
        &'a self,
        object: &'a str,
        rows: &'a [(String, Values)],
        fields: &'a [Field],
    ) -> Answer<'a, Vec<Written>> {
        Box::pin(async move {
            // An upsert by the marker makes one record however often it is sent.
            let records: Vec<Fields> = rows
                .iter()
                .map(|(marker, values)| {
                    let mut row = to_row(values, fields);
                    row.insert(SALESFORCE_MARKER.into(), self.marker_of(marker).into());
                    row
                })
                .collect();
            let mut results = self
                .client
                .collections_upsert(object, SALESFORCE_MARKER, &records, WRITE)
                .await
                .map_err(|error| failed(&error))?;
            roles::write(&self.client, rows, &mut results).await;
            let outcomes = self.finish(object, results, fields).await?;
            self.write_members(object, rows, outcomes).await
        })
    }

    fn create_carelessly<'a>(
        &'a self,
        object: &'a str,
        rows: &'a [(String, Values)],
        fields: &'a [Field],
    ) -> Answer<'a, Vec<Written>> {
        Box::pin(async move {
            let mut outcomes = Vec::new();
            for (_, values) in rows {
                let row = [to_row(values, fields)];
                let mut outcome = Written::Unknown;
                for _ in 0..5 {
                    let results = self
                        .client
                        .collections_create(object, &row, WRITE)
                        .await
                        .map_err(|error| failed(&error))?;
                    outcome =
                        self.finish(object, results, fields).await?.into_iter().next().unwrap_or(outcome);
                    if !matches!(outcome, Written::Unknown) {
                        break;
                    }
                }
                outcomes.push(outcome);
            }
            Ok(outcomes)
        })
    }

    fn delete<'a>(&'a self, object: &'a str, ids: &'a [String]) -> Answer<'a, Vec<Written>> {
        Box::pin(async move {
            let results = self.client.collections_delete(ids, WRITE).await.map_err(|error| failed(&error))?;
            let gone = |errors: &[RowError]| {
                errors.iter().any(|error| error.code.as_deref() == Some("ENTITY_IS_DELETED"))
            };
            let outcomes = results.into_iter().zip(ids).map(|(result, id)| match result {
                RowResult::Err(errors) if gone(&errors) => {
                    Written::Stored { id: id.clone(), values: Values::new(), call: None }
                }
                other => outcome(other, Values::new()),
            });
            let outcomes: Vec<Written> = outcomes.collect();
            tracing::debug!(object, records = outcomes.len(), "deleted");
            Ok(outcomes)
        })
    }

    fn owners(&self) -> Answer<'_, Vec<Person>> {
        Box::pin(async move {
            let users = "SELECT Id, Name, Email, IsActive FROM User WHERE UserType IN ('Standard', 'PowerPartner', \
                         'Guest') ORDER BY CreatedDate, Id";
            let queues = "SELECT Id, Name, Email FROM Group WHERE Type = 'Queue' ORDER BY Id";
            let us = self.user().await?;
            let mut people = Vec::new();
            for soql in [users, queues] {
                let rows = self.client.query_rows(soql, Scope::Live).await.map_err(|error| failed(&error))?;
                people.extend(rows.iter().map(|row| Person {
                    id: row.id.clone().unwrap_or_default(),
                    name: row.text("Name").unwrap_or_default().to_owned(),
                    email: row.text("Email").map(ToOwned::to_owned),
                    active: row.get("IsActive").and_then(serde_json::Value::as_bool).unwrap_or(true),
                    is_us: row.id.as_deref() == Some(us),
                }));
            }
            Ok(people)
        })
    }

    fn clock_offset(&self) -> SignedDuration {
        self.client.clock_offset().unwrap_or(SignedDuration::ZERO)
    }

    fn calls(&self) -> u64 {
        self.client.calls()
    }
}

/// What became of a row; `values` is what Salesforce now stores of it.
fn outcome(result: RowResult, values: Values) -> Written {
    match result {
        RowResult::Ok { id, call, .. } => {
            Written::Stored { id, values, call: Some(call).filter(|call| !call.is_empty()) }
        }
        RowResult::Err(errors) => Written::Refused(refusal(&errors)),
        RowResult::Unknown { reason } => {
            tracing::debug!(reason, "a write without an answer");
            Written::Unknown
        }
        // Nothing is wrong with the row: it waits until calls are free again.
        RowResult::NotSent(::salesforce::Error::Held(reason)) => {
            tracing::debug!(reason, "not sent");
            Written::Unknown
        }
        RowResult::NotSent(error) => Written::Refused(Refusal {
            code: "NO_ANSWER".into(),
            message: error.to_string(),
            fields: Vec::new(),
            existing: None,
            passing: true,
        }),
    }
}

fn column_list(fields: &[Field], telling: &[&str], marked: bool) -> String {
    let mut columns: Vec<&str> = SYSTEM.to_vec();
    columns.extend(telling);
    columns.extend(marked.then_some(SALESFORCE_MARKER));
    for field in fields {
        let column = if field.name == roles::ROLES { roles::COLUMN } else { field.name.as_str() };
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    columns.join(", ")
}

/// What Salesforce's description of a task does not say: the subject is free, and the subtype, which can be given once,
/// is not among what is written later.
fn as_of_a_task(field: &mut Field) {
    match field.name.as_str() {
        "Subject" => field.kind = Kind::Text { max_length: Some(255), format: TextFormat::Plain },
        "TaskSubtype" => field.access = Access::ReadWrite,
        _ => {}
    }
}

fn to_row(values: &Values, fields: &[Field]) -> Fields {
    values
        .iter()
        .filter(|(name, _)| *name != roles::ROLES && !members::is_elsewhere(name))
        .filter_map(|(name, value)| {
            let field = fields.iter().find(|field| field.name == *name)?;
            Some((name.clone(), wire::to_salesforce(field, value)))
        })
        .collect()
}

fn state(object: &str, row: &Row, fields: &[Field], user: &str) -> RecordState {
    let time = |field: &str| row.text(field).and_then(wire::salesforce_time);
    RecordState {
        object: object.to_owned(),
        id: row.id.clone().or_else(|| row.text("Id").map(ToOwned::to_owned)).unwrap_or_default(),
        values: fields.iter().map(|field| (field.name.clone(), value(field, row.get(&field.name)))).collect(),
        created: time("CreatedDate"),
        modified: time("LastModifiedDate"),
        modified_by_us: row.text("LastModifiedById") == Some(user),
        deleted: row.get("IsDeleted").and_then(serde_json::Value::as_bool).unwrap_or(false),
        marker: row.text(SALESFORCE_MARKER).map(ToOwned::to_owned),
        life: life(object, row),
    }
}

/// What became of a record: a merged one is deleted and names its master, a converted lead names its contact.
fn life(object: &str, row: &Row) -> Life {
    let named = |object: &str, field: &str| {
        let id = row.text(field)?.to_owned();
        Some(RecordName { object: object.to_owned(), id })
    };
    let is = |field: &str| row.get(field).and_then(serde_json::Value::as_bool).unwrap_or(false);
    if is("IsDeleted") {
        return Life { successor: named(object, "MasterRecordId"), ..Life::default() };
    }
    if !is("IsConverted") {
        return Life::default();
    }
    let companions = [named("Account", "ConvertedAccountId"), named("Opportunity", "ConvertedOpportunityId")];
    Life {
        successor: named("Contact", "ConvertedContactId"),
        companions: companions.into_iter().flatten().collect(),
        merged: Vec::new(),
    }
}

/// A value that cannot be read as what the field says it is stays a text: it is never taken for blank.
fn value(field: &Field, raw: Option<&serde_json::Value>) -> Value {
    let raw = raw.unwrap_or(&serde_json::Value::Null);
    wire::from_salesforce(field, raw).unwrap_or_else(|_| Value::Text(raw.to_string()))
}

fn field(described: &FieldDescribe) -> Option<Field> {
    let options = || ChoiceList {
        options: described
            .picklist_values
            .iter()
            .map(|value| ChoiceOption {
                value: value.value.clone(),
                label: value.label.clone().unwrap_or_else(|| value.value.clone()),
                active: value.active,
            })
            .collect(),
        restricted: described.restricted_picklist,
    };
    let length = (described.length > 0).then_some(described.length as usize);
    let text = |format| Kind::Text { max_length: length, format };
    let kind = match described.kind.as_str() {
        "boolean" => Kind::Boolean,
        "int" | "long" => {
            let digits = if described.digits > 0 { described.digits } else { 9 };
            Kind::Number { integer_digits: Some(digits), decimals: Some(0) }
        }
        "double" | "currency" | "percent" => Kind::Number {
            integer_digits: Some(described.precision.saturating_sub(described.scale)),
            decimals: Some(described.scale),
        },
        "date" => Kind::Date,
        "datetime" => Kind::DateTime,
        "picklist" | "combobox" => Kind::Choice(options()),
        "multipicklist" => Kind::MultiChoice(options()),
        "reference" => Kind::Reference { targets: described.reference_to.clone() },
        "email" => text(TextFormat::Email),
        "phone" => text(TextFormat::Phone),
        "url" => text(TextFormat::Url),
        "textarea" if described.html_formatted => text(TextFormat::Rich),
        "textarea" => text(TextFormat::Long),
        "string" | "id" | "encryptedstring" | "time" => text(TextFormat::Plain),
        // Compound and binary values are reached through their parts, or not at all.
        _ => return None,
    };
    Some(Field {
        name: described.name.clone(),
        label: described.label.clone(),
        kind,
        access: match (described.createable, described.updateable) {
            (_, true) => Access::ReadWrite,
            (true, false) => Access::CreateOnly,
            (false, false) => Access::ReadOnly,
        },
        required: described.required_on_create(),
        unique: described.unique,
    })
}

fn refusal(errors: &[RowError]) -> Refusal {
    let first = errors.first();
    let code = first.and_then(|error| error.code.clone()).unwrap_or_else(|| "UNKNOWN_EXCEPTION".to_owned());
    let passing = matches!(
        code.as_str(),
        "UNABLE_TO_LOCK_ROW"
            | "SERVER_UNAVAILABLE"
            | "UNKNOWN_EXCEPTION"
            | "QUERY_TIMEOUT"
            | "REQUEST_LIMIT_EXCEEDED"
    );
    let messages: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
    // A clash of markers means that the record is there; any other duplicate is for a person to judge.
    let marker_clash =
        code == "DUPLICATE_VALUE" && messages.iter().any(|text| text.contains(SALESFORCE_MARKER));
    Refusal {
        passing,
        message: messages.join(" "),
        fields: errors.iter().flat_map(|error| error.fields.clone()).collect(),
        existing: first.filter(|_| marker_clash).and_then(|error| error.duplicate_ids.first().cloned()),
        code,
    }
}

pub(super) fn failed(error: &::salesforce::Error) -> SideError {
    SideError {
        side: Side::Salesforce,
        message: error.to_string(),
        passing: error.is_temporary() || error.is_ambiguous(),
    }
}
