//! Binds a SELECT of rows to the schema.

use std::collections::HashSet;

use super::{
    ast::{Call, FieldSet, Function, Operand, Order, Path, Query, SelectItem, TypeOf, View},
    bind_condition::Conditions,
    column::{Column, Env, Names, Step, object, refused},
    data::FieldKind,
    error::{INVALID_TYPE, SoqlError},
    filter::{Source, Test},
    hint,
    run::{self, Own},
};

/// How many levels of objects a query with child subqueries may have.
const MOST_LEVELS: usize = 5;
/// The largest LIMIT of `FIELDS(ALL)` and `FIELDS(CUSTOM)`.
const MOST_ROWS_OF_FIELDS: usize = 200;

/// A bound SELECT of rows.
pub(super) struct Plan {
    pub object: String,
    pub outs: Vec<Out>,
    pub children: Vec<Child>,
    pub rows: Rows,
}

/// Which rows, in which order.
pub(super) struct Rows {
    pub test: Option<Test>,
    pub order: Vec<Sort>,
    pub limit: Option<usize>,
    pub offset: usize,
    pub own: Own,
}

/// Something to answer of each row.
#[derive(Debug)]
pub(super) enum Out {
    /// a field of the row itself
    Field { key: String, column: Column },
    /// its parent
    Parent { step: Step, outs: Vec<Out> },
    /// its parent, with other fields for each object
    TypeOf { step: Step, when: Vec<(String, Vec<Out>)>, otherwise: Option<Vec<Out>> },
    /// its children: the index into [`Plan::children`]
    Children(usize),
}

/// A bound child subquery.
pub(super) struct Child {
    /// the relationship
    pub name: String,
    /// the field that points back
    pub field: String,
    pub plan: Plan,
}

/// A bound entry of ORDER BY.
pub(super) struct Sort {
    pub column: Column,
    pub descending: bool,
    pub nulls_first: bool,
}

/// Binds the statement itself.
pub(super) fn statement(env: &Env<'_>, query: &Query) -> Result<Plan, SoqlError> {
    let names = names(query, object(env, &query.from)?);
    select(env, query, &names, 1)
}

/// What names mean in a query on that object.
pub(super) fn names(query: &Query, object: String) -> Names<'_> {
    let mut aliases = vec![query.from.text.as_str()];
    aliases.extend(query.alias.as_deref());
    // the object's own name is an alias only as long as no relationship is called the same
    if query.from.text.eq_ignore_ascii_case(&object) {
        aliases.remove(0);
    }
    Names { object, aliases, parents: &query.parents }
}

fn select(env: &Env<'_>, query: &Query, names: &Names<'_>, level: usize) -> Result<Plan, SoqlError> {
    if let Some(group) = query.group_by.first() {
        return Err(SoqlError::malformed(env.text, group.at(), "GROUP BY is not allowed in a subquery"));
    }
    let mut select =
        Select { env, names, outs: Vec::new(), children: Vec::new(), seen: HashSet::new(), bounded: None };
    for item in &query.select {
        select.item(item, level)?;
    }
    let Select { outs, children, bounded, .. } = select;
    let rows = rows(env, query, names, false)?;
    if let Some(at) = bounded {
        let by_limit = query.limit.is_some_and(|limit| limit <= MOST_ROWS_OF_FIELDS);
        let by_id =
            hint::of(rows.test.as_ref(), false).ids.is_some_and(|ids| ids.len() <= MOST_ROWS_OF_FIELDS);
        if !by_limit && !by_id {
            let message =
                format!("The SOQL FIELDS function must have a LIMIT of at most {MOST_ROWS_OF_FIELDS}");
            return Err(SoqlError::malformed(env.text, at, message));
        }
    }
    Ok(Plan { object: names.object.clone(), outs, children, rows })
}

struct Select<'s, 'a> {
    env: &'s Env<'a>,
    names: &'s Names<'s>,
    outs: Vec<Out>,
    children: Vec<Child>,
    /// the labels already answered
    seen: HashSet<String>,
    /// where a FIELDS stands that needs a LIMIT
    bounded: Option<usize>,
}

impl Select<'_, '_> {
    fn item(&mut self, item: &SelectItem, level: usize) -> Result<(), SoqlError> {
        match item {
            SelectItem::Value { operand, alias } => self.value(operand, alias.as_deref()),
            SelectItem::Count { at } => Err(SoqlError::malformed(
                self.env.text,
                *at,
                "COUNT() must be the only element of the SELECT list",
            )),
            SelectItem::Fields { set, at } => self.fields(*set, *at),
            SelectItem::Children(query) => self.child(query, level),
            SelectItem::TypeOf(type_of) => self.type_of(type_of),
        }
    }

    fn value(&mut self, operand: &Operand, alias: Option<&str>) -> Result<(), SoqlError> {
        let column = self.column(operand)?;
        if alias.is_some() && matches!(operand, Operand::Field(_)) {
            return Err(SoqlError::malformed(
                self.env.text,
                operand.at(),
                "only aggregate expressions use field aliasing",
            ));
        }
        self.once(&column, alias)?;
        place(&mut self.outs, column, alias);
        Ok(())
    }

    fn column(&self, operand: &Operand) -> Result<Column, SoqlError> {
        if let Operand::Call(Call { function: Function::Distance(..), at, .. }) = operand {
            // assumed: the wording; the platform takes it in WHERE and ORDER BY only, unless rows are grouped
            return Err(SoqlError::malformed(
                self.env.text,
                *at,
                "DISTANCE is not allowed in the SELECT list",
            ));
        }
        if let Operand::Call(Call { function: Function::Date(_), field, .. }) = operand {
            let message = format!("Field must be grouped or aggregated: {}", field.parts.join("."));
            return Err(SoqlError::malformed(self.env.text, field.at, message));
        }
        column(self.env, self.names, operand)
    }

    fn once(&mut self, column: &Column, alias: Option<&str>) -> Result<(), SoqlError> {
        let label = column.label();
        if self.seen.insert(alias.map_or_else(|| label.clone(), str::to_owned)) {
            return Ok(());
        }
        Err(SoqlError::new("INVALID_FIELD", format!("duplicate field selected: {label}")))
    }

    fn fields(&mut self, set: FieldSet, at: usize) -> Result<(), SoqlError> {
        if set != FieldSet::Standard {
            self.bounded.get_or_insert(at);
        }
        for field in self.env.data.fields(&self.names.object) {
            let wanted = match set {
                FieldSet::All => true,
                FieldSet::Standard => !field.custom,
                FieldSet::Custom => field.custom,
            };
            if wanted {
                let column = Column { steps: Vec::new(), field, is_type: false, part: None };
                self.once(&column, None)?;
                place(&mut self.outs, column, None);
            }
        }
        Ok(())
    }

    fn child(&mut self, query: &Query, level: usize) -> Result<(), SoqlError> {
        if level >= MOST_LEVELS {
            let message = format!(
                "SOQL statements cannot query child relationships more than {MOST_LEVELS} levels deep"
            );
            return Err(SoqlError::malformed(self.env.text, query.from.at, message));
        }
        let Some(found) = self.env.data.child_relationship(&self.names.object, &query.from.text) else {
            let message = format!(
                "Didn't understand relationship '{}' in FROM part of query call. If you are attempting to use a \
                 custom relationship, be sure to append the '__r' after the custom relationship name. Please \
                 reference your WSDL or the describe call for the appropriate names.",
                query.from.text
            );
            return Err(SoqlError::at(INVALID_TYPE, self.env.text, query.from.at, message));
        };
        if !self.seen.insert(found.name.clone()) {
            return Err(refused(format!("duplicate relationship selected: {}", found.name)));
        }
        let names = names(query, found.object);
        let plan = select(self.env, query, &names, level + 1)?;
        self.outs.push(Out::Children(self.children.len()));
        self.children.push(Child { name: found.name, field: found.field, plan });
        Ok(())
    }

    fn type_of(&mut self, type_of: &TypeOf) -> Result<(), SoqlError> {
        let TypeOf { relationship, when, otherwise } = type_of;
        let parts = self.names.without_alias(self.env, relationship);
        let (steps, targets) = self.names.steps(self.env, &parts, relationship.at)?;
        let [step] = steps.as_slice() else {
            let message = "TYPEOF needs a relationship of the object itself";
            return Err(SoqlError::malformed(self.env.text, relationship.at, message));
        };
        let mut bound = Vec::with_capacity(when.len());
        for (name, paths) in when {
            let object = object(self.env, name)?;
            let outs = outs_of(self.env, std::slice::from_ref(&object), paths)?;
            bound.push((object, outs));
        }
        let otherwise =
            if otherwise.is_empty() { None } else { Some(outs_of(self.env, &targets, otherwise)?) };
        if !self.seen.insert(step.name.clone()) {
            return Err(refused(format!("duplicate relationship selected: {}", step.name)));
        }
        self.outs.push(Out::TypeOf { step: step.clone(), when: bound, otherwise });
        Ok(())
    }
}

/// What to answer of a parent that is one of several objects: a field that any of them has will do.
fn outs_of(env: &Env<'_>, objects: &[String], paths: &[Path]) -> Result<Vec<Out>, SoqlError> {
    let mut outs = Vec::with_capacity(paths.len());
    for path in paths {
        let mut found = Err(refused("TYPEOF needs an object"));
        for object in objects {
            let names = Names { object: object.clone(), aliases: Vec::new(), parents: &[] };
            found = names.column(env, path);
            if found.is_ok() {
                break;
            }
        }
        place(&mut outs, found?, None);
    }
    Ok(outs)
}

/// Puts a column where it is answered: among the row's own fields, or inside its parents.
fn place(outs: &mut Vec<Out>, mut column: Column, alias: Option<&str>) {
    if column.steps.is_empty() {
        let key = alias.map_or_else(|| column.field.name.clone(), str::to_owned);
        outs.push(Out::Field { key, column });
        return;
    }
    let first = column.steps.remove(0);
    let at = outs.iter().position(|out| matches!(out, Out::Parent { step, .. } if step.name == first.name));
    let at = at.unwrap_or_else(|| {
        outs.push(Out::Parent { step: first, outs: Vec::new() });
        outs.len() - 1
    });
    if let Some(Out::Parent { outs, .. }) = outs.get_mut(at) {
        place(outs, column, alias);
    }
}

/// Binds WHERE, ORDER BY and the bounds.
pub(super) fn rows(
    env: &Env<'_>,
    query: &Query,
    names: &Names<'_>,
    in_semi_join: bool,
) -> Result<Rows, SoqlError> {
    let test = filter(env, query, names, in_semi_join)?;
    let order = query.order_by.iter().map(|order| sort(env, names, order)).collect::<Result<_, _>>()?;
    let own = run::scope(env, query, &names.object)?;
    Ok(Rows { test, order, limit: query.limit, offset: query.offset, own })
}

/// Binds WHERE.
pub(super) fn filter(
    env: &Env<'_>,
    query: &Query,
    names: &Names<'_>,
    in_semi_join: bool,
) -> Result<Option<Test>, SoqlError> {
    let Some(condition) = &query.filter else { return Ok(None) };
    let mut conditions = Conditions { env, object: &names.object, in_semi_join, semi_joins: 0 };
    let mut source = |operand: &Operand| {
        let column = column(env, names, operand)?;
        if column.field.filterable {
            return Ok(Source::Column(column));
        }
        Err(cannot(env, &column, operand, "filtered"))
    };
    conditions.bind(condition, &mut source).map(Some)
}

fn sort(env: &Env<'_>, names: &Names<'_>, order: &Order) -> Result<Sort, SoqlError> {
    let column = column(env, names, &order.by)?;
    if !column.field.sortable && !matches!(column.part, Some(View::Distance(..))) {
        return Err(cannot(env, &column, &order.by, "sorted"));
    }
    Ok(Sort { column, descending: order.descending, nulls_first: order.nulls_first })
}

/// The refusal of a field that knows no filtering, sorting, grouping.
pub(super) fn cannot(env: &Env<'_>, column: &Column, operand: &Operand, done: &str) -> SoqlError {
    let message = format!("field '{}' can not be {done} in a query call", column.field.name);
    SoqlError::field(env.text, operand.at(), message)
}

/// The column of a field, or of a function that is no aggregate.
pub(super) fn column(env: &Env<'_>, names: &Names<'_>, operand: &Operand) -> Result<Column, SoqlError> {
    let (function, path) = match operand {
        Operand::Field(path) => (Function::Same, path),
        Operand::Call(call) => (call.function, &call.field),
    };
    let mut column = names.column(env, path)?;
    match function {
        Function::Same => {}
        Function::Date(part) => {
            if !matches!(column.field.kind, FieldKind::Date | FieldKind::DateTime) {
                let message = format!("field '{}' is no date and has no such part", column.field.name);
                return Err(SoqlError::field(env.text, operand.at(), message));
            }
            column.part = Some(View::Date(part));
        }
        Function::Distance(place, unit) => {
            if column.field.kind != FieldKind::Compound {
                let message = format!("field '{}' is no place and has no distance", column.field.name);
                return Err(SoqlError::field(env.text, operand.at(), message));
            }
            column.part = Some(View::Distance(place, unit));
        }
        Function::Aggregate(_) => {
            return Err(SoqlError::malformed(env.text, operand.at(), "unexpected aggregate function"));
        }
    }
    Ok(column)
}
