//! Everything one account holds.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use indexmap::IndexMap;
use rust_decimal::Decimal;

use crate::associations::CustomType;
use crate::modified::ModifiedIndex;
use crate::oauth::OAuth;
use crate::owners::Owner;
use crate::pipelines::{self, Change, Pipeline};
use crate::platform::Platform;
use crate::property::rules::Rule;
use crate::property::{Choice, Computed, Property, standard};
use crate::record::Record;
use crate::registry::{self, CONTACTS, Kind};
use crate::schemas::Schema;
use crate::table::Table;
use crate::time::iso;
use crate::unique::Unique;

/// assumed: ids are unique within a kind only, so the kinds share numbers on purpose
const FIRST_ID: u64 = 210_000_000_001;

/// Who wrote a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) kind: &'static str,
    pub(crate) id: String,
    pub(crate) label: Option<String>,
    pub(crate) user: Option<u64>,
}

impl Source {
    pub(crate) fn app(app_id: u64) -> Self {
        Self { kind: "INTEGRATION", id: app_id.to_string(), label: Some("Tandem".to_owned()), user: None }
    }

    pub(crate) fn person(user: u64) -> Self {
        Self { kind: "CRM_UI", id: format!("userId:{user}"), label: None, user: Some(user) }
    }

    /// assumed: what the platform writes by itself after an association has changed
    pub(crate) fn platform() -> Self {
        Self { kind: "ASSOCIATIONS", id: "PRIMARY_COMPANY".to_owned(), label: None, user: None }
    }

    /// assumed: what the account's settings write
    pub(crate) fn settings() -> Self {
        Self { kind: "SETTINGS", id: "USER_PROVISIONING".to_owned(), label: None, user: None }
    }

    /// What a merge writes.
    pub(crate) fn merge() -> Self {
        Self { kind: "MERGE_OBJECTS", id: "MERGE".to_owned(), label: None, user: None }
    }

    pub(crate) fn is_person(&self) -> bool {
        self.kind == "CRM_UI"
    }
}

/// A group of properties.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) order: i64,
    pub(crate) archived: bool,
}

/// All records of one kind, with what is defined for them.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    pub(crate) kind: Arc<Kind>,
    /// Never removed from, so that a property's position is its key for good.
    pub(crate) properties: IndexMap<String, Property>,
    pub(crate) groups: IndexMap<String, Group>,
    /// What the account asks of values besides their type, by property.
    pub(crate) rules: BTreeMap<u32, Vec<Rule>>,
    pub(crate) pipelines: IndexMap<String, Pipeline>,
    /// What was done to them, oldest first.
    pub(crate) pipeline_changes: Vec<Change>,
    pub(crate) records: Table,
    /// The live records by their last change.
    pub(crate) by_modified: ModifiedIndex,
    /// The archived records by the time of it.
    pub(crate) archived: BTreeSet<(i64, u64)>,
    /// For each property whose values are unique: who holds which.
    pub(crate) unique: BTreeMap<u32, Unique>,
    /// The ids of records that were merged, and what they are now.
    pub(crate) merged: BTreeMap<u64, u64>,
    /// What the account has said of it, if it is a custom object.
    pub(crate) schema: Option<Schema>,
    next_id: u64,
}

impl Store {
    pub(crate) fn new(object: usize, kind: Kind, born: i64) -> Self {
        let (group, label) = standard::group_of(&kind);
        // Activities have their ids in common, so each kind of them takes its own from afar.
        let own = if kind.activity { object as u64 * 10_000_000_000 } else { 0 };
        let first = FIRST_ID + own;
        let mut store = Self {
            properties: standard::properties(&kind, born)
                .into_iter()
                .map(|property| (property.name.clone(), property))
                .collect(),
            groups: IndexMap::new(),
            rules: BTreeMap::new(),
            pipeline_changes: Vec::new(),
            pipelines: pipelines::standard(&kind.name, born),
            kind: Arc::new(kind),
            records: Table::new(first),
            by_modified: ModifiedIndex::default(),
            archived: BTreeSet::new(),
            unique: BTreeMap::new(),
            merged: BTreeMap::new(),
            schema: None,
            next_id: first,
        };
        store.groups.insert(group.clone(), Group { name: group, label, order: 0, archived: false });
        if let Some(email) = store.key("email").filter(|_| object == CONTACTS) {
            store.unique.insert(email, Unique::default());
        }
        store.refresh_pipeline_options();
        store
    }

    /// The key of a property, archived or not.
    pub(crate) fn key(&self, name: &str) -> Option<u32> {
        self.properties.get_index_of(name).and_then(|at| u32::try_from(at).ok())
    }

    pub(crate) fn property(&self, key: u32) -> Option<&Property> {
        self.properties.get_index(key as usize).map(|(_, property)| property)
    }

    /// A property that is in use, with its key.
    pub(crate) fn active(&self, name: &str) -> Option<(u32, &Property)> {
        let (at, _, property) = self.properties.get_full(name)?;
        (property.archived.is_none()).then_some((u32::try_from(at).ok()?, property))
    }

    pub(crate) fn next_id(&mut self) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    pub(crate) fn live(&self, id: u64) -> Option<&Record> {
        self.records.get(id).filter(|record| record.archived.is_none())
    }

    pub(crate) fn live_count(&self) -> u64 {
        (self.records.len() - self.archived.len()) as u64
    }

    /// The unique values this record holds.
    pub(crate) fn unique_values(&self, record: &Record) -> Vec<(u32, String)> {
        let mut held = Vec::new();
        for key in self.unique.keys() {
            if let Some(value) = record.stored(*key, i64::MAX) {
                held.push((*key, value.to_lowercase()));
            }
        }
        if let Some((email, more)) = self.key("email").zip(self.key("hs_additional_emails"))
            && let Some(list) = record.stored(more, i64::MAX)
        {
            held.extend(list.split(';').map(|one| (email, one.to_lowercase())));
        }
        held
    }

    /// Notes what was done to a pipeline or a stage.
    pub(crate) fn note_change(&mut self, id: &str, action: &'static str, at: i64, after: serde_json::Value) {
        self.pipeline_changes.push(Change { id: id.to_owned(), action, at, after });
    }

    /// Keeps the choices of the pipeline and stage properties those of the pipelines.
    pub(crate) fn refresh_pipeline_options(&mut self) {
        let Some((pipeline, stage)) = self.kind.pipeline else { return };
        let mut lines = Vec::new();
        let mut stages = Vec::new();
        for one in self.pipelines.values().filter(|one| !one.archived) {
            lines.push(Choice::new(&one.id, &one.label, one.order));
            for stage in one.stages.values().filter(|stage| !stage.archived) {
                stages.push(Choice::new(&stage.id, &stage.label, stage.order));
            }
        }
        for (name, options) in [(pipeline, lines), (stage, stages)] {
            if let Some(property) = self.properties.get_mut(name) {
                property.options = options;
            }
        }
    }
}

/// Everything one account holds. Cloning is cheap enough to keep the state to go back to.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) portal: u64,
    pub(crate) app: u64,
    pub(crate) stores: Vec<Store>,
    pub(crate) sources: Vec<Source>,
    pub(crate) owners: Vec<Owner>,
    pub(crate) custom_types: Vec<CustomType>,
    /// The most records one may be associated with, by association type, where the account has set a limit.
    pub(crate) link_limits: BTreeMap<u32, u32>,
    /// Addresses of people who were deleted for good.
    pub(crate) blocked: BTreeSet<String>,
    pub(crate) oauth: OAuth,
    /// The latest moment anything was written.
    pub(crate) latest: i64,
    pub(crate) next_stage: u64,
    pub(crate) platform: Platform,
}

impl Account {
    pub(crate) fn new(portal: u64, app: u64, oauth: OAuth, now: i64) -> Self {
        // assumed: the account is a year old when the simulation begins
        let born = now - 365 * 86_400_000;
        let mut account = Self {
            portal,
            app,
            stores: (0..)
                .zip(registry::standard())
                .map(|(object, kind)| Store::new(object, kind, born))
                .collect(),
            sources: Vec::new(),
            owners: crate::owners::standard(born),
            custom_types: Vec::new(),
            link_limits: BTreeMap::new(),
            blocked: BTreeSet::new(),
            oauth,
            latest: now,
            next_stage: 90_000_001,
            platform: Platform::new(0),
        };
        account.add_users(born);
        account
    }

    pub(crate) fn source(&mut self, source: &Source) -> u16 {
        let at = self.sources.iter().position(|known| known == source).unwrap_or_else(|| {
            self.sources.push(source.clone());
            self.sources.len() - 1
        });
        u16::try_from(at).unwrap_or(u16::MAX)
    }

    /// The time of a write: never before an earlier one.
    pub(crate) fn tick(&mut self, now: i64) -> i64 {
        self.latest = self.latest.max(now);
        self.latest
    }

    /// The kind a path names.
    pub(crate) fn find_kind(&self, name: &str) -> Option<usize> {
        self.stores.iter().position(|store| store.kind.is_called(name))
    }

    pub(crate) fn kind(&self, object: usize) -> &Kind {
        &self.stores[object].kind
    }

    /// The kinds in use, with their places.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = (usize, &Kind)> {
        self.stores
            .iter()
            .map(|store| store.kind.as_ref())
            .enumerate()
            .filter(|(_, kind)| !kind.archived && !kind.purged)
    }

    pub(crate) fn live(&self, object: usize, id: u64) -> Option<&Record> {
        self.stores[object].live(id)
    }

    /// A property's value as it was at `as_of`, stored or following from the rest.
    pub(crate) fn value<'a>(
        &'a self,
        object: usize,
        record: &'a Record,
        key: u32,
        as_of: i64,
    ) -> Option<Cow<'a, str>> {
        let store = &self.stores[object];
        let property = store.property(key)?;
        let Some(computed) = property.computed else {
            return record.stored(key, as_of).map(Cow::Borrowed);
        };
        let stored = |name: &str| store.key(name).and_then(|key| record.stored(key, as_of));
        let text = |text: &'static str| Some(Cow::Borrowed(text));
        let count = |other: usize| {
            let kind = u16::try_from(other).unwrap_or_default();
            let all = record.links.of_kind(kind);
            let live = all.filter(|(id, _)| self.live(other, *id).is_some()).count();
            (live > 0).then(|| Cow::Owned(live.to_string()))
        };
        match computed {
            Computed::ObjectId => Some(Cow::Owned(record.id.to_string())),
            Computed::Created => Some(Cow::Owned(iso(record.created))),
            Computed::Modified => Some(Cow::Owned(iso(record.modified_as_of(as_of)))),
            Computed::SourceType => {
                self.sources.get(usize::from(record.source)).map(|from| Cow::Borrowed(from.kind))
            }
            Computed::SourceId => {
                self.sources.get(usize::from(record.source)).map(|from| Cow::Borrowed(from.id.as_str()))
            }
            Computed::SourceUser => self
                .sources
                .get(usize::from(record.source))
                .and_then(|from| from.user)
                .map(|user| Cow::Owned(user.to_string())),
            Computed::EmailDomain => stored("email")?.split_once('@').map(|(_, host)| Cow::Borrowed(host)),
            Computed::IsContact | Computed::Unworked => text("true"),
            Computed::ContactPipeline => text("contacts-lifecycle-pipeline"),
            Computed::ContactCount => count(crate::registry::CONTACTS),
            Computed::DealCount => count(crate::registry::DEALS),
            Computed::AmountHome => stored("amount").map(Cow::Borrowed),
            Computed::AllVids => {
                let before = stored("hs_merged_object_ids").map(|all| format!(";{all}")).unwrap_or_default();
                Some(Cow::Owned(format!("{}{before}", record.id)))
            }
            Computed::LineAmount => {
                let number = |name: &str| stored(name).and_then(|value| value.parse::<Decimal>().ok());
                let each = number("price")? - number("discount").unwrap_or_default();
                let whole = each.checked_mul(number("quantity").unwrap_or(Decimal::ONE))?;
                let off = whole.checked_mul(number("hs_discount_percentage").unwrap_or_default())?
                    / Decimal::ONE_HUNDRED;
                Some(Cow::Owned((whole - off).normalize().to_string()))
            }
            Computed::Closed | Computed::ClosedWon | Computed::Probability => {
                let (_, name) = store.kind.pipeline?;
                let stage = stored(name)?;
                let probability =
                    store.pipelines.values().find_map(|line| line.stages.get(stage))?.probability()?;
                Some(match computed {
                    Computed::Probability => Cow::Owned(probability.to_string()),
                    Computed::ClosedWon => Cow::Borrowed(if probability >= 1.0 { "true" } else { "false" }),
                    _ => {
                        Cow::Borrowed(if probability >= 1.0 || probability <= 0.0 { "true" } else { "false" })
                    }
                })
            }
        }
    }

    /// A value by the property's name.
    pub(crate) fn named<'a>(&'a self, object: usize, record: &'a Record, name: &str) -> Option<Cow<'a, str>> {
        let (key, _) = self.stores[object].active(name)?;
        self.value(object, record, key, i64::MAX)
    }

    /// What a person calls the record.
    pub(crate) fn display(&self, object: usize, record: &Record) -> String {
        let kind = self.kind(object);
        let parts: Vec<Cow<'_, str>> =
            kind.display.iter().filter_map(|name| self.named(object, record, name)).collect();
        let shown =
            if object == CONTACTS && parts.len() > 1 { &parts[..parts.len().min(2)] } else { &parts[..] };
        let separator = if object == CONTACTS { " " } else { " · " };
        if shown.is_empty() { format!("{} {}", kind.singular, record.id) } else { shown.join(separator) }
    }
}
