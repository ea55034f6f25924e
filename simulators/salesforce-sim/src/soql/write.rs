//! Rows straight into the JSON of an answer: a page of 2,000 is not held as values first.

use std::collections::HashSet;

use serde::Serialize;

use super::{
    column::Env,
    data::Record,
    data::Row,
    plan::{Out, Plan},
};

/// Whether the rows of a plan can be written so: no children, which are cut later on, and no name twice.
pub(super) fn is_flat(plan: &Plan) -> bool {
    plan.children.is_empty() && names_once(&plan.outs)
}

fn names_once(outs: &[Out]) -> bool {
    let mut names = HashSet::new();
    outs.iter().all(|out| match out {
        Out::Field { key, .. } => names.insert(key),
        Out::Parent { step, outs } => names.insert(&step.name) && names_once(outs),
        Out::TypeOf { step, when, otherwise } => {
            let mut kinds = when.iter().map(|(_, outs)| outs).chain(otherwise);
            names.insert(&step.name) && kinds.all(|outs| names_once(outs))
        }
        Out::Children(_) => false,
    })
}

/// The records of a plan's rows, as a list. The same as [`super::render::records`] makes of them.
pub(super) fn records(env: &Env<'_>, plan: &Plan, rows: &[Row<'_>]) -> Vec<u8> {
    let mut into = Vec::with_capacity(2 + rows.len() * (120 + plan.outs.len() * 30));
    into.push(b'[');
    for row in rows {
        if into.len() > 1 {
            into.push(b',');
        }
        record(env, &plan.outs, &**row, &plan.object, &plan.object, &mut into);
    }
    into.push(b']');
    into
}

fn record(env: &Env<'_>, outs: &[Out], row: &dyn Record, object: &str, shown: &str, into: &mut Vec<u8>) {
    let id = row.value("Id");
    let id = id.as_str().unwrap_or_default();
    into.extend_from_slice(b"{\"attributes\":{\"type\":");
    json(shown, into);
    into.extend_from_slice(b",\"url\":");
    json(&format!("{}/{object}/{id}", env.url), into);
    into.push(b'}');
    for out in outs {
        field(env, out, row, object, into);
    }
    into.push(b'}');
}

fn field(env: &Env<'_>, out: &Out, row: &dyn Record, object: &str, into: &mut Vec<u8>) {
    match out {
        Out::Field { key, column } => {
            name(key, into);
            if column.is_type {
                json(object, into);
            } else if column.steps.is_empty() && column.part.is_none() {
                row.write(&column.field.name, into);
            } else {
                json(&*column.read(env, row), into);
            }
        }
        Out::Parent { step, outs } => {
            name(&step.name, into);
            match step.follow(env, row) {
                Some((parent, object)) => {
                    let shown = if step.is_polymorphic() { "Name" } else { object };
                    record(env, outs, &*parent, object, shown, into);
                }
                None => json(&(), into),
            }
        }
        Out::TypeOf { step, when, otherwise } => {
            name(&step.name, into);
            let parent = step.follow(env, row).and_then(|(parent, object)| {
                let own = when.iter().find(|(name, _)| name == object).map(|(_, outs)| outs);
                Some((own.or(otherwise.as_ref())?, parent, object))
            });
            match parent {
                Some((outs, parent, object)) => record(env, outs, &*parent, object, object, into),
                None => json(&(), into),
            }
        }
        Out::Children(_) => {}
    }
}

fn name(name: &str, into: &mut Vec<u8>) {
    into.push(b',');
    json(name, into);
    into.push(b':');
}

/// A value as JSON. What is written to memory cannot fail.
pub(crate) fn json(value: &(impl Serialize + ?Sized), into: &mut Vec<u8>) {
    let _ = serde_json::to_writer(into, value);
}
