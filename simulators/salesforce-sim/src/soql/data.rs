//! What the evaluator needs from the org.
//!
//! Names are looked up without regard to case and answered in the schema's spelling. Rows are handles, not
//! copies: a store that is locked while a query runs lends them, one that hands out `Arc`s shares them.

use std::{borrow::Cow, ops::Deref, sync::Arc};

use jiff::{Timestamp, tz::TimeZone};
use serde_json::Value;

/// An org to put queries to.
pub trait Data {
    /// The object of that name.
    fn object(&self, name: &str) -> Option<ObjectInfo>;

    /// All fields of an object, in the order `FIELDS(ALL)` answers them.
    fn fields(&self, object: &str) -> Vec<FieldInfo>;

    /// One field of an object.
    fn field(&self, object: &str, name: &str) -> Option<FieldInfo> {
        self.fields(object).into_iter().find(|field| field.name.eq_ignore_ascii_case(name))
    }

    /// The parent relationship of that name: `Account` of Contact, `Parent__r`.
    fn relationship(&self, object: &str, name: &str) -> Option<ParentRelationship> {
        self.fields(object).into_iter().find_map(|field| {
            let own = field.relationship_name.filter(|own| own.eq_ignore_ascii_case(name))?;
            Some(ParentRelationship { name: own, field: field.name, targets: field.reference_to })
        })
    }

    /// The child relationship of that name: `Contacts` of Account.
    fn child_relationship(&self, object: &str, name: &str) -> Option<ChildRelationship>;

    /// The row with that id (18 characters as a reference field holds it), deleted or not.
    fn row<'a>(&'a self, object: &str, id: &str) -> Option<Row<'a>>;

    /// All rows that satisfy the hint, deleted ones included, in a stable order. Answering more is always
    /// right: every row is checked again.
    fn scan<'a>(&'a self, object: &str, hint: &Hint) -> Box<dyn Iterator<Item = Row<'a>> + 'a>;

    /// In which order [`Data::scan`] answers rows for this hint.
    fn order(&self, object: &str, hint: &Hint) -> ScanOrder {
        let _ = (object, hint);
        ScanOrder::Unknown
    }

    /// How many rows of an object are not deleted, where that is known without a look at each.
    fn live(&self, object: &str) -> Option<usize> {
        let _ = object;
        None
    }

    /// Whether rows can be found by this field without a look at each.
    fn is_indexed(&self, object: &str, field: &str) -> bool {
        let _ = (object, field);
        false
    }

    /// The id of the user who asks, where there is one.
    fn user(&self) -> Option<String> {
        None
    }

    /// The time zone of the user who asks: where TODAY begins.
    fn time_zone(&self) -> TimeZone {
        TimeZone::UTC
    }
}

/// One record. Values are as the REST API answers them.
pub trait Record {
    /// The value of a field by its canonical name; null when it has none.
    fn value(&self, field: &str) -> Cow<'_, Value>;

    /// The same as JSON.
    fn write(&self, field: &str, into: &mut Vec<u8>) {
        super::write::json(&*self.value(field), into);
    }

    /// Whether it lies in the recycle bin.
    fn is_deleted(&self) -> bool;

    /// The store's own number of it, by which further pages are fetched.
    fn number(&self) -> u64 {
        0
    }

    /// The second that a datetime field holds, where it is known without writing and reading a text.
    fn second(&self, field: &str) -> Option<i64> {
        let _ = field;
        None
    }
}

/// The order of rows as a store answers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ScanOrder {
    /// some other
    #[default]
    Unknown,
    /// by id
    Id,
    /// by the time of the last change, then by id
    SystemModstamp,
}

/// A handle on a record.
#[derive(Clone)]
pub enum Row<'a> {
    /// lent by the store
    Borrowed(&'a (dyn Record + 'a)),
    /// shared with the store
    Shared(Arc<dyn Record + 'a>),
}

impl<'a> Deref for Row<'a> {
    type Target = dyn Record + 'a;

    fn deref(&self) -> &Self::Target {
        match self {
            Row::Borrowed(record) => *record,
            Row::Shared(record) => record.as_ref(),
        }
    }
}

/// An object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectInfo {
    /// canonical name
    pub name: String,
    /// whether queries may ask for it
    pub queryable: bool,
}

/// A field, as far as queries are concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldInfo {
    /// canonical name
    pub name: String,
    /// how its values compare
    pub kind: FieldKind,
    /// one of the org's own (`FIELDS(CUSTOM)`)
    pub custom: bool,
    /// may stand in WHERE
    pub filterable: bool,
    /// may stand in GROUP BY
    pub groupable: bool,
    /// may stand in ORDER BY
    pub sortable: bool,
    /// text compares with regard to case
    pub case_sensitive: bool,
    /// the objects a reference may point at
    pub reference_to: Vec<String>,
    /// the way to them: `Account`
    pub relationship_name: Option<String>,
}

impl FieldInfo {
    /// A field that may be used everywhere its kind may.
    pub fn new(name: impl Into<String>, kind: FieldKind) -> Self {
        let name = name.into();
        let plain = !matches!(kind, FieldKind::LongText | FieldKind::Compound | FieldKind::Blob);
        Self {
            custom: name.len() > 3 && name.ends_with("__c"),
            name,
            filterable: plain,
            groupable: plain && !matches!(kind, FieldKind::Multipicklist | FieldKind::DateTime),
            sortable: plain && kind != FieldKind::Multipicklist,
            kind,
            case_sensitive: false,
            reference_to: Vec::new(),
            relationship_name: None,
        }
    }

    /// A reference: `FieldInfo::reference("AccountId", "Account", ["Account"])`.
    pub fn reference<T: Into<String>>(
        name: impl Into<String>,
        relationship: impl Into<String>,
        targets: impl IntoIterator<Item = T>,
    ) -> Self {
        Self {
            reference_to: targets.into_iter().map(Into::into).collect(),
            relationship_name: Some(relationship.into()),
            ..Self::new(name, FieldKind::Reference)
        }
    }
}

/// How the values of a field compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// the record's own id
    Id,
    /// the id of another record
    Reference,
    /// string, email, phone, url, picklist, combobox, short textarea ..
    Text,
    /// long and rich text: no filtering
    LongText,
    /// values joined with `;`
    Multipicklist,
    /// checkbox
    Boolean,
    /// int, double, currency, percent
    Number,
    /// date
    Date,
    /// date and time
    DateTime,
    /// time of day
    Time,
    /// address, geolocation
    Compound,
    /// base64
    Blob,
}

impl FieldKind {
    /// From the `type` and `length` of a describe answer.
    pub fn from_describe(kind: &str, length: u32) -> Self {
        match kind {
            "id" => Self::Id,
            "reference" => Self::Reference,
            "textarea" if length > 255 => Self::LongText,
            "multipicklist" => Self::Multipicklist,
            "boolean" => Self::Boolean,
            "int" | "long" | "double" | "currency" | "percent" => Self::Number,
            "date" => Self::Date,
            "datetime" => Self::DateTime,
            "time" => Self::Time,
            "address" | "location" | "complexvalue" => Self::Compound,
            "base64" => Self::Blob,
            _ => Self::Text,
        }
    }
}

/// The way from a record to its parent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParentRelationship {
    /// canonical name: `Account`
    pub name: String,
    /// the reference field: `AccountId`
    pub field: String,
    /// the objects it may point at
    pub targets: Vec<String>,
}

/// The way from a record to its children.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildRelationship {
    /// canonical name: `Contacts`
    pub name: String,
    /// the child object: `Contact`
    pub object: String,
    /// its reference field: `AccountId`
    pub field: String,
}

/// What is known about the wanted rows before any is read. All parts must hold at once; a store uses the one
/// it has an index for and may ignore the others.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hint {
    /// only these ids (18 characters, none twice)
    pub ids: Option<Vec<String>>,
    /// only rows with this id or a greater one
    pub from_id: Option<String>,
    /// only rows whose field has one of these values: ids in 18 characters; text to be compared without
    /// regard to case (and given in lower case) unless the field is case-sensitive
    pub any_of: Vec<AnyOf>,
    /// only rows whose datetime field lies within bounds
    pub times: Vec<TimeBounds>,
    /// rows in the recycle bin are wanted as well
    pub deleted: bool,
    /// an order that would save sorting
    pub order: ScanOrder,
}

/// A field and the values it may have.
#[derive(Debug, Clone, PartialEq)]
pub struct AnyOf {
    /// canonical name
    pub field: String,
    /// never null
    pub values: Vec<Value>,
}

/// A datetime field and its bounds, both included.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TimeBounds {
    /// canonical name
    pub field: String,
    /// at or after
    pub from: Option<Timestamp>,
    /// at or before
    pub to: Option<Timestamp>,
}
