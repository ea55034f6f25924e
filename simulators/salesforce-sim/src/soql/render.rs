//! From rows to the records of the answer.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::{
    column::Env,
    data::{AnyOf, Record, Row},
    hint, ids,
    plan::{Child, Out, Plan},
    run,
};

/// Above this many parents a hint would cost more than it saves.
const MOST_PARENTS_HINTED: usize = 10_000;

/// The records of a plan's rows.
pub(super) fn records(env: &Env<'_>, plan: &Plan, rows: &[Row<'_>]) -> Vec<Value> {
    // the children of all rows at once: one scan for each subquery, not for each row
    let mut children: Vec<HashMap<String, Vec<Value>>> =
        plan.children.iter().map(|child| children_of(env, child, rows)).collect();
    rows.iter()
        .map(|row| {
            let mut record = head(env, &plan.object, &plan.object, &**row, plan.outs.len());
            for out in &plan.outs {
                if let Out::Children(index) = out
                    && let (Some(child), Some(found)) = (plan.children.get(*index), children.get_mut(*index))
                {
                    let found = id_of(&**row).and_then(|id| found.remove(ids::stored(&id)));
                    record.insert(child.name.clone(), found.map_or(Value::Null, listed));
                } else {
                    fill(env, out, &**row, &plan.object, &mut record);
                }
            }
            Value::Object(record)
        })
        .collect()
}

fn listed(records: Vec<Value>) -> Value {
    json!({ "totalSize": records.len(), "done": true, "records": records })
}

fn id_of(row: &dyn Record) -> Option<String> {
    row.value("Id").as_str().map(str::to_owned)
}

fn head(env: &Env<'_>, shown: &str, object: &str, row: &dyn Record, fields: usize) -> Map<String, Value> {
    let id = row.value("Id");
    let id = id.as_str().unwrap_or_default();
    let mut attributes = Map::with_capacity(2);
    attributes.insert("type".to_owned(), Value::from(shown));
    attributes.insert("url".to_owned(), Value::from(format!("{}/{object}/{id}", env.url)));
    let mut record = Map::with_capacity(fields + 1);
    record.insert("attributes".to_owned(), Value::Object(attributes));
    record
}

fn fill(env: &Env<'_>, out: &Out, row: &dyn Record, object: &str, record: &mut Map<String, Value>) {
    match out {
        Out::Field { key, column } => {
            let value = if column.is_type { Value::from(object) } else { column.read(env, row).into_owned() };
            record.insert(key.clone(), value);
        }
        Out::Parent { step, outs } => {
            let parent = step.follow(env, row).map(|(parent, object)| {
                // what may be one of several objects is answered as a Name
                let shown = if step.is_polymorphic() { "Name" } else { object };
                filled(env, outs, &parent, object, shown)
            });
            record.insert(step.name.clone(), parent.unwrap_or_default());
        }
        Out::TypeOf { step, when, otherwise } => {
            let parent = step.follow(env, row).and_then(|(parent, object)| {
                let own = when.iter().find(|(name, _)| name == object).map(|(_, outs)| outs);
                own.or(otherwise.as_ref()).map(|outs| filled(env, outs, &parent, object, object))
            });
            record.insert(step.name.clone(), parent.unwrap_or_default());
        }
        Out::Children(_) => {}
    }
}

fn filled(env: &Env<'_>, outs: &[Out], row: &Row<'_>, object: &str, shown: &str) -> Value {
    let mut record = head(env, shown, object, &**row, outs.len());
    for out in outs {
        fill(env, out, &**row, object, &mut record);
    }
    Value::Object(record)
}

/// The records of a child subquery, by the parent's id in 15 characters.
fn children_of(env: &Env<'_>, child: &Child, parents: &[Row<'_>]) -> HashMap<String, Vec<Value>> {
    let mut by_parent: HashMap<String, Vec<Row<'_>>> = HashMap::with_capacity(parents.len());
    let mut wanted = Vec::with_capacity(parents.len());
    for id in parents.iter().filter_map(|row| id_of(&**row)) {
        if by_parent.insert(ids::stored(&id).to_owned(), Vec::new()).is_none() {
            wanted.push(Value::from(id));
        }
    }
    let Plan { object, rows, .. } = &child.plan;
    let mut hint = hint::of(rows.test.as_ref(), env.all);
    if wanted.len() <= MOST_PARENTS_HINTED {
        hint.any_of.insert(0, AnyOf { field: child.field.clone(), values: wanted });
    }
    for row in env.data.scan(object, &hint) {
        let parent = row.value(&child.field);
        let Some(siblings) = parent.as_str().and_then(|id| by_parent.get_mut(ids::stored(id))) else {
            continue;
        };
        if run::meets(env, &row, rows.test.as_ref()) {
            siblings.push(row.clone());
        }
    }
    let mut all = Vec::new();
    let mut counts = Vec::new();
    for (parent, siblings) in by_parent {
        if siblings.is_empty() {
            continue;
        }
        let kept = run::cut(env, siblings, rows);
        counts.push((parent, kept.len()));
        all.extend(kept);
    }
    let mut records = records(env, &child.plan, &all).into_iter();
    counts
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(parent, count)| (parent, records.by_ref().take(count).collect()))
        .collect()
}
