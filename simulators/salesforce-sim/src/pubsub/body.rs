//! What an event says of one record: its values, and which of them changed.

use std::borrow::Cow;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::avro::{self, Type};
use super::schema::{EventField, EventSchema, Part, Shape};
use crate::soql::Record;

/// Texts longer than this are sent as the difference to what they were.
const LONG_TEXT: usize = 1_000;

/// The fields of an event in Avro, and the sets of fields that its header names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Body {
    pub bytes: Vec<u8>,
    pub changed: Vec<String>,
    pub nulled: Vec<String>,
    pub diffs: Vec<String>,
    /// How many fields changed.
    pub count: u64,
}

/// A set of fields, with the sets of parts of compound fields.
#[derive(Debug, Default)]
struct Bits {
    fields: Vec<usize>,
    parts: Vec<(usize, Vec<usize>)>,
}

impl Bits {
    /// `0x…` for the fields, then `place-0x…` for each compound field; nothing where nothing is set.
    fn texts(&self) -> Vec<String> {
        let own = (!self.fields.is_empty()).then(|| hex(&self.fields));
        let parts = self.parts.iter().map(|(at, bits)| format!("{at}-{}", hex(bits)));
        own.into_iter().chain(parts).collect()
    }
}

/// Bit n stands for field n; whole bytes, the highest first.
fn hex(bits: &[usize]) -> String {
    let length = bits.iter().max().map_or(1, |highest| highest / 8 + 1);
    let mut bytes = vec![0_u8; length];
    for bit in bits {
        if let Some(byte) = bytes.get_mut(length - 1 - bit / 8) {
            *byte |= 1 << (bit % 8);
        }
    }
    bytes.iter().fold("0x".to_owned(), |text, byte| format!("{text}{byte:02X}"))
}

/// No values at all, as in deletions and gaps.
pub(crate) fn nothing(schema: &EventSchema) -> Body {
    Body { bytes: vec![0; schema.fields.len()], ..Body::default() }
}

/// All values of a record.
pub(crate) fn whole(schema: &EventSchema, row: &dyn Record) -> Body {
    let mut bytes = Vec::with_capacity(256);
    schema.fields.iter().for_each(|field| write(&mut bytes, field, row));
    Body { bytes, ..Body::default() }
}

fn write(out: &mut Vec<u8>, field: &EventField, row: &dyn Record) {
    match &field.shape {
        Shape::One(kind) => avro::nullable(out, *kind, &row.value(&field.name)),
        Shape::SwitchableName => avro::nullable(out, Type::String, &row.value(&field.name)),
        Shape::Compound(_, parts) => write_parts(out, parts, row, |_| true),
    }
}

fn write_parts(out: &mut Vec<u8>, parts: &[Part], row: &dyn Record, wanted: impl Fn(usize) -> bool) {
    if parts.iter().all(|part| row.value(&part.field).is_null()) {
        return avro::long(out, 0);
    }
    avro::long(out, 1);
    for (at, part) in parts.iter().enumerate() {
        let value = if wanted(at) { row.value(&part.field) } else { Cow::Owned(Value::Null) };
        avro::nullable(out, part.kind, &value);
    }
}

/// The values that changed, and which these are; nothing when none did.
pub(crate) fn difference(
    schema: &EventSchema,
    before: &dyn Record,
    after: &dyn Record,
    enriched: &[&str],
) -> Option<Body> {
    let mut body = Body::default();
    let (mut changed, mut nulled, mut diffs) = (Bits::default(), Bits::default(), Bits::default());
    for (at, field) in schema.fields.iter().enumerate() {
        // Field 0 is the header.
        let at = at + 1;
        let carried = enriched.contains(&field.name.as_str());
        if let Shape::Compound(_, parts) = &field.shape {
            let differs = |part: &Part| before.value(&part.field) != after.value(&part.field);
            let bits: Vec<usize> = (0..parts.len()).filter(|place| differs(&parts[*place])).collect();
            body.count += bits.len() as u64;
            let empty = parts.iter().all(|part| after.value(&part.field).is_null());
            match (bits.is_empty(), empty) {
                (true, _) if carried => write(&mut body.bytes, field, after),
                (true, _) => avro::long(&mut body.bytes, 0),
                (false, true) => {
                    changed.fields.push(at);
                    nulled.fields.push(at);
                    avro::long(&mut body.bytes, 0);
                }
                (false, false) => {
                    let empty = |place: &usize| after.value(&parts[*place].field).is_null();
                    let gone: Vec<usize> = bits.iter().copied().filter(empty).collect();
                    write_parts(&mut body.bytes, parts, after, |place| carried || bits.contains(&place));
                    changed.parts.push((at, bits));
                    if !gone.is_empty() {
                        nulled.parts.push((at, gone));
                    }
                }
            }
            continue;
        }
        let (old, new) = (before.value(&field.name), after.value(&field.name));
        if field.formula || old == new {
            if carried {
                write(&mut body.bytes, field, after);
            } else {
                avro::long(&mut body.bytes, 0);
            }
            continue;
        }
        body.count += 1;
        changed.fields.push(at);
        if new.is_null() {
            nulled.fields.push(at);
        }
        match (old.as_str(), new.as_str()) {
            (Some(old), Some(new)) if field.long_text && new.chars().count() > LONG_TEXT => {
                diffs.fields.push(at);
                avro::nullable(&mut body.bytes, Type::String, &Value::String(text_difference(old, new)));
            }
            _ => write(&mut body.bytes, field, after),
        }
    }
    (body.changed, body.nulled, body.diffs) = (changed.texts(), nulled.texts(), diffs.texts());
    (!body.changed.is_empty()).then_some(body)
}

/// A unified difference of one hunk, headed by the hash of the old text.
fn text_difference(old: &str, new: &str) -> String {
    let (before, after): (Vec<&str>, Vec<&str>) = (old.split('\n').collect(), new.split('\n').collect());
    let same = |pair: &(&&str, &&str)| pair.0 == pair.1;
    let head = before.iter().zip(&after).take_while(same).count();
    let (old_rest, new_rest) = (&before[head..], &after[head..]);
    let tail = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(same).count();
    let (gone, come) = (&old_rest[..old_rest.len() - tail], &new_rest[..new_rest.len() - tail]);
    let hash: String = Sha256::digest(old).iter().map(|byte| format!("{byte:02x}")).collect();
    let place = head + 1;
    let mut text = format!("--- \n+++ {hash}\n@@ -{place},{} +{place},{} @@", gone.len(), come.len());
    for (sign, lines) in [('-', gone), ('+', come)] {
        lines.iter().for_each(|line| text.extend(["\n", &sign.to_string(), line]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bitmaps_are_those_of_the_platforms_examples() {
        assert_eq!(hex(&[11, 22]), "0x400800");
        assert_eq!(hex(&[16]), "0x010000");
        assert_eq!(hex(&[12, 19, 20, 21, 22, 23, 27]), "0x08F81000");
        assert_eq!(hex(&[1, 2]), "0x06");
        let bits = Bits { fields: Vec::new(), parts: vec![(4, vec![4])] };
        assert_eq!(bits.texts(), ["4-0x10"]);
    }

    #[test]
    fn a_long_text_is_told_by_its_difference() {
        let told = text_difference("one\ntwo\nthree", "one\n2\nthree");
        let (head, rest) = told.split_once("\n@@").unwrap();
        assert!(head.starts_with("--- \n+++ ") && head.len() == 9 + 64, "{head}");
        assert_eq!(rest, " -2,1 +2,1 @@\n-two\n+2");
    }
}
