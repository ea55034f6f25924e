//! What a bound condition says about the rows before any is read.

use jiff::Timestamp;
use serde_json::Value;

use super::{
    ast::Op,
    column::Column,
    data::{AnyOf, FieldKind, Hint, TimeBounds},
    filter::{Source, Test, To},
    ids,
    key::Key,
};

/// The hint of a condition: what its AND at the top demands of the row's own fields.
pub(super) fn of(test: Option<&Test>, deleted: bool) -> Hint {
    let mut hint = Hint { deleted, ..Hint::default() };
    if let Some(test) = test {
        add(&mut hint, test);
    }
    hint
}

fn add(hint: &mut Hint, test: &Test) {
    match test {
        Test::And(all) => all.iter().for_each(|test| add(hint, test)),
        Test::Compare { source: Source::Column(column), op, to } if is_plain(column) => match (op, to) {
            (Op::Eq, To::Key(key)) if column.kind() != FieldKind::DateTime => {
                any_of(hint, column, std::iter::once(key));
            }
            (Op::Gt | Op::Ge, To::Key(Key::Text(id))) if column.kind() == FieldKind::Id => {
                hint.from_id = hint.from_id.take().max(Some(ids::long(id)));
            }
            (op, to) if column.kind() == FieldKind::DateTime => times(hint, column, *op, to),
            _ => {}
        },
        Test::In { source: Source::Column(column), keys, null: false, not: false } if is_plain(column) => {
            any_of(hint, column, keys.iter());
        }
        _ => {}
    }
}

fn is_plain(column: &Column) -> bool {
    column.steps.is_empty() && column.part.is_none()
}

fn any_of<'k>(hint: &mut Hint, column: &Column, keys: impl Iterator<Item = &'k Key>) {
    let ids = matches!(column.kind(), FieldKind::Id | FieldKind::Reference);
    // in one order, so that a store that walks the list answers the same each time
    let mut keys: Vec<&Key> = keys.collect();
    keys.sort_unstable();
    let values: Option<Vec<Value>> = keys
        .into_iter()
        .map(|key| match key {
            Key::Text(id) if ids => Some(Value::from(ids::long(id))),
            Key::Text(text) => Some(Value::from(text.as_str())),
            Key::Number(number) => Some(number.to_value()),
            Key::Null | Key::Bool(_) | Key::Time(_) => None,
        })
        .collect();
    let Some(values) = values else { return };
    if column.kind() == FieldKind::Id {
        // a second demand on the id is left to the check of each row
        if hint.ids.is_none() {
            hint.ids = Some(values.into_iter().filter_map(|id| id.as_str().map(str::to_owned)).collect());
        }
    } else {
        hint.any_of.push(AnyOf { field: column.field.name.clone(), values });
    }
}

fn times(hint: &mut Hint, column: &Column, op: Op, to: &To) {
    let (low, high) = match to {
        To::Null => return,
        To::Key(key) => (key, key),
        To::Range { from, until, .. } => (from, until),
    };
    // both ends included: a little too wide is right
    let (from, to) = match op {
        Op::Eq => (Some(low), Some(high)),
        Op::Gt | Op::Ge => (Some(low), None),
        Op::Lt | Op::Le => (None, Some(high)),
        Op::Ne => return,
    };
    let time = |key: Option<&Key>| match key {
        Some(Key::Time(millis)) => Timestamp::from_millisecond(*millis).ok(),
        _ => None,
    };
    let bounds = TimeBounds { field: column.field.name.clone(), from: time(from), to: time(to) };
    if bounds.from.is_some() || bounds.to.is_some() {
        match hint.times.iter_mut().find(|other| other.field == bounds.field) {
            None => hint.times.push(bounds),
            Some(other) => {
                other.from = other.from.max(bounds.from);
                other.to = match (other.to, bounds.to) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                };
            }
        }
    }
}
