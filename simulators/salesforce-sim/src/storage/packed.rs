//! A record in as few bytes as are needed to hold many.

use std::borrow::Cow;
use std::sync::Arc;

use indexmap::IndexSet;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

use crate::ids;
use crate::org::{RowData, address, api_time, location};
use crate::soql::{Record, json};

/// A record as it is kept. It does not change: a write puts another in its place.
#[derive(Debug)]
pub(crate) struct Stored {
    pub number: u64,
    def: Arc<IndexSet<String>>,
    prefix: [u8; 3],
    pub deleted: bool,
    pub created_at: i64,
    pub modified_at: i64,
    pub modstamp: i64,
    created_by: Arc<str>,
    modified_by: Arc<str>,
    /// Values, each behind its field's place.
    bytes: Box<[u8]>,
}

const FALSE: u8 = 0;
const TRUE: u8 = 1;
const WHOLE: u8 = 2;
const DOUBLE: u8 = 3;
const TEXT: u8 = 4;
const ID: u8 = 5;
const DAY: u8 = 6;
const MOMENT: u8 = 7;
const OTHER: u8 = 8;

impl Stored {
    pub fn pack(row: &RowData) -> Self {
        let mut bytes = Vec::with_capacity(row.values.len() * 12);
        for (field, value) in &row.values {
            push_number(&mut bytes, u64::from(*field));
            push(&mut bytes, value);
        }
        let mut prefix = [b'0'; 3];
        prefix.iter_mut().zip(row.id.bytes()).for_each(|(own, byte)| *own = byte);
        Self {
            number: row.number,
            def: Arc::clone(&row.def),
            prefix,
            deleted: row.deleted,
            created_at: row.created_at,
            modified_at: row.modified_at,
            modstamp: row.modstamp,
            created_by: Arc::clone(&row.created_by),
            modified_by: Arc::clone(&row.modified_by),
            bytes: bytes.into_boxed_slice(),
        }
    }

    pub fn id(&self) -> String {
        ids::make(std::str::from_utf8(&self.prefix).unwrap_or_default(), self.number)
    }

    /// The record in the form that is worked with.
    pub fn unpacked(&self) -> RowData {
        RowData {
            id: self.id(),
            number: self.number,
            def: Arc::clone(&self.def),
            values: Reader(&self.bytes).map(|(field, packed)| (field, packed.value())).collect(),
            created_at: self.created_at,
            created_by: Arc::clone(&self.created_by),
            modified_at: self.modified_at,
            modified_by: Arc::clone(&self.modified_by),
            modstamp: self.modstamp,
            deleted: self.deleted,
        }
    }

    /// What a field holds.
    pub fn get(&self, field: usize) -> Value {
        self.packed(field).map_or(Value::Null, Packed::value)
    }

    fn packed(&self, field: usize) -> Option<Packed<'_>> {
        let mut reader = Reader(&self.bytes);
        while let Some(at) = reader.number().filter(|at| *at <= field as u64) {
            if at == field as u64 {
                return reader.packed();
            }
            reader.step_over()?;
        }
        None
    }
}

impl Record for Stored {
    fn value(&self, field: &str) -> Cow<'_, Value> {
        let by = |who: &Arc<str>| Value::from(&**who);
        Cow::Owned(match field {
            "Id" => Value::from(self.id()),
            "IsDeleted" => Value::from(self.deleted),
            "CreatedDate" => Value::from(api_time(self.created_at)),
            "CreatedById" => by(&self.created_by),
            "LastModifiedDate" => Value::from(api_time(self.modified_at)),
            "LastModifiedById" => by(&self.modified_by),
            "SystemModstamp" => Value::from(api_time(self.modstamp)),
            _ => {
                let Some(at) = self.def.get_index_of(field) else { return Cow::Owned(Value::Null) };
                let compound = field
                    .strip_suffix("Address")
                    .and_then(|kind| address(&self.def, kind, |at| Cow::Owned(self.get(at))));
                let compound = compound.or_else(|| location(&self.def, field, |at| Cow::Owned(self.get(at))));
                compound.unwrap_or_else(|| self.get(at))
            }
        })
    }

    fn write(&self, field: &str, into: &mut Vec<u8>) {
        match field {
            "Id" => json(&self.id(), into),
            "CreatedDate" => json(&api_time(self.created_at), into),
            "LastModifiedDate" => json(&api_time(self.modified_at), into),
            "SystemModstamp" => json(&api_time(self.modstamp), into),
            _ => match self.def.get_index_of(field).and_then(|at| self.packed(at)) {
                Some(Packed::Text(text)) => json(text, into),
                Some(Packed::Id(prefix, number)) => json(&ids::make(prefix, number), into),
                Some(packed) => json(&packed.value(), into),
                // It may be made up of other fields.
                None => json(&*self.value(field), into),
            },
        }
    }

    fn is_deleted(&self) -> bool {
        self.deleted
    }

    fn number(&self) -> u64 {
        self.number
    }

    fn second(&self, field: &str) -> Option<i64> {
        match field {
            "CreatedDate" => Some(self.created_at),
            "LastModifiedDate" => Some(self.modified_at),
            "SystemModstamp" => Some(self.modstamp),
            _ => None,
        }
    }
}

fn push_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Small numbers of either sign in few bytes.
fn push_signed(bytes: &mut Vec<u8>, number: i64) {
    push_number(bytes, ((number << 1) ^ (number >> 63)).cast_unsigned());
}

fn push_text(bytes: &mut Vec<u8>, tag: u8, text: &str) {
    bytes.push(tag);
    push_number(bytes, text.len() as u64);
    bytes.extend_from_slice(text.as_bytes());
}

fn push(bytes: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Bool(yes) => bytes.push(if *yes { TRUE } else { FALSE }),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => {
                bytes.push(WHOLE);
                push_signed(bytes, whole);
            }
            (None, Some(double)) if number.is_f64() => {
                bytes.push(DOUBLE);
                bytes.extend_from_slice(&double.to_le_bytes());
            }
            _ => push_text(bytes, OTHER, &value.to_string()),
        },
        Value::String(text) => push_string(bytes, text),
        other => push_text(bytes, OTHER, &other.to_string()),
    }
}

/// A text; one that a shorter form gives back unchanged, in that form.
fn push_string(bytes: &mut Vec<u8>, text: &str) {
    if text.len() == 18
        && let Some(prefix) = text.get(..3)
        && let Some(number) = ids::number(prefix, text)
        && ids::make(prefix, number) == text
    {
        bytes.push(ID);
        bytes.extend_from_slice(prefix.as_bytes());
        push_number(bytes, number);
        return;
    }
    if text.len() == 10
        && let Ok(day) = text.parse::<Date>()
        && day.to_string() == text
    {
        bytes.push(DAY);
        push_signed(bytes, i64::from(day_number(day)));
        return;
    }
    if text.len() == 28
        && let Ok(at) = text.parse::<Timestamp>()
        && api_time(at.as_second()) == text
    {
        bytes.push(MOMENT);
        push_signed(bytes, at.as_second());
        return;
    }
    push_text(bytes, TEXT, text);
}

const EPOCH: Date = Date::constant(1970, 1, 1);

fn day_number(day: Date) -> i32 {
    (day - EPOCH).get_days()
}

#[derive(Debug, Clone, Copy)]
enum Packed<'a> {
    Bool(bool),
    Whole(i64),
    Double(f64),
    Text(&'a str),
    Id(&'a str, u64),
    Day(i64),
    Moment(i64),
    Other(&'a str),
}

impl Packed<'_> {
    fn value(self) -> Value {
        match self {
            Self::Bool(yes) => Value::from(yes),
            Self::Whole(whole) => Value::from(whole),
            Self::Double(double) => Value::from(double),
            Self::Text(text) => Value::from(text),
            Self::Id(prefix, number) => Value::from(ids::make(prefix, number)),
            Self::Day(days) => {
                let day = i32::try_from(days)
                    .ok()
                    .and_then(|days| EPOCH.checked_add(jiff::Span::new().try_days(days).ok()?).ok());
                day.map_or(Value::Null, |day| Value::from(day.to_string()))
            }
            Self::Moment(second) => Value::from(api_time(second)),
            Self::Other(text) => serde_json::from_str(text).unwrap_or(Value::Null),
        }
    }
}

/// Reads values one after the other.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self) -> Option<u64> {
        let (mut number, mut shift) = (0_u64, 0_u32);
        loop {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte < 0x80 {
                return Some(number);
            }
            shift += 7;
        }
    }

    fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = usize::try_from(self.number()?).ok()?;
        std::str::from_utf8(self.take(length)?).ok()
    }
}

impl<'a> Reader<'a> {
    /// Steps over a value without a look at it.
    fn step_over(&mut self) -> Option<()> {
        match self.byte()? {
            FALSE | TRUE => {}
            WHOLE | DAY | MOMENT => {
                self.number()?;
            }
            DOUBLE => {
                self.take(8)?;
            }
            ID => {
                self.take(3)?;
                self.number()?;
            }
            _ => {
                let length = usize::try_from(self.number()?).ok()?;
                self.take(length)?;
            }
        }
        Some(())
    }

    fn packed(&mut self) -> Option<Packed<'a>> {
        Some(match self.byte()? {
            FALSE => Packed::Bool(false),
            TRUE => Packed::Bool(true),
            WHOLE => Packed::Whole(self.signed()?),
            DOUBLE => Packed::Double(f64::from_le_bytes(self.take(8)?.try_into().ok()?)),
            TEXT => Packed::Text(self.text()?),
            ID => {
                let prefix = std::str::from_utf8(self.take(3)?).ok()?;
                Packed::Id(prefix, self.number()?)
            }
            DAY => Packed::Day(self.signed()?),
            MOMENT => Packed::Moment(self.signed()?),
            _ => Packed::Other(self.text()?),
        })
    }
}

impl<'a> Iterator for Reader<'a> {
    type Item = (u16, Packed<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let field = u16::try_from(self.number()?).ok()?;
        Some((field, self.packed()?))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_comes_back_as_it_went_in() {
        let values = [
            json!(true),
            json!(false),
            json!(-17),
            json!(i64::MIN),
            json!(u64::MAX),
            json!(3.0),
            json!(0.1),
            json!(""),
            json!("Ørsted & Söhne 🌻"),
            json!(ids::make("003", 4_711)),
            json!("001D000000IRFmaIAH"),
            json!("2026-02-28"),
            json!("2026-02-30"),
            json!("1899-12-31"),
            json!("2026-11-24T09:15:00.000+0000"),
            json!("2026-11-24T09:15:00.250+0000"),
            json!(["a", {"b": null}]),
        ];
        let def: IndexSet<String> = (0..300).map(|at| format!("F{at}__c")).collect();
        let row = RowData {
            id: ids::make("003", 77),
            number: 77,
            def: Arc::new(def),
            // Places beyond one byte, too.
            values: values.iter().enumerate().map(|(at, value)| (at as u16 * 17, value.clone())).collect(),
            created_at: 1,
            created_by: "a".into(),
            modified_at: 2,
            modified_by: "b".into(),
            modstamp: 3,
            deleted: false,
        };
        let stored = Stored::pack(&row);
        let back = stored.unpacked();
        assert_eq!(back.id, row.id);
        assert_eq!(back.values, row.values);
        for (field, value) in &row.values {
            assert_eq!(stored.get(usize::from(*field)), *value);
            let mut written = Vec::new();
            stored.write(&format!("F{field}__c"), &mut written);
            assert_eq!(String::from_utf8(written).unwrap(), value.to_string());
        }
        assert_eq!(stored.get(1), Value::Null);
        assert_eq!(stored.get(299), Value::Null);
    }
}
