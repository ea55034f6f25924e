//! Everything one org holds.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::crm::Gone;
use crate::ids;
use crate::journal::Journal;
use crate::pubsub::Changes;
use crate::rules::Rules;
use crate::schema::{FieldDef, ObjectDef, standard};
use crate::soql::{ChildRelationship, Data, FieldInfo, Hint, ObjectInfo, Record, Row, ScanOrder};
use crate::storage::{self, Index, Rows, Sorted, Stored};

/// A record in the form that is worked with. Values are as the API answers them; a field that is missing is null.
/// What a table keeps is [`Stored`].
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

/// The parts of an address in one; nothing where the object has no such address, or all parts are empty.
pub(crate) fn address<'a>(
    def: &IndexSet<String>,
    kind: &str,
    get: impl Fn(usize) -> Cow<'a, Value>,
) -> Option<Value> {
    const PARTS: [&str; 8] =
        ["City", "Country", "GeocodeAccuracy", "Latitude", "Longitude", "PostalCode", "State", "Street"];
    let part = |name: &str| {
        let at = def.get_index_of(&format!("{kind}{name}"));
        at.map_or(Value::Null, |at| get(at).into_owned())
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

/// The two numbers of a geolocation in one; nothing where the field is none, or says nothing.
pub(crate) fn location<'a>(
    def: &IndexSet<String>,
    field: &str,
    get: impl Fn(usize) -> Cow<'a, Value>,
) -> Option<Value> {
    let stem = field.strip_suffix("__c")?;
    let latitude = get(def.get_index_of(&format!("{stem}__Latitude__s"))?);
    let longitude = get(def.get_index_of(&format!("{stem}__Longitude__s"))?);
    (!latitude.is_null() || !longitude.is_null())
        .then(|| json!({"latitude": *latitude, "longitude": *longitude}))
}

/// A moment as the API writes it: whole seconds, `+0000`.
pub(crate) fn api_time(second: i64) -> String {
    let at = Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH);
    let at = at.to_zoned_datetime(TimeZone::UTC).datetime();
    // By hand: a page of a query writes thousands of them.
    let mut text = String::with_capacity(28);
    let two = |text: &mut String, mark: char, number: i8| {
        text.push(mark);
        text.push(char::from(b'0' + number.unsigned_abs() / 10 % 10));
        text.push(char::from(b'0' + number.unsigned_abs() % 10));
    };
    let (century, year) = (at.year() / 100, at.year() % 100);
    for part in [century, year] {
        let part = part.unsigned_abs();
        text.push(char::from(b'0' + (part / 10 % 10) as u8));
        text.push(char::from(b'0' + (part % 10) as u8));
    }
    two(&mut text, '-', at.month());
    two(&mut text, '-', at.day());
    two(&mut text, 'T', at.hour());
    two(&mut text, ':', at.minute());
    two(&mut text, ':', at.second());
    text.push_str(".000+0000");
    text
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
                Some(at) => match field
                    .strip_suffix("Address")
                    .and_then(|kind| address(&self.def, kind, |at| Cow::Borrowed(self.get(at))))
                {
                    Some(address) => Cow::Owned(address),
                    None => match location(&self.def, field, |at| Cow::Borrowed(self.get(at))) {
                        Some(location) => Cow::Owned(location),
                        None => Cow::Borrowed(self.get(at)),
                    },
                },
                None => Cow::Owned(Value::Null),
            },
        }
    }

    fn is_deleted(&self) -> bool {
        self.deleted
    }

    fn number(&self) -> u64 {
        self.number
    }
}

/// All records of one object. Copies share what neither of them has changed since.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub def: ObjectDef,
    pub names: Arc<IndexSet<String>>,
    pub rows: Rows,
    /// Records by the second of their last change.
    by_modstamp: Sorted<(i64, u32)>,
    /// For each indexed field, the records that hold a value.
    index: BTreeMap<usize, Index>,
    next: u64,
}

/// A record's number as the indexes hold it.
fn short(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl Table {
    pub fn new(def: ObjectDef) -> Self {
        let mut table = Self {
            names: Arc::new(def.fields.keys().cloned().collect()),
            rows: Rows::new(&def.prefix),
            by_modstamp: Sorted::default(),
            index: BTreeMap::new(),
            next: 1,
            def,
        };
        let indexed = |(at, field): (usize, &Arc<FieldDef>)| {
            let named = matches!(field.name.as_str(), "Email" | "Website" | "Name" | "Username");
            // Which fields a user sees is asked for all the time.
            let grant = table.def.name == "FieldPermissions" && field.name == "Field";
            (named || grant || field.kind == "reference" || field.unique || field.external_id).then_some(at)
        };
        let indexed: Vec<usize> = table.def.fields.values().enumerate().filter_map(indexed).collect();
        table.index.extend(indexed.into_iter().map(|at| (at, Index::default())));
        table
    }

    pub fn add_field(&mut self, field: FieldDef) {
        let indexed = field.unique || field.external_id || field.kind == "reference";
        let name = field.name.clone();
        self.def.add(field);
        self.names = Arc::new(self.def.fields.keys().cloned().collect());
        if let Some(at) = self.def.fields.get_index_of(&name).filter(|_| indexed) {
            self.index.entry(at).or_default();
        }
    }

    /// Takes a field away, with all that records hold in it.
    pub fn remove_field(&mut self, name: &str) {
        let Some((gone, _)) = self.def.field(name) else { return };
        let mut def = self.def.clone();
        def.remove(gone);
        let mut table = Self::new(def);
        table.next = self.next;
        let gone = u16::try_from(gone).unwrap_or(u16::MAX);
        for row in self.rows.iter() {
            let mut row = row.unpacked();
            row.values.retain(|(at, _)| *at != gone);
            for (at, _) in row.values.iter_mut().filter(|(at, _)| *at > gone) {
                *at -= 1;
            }
            table.put(row);
        }
        *self = table;
    }

    pub fn next_number(&mut self) -> u64 {
        let number = self.next;
        self.next += 1;
        number
    }

    /// A new record with nothing in it yet, made by a user in a second.
    pub fn blank(&mut self, user: &Arc<str>, second: i64) -> RowData {
        let number = self.next_number();
        RowData {
            id: ids::make(&self.def.prefix, number),
            number,
            def: Arc::clone(&self.names),
            values: Vec::new(),
            created_at: second,
            created_by: Arc::clone(user),
            modified_at: second,
            modified_by: Arc::clone(user),
            modstamp: second,
            deleted: false,
        }
    }

    /// How many records are not deleted.
    pub fn live(&self) -> u64 {
        self.rows.live() as u64
    }

    /// Puts a record back as it was, or away when it was not there.
    pub fn restore(&mut self, id: &str, before: Option<Arc<Stored>>) {
        if let Some(row) = before {
            self.put(row.unpacked());
        } else if let Some(number) = self.rows.stored(id).map(|row| row.number)
            && let Some(row) = self.rows.remove(number)
        {
            self.by_modstamp.remove(&(row.modstamp, short(row.number)));
            for (field, index) in &mut self.index {
                if let Some(hash) = hash_of(&row.get(*field)) {
                    index.remove(hash, short(row.number));
                }
            }
        }
    }

    /// Live records whose field holds `value`, in whatever case unless the field tells cases apart.
    pub fn holders(&self, field: usize, value: &str) -> Vec<RowData> {
        let exact = self.def.field_at(field).is_some_and(|field| field.case_sensitive);
        let wanted = value.to_lowercase();
        let fits = |row: &&Arc<Stored>| {
            let held = row.get(field);
            let held = text_of(&held);
            !row.deleted && if exact { held == value } else { held.to_lowercase() == wanted }
        };
        match self.index.get(&field) {
            Some(index) => {
                let rows = index.get(value).filter_map(|number| self.rows.at(number.into()));
                rows.filter(fits).map(|row| row.unpacked()).collect()
            }
            None => self.rows.iter().filter(fits).map(|row| row.unpacked()).collect(),
        }
    }

    /// Records whose last change was in these seconds, deleted or not, oldest change first.
    pub fn changed(&self, start: i64, end: i64) -> impl DoubleEndedIterator<Item = &Arc<Stored>> {
        let range = self.by_modstamp.range((start, 0)..(end, 0));
        range.filter_map(|(_, number)| self.rows.at(number.into()))
    }

    /// Keeps a record in place of its former state, which it answers.
    pub fn put(&mut self, mut row: RowData) -> Option<Arc<Stored>> {
        row.def = Arc::clone(&self.names);
        let number = short(row.number);
        let old = self.rows.insert(row.number, Stored::pack(&row));
        let old_stamp = old.as_ref().map(|old| old.modstamp);
        if old_stamp != Some(row.modstamp) {
            if let Some(stamp) = old_stamp {
                self.by_modstamp.remove(&(stamp, number));
            }
            self.by_modstamp.insert((row.modstamp, number));
        }
        for (field, index) in &mut self.index {
            let before = old.as_ref().and_then(|old| hash_of(&old.get(*field)));
            let after = hash_of(row.get(*field));
            if before != after {
                before.into_iter().for_each(|hash| index.remove(hash, number));
                after.into_iter().for_each(|hash| index.insert(hash, number));
            }
        }
        old
    }
}

/// The place of a value in an index; nothing for none.
fn hash_of(value: &Value) -> Option<u64> {
    (!value.is_null()).then(|| storage::hash(&text_of(value)))
}

fn text_of(value: &Value) -> Cow<'_, str> {
    match value {
        // 5.0 and 5 are the same.
        Value::Number(number) => Cow::Owned(match number.as_f64().filter(|_| number.is_f64()) {
            Some(double) if double.fract() == 0.0 && double.abs() < 1e15 => format!("{double:.0}"),
            _ => number.to_string(),
        }),
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
    /// What is to be told of on the event bus.
    pub changes: Changes,
    /// When an object last changed its description; nothing when none has since the org began.
    pub described_at: Option<Timestamp>,
    /// What its administrator has decided.
    pub rules: Rules,
    /// What went with a deleted record, and comes back with it.
    pub gone: HashMap<String, Vec<Gone>>,
}

impl Org {
    pub fn new() -> Self {
        let tables: IndexMap<String, Table> =
            standard().into_iter().map(|(name, def)| (name, Table::new(def))).collect();
        let by_prefix = tables.iter().map(|(name, table)| (table.def.prefix.clone(), name.clone())).collect();
        Self {
            tables,
            by_prefix,
            journal: Journal::default(),
            changes: Changes::default(),
            described_at: None,
            rules: Rules::default(),
            gone: HashMap::new(),
        }
    }

    /// Adds an object.
    pub fn add_table(&mut self, table: Table) {
        self.by_prefix.insert(table.def.prefix.clone(), table.def.name.clone());
        self.tables.insert(table.def.name.clone(), table);
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

    /// Adds an object without records.
    pub fn add_object(&mut self, def: ObjectDef) {
        self.by_prefix.insert(def.prefix.clone(), def.name.clone());
        self.tables.insert(def.name.clone(), Table::new(def));
    }

    /// Takes an object away with all its records.
    pub fn remove_object(&mut self, name: &str) {
        let own = self.table(name).map(|table| table.def.name.clone());
        if let Some(table) = own.and_then(|own| self.tables.shift_remove(&own)) {
            self.by_prefix.remove(&table.def.prefix);
            self.rules.access.ungranted.remove(&table.def.name);
            for other in self.tables.values_mut() {
                other.def.unlink(&table.def.name);
            }
            let history = table.def.name.replace("__c", "__History");
            if history != table.def.name {
                self.remove_object(&history);
            }
        }
    }

    /// Whether records of some object have ids that begin like this.
    pub fn is_prefix(&self, prefix: &str) -> bool {
        self.by_prefix.contains_key(prefix)
    }

    /// The object whose records have ids like this one.
    pub fn object_of(&self, id: &str) -> Option<&str> {
        self.by_prefix.get(id.get(..3)?).map(String::as_str)
    }

    /// The record with this id, of whichever object.
    pub fn find(&self, id: &str) -> Option<(&Table, RowData)> {
        let id = ids::normal(id)?;
        let table = self.tables.get(self.object_of(&id)?)?;
        table.rows.get(&id).map(|row| (table, row))
    }
}

/// As the integration user sees it.
impl Data for Org {
    fn object(&self, name: &str) -> Option<ObjectInfo> {
        let table = self.table(name).filter(|table| self.rules.access.sees_object(&table.def.name));
        table.map(|table| ObjectInfo { name: table.def.name.clone(), queryable: true })
    }

    fn fields(&self, object: &str) -> Vec<FieldInfo> {
        self.table(object)
            .map(|table| {
                let access = &self.rules.access;
                let seen = table.def.fields.values().filter(|f| access.sees_field(&table.def.name, &f.name));
                seen.map(|field| field.info()).collect()
            })
            .unwrap_or_default()
    }

    fn field(&self, object: &str, name: &str) -> Option<FieldInfo> {
        let table = self.table(object)?;
        let (_, field) = table.def.field(name)?;
        self.rules.access.sees_field(&table.def.name, &field.name).then(|| field.info())
    }

    fn child_relationship(&self, object: &str, name: &str) -> Option<ChildRelationship> {
        let mut children = self.table(object)?.def.children.iter();
        let child = children.find(|child| child.name.eq_ignore_ascii_case(name))?;
        let access = &self.rules.access;
        let seen = access.sees_object(&child.object) && access.sees_field(&child.object, &child.field);
        seen.then(|| child.clone())
    }

    fn row<'a>(&'a self, object: &str, id: &str) -> Option<Row<'a>> {
        let table = self.table(object)?;
        let row = table.rows.stored(id)?;
        self.sees(&table.def, &**row).then(|| Row::Borrowed(&**row))
    }

    fn order(&self, object: &str, hint: &Hint) -> ScanOrder {
        let Some(table) = self.table(object) else { return ScanOrder::Unknown };
        let by_value = hint.any_of.iter().any(|wanted| {
            table.def.fields.get_index_of(&wanted.field).is_some_and(|at| table.index.contains_key(&at))
        });
        match hint.ids.is_some() || by_value || hint.from_id.is_some() {
            false
                if hint.order == ScanOrder::SystemModstamp
                    || hint.times.iter().any(|times| times.field == "SystemModstamp") =>
            {
                ScanOrder::SystemModstamp
            }
            _ => ScanOrder::Id,
        }
    }

    fn is_indexed(&self, object: &str, field: &str) -> bool {
        field == "SystemModstamp"
            || self.table(object).is_some_and(|table| {
                table.def.fields.get_index_of(field).is_some_and(|at| table.index.contains_key(&at))
            })
    }

    fn user(&self) -> Option<String> {
        // Calls come from the integration user, who is the first.
        Some(ids::make("005", 1))
    }

    fn live(&self, object: &str) -> Option<usize> {
        // Where records are hidden, they are counted one by one.
        let table = self.table(object).filter(|_| self.rules.access.rows.is_empty());
        table.map(|table| table.rows.live())
    }

    fn scan<'a>(&'a self, object: &str, hint: &Hint) -> Box<dyn Iterator<Item = Row<'a>> + 'a> {
        let Some(table) = self.table(object) else { return Box::new(std::iter::empty()) };
        let found = Self::found(table, hint);
        if self.rules.access.rows.is_empty() {
            return found;
        }
        Box::new(found.filter(|row| self.sees(&table.def, &**row)))
    }
}

impl Org {
    /// The rows of a table that satisfy the hint.
    fn found<'a>(table: &'a Table, hint: &Hint) -> Box<dyn Iterator<Item = Row<'a>> + 'a> {
        fn lent<'a>(row: &'a Arc<Stored>) -> Row<'a> {
            Row::Borrowed(&**row)
        }
        if let Some(ids) = &hint.ids {
            let mut rows: Vec<&Arc<Stored>> = ids.iter().filter_map(|id| table.rows.stored(id)).collect();
            rows.sort_unstable_by_key(|row| row.number);
            rows.dedup_by_key(|row| row.number);
            return Box::new(rows.into_iter().map(lent));
        }
        for wanted in &hint.any_of {
            let Some(at) = table.def.fields.get_index_of(&wanted.field) else { continue };
            let Some(index) = table.index.get(&at) else { continue };
            if let [value] = wanted.values.as_slice() {
                let rows = index.get(&text_of(value)).filter_map(|number| table.rows.at(number.into()));
                return Box::new(rows.map(lent));
            }
            let mut numbers: Vec<u32> =
                wanted.values.iter().flat_map(|value| index.get(&text_of(value))).collect();
            numbers.sort_unstable();
            numbers.dedup();
            let rows = numbers.into_iter().filter_map(|number| table.rows.at(number.into()));
            return Box::new(rows.map(lent));
        }
        if let Some(from) = &hint.from_id {
            let first = ids::number(&table.def.prefix, from).unwrap_or(0);
            return Box::new(table.rows.from(first).map(lent));
        }
        let times = hint.times.iter().find(|times| times.field == "SystemModstamp");
        if times.is_some() || hint.order == ScanOrder::SystemModstamp {
            let times = times.cloned().unwrap_or_default();
            let from = times.from.map_or(i64::MIN, |at| at.as_second());
            let to = times.to.map_or(i64::MAX, |at| at.as_second().saturating_add(1));
            return Box::new(table.changed(from, to).map(lent));
        }
        Box::new(table.rows.iter().map(lent))
    }
}
