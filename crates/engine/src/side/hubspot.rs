//! HubSpot as a side.

mod happenings;
mod offer;
mod timeline;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use ::hubspot::{
    BatchInput, BatchRead, Client, Direction, Filter, FilterGroup, HistoryEntry, List, NewProperty,
    NewPropertyGroup, ObjectSchema, Operator, Property, PropertyOption, Record, RowError, RowResult, Search,
    Sort,
};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use model::{
    Access, ChoiceList, ChoiceOption, EditTime, Field, Kind, OWNERS, Side, TextFormat, Value, Values, wire,
};

use tokio::sync::OnceCell;

use crate::activities::TASKS;
use crate::custom::NewObject;
use crate::import::Chosen;
use crate::settings::Activity;

use super::associations;
use super::{
    Answer, ChangesPage, ChosenPage, HUBSPOT_MARKER, Key, Life, Person, RecordName, RecordState, Refusal,
    Roster, RosterPage, Segment, SideApi, SideError, Whereabouts, Written,
};

/// Records in a page of a search, and the most that one search can reach.
const PAGE: u32 = 200;
const REACH: u64 = 10_000;
/// The longest text that a property holds.
const LONGEST_TEXT: usize = 65_536;
/// The property that holds the ids of those merged into a record.
const MERGED: &str = "hs_merged_object_ids";
/// The property group that Tandem's own properties are in.
const GROUP: &str = "tandem";

/// A HubSpot account.
#[derive(Debug, Clone)]
pub(crate) struct HubSpotSide {
    client: Client,
    custom: Arc<Mutex<Option<Arc<Vec<ObjectSchema>>>>>,
    account: OnceCell<String>,
}

impl HubSpotSide {
    pub fn new(client: Client) -> Self {
        Self { client, custom: Arc::default(), account: OnceCell::new() }
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// The account's custom objects.
    pub(super) async fn custom_objects(&self) -> Result<Arc<Vec<ObjectSchema>>, SideError> {
        let known = self.custom.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known {
            return Ok(known);
        }
        let read = Arc::new(associations::custom_objects(&self.client).await?);
        *self.custom.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&read));
        Ok(read)
    }

    /// Has the custom objects read again when they are next needed.
    pub(super) fn forget_custom_objects(&self) {
        *self.custom.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Records as HubSpot answered them, with those of their associations that are mapped.
    async fn states(
        &self,
        object: &str,
        records: &[Record],
        fields: &[Field],
    ) -> Result<Vec<RecordState>, SideError> {
        let mut states: Vec<RecordState> =
            records.iter().map(|record| state(object, record, fields)).collect();
        associations::fill(&self.client, object, &mut states, fields).await?;
        Ok(states)
    }

    async fn read_by(
        &self,
        object: &str,
        ids: &[String],
        id_property: Option<&str>,
        fields: &[Field],
    ) -> Result<Vec<RecordState>, SideError> {
        let read = BatchRead {
            ids: ids.to_vec(),
            id_property: id_property.map(ToOwned::to_owned),
            properties: property_names(fields),
            ..BatchRead::default()
        };
        let answer = self.client.batch_read(object, &read).await.map_err(|error| failed(&error))?;
        self.states(object, &answer.found, fields).await
    }

    async fn search(
        &self,
        object: &str,
        search: &Search,
        fields: &[Field],
    ) -> Result<Vec<RecordState>, SideError> {
        let mut search = search.clone();
        let mut found = Vec::new();
        loop {
            let page = self.client.search(object, &search).await.map_err(|error| failed(&error))?;
            found.extend(self.states(object, &page.results, fields).await?);
            search.after = page.after;
            if search.after.is_none() {
                return Ok(found);
            }
        }
    }

    async fn list_page(
        &self,
        object: &str,
        after: Option<&str>,
        fields: &[Field],
    ) -> Result<ChangesPage, SideError> {
        let list = List {
            properties: property_names(fields),
            after: after.map(ToOwned::to_owned),
            ..List::default()
        };
        let page = self.client.list(object, &list).await.map_err(|error| failed(&error))?;
        Ok(ChangesPage {
            records: self.states(object, &page.results, fields).await?,
            next: page.after.map(|after| Page::List { after }.to_string()),
        })
    }

    /// A page of records modified since a moment. One search reaches 10,000 records; the next starts where it ended.
    async fn modified_page(
        &self,
        object: &str,
        since: Timestamp,
        offset: u64,
        fields: &[Field],
    ) -> Result<ChangesPage, SideError> {
        let modified = modified_property(object);
        let filter = Filter::new(modified, Operator::Gte, since.as_millisecond().to_string());
        let search = Search {
            filter_groups: vec![FilterGroup { filters: vec![filter] }],
            sorts: vec![Sort { property_name: modified.into(), direction: Direction::Ascending }],
            properties: property_names(fields),
            limit: PAGE,
            after: (offset > 0).then(|| offset.to_string()),
            ..Search::default()
        };
        let page = self.client.search(object, &search).await.map_err(|error| failed(&error))?;
        let last = page.results.last().and_then(|record| record.updated_at);
        let records = self.states(object, &page.results, fields).await?;
        let next = match page.after.as_deref().map(str::parse::<u64>) {
            Some(Ok(after)) if after + u64::from(PAGE) <= REACH => Some(Page::Since { since, offset: after }),
            Some(_) => match last {
                Some(last) if last > since => Some(Page::Since { since: last, offset: 0 }),
                // More records than one search reaches carry one and the same time: go through them by id.
                _ => Some(Page::Moment { at: since, after: String::from("0") }),
            },
            None => None,
        };
        Ok(ChangesPage { records, next: next.map(|page| page.to_string()) })
    }

    async fn moment_page(
        &self,
        object: &str,
        at: Timestamp,
        after: &str,
        fields: &[Field],
    ) -> Result<ChangesPage, SideError> {
        let filters = vec![
            Filter::new(modified_property(object), Operator::Eq, at.as_millisecond().to_string()),
            Filter::new("hs_object_id", Operator::Gt, after),
        ];
        let search = Search {
            filter_groups: vec![FilterGroup { filters }],
            sorts: vec![Sort { property_name: "hs_object_id".into(), direction: Direction::Ascending }],
            properties: property_names(fields),
            limit: PAGE,
            ..Search::default()
        };
        let page = self.client.search(object, &search).await.map_err(|error| failed(&error))?;
        let records = self.states(object, &page.results, fields).await?;
        let next = match records.last() {
            Some(last) if page.after.is_some() => Page::Moment { at, after: last.id.clone() },
            _ => {
                let next = at.checked_add(SignedDuration::from_millis(1)).unwrap_or(at);
                Page::Since { since: next, offset: 0 }
            }
        };
        Ok(ChangesPage { records, next: Some(next.to_string()) })
    }

    fn rows(rows: &[(String, Values)], fields: &[Field], key: RowKey) -> Vec<BatchInput> {
        rows.iter()
            .enumerate()
            .map(|(index, (id, values))| {
                let mut properties: BTreeMap<String, String> = values
                    .iter()
                    .filter(|(name, _)| !associations::is_association(name))
                    .filter_map(|(name, value)| {
                        let field = fields.iter().find(|field| field.name == *name)?;
                        Some((name.clone(), wire::to_hubspot(field, value)))
                    })
                    .collect();
                if key == RowKey::Marker {
                    properties.insert(HUBSPOT_MARKER.to_owned(), id.clone());
                }
                BatchInput {
                    trace_id: format!("row-{index}"),
                    id: (key != RowKey::None).then(|| id.clone()),
                    id_property: (key == RowKey::Marker).then(|| HUBSPOT_MARKER.to_owned()),
                    properties,
                    ..BatchInput::default()
                }
            })
            .collect()
    }
}

/// What the ids of rows to be written are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RowKey {
    Record,
    Marker,
    None,
}

impl SideApi for HubSpotSide {
    fn side(&self) -> Side {
        Side::HubSpot
    }

    fn time_zone(&self) -> Answer<'_, TimeZone> {
        Box::pin(async move {
            let account = self.client.account().await.map_err(|error| failed(&error))?;
            Ok(account.time_zone.and_then(|name| TimeZone::get(&name).ok()).unwrap_or(TimeZone::UTC))
        })
    }

    fn describe<'a>(&'a self, object: &'a str) -> Answer<'a, Vec<Field>> {
        Box::pin(async move {
            if let Some(activity) = Activity::of(object) {
                return self.describe_activity(activity).await;
            }
            let properties = self.client.properties(object).await.map_err(|error| failed(&error))?;
            let custom = self.custom_objects().await?;
            let properties = properties.iter().filter(|property| !property.archived);
            let mut fields: Vec<Field> = properties.map(|property| field(object, property)).collect();
            fields.extend(associations::fields_of(object, &custom));
            Ok(fields)
        })
    }

    fn ensure_marker<'a>(&'a self, object: &'a str, fields: &'a [Field]) -> Answer<'a, ()> {
        Box::pin(async move {
            // Nothing is made in HubSpot of what only goes to Salesforce.
            let one_way = Activity::of(object).is_some_and(|activity| activity != Activity::Task);
            if one_way || fields.iter().any(|field| field.name == HUBSPOT_MARKER) {
                return Ok(());
            }
            let group = NewPropertyGroup { name: GROUP.into(), label: "Tandem".into() };
            already_there(self.client.create_property_group(object, &group).await)?;
            let property = NewProperty {
                name: HUBSPOT_MARKER.into(),
                label: "Salesforce record ID (Tandem)".into(),
                kind: "string".into(),
                field_type: "text".into(),
                group_name: GROUP.into(),
                description: "The Salesforce record this one was made from. Written by Tandem; do not edit."
                    .into(),
                has_unique_value: true,
                ..NewProperty::default()
            };
            already_there(self.client.create_property(object, &property).await.map(|_| ()))
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
            if let Some(activity) = Activity::of(object) {
                return self.activity_changes(activity, since, page, fields).await;
            }
            match (page.as_deref().and_then(Page::parse), since) {
                (Some(Page::List { after }), _) => self.list_page(object, Some(&after), fields).await,
                (Some(Page::Since { since, offset }), _) => {
                    self.modified_page(object, since, offset, fields).await
                }
                (Some(Page::Moment { at, after }), _) => self.moment_page(object, at, &after, fields).await,
                (None, Some(since)) => self.modified_page(object, since, 0, fields).await,
                (None, None) => self.list_page(object, None, fields).await,
            }
        })
    }

    fn chosen<'a>(
        &'a self,
        object: &'a str,
        choice: &'a Chosen,
        page: Option<String>,
        _: &'a [Field],
    ) -> Answer<'a, ChosenPage> {
        Box::pin(async move {
            if let Some(segment) = &choice.condition {
                let page = self.client.list_members(segment, page.as_deref()).await;
                let page = page.map_err(|error| failed(&error))?;
                return Ok(ChosenPage { ids: page.results, next: page.after, total: None });
            }
            let since = [choice.created_since, choice.modified_since].into_iter().flatten().max();
            let page = self.changes(object, since, page, &[]).await?;
            let wanted = |record: &&RecordState| {
                choice.created_since.is_none_or(|since| record.created.is_none_or(|at| at >= since))
            };
            Ok(ChosenPage {
                ids: page.records.iter().filter(wanted).map(|record| record.id.clone()).collect(),
                next: page.next,
                total: None,
            })
        })
    }

    fn account(&self) -> Answer<'_, String> {
        Box::pin(async move {
            let asked = self.account.get_or_try_init(|| async {
                self.client.account().await.map(|account| account.portal_id).map_err(|error| failed(&error))
            });
            asked.await.cloned()
        })
    }

    fn create_property<'a>(&'a self, new: &'a model::NewProperty) -> Answer<'a, bool> {
        Box::pin(self.make_property(new))
    }

    fn object_called<'a>(&'a self, name: &'a str) -> Answer<'a, Option<String>> {
        Box::pin(async move {
            let custom = self.custom_objects().await?;
            let found = custom.iter().find(|schema| schema.is_called(name));
            Ok(found.map(|schema| schema.fully_qualified_name.clone()))
        })
    }

    fn create_object<'a>(&'a self, new: &'a NewObject) -> Answer<'a, String> {
        Box::pin(self.make_object(new))
    }

    fn make_associable<'a>(&'a self, object: &'a str, other: &'a str) -> Answer<'a, ()> {
        Box::pin(self.let_associate(object, other))
    }

    fn add_choices<'a>(
        &'a self,
        object: &'a str,
        field: &'a str,
        choices: &'a [(String, String)],
    ) -> Answer<'a, Option<String>> {
        Box::pin(async move {
            let property = self.client.property(object, field).await.map_err(|error| failed(&error))?;
            let mut options = property.options;
            for (value, label) in choices {
                if options.iter().any(|option| option.value == *value) {
                    continue;
                }
                // Two options cannot share a label.
                let shared = options.iter().any(|option| option.label.eq_ignore_ascii_case(label));
                options.push(PropertyOption {
                    label: if shared { format!("{label} ({value})") } else { label.clone() },
                    value: value.clone(),
                    display_order: -1,
                    hidden: false,
                });
            }
            match self.client.replace_options(object, field, &options).await {
                Ok(()) => Ok(None),
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
        Box::pin(async move {
            if ids.is_empty() {
                return Ok(BTreeMap::new());
            }
            if let Some(activity) = Activity::of(object) {
                let found = self.read_activities(activity, ids, fields).await?;
                return Ok(found.into_iter().map(|record| (record.id.clone(), record)).collect());
            }
            let found = self.read_by(object, ids, None, fields).await?;
            let mut by_id: BTreeMap<String, RecordState> =
                found.into_iter().map(|record| (record.id.clone(), record)).collect();
            // A merged record answers under its new id; under its old one it is gone.
            for id in ids.iter().filter(|id| !by_id.contains_key(*id)).cloned().collect::<Vec<_>>() {
                let heir = by_id.values().find(|record| !record.deleted && record.life.merged.contains(&id));
                if let Some(heir) = heir.cloned() {
                    let successor = RecordName { object: heir.object.clone(), id: heir.id.clone() };
                    let life = Life { successor: Some(successor), ..Life::default() };
                    by_id.insert(id.clone(), RecordState { id, deleted: true, life, ..heir });
                }
            }
            Ok(by_id)
        })
    }

    fn whereabouts<'a>(
        &'a self,
        object: &'a str,
        ids: &'a [String],
    ) -> Answer<'a, BTreeMap<String, Whereabouts>> {
        Box::pin(async move {
            if Activity::of(object).is_some_and(|activity| !activity.is_record()) {
                return Ok(ids.iter().map(|id| (id.clone(), Whereabouts::RecycleBin)).collect());
            }
            let read = BatchRead { ids: ids.to_vec(), archived: true, ..BatchRead::default() };
            let answer = self.client.batch_read(object, &read).await.map_err(|error| failed(&error))?;
            let archived: BTreeSet<String> = answer.found.into_iter().map(|record| record.id).collect();
            let place = |id: &String| {
                if archived.contains(id) { Whereabouts::RecycleBin } else { Whereabouts::Gone }
            };
            Ok(ids.iter().map(|id| (id.clone(), place(id))).collect())
        })
    }

    fn origins<'a>(&'a self, _: &'a str, _: &'a [String]) -> Answer<'a, Vec<(String, RecordName)>> {
        // What a record was merged from, it says itself.
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    fn inside<'a>(
        &'a self,
        object: &'a str,
        scope: &'a str,
        ids: &'a [String],
    ) -> Answer<'a, BTreeSet<String>> {
        Box::pin(async move {
            if ids.is_empty() {
                return Ok(BTreeSet::new());
            }
            self.client.members_among(object, scope, ids).await.map_err(|error| failed(&error))
        })
    }

    fn roster<'a>(
        &'a self,
        object: &'a str,
        roster: &'a Roster,
        page: Option<String>,
    ) -> Answer<'a, RosterPage> {
        Box::pin(async move {
            match roster {
                Roster::Inside(list) => {
                    let page = self.client.list_members(list, page.as_deref()).await;
                    let page = page.map_err(|error| failed(&error))?;
                    Ok(RosterPage { ids: page.results, next: page.after })
                }
                Roster::Archived => {
                    let list = List { after: page, archived: true, ..List::default() };
                    let page = self.client.list(object, &list).await.map_err(|error| failed(&error))?;
                    let ids = page.results.into_iter().map(|record| record.id).collect();
                    Ok(RosterPage { ids, next: page.after })
                }
            }
        })
    }

    fn segments<'a>(&'a self, object: &'a str) -> Answer<'a, Vec<Segment>> {
        Box::pin(async move {
            let lists = self.client.lists_of(object, "").await.map_err(|error| failed(&error))?;
            let segments =
                lists.into_iter().map(|list| Segment { id: list.list_id, name: list.name, size: list.size });
            Ok(segments.collect())
        })
    }

    fn check_scope<'a>(&'a self, _: &'a str, scope: &'a str) -> Answer<'a, Option<String>> {
        Box::pin(async move {
            let list = self.client.list_of_records(scope).await.map_err(|error| failed(&error))?;
            Ok(list.is_none().then(|| {
                format!(
                    "HubSpot has no segment {scope}. Name one by its list id, or leave it out for all records"
                )
            }))
        })
    }

    fn find<'a>(
        &'a self,
        object: &'a str,
        key: Key,
        keys: &'a [String],
        fields: &'a [Field],
    ) -> Answer<'a, Vec<RecordState>> {
        Box::pin(async move {
            if keys.is_empty() {
                return Ok(Vec::new());
            }
            match Activity::of(object) {
                Some(Activity::Task) if key == Key::Marker => return self.marked_tasks(keys, fields).await,
                Some(_) => return Ok(Vec::new()),
                None => {}
            }
            let by_search = |property: String| async move {
                let mut found = Vec::new();
                for some in keys.chunks(50) {
                    let search = Search {
                        filter_groups: vec![FilterGroup {
                            filters: vec![Filter::any_of(property.clone(), some.to_vec())],
                        }],
                        properties: property_names(fields),
                        limit: PAGE,
                        ..Search::default()
                    };
                    found.extend(self.search(object, &search, fields).await?);
                }
                Ok(found)
            };
            match key {
                Key::Email => self.read_by(object, keys, Some("email"), fields).await,
                Key::Marker => self.read_by(object, keys, Some(HUBSPOT_MARKER), fields).await,
                Key::Domain => by_search("domain".to_owned()).await,
                Key::Field(name) => by_search(name).await,
            }
        })
    }

    fn edit_times<'a>(
        &'a self,
        records: &'a [(RecordState, Vec<String>)],
    ) -> Answer<'a, BTreeMap<(String, String), EditTime>> {
        Box::pin(async move {
            let mut by_object: BTreeMap<&str, (Vec<String>, Vec<String>)> = BTreeMap::new();
            for (record, names) in records {
                let (ids, wanted) = by_object.entry(&record.object).or_default();
                ids.push(record.id.clone());
                wanted.extend(names.iter().cloned());
            }
            let mut times = BTreeMap::new();
            for (object, (ids, mut asked)) in by_object {
                asked.sort();
                asked.dedup();
                let told_by = |name: &String| {
                    let told =
                        timeline::property_of(object, name).or_else(|| associations::told_by(object, name));
                    told.map_or_else(|| name.clone(), ToOwned::to_owned)
                };
                let wanted: Vec<String> = asked.iter().map(told_by).collect();
                let wanted: Vec<String> =
                    wanted.into_iter().filter(|name| !associations::is_association(name)).collect();
                let read = BatchRead { ids, with_history: wanted, ..BatchRead::default() };
                let answer = self.client.batch_read(object, &read).await.map_err(|error| failed(&error))?;
                for record in answer.found {
                    for name in &asked {
                        if let Some(entries) = record.history.get(&told_by(name)) {
                            times.insert((record.id.clone(), name.clone()), newest(entries));
                        }
                    }
                }
            }
            Ok(times)
        })
    }

    fn update<'a>(
        &'a self,
        object: &'a str,
        rows: &'a [(String, Values)],
        fields: &'a [Field],
    ) -> Answer<'a, Vec<Written>> {
        Box::pin(async move {
            if object == TASKS {
                return self.update_tasks(rows, fields).await;
            }
            // A row of nothing but associations has no properties to write.
            let bare = |values: &Values| values.keys().all(|name| associations::is_association(name));
            let with_properties: Vec<(String, Values)> =
                rows.iter().filter(|(_, values)| !bare(values)).cloned().collect();
            let inputs = Self::rows(&with_properties, fields, RowKey::Record);
            let results = match inputs.as_slice() {
                [] => Vec::new(),
                some => self.client.batch_update(object, some).await.map_err(|error| failed(&error))?,
            };
            let mut results = results.into_iter();
            let mut outcomes: Vec<Written> = rows
                .iter()
                .map(|(id, sent)| {
                    if bare(sent) {
                        return Written::Stored { id: id.clone(), values: Values::new(), call: None };
                    }
                    results.next().map_or(Written::Unknown, |result| written(result, sent, fields))
                })
                .collect();
            associations::write(&self.client, object, rows, &mut outcomes).await;
            Ok(outcomes)
        })
    }

    fn create<'a>(
        &'a self,
        object: &'a str,
        rows: &'a [(String, Values)],
        fields: &'a [Field],
    ) -> Answer<'a, Vec<Written>> {
        Box::pin(async move {
            if object == TASKS {
                return self.create_tasks(rows, fields).await;
            }
            // An upsert by the marker makes one record however often it is sent.
            let inputs = Self::rows(rows, fields, RowKey::Marker);
            let results = self.client.batch_upsert(object, &inputs).await.map_err(|error| failed(&error))?;
            let mut outcomes: Vec<Written> =
                results.into_iter().map(|result| created(result, fields)).collect();
            associations::write(&self.client, object, rows, &mut outcomes).await;
            Ok(outcomes)
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
            for row in rows {
                let inputs = Self::rows(std::slice::from_ref(row), fields, RowKey::None);
                let mut outcome = Written::Unknown;
                for _ in 0..5 {
                    let results =
                        self.client.batch_create(object, &inputs).await.map_err(|error| failed(&error))?;
                    outcome = results.into_iter().next().map_or(outcome, |result| created(result, fields));
                    if !matches!(outcome, Written::Unknown) {
                        break;
                    }
                }
                outcomes.push(outcome);
            }
            associations::write(&self.client, object, rows, &mut outcomes).await;
            Ok(outcomes)
        })
    }

    fn delete<'a>(&'a self, object: &'a str, ids: &'a [String]) -> Answer<'a, Vec<Written>> {
        Box::pin(async move {
            let outcome = match self.client.batch_archive(object, ids).await {
                Ok(()) => None,
                // Archiving what is archived changes nothing, so it is simply asked again.
                Err(error) if error.is_ambiguous() => Some(Written::Unknown),
                Err(error) => return Err(failed(&error)),
            };
            let done = |id: &String| Written::Stored { id: id.clone(), values: Values::new(), call: None };
            Ok(ids.iter().map(|id| outcome.clone().unwrap_or_else(|| done(id))).collect())
        })
    }

    fn owners(&self) -> Answer<'_, Vec<Person>> {
        Box::pin(async move {
            let mut people = Vec::new();
            for archived in [false, true] {
                let owners = self.client.owners(archived).await.map_err(|error| failed(&error))?;
                people.extend(owners.into_iter().map(|owner| {
                    let names = [owner.first_name, owner.last_name].into_iter().flatten();
                    Person {
                        name: names.collect::<Vec<_>>().join(" "),
                        id: owner.id,
                        email: owner.email,
                        active: !owner.archived,
                        is_us: false,
                    }
                }));
            }
            Ok(people)
        })
    }

    fn offer<'a>(&'a self, object: &'a str, property: &'a Field) -> Answer<'a, ()> {
        Box::pin(self.offer_choices(object, property))
    }

    fn clock_offset(&self) -> SignedDuration {
        self.client.clock_offset().unwrap_or(SignedDuration::ZERO)
    }

    fn calls(&self) -> u64 {
        self.client.calls()
    }
}

/// Where a page of changes starts.
enum Page {
    /// A page of the list of all records.
    List { after: String },
    /// An offset into the records modified since a moment.
    Since { since: Timestamp, offset: u64 },
    /// Records modified at one moment, by id.
    Moment { at: Timestamp, after: String },
}

impl Page {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '|');
        let kind = parts.next()?;
        let first = parts.next()?;
        let moment = |text: &str| Timestamp::from_millisecond(text.parse().ok()?).ok();
        match kind {
            "list" => Some(Self::List { after: first.to_owned() }),
            "since" => Some(Self::Since { since: moment(first)?, offset: parts.next()?.parse().ok()? }),
            "moment" => Some(Self::Moment { at: moment(first)?, after: parts.next()?.to_owned() }),
            _ => None,
        }
    }
}

impl std::fmt::Display for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::List { after } => write!(f, "list|{after}"),
            Self::Since { since, offset } => write!(f, "since|{}|{offset}", since.as_millisecond()),
            Self::Moment { at, after } => write!(f, "moment|{}|{after}", at.as_millisecond()),
        }
    }
}

/// The property that says when a record last changed; contacts have one of their own.
fn modified_property(object: &str) -> &'static str {
    if object == "contacts" { "lastmodifieddate" } else { "hs_lastmodifieddate" }
}

fn property_names(fields: &[Field]) -> Vec<String> {
    let properties = fields.iter().filter(|field| !associations::is_association(&field.name));
    properties.map(|field| field.name.clone()).chain([HUBSPOT_MARKER.to_owned(), MERGED.to_owned()]).collect()
}

fn state(object: &str, record: &Record, fields: &[Field]) -> RecordState {
    RecordState {
        object: object.to_owned(),
        id: record.id.clone(),
        values: fields
            .iter()
            .map(|field| (field.name.clone(), value(field, record.get(&field.name))))
            .collect(),
        created: record.created_at,
        modified: record.updated_at,
        modified_by_us: false,
        deleted: record.archived,
        marker: record.get(HUBSPOT_MARKER).map(ToOwned::to_owned),
        life: Life { merged: merged_into(record), ..Life::default() },
    }
}

fn merged_into(record: &Record) -> Vec<String> {
    let ids = record.get(MERGED).into_iter().flat_map(|list| list.split(';')).map(str::trim);
    ids.filter(|id| !id.is_empty() && *id != record.id).map(ToOwned::to_owned).collect()
}

/// A value that cannot be read as what the property says it is stays a text: it is never taken for blank.
fn value(field: &Field, raw: Option<&str>) -> Value {
    wire::from_hubspot(field, raw)
        .unwrap_or_else(|_| raw.map_or(Value::Blank, |text| Value::Text(text.to_owned())))
}

fn newest(entries: &[HistoryEntry]) -> EditTime {
    entries.iter().filter_map(|entry| entry.timestamp).max().map_or(EditTime::Unknown, EditTime::At)
}

fn field(object: &str, property: &Property) -> Field {
    let options = || {
        let options = property.options.iter().map(|option| ChoiceOption {
            value: option.value.clone(),
            label: option.label.clone(),
            active: true,
        });
        ChoiceList { options: options.collect(), restricted: !property.external_options }
    };
    let yes_or_no = property.field_type == "booleancheckbox"
        && property.options.iter().all(|option| matches!(option.value.as_str(), "true" | "false"));
    let kind = match property.kind.as_str() {
        "number" => Kind::Number { integer_digits: None, decimals: None },
        "bool" => Kind::Boolean,
        "enumeration" if is_owner(property) => Kind::Reference { targets: vec![OWNERS.to_owned()] },
        "date" => Kind::Date,
        "datetime" => Kind::DateTime,
        "enumeration" if yes_or_no => Kind::Boolean,
        "enumeration" if property.is_multiple() => Kind::MultiChoice(options()),
        "enumeration" => Kind::Choice(options()),
        _ => Kind::Text {
            max_length: Some(LONGEST_TEXT),
            format: match (property.name.as_str(), property.field_type.as_str()) {
                ("email", _) if object == "contacts" => TextFormat::Email,
                (_, "phonenumber") => TextFormat::Phone,
                (_, "html") => TextFormat::Rich,
                (_, "textarea") => TextFormat::Long,
                _ => TextFormat::Plain,
            },
        },
    };
    Field {
        name: property.name.clone(),
        label: property.label.clone(),
        kind,
        access: if property.read_only_value() { Access::ReadOnly } else { Access::ReadWrite },
        required: required(object, &property.name),
        unique: property.has_unique_value || (object == "contacts" && property.name == "email"),
    }
}

/// Whether a property holds one owner.
fn is_owner(property: &Property) -> bool {
    let says_so = property.referenced_object_type.as_deref() == Some("OWNER");
    !property.is_multiple() && (says_so || property.name == "hubspot_owner_id")
}

/// What HubSpot asks for when a record is made. Companies need a domain or a name; Salesforce always has the name.
fn required(object: &str, property: &str) -> bool {
    matches!((object, property), ("companies", "name") | ("deals", "dealname" | "dealstage"))
}

/// An update: what the platform answers of the written properties is what it stored.
fn written(result: RowResult, sent: &Values, fields: &[Field]) -> Written {
    row(result, |record| {
        let stored = sent.keys().filter_map(|name| {
            let field = fields.iter().find(|field| field.name == *name)?;
            let raw = record.properties.get(name)?;
            Some((name.clone(), value(field, raw.as_deref())))
        });
        stored.collect()
    })
}

/// A create: all that the platform answers, with what it filled in by itself.
fn created(result: RowResult, fields: &[Field]) -> Written {
    row(result, |record| {
        let stored = fields.iter().filter_map(|field| {
            let raw = record.properties.get(&field.name)?;
            Some((field.name.clone(), value(field, raw.as_deref())))
        });
        stored.collect()
    })
}

fn row(result: RowResult, stored: impl FnOnce(&Record) -> Values) -> Written {
    match result {
        RowResult::Ok(record) => {
            Written::Stored { values: stored(&record), id: record.id, call: record.trace_id }
        }
        RowResult::Err(error) => Written::Refused(refusal(&error)),
        RowResult::Unknown { reason } => {
            tracing::debug!(reason, "a write without an answer");
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

fn refusal(error: &RowError) -> Refusal {
    let category = error.category.clone().unwrap_or_default();
    let code = error.codes.first().cloned().unwrap_or_else(|| category.clone());
    Refusal {
        passing: matches!(category.as_str(), "INTERNAL_ERROR" | "RATE_LIMITS") || error.api.status >= 500,
        code,
        message: error.message.clone(),
        fields: error.properties.clone(),
        existing: error.existing_id.clone(),
    }
}

fn already_there(result: Result<(), ::hubspot::Error>) -> Result<(), SideError> {
    match result {
        Ok(()) => Ok(()),
        Err(error) if error.api().is_some_and(|api| api.status == 409) => Ok(()),
        Err(error) => Err(failed(&error)),
    }
}

pub(super) fn failed(error: &::hubspot::Error) -> SideError {
    SideError {
        side: Side::HubSpot,
        message: error.to_string(),
        passing: error.is_temporary() || error.is_ambiguous(),
    }
}
