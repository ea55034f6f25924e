//! Reads, sorts and cuts rows.

use std::{cmp::Ordering, collections::HashSet};

use super::{
    ast::{Operand, Query, SelectItem},
    column::{Env, object, refused},
    data::{FieldKind, Hint, Row, ScanOrder},
    error::SoqlError,
    filter::{OfRow, Test},
    hint,
    key::Key,
    plan::{self, Rows, Sort},
};

/// Whose rows a query wants, by USING SCOPE.
#[derive(Debug, Clone)]
pub(super) enum Own {
    /// everybody's
    All,
    /// those of this owner
    Of(String),
}

impl Own {
    pub(super) fn holds(&self, row: &Row<'_>) -> bool {
        match self {
            Self::All => true,
            Self::Of(owner) => row.value("OwnerId").as_str() == Some(owner),
        }
    }
}

/// Binds USING SCOPE. Teams, territories and queues hold nothing here.
pub(super) fn scope(env: &Env<'_>, query: &Query, object: &str) -> Result<Own, SoqlError> {
    let Some(name) = &query.scope else { return Ok(Own::All) };
    match name.text.to_ascii_lowercase().as_str() {
        "everything" | "delegated" => Ok(Own::All),
        "mine" if env.data.field(object, "OwnerId").is_some() => {
            Ok(env.data.user().map_or(Own::All, Own::Of))
        }
        "mine" => Ok(Own::All),
        "mine_and_my_groups" | "my_territory" | "my_team_territory" | "team" | "scopingrule" => {
            Ok(env.data.user().map_or(Own::All, Own::Of))
        }
        // assumed: the wording
        _ => {
            let message = format!("scope '{}' is not supported", name.text);
            Err(SoqlError::malformed(env.text, name.at, message))
        }
    }
}

/// The rows that meet a condition, in the store's order.
pub(super) fn scan<'a>(env: &Env<'a>, object: &str, test: Option<&Test>) -> impl Iterator<Item = Row<'a>> {
    let hint = hint::of(test, env.all);
    env.data.scan(object, &hint).filter(move |row| meets(env, row, test))
}

/// Whether a row is to be seen and meets a condition.
pub(super) fn meets(env: &Env<'_>, row: &Row<'_>, test: Option<&Test>) -> bool {
    (env.all || !row.is_deleted()) && test.is_none_or(|test| test.holds(&OfRow { env, row: &**row }))
}

/// The rows a query selects.
pub(super) fn rows<'a>(env: &Env<'a>, object: &str, rows: &Rows) -> Vec<Row<'a>> {
    let hint = wanted(env, rows);
    let sorted = is_sorted(env, object, rows);
    let test = rows.test.as_ref();
    let own = &rows.own;
    let found = env.data.scan(object, &hint).filter(move |row| meets(env, row, test) && own.holds(row));
    if sorted {
        // nothing to sort: stop reading when there are enough
        return found.skip(rows.offset).take(rows.limit.unwrap_or(usize::MAX)).collect();
    }
    cut(env, found.collect(), rows)
}

/// What is said to the store: what the condition demands, and an order that would save sorting.
fn wanted(env: &Env<'_>, rows: &Rows) -> Hint {
    let mut hint = hint::of(rows.test.as_ref(), env.all);
    let first = rows.order.first().map(|sort| &sort.column);
    if first.is_some_and(|column| column.steps.is_empty() && column.field.name == "SystemModstamp") {
        hint.order = ScanOrder::SystemModstamp;
    }
    hint
}

/// Whether the store answers rows in the wanted order anyway.
pub(super) fn is_sorted(env: &Env<'_>, object: &str, rows: &Rows) -> bool {
    let up = |sort: &Sort, field: &str| {
        let Sort { column, descending, .. } = sort;
        !descending && column.steps.is_empty() && column.part.is_none() && column.field.name == field
    };
    let store = || env.data.order(object, &wanted(env, rows));
    match rows.order.as_slice() {
        [] => true,
        [id] if up(id, "Id") => store() == ScanOrder::Id,
        [stamp] if up(stamp, "SystemModstamp") => store() == ScanOrder::SystemModstamp,
        [stamp, id] if up(stamp, "SystemModstamp") && up(id, "Id") => store() == ScanOrder::SystemModstamp,
        _ => false,
    }
}

/// Sorts rows and keeps the wanted ones.
pub(super) fn cut<'a>(env: &Env<'_>, found: Vec<Row<'a>>, rows: &Rows) -> Vec<Row<'a>> {
    let last = rows.limit.map_or(usize::MAX, |limit| limit.saturating_add(rows.offset));
    let mut keyed: Vec<(Vec<Key>, usize)> = found
        .iter()
        .enumerate()
        .map(|(index, row)| (rows.order.iter().map(|sort| sort.column.key(env, &**row)).collect(), index))
        .collect();
    let by =
        |a: &(Vec<Key>, usize), b: &(Vec<Key>, usize)| sorted(&rows.order, &a.0, &b.0).then(a.1.cmp(&b.1));
    if last < keyed.len() {
        // only the first ones need an order
        keyed.select_nth_unstable_by(last, by);
        keyed.truncate(last);
    }
    keyed.sort_unstable_by(by);
    keyed.into_iter().skip(rows.offset).filter_map(|(_, index)| found.get(index).cloned()).collect()
}

fn sorted(order: &[Sort], a: &[Key], b: &[Key]) -> Ordering {
    for ((sort, a), b) in order.iter().zip(a).zip(b) {
        let ordering = compared(a, b, sort.descending, sort.nulls_first);
        if ordering != Ordering::Equal {
            return ordering;
        }
    }
    Ordering::Equal
}

/// The order of two values: nulls at their end, the rest up or down.
pub(super) fn compared(a: &Key, b: &Key, descending: bool, nulls_first: bool) -> Ordering {
    match (*a == Key::Null, *b == Key::Null) {
        (true, true) => Ordering::Equal,
        (true, false) if nulls_first => Ordering::Less,
        (true, false) => Ordering::Greater,
        (false, true) if nulls_first => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) if descending => b.cmp(a),
        (false, false) => a.cmp(b),
    }
}

/// The ids the subquery of an IN selects.
pub(super) fn semi_join(env: &Env<'_>, query: &Query, outer: &str) -> Result<HashSet<Key>, SoqlError> {
    let name = object(env, &query.from)?;
    if name == outer {
        return Err(refused("The inner and outer selects should not be on the same object type"));
    }
    let names = plan::names(query, name);
    let [SelectItem::Value { operand: operand @ Operand::Field(_), alias: None }] = query.select.as_slice()
    else {
        return Err(refused("semi join sub-selects must select exactly one field"));
    };
    let column = plan::column(env, &names, operand)?;
    if !matches!(column.kind(), FieldKind::Id | FieldKind::Reference) {
        let message = "semi join sub-selects must select an ID or reference field";
        return Err(SoqlError::malformed(env.text, operand.at(), message));
    }
    let wanted = plan::rows(env, query, &names, true)?;
    let found = rows(env, &names.object, &wanted);
    Ok(found.iter().map(|row| column.key(env, &**row)).filter(|key| *key != Key::Null).collect())
}
