//! Conditions bound to the schema, and whether a row meets them.

use std::{borrow::Cow, collections::HashSet};

use serde_json::Value;

use super::{
    ast::{Op, Wild},
    column::{Column, Env},
    data::{FieldKind, Record},
    key::{self, Key},
    literal,
};

/// Where a value to test comes from.
#[derive(Debug)]
pub(super) enum Source {
    /// a row
    Column(Column),
    /// a group: the value at that place
    Slot { index: usize, kind: FieldKind, case_sensitive: bool, label: String },
}

impl Source {
    pub(super) fn kind(&self) -> FieldKind {
        match self {
            Source::Column(column) => column.kind(),
            Source::Slot { kind, .. } => *kind,
        }
    }

    pub(super) fn case_sensitive(&self) -> bool {
        match self {
            Source::Column(column) => column.field.case_sensitive,
            Source::Slot { case_sensitive, .. } => *case_sensitive,
        }
    }

    pub(super) fn label(&self) -> &str {
        match self {
            Source::Column(column) => &column.field.name,
            Source::Slot { label, .. } => label,
        }
    }
}

/// Something that has the values of sources.
pub(super) trait Lookup {
    fn get(&self, source: &Source) -> Cow<'_, Value>;
}

/// A row as a [`Lookup`].
pub(super) struct OfRow<'e, 'a, 'r> {
    pub env: &'e Env<'a>,
    pub row: &'r dyn Record,
}

impl Lookup for OfRow<'_, '_, '_> {
    fn get(&self, source: &Source) -> Cow<'_, Value> {
        match source {
            Source::Column(column) => column.read(self.env, self.row),
            Source::Slot { .. } => Cow::Owned(Value::Null),
        }
    }
}

/// The values of a group as a [`Lookup`].
pub(super) struct OfGroup<'r>(pub &'r [Value]);

impl Lookup for OfGroup<'_> {
    fn get(&self, source: &Source) -> Cow<'_, Value> {
        match source {
            Source::Slot { index, .. } => self.0.get(*index).map_or(Cow::Owned(Value::Null), Cow::Borrowed),
            Source::Column(_) => Cow::Owned(Value::Null),
        }
    }
}

/// A bound condition.
#[derive(Debug)]
pub(super) enum Test {
    And(Vec<Test>),
    Or(Vec<Test>),
    Not(Box<Test>),
    Compare {
        source: Source,
        op: Op,
        to: To,
    },
    Like {
        source: Source,
        pattern: Vec<Wild>,
    },
    In {
        source: Source,
        keys: HashSet<Key>,
        /// null is in the list
        null: bool,
        not: bool,
    },
    Includes {
        source: Source,
        /// folded
        values: Vec<Vec<String>>,
        not: bool,
    },
}

/// The right side of a comparison.
#[derive(Debug)]
pub(super) enum To {
    Null,
    Key(Key),
    Range {
        from: Key,
        /// the first value after it
        until: Key,
        /// it reaches from the past to now: "greater" then means since its beginning
        to_now: bool,
    },
}

impl Test {
    /// Whether the condition is met. Null equals null, differs from everything else, and is neither less nor
    /// greater than anything.
    pub(super) fn holds(&self, values: &impl Lookup) -> bool {
        match self {
            Test::And(all) => all.iter().all(|test| test.holds(values)),
            Test::Or(any) => any.iter().any(|test| test.holds(values)),
            Test::Not(test) => !test.holds(values),
            Test::Compare { source, op, to } => compare(source, *op, to, &values.get(source)),
            Test::Like { source, pattern } => match values.get(source).as_ref() {
                Value::String(text) if source.case_sensitive() => literal::is_like(text, pattern),
                Value::String(text) => literal::is_like(&key::fold(text), pattern),
                _ => false,
            },
            Test::In { source, keys, null, not } => {
                let found = match key::of(&values.get(source), source.kind(), source.case_sensitive()) {
                    Key::Null => *null,
                    key => keys.contains(&key),
                };
                found != *not
            }
            Test::Includes { source, values: wanted, not } => {
                let value = values.get(source);
                let chosen: Vec<String> =
                    value.as_str().unwrap_or_default().split(';').map(|one| key::fold(one.trim())).collect();
                wanted.iter().any(|all| all.iter().all(|one| chosen.contains(one))) != *not
            }
        }
    }
}

fn compare(source: &Source, op: Op, to: &To, value: &Value) -> bool {
    // the usual comparison, without a copy of the text
    if let (Value::String(text), To::Key(Key::Text(wanted)), Op::Eq | Op::Ne) = (value, to, op)
        && source.kind() == FieldKind::Text
        && !source.case_sensitive()
    {
        return key::folds_to(text, wanted) == (op == Op::Eq);
    }
    let key = key::of(value, source.kind(), source.case_sensitive());
    let null = key == Key::Null;
    match to {
        To::Null => match op {
            Op::Eq => null,
            Op::Ne => !null,
            _ => false,
        },
        To::Key(wanted) => match op {
            Op::Eq => key == *wanted,
            Op::Ne => key != *wanted,
            Op::Lt => !null && key < *wanted,
            Op::Le => !null && key <= *wanted,
            Op::Gt => !null && key > *wanted,
            Op::Ge => !null && key >= *wanted,
        },
        To::Range { from, until, to_now } => {
            let inside = !null && key >= *from && key < *until;
            match op {
                Op::Eq => inside,
                Op::Ne => !inside,
                Op::Lt => !null && key < *from,
                Op::Le => !null && key < *until,
                Op::Gt if *to_now => !null && key >= *from,
                Op::Gt => !null && key >= *until,
                Op::Ge => !null && key >= *from,
            }
        }
    }
}
