//! What the tests of this crate share: fields, pairs and values in few words.

#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail loudly")]

use jiff::Timestamp;
use jiff::tz::TimeZone;
use model::{
    Access, ChoiceList, ChoiceOption, ConvertContext, EditTime, Field, FieldMapping, FieldPair, Kind, Sides,
    SyncRule, TextFormat, Value,
};

pub const PLAIN: Kind = Kind::Text { max_length: None, format: TextFormat::Plain };
pub const NUMBER: Kind = Kind::Number { integer_digits: None, decimals: None };

pub fn field(name: &str, kind: Kind) -> Field {
    Field {
        name: name.to_owned(),
        label: name.to_owned(),
        kind,
        access: Access::ReadWrite,
        required: false,
        unique: false,
    }
}

/// The property `h_field` with the field `S_Field`.
pub fn pair(rule: SyncRule, hubspot: Kind, salesforce: Kind) -> FieldPair {
    let mapping = FieldMapping::new("h_field", "S_Field", rule);
    FieldPair::new(mapping, field("h_field", hubspot), field("S_Field", salesforce)).unwrap()
}

pub fn text_pair(rule: SyncRule) -> FieldPair {
    pair(rule, PLAIN, PLAIN)
}

/// Choices with a value, a label, and whether they are still offered.
pub fn list(options: &[(&str, &str, bool)], restricted: bool) -> ChoiceList {
    let options = options.iter().map(|(value, label, active)| ChoiceOption {
        value: (*value).to_owned(),
        label: (*label).to_owned(),
        active: *active,
    });
    ChoiceList { options: options.collect(), restricted }
}

/// A restricted list whose labels are its values.
pub fn plain_list(values: &[&str]) -> ChoiceList {
    let options: Vec<_> = values.iter().map(|value| (*value, *value, true)).collect();
    list(&options, true)
}

pub fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

pub fn number(text: &str) -> Value {
    Value::number(text.parse().unwrap())
}

pub fn choice(text: &str) -> Value {
    Value::Choice(text.to_owned())
}

/// Choices parted by blanks; none at all is blank.
pub fn choices(text: &str) -> Value {
    if text.is_empty() {
        return Value::Blank;
    }
    Value::Choices(text.split(' ').map(ToOwned::to_owned).collect())
}

pub fn day(text: &str) -> Value {
    Value::Date(text.parse().unwrap())
}

pub fn moment(text: &str) -> Value {
    Value::DateTime(text.parse().unwrap())
}

pub fn at(millis: i64) -> EditTime {
    EditTime::At(Timestamp::from_millisecond(1_800_000_000_000 + millis).unwrap())
}

pub const NOT_ASKED: Sides<EditTime> = Sides { hubspot: EditTime::NotAsked, salesforce: EditTime::NotAsked };

pub fn utc() -> ConvertContext<'static> {
    ConvertContext { time_zone: TimeZone::UTC, references: &() }
}

pub fn new_york() -> ConvertContext<'static> {
    // Five hours behind, without a time zone database.
    ConvertContext { time_zone: TimeZone::fixed(jiff::tz::offset(-5)), references: &() }
}
