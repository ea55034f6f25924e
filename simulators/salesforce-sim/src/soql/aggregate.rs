//! GROUP BY, HAVING and the functions over groups.

use std::collections::HashSet;

use indexmap::IndexMap;
use rust_decimal::{
    Decimal,
    prelude::{FromPrimitive, ToPrimitive},
};
use serde_json::{Map, Value, json};

use super::{
    ast::{Aggregate, Call, Function, Operand, Query, SelectItem, Subtotals},
    bind_condition::Conditions,
    column::{Column, Env, Names, object, refused},
    data::{FieldKind, Row},
    error::SoqlError,
    filter::{OfGroup, Source, Test},
    key::{self, Key},
    plan, run,
};

/// The most fields of ROLLUP and CUBE.
const MOST_SUBTOTALS: usize = 3;

/// Whether a query answers groups instead of rows.
pub(super) fn is_one(query: &Query) -> bool {
    !query.group_by.is_empty()
        || query.having.is_some()
        || query.select.iter().any(|item| {
            matches!(
                item,
                SelectItem::Value {
                    operand: Operand::Call(Call { function: Function::Aggregate(_), .. }),
                    ..
                }
            )
        })
}

/// A value of a group.
#[derive(PartialEq)]
enum Slot {
    /// what its rows have in common
    Common(Column),
    /// a function over its rows
    Over(Aggregate, Column),
}

impl Slot {
    fn kind(&self) -> FieldKind {
        match self {
            Slot::Common(column) | Slot::Over(Aggregate::Min | Aggregate::Max, column) => column.kind(),
            Slot::Over(..) => FieldKind::Number,
        }
    }

    fn case_sensitive(&self) -> bool {
        let (Slot::Common(column) | Slot::Over(_, column)) = self;
        column.field.case_sensitive
    }
}

/// Binds and runs a query that answers groups.
pub(super) fn records(env: &Env<'_>, query: &Query) -> Result<Vec<Value>, SoqlError> {
    let names = plan::names(query, object(env, &query.from)?);
    let mut slots = Slots { env, names: &names, all: Vec::new() };
    for operand in &query.group_by {
        slots.group(operand)?;
    }
    let fields = slots.all.len();
    if query.subtotals != Subtotals::None && fields > MOST_SUBTOTALS {
        // assumed: the wording; that three are the most is documented
        return Err(refused(format!("ROLLUP and CUBE take at most {MOST_SUBTOTALS} fields")));
    }
    // Each choice of fields that groups are made by, as bits; all of them first.
    let mut choices: Vec<usize> = match query.subtotals {
        Subtotals::None => vec![usize::MAX],
        Subtotals::Rollup => (0..=fields).map(|taken| (1 << taken) - 1).collect(),
        Subtotals::Cube => (0..1 << fields).collect(),
    };
    choices.reverse();
    if query.group_by.is_empty() && query.limit.is_some() {
        return Err(refused("Non-grouped query that uses overall aggregate functions cannot also use LIMIT"));
    }
    let outs = outs(&mut slots, query)?;
    let having = having(&mut slots, query)?;
    let mut order = Vec::with_capacity(query.order_by.len());
    for by in &query.order_by {
        order.push((slots.find(&by.by, "Ordered field")?, by.descending, by.nulls_first));
    }
    let slots = slots.all;
    let test = plan::filter(env, query, &names, false)?;

    let mut groups = Groups::new(env, &slots, choices);
    let own = run::scope(env, query, &names.object)?;
    for row in run::scan(env, &names.object, test.as_ref()).filter(|row| own.holds(row)) {
        groups.add(&row);
    }
    let mut found = groups.finish(query.group_by.is_empty());
    found.retain(|values| having.as_ref().is_none_or(|test| test.holds(&OfGroup(values))));
    let sort_key = |values: &[Value], index: usize| match (values.get(index), slots.get(index)) {
        (Some(value), Some(slot)) => key::of(value, slot.kind(), slot.case_sensitive()),
        _ => Key::Null,
    };
    found.sort_by(|a, b| {
        order
            .iter()
            .map(|(index, down, first)| {
                run::compared(&sort_key(a, *index), &sort_key(b, *index), *down, *first)
            })
            .find(|ordering| ordering.is_ne())
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    let limit = query.limit.unwrap_or(usize::MAX);
    Ok(found
        .into_iter()
        .skip(query.offset)
        .take(limit)
        .map(|values| {
            let mut record = Map::new();
            record.insert("attributes".to_owned(), json!({ "type": "AggregateResult" }));
            for (name, index) in &outs {
                record.insert(name.clone(), values.get(*index).cloned().unwrap_or_default());
            }
            Value::Object(record)
        })
        .collect())
}

/// The keys of the answer and the slots they show.
fn outs(slots: &mut Slots<'_, '_>, query: &Query) -> Result<Vec<(String, usize)>, SoqlError> {
    let mut outs: Vec<(String, usize)> = Vec::with_capacity(query.select.len());
    let mut unnamed = 0;
    for item in &query.select {
        let SelectItem::Value { operand, alias } = item else {
            let message = match item {
                SelectItem::Count { .. } => "Grouped query cannot use COUNT() without a field",
                SelectItem::Fields { .. } => {
                    "The SOQL FIELDS function is not supported with GROUP BY or aggregates"
                }
                _ => "Subqueries are not supported with GROUP BY or aggregates",
            };
            return Err(refused(message));
        };
        let index = slots.find(operand, "Field")?;
        let name = match (alias, operand) {
            (Some(alias), _) => alias.clone(),
            (
                None,
                Operand::Call(Call {
                    function: Function::Aggregate(_) | Function::Date(_) | Function::Distance(..),
                    ..
                }),
            ) => {
                unnamed += 1;
                format!("expr{}", unnamed - 1)
            }
            (None, _) => match slots.all.get(index) {
                Some(Slot::Common(column) | Slot::Over(_, column)) => column.field.name.clone(),
                None => String::new(),
            },
        };
        if outs.iter().any(|(other, _)| other.eq_ignore_ascii_case(&name)) {
            return Err(refused(format!("duplicate alias: {name}")));
        }
        outs.push((name, index));
    }
    Ok(outs)
}

fn having(slots: &mut Slots<'_, '_>, query: &Query) -> Result<Option<Test>, SoqlError> {
    let Some(condition) = &query.having else { return Ok(None) };
    let (env, object) = (slots.env, slots.names.object.clone());
    let mut conditions = Conditions { env, object: &object, in_semi_join: false, semi_joins: 0 };
    let mut source = |operand: &Operand| {
        let index = slots.find(operand, "Field")?;
        let label = match operand {
            Operand::Field(path) => path.parts.join("."),
            Operand::Call(call) => call.field.parts.join("."),
        };
        let slot = slots.all.get(index);
        Ok(Source::Slot {
            index,
            kind: slot.map_or(FieldKind::Number, Slot::kind),
            case_sensitive: slot.is_some_and(Slot::case_sensitive),
            label,
        })
    };
    conditions.bind(condition, &mut source).map(Some)
}

struct Slots<'s, 'a> {
    env: &'s Env<'a>,
    names: &'s Names<'s>,
    all: Vec<Slot>,
}

impl Slots<'_, '_> {
    fn group(&mut self, operand: &Operand) -> Result<(), SoqlError> {
        let column = plan::column(self.env, self.names, operand)?;
        if !column.field.groupable && column.part.is_none() {
            return Err(plan::cannot(self.env, &column, operand, "grouped"));
        }
        let slot = Slot::Common(column);
        if !self.all.contains(&slot) {
            self.all.push(slot);
        }
        Ok(())
    }

    /// The slot of an operand. Aggregates come into being when asked for, fields must be grouped by.
    fn find(&mut self, operand: &Operand, what: &str) -> Result<usize, SoqlError> {
        let slot = match operand {
            Operand::Call(Call { function: Function::Aggregate(aggregate), field, at }) => {
                let column = self.names.column(self.env, field)?;
                if !fits(*aggregate, column.kind()) {
                    let message = format!(
                        "field {} does not support aggregate operator {}",
                        column.field.name,
                        written(*aggregate)
                    );
                    return Err(SoqlError::field(self.env.text, *at, message));
                }
                let grouped =
                    || self.all.iter().any(|slot| matches!(slot, Slot::Common(own) if *own == column));
                if *aggregate == Aggregate::Grouping && !grouped() {
                    let message = format!("{what} must be grouped: {}", column.label());
                    return Err(SoqlError::malformed(self.env.text, *at, message));
                }
                Slot::Over(*aggregate, column)
            }
            other => Slot::Common(plan::column(self.env, self.names, other)?),
        };
        if let Some(index) = self.all.iter().position(|other| *other == slot) {
            return Ok(index);
        }
        if let Slot::Common(column) = &slot {
            let message = format!("{what} must be grouped or aggregated: {}", column.label());
            return Err(SoqlError::malformed(self.env.text, operand.at(), message));
        }
        self.all.push(slot);
        Ok(self.all.len() - 1)
    }
}

fn fits(aggregate: Aggregate, kind: FieldKind) -> bool {
    match aggregate {
        Aggregate::Sum | Aggregate::Avg => kind == FieldKind::Number,
        Aggregate::Min | Aggregate::Max => !matches!(
            kind,
            FieldKind::Boolean
                | FieldKind::Multipicklist
                | FieldKind::LongText
                | FieldKind::Compound
                | FieldKind::Blob
        ),
        Aggregate::Grouping => true,
        Aggregate::Count | Aggregate::CountDistinct => {
            !matches!(kind, FieldKind::LongText | FieldKind::Compound | FieldKind::Blob)
        }
    }
}

fn written(aggregate: Aggregate) -> &'static str {
    match aggregate {
        Aggregate::Count => "COUNT",
        Aggregate::CountDistinct => "COUNT_DISTINCT",
        Aggregate::Sum => "SUM",
        Aggregate::Avg => "AVG",
        Aggregate::Min => "MIN",
        Aggregate::Max => "MAX",
        Aggregate::Grouping => "GROUPING",
    }
}

/// Groups while rows are read.
struct Groups<'g, 'a> {
    env: &'g Env<'a>,
    slots: &'g [Slot],
    /// Which fields groups are made by, as bits.
    choices: Vec<usize>,
    found: IndexMap<(usize, Vec<Key>), Vec<State>>,
}

/// What is known of a slot so far.
enum State {
    Common(Value),
    Count(usize),
    Distinct(HashSet<Key>),
    Sum { count: usize, exact: Option<Decimal>, near: f64 },
    Best(Option<(Key, Value)>),
}

impl<'g, 'a> Groups<'g, 'a> {
    fn new(env: &'g Env<'a>, slots: &'g [Slot], choices: Vec<usize>) -> Self {
        Self { env, slots, choices, found: IndexMap::new() }
    }

    fn add(&mut self, row: &Row<'_>) {
        let keys: Vec<Key> = self
            .slots
            .iter()
            .filter_map(|slot| match slot {
                Slot::Common(column) => Some(column.key(self.env, &**row)),
                Slot::Over(..) => None,
            })
            .collect();
        for choice in &self.choices {
            let own = keys.iter().enumerate();
            let own = own.map(|(at, key)| if takes(*choice, at) { key.clone() } else { Key::Null }).collect();
            let states = self.found.entry((*choice, own)).or_insert_with(|| {
                let slots = self.slots.iter().enumerate();
                slots
                    .map(|(at, slot)| {
                        start(self.env, self.slots, slot, Some(row), takes(*choice, at), *choice)
                    })
                    .collect()
            });
            for (state, slot) in states.iter_mut().zip(self.slots) {
                if let Slot::Over(aggregate, column) = slot {
                    let value = column.read(self.env, &**row);
                    step(state, *aggregate, column, &value);
                }
            }
        }
    }

    /// The values of each group; without GROUP BY there is one group even when there are no rows.
    fn finish(mut self, whole: bool) -> Vec<Vec<Value>> {
        if whole && self.found.is_empty() {
            let none = self.slots.iter();
            let none = none.map(|slot| start(self.env, self.slots, slot, None, true, usize::MAX)).collect();
            self.found.insert((usize::MAX, Vec::new()), none);
        }
        if self.choices.len() > 1 {
            // Subtotals stand below what they sum up.
            self.found.sort_by(|(choice, keys), _, (other, others), _| {
                let place = |choice: usize, keys: &[Key]| -> Vec<(bool, Key)> {
                    keys.iter().enumerate().map(|(at, key)| (!takes(choice, at), key.clone())).collect()
                };
                place(*choice, keys).cmp(&place(*other, others))
            });
        }
        self.found
            .into_values()
            .map(|states| states.into_iter().zip(self.slots).map(|(state, slot)| end(state, slot)).collect())
            .collect()
    }
}

/// Whether groups are made by the field at this place.
fn takes(choice: usize, at: usize) -> bool {
    at >= usize::BITS as usize || choice >> at & 1 == 1
}

fn start(
    env: &Env<'_>,
    slots: &[Slot],
    slot: &Slot,
    row: Option<&Row<'_>>,
    taken: bool,
    choice: usize,
) -> State {
    match slot {
        Slot::Common(column) => State::Common(
            row.filter(|_| taken).map_or(Value::Null, |row| column.read(env, &**row).into_owned()),
        ),
        Slot::Over(Aggregate::Grouping, column) => {
            let at = slots.iter().position(|slot| matches!(slot, Slot::Common(own) if own == column));
            State::Common(Value::from(u8::from(!at.is_some_and(|at| takes(choice, at)))))
        }
        Slot::Over(Aggregate::Count, _) => State::Count(0),
        Slot::Over(Aggregate::CountDistinct, _) => State::Distinct(HashSet::new()),
        Slot::Over(Aggregate::Sum | Aggregate::Avg, _) => {
            State::Sum { count: 0, exact: Some(Decimal::ZERO), near: 0.0 }
        }
        Slot::Over(Aggregate::Min | Aggregate::Max, _) => State::Best(None),
    }
}

fn step(state: &mut State, aggregate: Aggregate, column: &Column, value: &Value) {
    let key = key::of(value, column.kind(), column.field.case_sensitive);
    if key == Key::Null {
        return;
    }
    match state {
        State::Common(_) => {}
        State::Count(count) => *count += 1,
        State::Distinct(seen) => {
            seen.insert(key);
        }
        State::Sum { count, exact, near } => {
            if let Key::Number(number) = key {
                *count += 1;
                *near += number.0;
                // tenths add up to what people expect, as long as they fit
                *exact = exact.and_then(|sum| sum.checked_add(Decimal::from_f64(number.0)?));
            }
        }
        State::Best(best) => {
            let better = match (&best, aggregate) {
                (None, _) => true,
                (Some((old, _)), Aggregate::Min) => key < *old,
                (Some((old, _)), _) => key > *old,
            };
            if better {
                *best = Some((key, value.clone()));
            }
        }
    }
}

fn end(state: State, slot: &Slot) -> Value {
    match state {
        State::Common(value) => value,
        State::Count(count) => Value::from(count),
        State::Distinct(seen) => Value::from(seen.len()),
        State::Best(best) => best.map_or(Value::Null, |(_, value)| value),
        State::Sum { count: 0, .. } => Value::Null,
        State::Sum { count, exact, near } => {
            let sum = exact.and_then(|sum| sum.to_f64()).unwrap_or(near);
            let average = matches!(slot, Slot::Over(Aggregate::Avg, _));
            // counts are far below what a float holds exactly
            Value::from(if average { sum / count as f64 } else { sum })
        }
    }
}
