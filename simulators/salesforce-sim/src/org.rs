//! Everything one org holds.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::ids;
use crate::journal::Journal;
use crate::schema::{FieldDef, ObjectDef, standard};
use crate::soql::{ChildRelationship, Data, FieldInfo, Hint, ObjectInfo, Record, Row};

/// A record. Values are as the API answers them; a field that is missing is null.
#[derive(Debug, Clone)]
pub(crate) struct RowData {
    pub id: String,
    pub number: u64,
    pub def: Arc<IndexSet<String>>,
    pub values: Vec<(u16, Value)>,
    pub created_at: i64,
    pub created_by: Arc<str>,
    pub modified_at: i64,
    pub modified_by: Arc<str>,
    pub modstamp: i64,
    pub deleted: bool,
}

impl RowData {
    pub fn get(&self, field: usize) -> &Value {
        let key = u16::try_from(field).unwrap_or(u16::MAX);
        match self.values.binary_search_by_key(&key, |(at, _)| *at) {
            Ok(at) => self.values.get(at).map_or(&Value::Null, |(_, value)| value),
            Err(_) => &Value::Null,
        }
    }

    /// The parts of an address in one; nothing where the object has no such address, or all parts are empty.
    fn address(&self, kind: &str) -> Option<Value> {
        const PARTS: [&str; 8] =
            ["City", "Country", "GeocodeAccuracy", "Latitude", "Longitude", "PostalCode", "State", "Street"];
        let part = |name: &str| {
            let at = self.def.get_index_of(&format!("{kind}{name}"));
            at.map_or(Value::Null, |at| self.get(at).clone())
        };
        let parts = PARTS.map(part);
        if parts.iter().all(Value::is_null) {
            return None;
        }
        let keys = PARTS.map(|name| {
            let (first, rest) = name.split_at(1);
            format!("{}{rest}", first.to_lowercase())
        });
        Some(Value::Object(keys.into_iter().zip(parts).collect()))
    }

    pub fn set(&mut self, field: usize, value: Value) {
        let key = u16::try_from(field).unwrap_or(u16::MAX);
        match (self.values.binary_search_by_key(&key, |(at, _)| *at), value.is_null()) {
            (Ok(at), true) => {
                self.values.remove(at);
            }
            (Ok(at), false) => {
                if let Some(slot) = self.values.get_mut(at) {
                    slot.1 = value;
                }
            }
            (Err(_), true) => {}
            (Err(at), false) => self.values.insert(at, (key, value)),
        }
    }
}

/// A moment as the API writes it: whole seconds, `+0000`.
pub(crate) fn api_time(second: i64) -> String {
    let at = Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH);
    at.strftime("%Y-%m-%dT%H:%M:%S.000+0000").to_string()
}

impl Record for RowData {
    fn value(&self, field: &str) -> Cow<'_, Value> {
        match field {
            "Id" => Cow::Owned(json!(self.id)),
            "IsDeleted" => Cow::Owned(json!(self.deleted)),
            "CreatedDate" => Cow::Owned(json!(api_time(self.created_at))),
            "CreatedById" => Cow::Owned(json!(&*self.created_by)),
            "LastModifiedDate" => Cow::Owned(json!(api_time(self.modified_at))),
            "LastModifiedById" => Cow::Owned(json!(&*self.modified_by)),
            "SystemModstamp" => Cow::Owned(json!(api_time(self.modstamp))),
            _ => match self.def.get_index_of(field) {
                Some(at) => match field.strip_suffix("Address").and_then(|kind| self.address(kind)) {
                    Some(address) => Cow::Owned(address),
                    None => Cow::Borrowed(self.get(at)),
                },
                None => Cow::Owned(Value::Null),
            },
        }
    }

    fn is_deleted(&self) -> bool {
        self.deleted
    }
}

/// All records of one object.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub def: ObjectDef,
    pub names: Arc<IndexSet<String>>,
    pub rows: HashMap<String, Arc<RowData>>,
    /// Record ids by number, which is the order they were made in.
    pub order: BTreeMap<u64, String>,
    /// Records by the second of their last change.
    by_modstamp: BTreeSet<(i64, u64)>,
    /// For each indexed field, the records that hold a value (in lower case).
    index: HashMap<usize, HashMap<String, BTreeSet<u64>>>,
    next: u64,
    pub live: u64,
}

impl Table {
    fn new(def: ObjectDef) -> Self {
        let mut table = Self {
            names: Arc::new(def.fields.keys().cloned().collect()),
            rows: HashMap::new(),
            order: BTreeMap::new(),
            by_modstamp: BTreeSet::new(),
            index: HashMap::new(),
            next: 1,
            live: 0,
            def,
        };
        for name in ["Email", "Website", "Name", "Username", "AccountId", "OwnerId", "WhoId", "WhatId"] {
            if let Some(at) = table.def.fields.get_index_of(name) {
                table.index.insert(at, HashMap::new());
            }
        }
        table
    }

    pub fn add_field(&mut self, field: FieldDef) {
        let indexed = field.unique || field.external_id;
        let name = field.name.clone();
        self.def.add(field);
        self.names = Arc::new(self.def.fields.keys().cloned().collect());
        if let Some(at) = self.def.fields.get_index_of(&name).filter(|_| indexed) {
            self.index.entry(at).or_default();
        }
    }

    pub fn next_number(&mut self) -> u64 {
        let number = self.next;
        self.next += 1;
        number
    }

    /// Puts a record back as it was, or away when it was not there.
    pub fn restore(&mut self, id: &str, before: Option<Arc<RowData>>) {
        if let Some(row) = before {
            self.put(RowData::clone(&row));
        } else if let Some(row) = self.rows.remove(id) {
            self.forget(&row);
            self.order.remove(&row.number);
        }
    }

    /// Takes a record's state out of the counts and indexes.
    fn forget(&mut self, row: &RowData) {
        self.by_modstamp.remove(&(row.modstamp, row.number));
        self.live -= u64::from(!row.deleted);
        for (field, index) in &mut self.index {
            let key = text_of(row.get(*field)).to_lowercase();
            if let Some(numbers) = index.get_mut(&key) {
                numbers.remove(&row.number);
                if numbers.is_empty() {
                    index.remove(&key);
                }
            }
        }
    }

    /// Live records whose field holds `value`, in whatever case unless the field tells cases apart.
    pub fn holders(&self, field: usize, value: &str) -> Vec<Arc<RowData>> {
        let wanted = value.to_lowercase();
        let exact = self.def.field_at(field).is_some_and(|field| field.case_sensitive);
        let fits = |row: &Arc<RowData>| !row.deleted && (!exact || text_of(row.get(field)) == value);
        match self.index.get(&field) {
            Some(index) => {
                let numbers = index.get(&wanted).into_iter().flatten();
                let rows = numbers.filter_map(|number| self.rows.get(self.order.get(number)?)).cloned();
                rows.filter(fits).collect()
            }
            None => {
                let rows = self.order.values().filter_map(|id| self.rows.get(id));
                rows.filter(|row| fits(row) && text_of(row.get(field)).to_lowercase() == wanted)
                    .cloned()
                    .collect()
            }
        }
    }

    /// Records whose last change was in these seconds, deleted or not.
    pub fn changed(&self, start: i64, end: i64) -> impl Iterator<Item = &RowData> {
        let range = self.by_modstamp.range((start, 0)..(end, 0));
        range.filter_map(|(_, number)| self.rows.get(self.order.get(number)?)).map(|row| &**row)
    }

    /// Keeps a record in place of its former state.
    pub fn put(&mut self, mut row: RowData) {
        row.def = Arc::clone(&self.names);
        row.values.shrink_to_fit();
        if let Some(old) = self.rows.get(&row.id).cloned() {
            self.forget(&old);
        }
        self.by_modstamp.insert((row.modstamp, row.number));
        self.live += u64::from(!row.deleted);
        self.order.insert(row.number, row.id.clone());
        for (field, index) in &mut self.index {
            let value = row.get(*field);
            if !value.is_null() {
                index.entry(text_of(value).to_lowercase()).or_default().insert(row.number);
            }
        }
        self.rows.insert(row.id.clone(), Arc::new(row));
    }
}

fn text_of(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        Value::Null => Cow::Borrowed(""),
        other => Cow::Owned(other.to_string()),
    }
}

/// Everything one org holds.
#[derive(Debug, Clone)]
pub(crate) struct Org {
    pub tables: IndexMap<String, Table>,
    by_prefix: HashMap<String, String>,
    pub journal: Journal,
    /// When an object last changed its description; nothing when none has since the org began.
    pub described_at: Option<Timestamp>,
}

impl Org {
    pub fn new() -> Self {
        let tables: IndexMap<String, Table> =
            standard().into_iter().map(|(name, def)| (name, Table::new(def))).collect();
        let by_prefix = tables.iter().map(|(name, table)| (table.def.prefix.clone(), name.clone())).collect();
        Self { tables, by_prefix, journal: Journal::default(), described_at: None }
    }

    pub fn table(&self, object: &str) -> Option<&Table> {
        self.tables.get(object).or_else(|| {
            self.tables.iter().find(|(name, _)| name.eq_ignore_ascii_case(object)).map(|(_, table)| table)
        })
    }

    pub fn table_mut(&mut self, object: &str) -> Option<&mut Table> {
        let at = self
            .tables
            .get_index_of(object)
            .or_else(|| self.tables.keys().position(|name| name.eq_ignore_ascii_case(object)))?;
        self.tables.get_index_mut(at).map(|(_, table)| table)
    }

    /// The object whose records have ids like this one.
    pub fn object_of(&self, id: &str) -> Option<&str> {
        self.by_prefix.get(id.get(..3)?).map(String::as_str)
    }

    /// The record with this id, of whichever object.
    pub fn find(&self, id: &str) -> Option<(&Table, &Arc<RowData>)> {
        let id = ids::normal(id)?;
        let table = self.tables.get(self.object_of(&id)?)?;
        table.rows.get(&id).map(|row| (table, row))
    }
}

impl Data for Org {
    fn object(&self, name: &str) -> Option<ObjectInfo> {
        self.table(name).map(|table| ObjectInfo { name: table.def.name.clone(), queryable: true })
    }

    fn fields(&self, object: &str) -> Vec<FieldInfo> {
        self.table(object)
            .map(|table| table.def.fields.values().map(|field| field.info()).collect())
            .unwrap_or_default()
    }

    fn field(&self, object: &str, name: &str) -> Option<FieldInfo> {
        self.table(object)?.def.field(name).map(|(_, field)| field.info())
    }

    fn child_relationship(&self, object: &str, name: &str) -> Option<ChildRelationship> {
        self.table(object)?.def.children.iter().find(|child| child.name.eq_ignore_ascii_case(name)).cloned()
    }

    fn row<'a>(&'a self, object: &str, id: &str) -> Option<Row<'a>> {
        let row = self.table(object)?.rows.get(id)?;
        Some(Row::Borrowed(&**row))
    }

    fn scan<'a>(&'a self, object: &str, hint: &Hint) -> Box<dyn Iterator<Item = Row<'a>> + 'a> {
        let Some(table) = self.table(object) else { return Box::new(std::iter::empty()) };
        if let Some(ids) = &hint.ids {
            let rows: Vec<Row<'a>> =
                ids.iter().filter_map(|id| table.rows.get(id)).map(|row| Row::Borrowed(&**row)).collect();
            return Box::new(rows.into_iter());
        }
        for wanted in &hint.any_of {
            let Some(at) = table.def.fields.get_index_of(&wanted.field) else { continue };
            let Some(index) = table.index.get(&at) else { continue };
            let mut numbers: Vec<u64> = wanted
                .values
                .iter()
                .filter_map(|value| index.get(&text_of(value).to_lowercase()))
                .flatten()
                .copied()
                .collect();
            numbers.sort_unstable();
            numbers.dedup();
            let rows = numbers.into_iter().filter_map(|number| table.rows.get(table.order.get(&number)?));
            return Box::new(rows.map(|row| Row::Borrowed(&**row)));
        }
        if let Some(times) = hint.times.iter().find(|times| times.field == "SystemModstamp") {
            let from = times.from.map_or(i64::MIN, |at| at.as_second());
            let to = times.to.map_or(i64::MAX, |at| at.as_second());
            let range = table.by_modstamp.range((from, 0)..=(to, u64::MAX));
            let rows = range.filter_map(|(_, number)| table.rows.get(table.order.get(number)?));
            return Box::new(rows.map(|row| Row::Borrowed(&**row)));
        }
        Box::new(table.order.values().filter_map(|id| table.rows.get(id)).map(|row| Row::Borrowed(&**row)))
    }
}
